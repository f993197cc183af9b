"""What is said of the rows of an imported file, as sentences; pages have their own words for the same codes."""

from collections.abc import Iterable, Mapping

from people.values.imports import RowDuplicate, RowError, RowFate, RowNote, RowOutcome, RowWarning, Said

SENTENCES: Mapping[RowNote, str] = {
    RowError.NO_FIRST_NAME: "The first name is missing.",
    RowError.NO_LAST_NAME: "The last name is missing.",
    RowError.NO_EMAIL: "The e-mail address is missing.",
    RowError.BAD_EMAIL: "This is no e-mail address that letters can be sent to.",
    RowError.LONG_NAME: "A name may have 100 characters at most.",
    RowError.CONTROL_IN_NAME: "There is a character in a name that cannot be seen.",
    RowError.DAMAGED_NAME: "A letter of a name was lost before this file was made.",
    RowError.FORMULA_IN_NAME: "A name cannot begin with an equals sign.",
    RowError.TWO_PEOPLE: "These are two people. Give each a row and an address of their own.",
    RowError.TOO_FEW_CELLS: "There are fewer cells than columns.",
    RowError.TOO_MANY_CELLS: "There are more cells than columns.",
    RowError.NOT_TEXT: "There is a date, a yes or no, or an error where text should be.",
    RowError.NOT_A_PERSON: "This is the card of a company or a group.",
    RowError.INCOMPLETE_CARD: "This card has no end.",
    RowWarning.BAD_PHONE: "The number cannot be read; it is left empty.",
    RowWarning.ROUNDED_PHONE: "A spreadsheet has rounded the number; it is left empty.",
    RowWarning.UNKNOWN_PHONE: "No telephone may have this number. Check it.",
    RowWarning.EXTENSION: "The number is taken without its extension.",
    RowWarning.CAPITALS: "A name is in capitals; it is taken as it stands.",
    RowWarning.NAME_SPLIT: "The name was split into two. Check where.",
    RowWarning.SEVERAL_EMAILS: "There were several addresses; this one was chosen.",
    RowWarning.SEVERAL_PHONES: "There were several numbers; this one was chosen.",
    RowWarning.SAME_PERSON: "Somebody of this name and number is there already, with another address.",
    RowDuplicate.SAME_ADDRESS: "A row above has the same address.",
    RowDuplicate.IN_YOUR_LIST: "This client is in your list; only what is empty there is filled, unless you tick it.",
    RowDuplicate.CLIENT_MANAGES: "This client manages their own data; nothing is changed.",
    RowDuplicate.ARCHIVED: "You have archived this client. Tick the row to take them back.",
    RowDuplicate.BLOCKED: "You have blocked this client; nothing is changed.",
}

OUTCOMES: Mapping[RowOutcome, str] = {
    RowOutcome.VALID: "Fine",
    RowOutcome.WARNING: "Look at it",
    RowOutcome.ERROR: "Not imported",
    RowOutcome.DUPLICATE: "Is there already",
}

FATES: Mapping[RowFate, str] = {
    RowFate.ADDED: "Added",
    RowFate.FILLED: "Filled in",
    RowFate.REPLACED: "Replaced",
    RowFate.UNARCHIVED: "Taken back",
    RowFate.SKIPPED: "Left alone",
}


def sentence(one: Said) -> str:
    """Return a note as a sentence, with the row that it points to."""
    said = SENTENCES[one.note]
    return f"{said} See row {one.row}." if one.row else said


def sentences(said: Iterable[Said]) -> str:
    """Return all notes of a row."""
    return " ".join(map(sentence, said))
