"""The words about imports of clients (R58–R67)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from people.values import RelationshipState


class FileKind(StrEnum):
    """What a file is, by what is in it; each is also the extension that its name must have (R58)."""

    CSV = "csv"
    XLSX = "xlsx"
    VCF = "vcf"


class Legacy(StrEnum):
    """The encodings that a text can be read in when it is no Unicode: bytes do not tell which it was (5.3)."""

    CP1252 = "cp1252"
    MAC_ROMAN = "mac_roman"
    CP1250 = "cp1250"


class ClientField(StrEnum):
    """What is read of a client (R60, R61, R65); a full name is split into the two, and only by a preset."""

    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    FULL_NAME = "full_name"
    EMAIL = "email"
    PHONE = "phone"


class ImportState(StrEnum):
    """Where an import stands: looked at, being written, written; `failed` has written nothing."""

    PREVIEW = "preview"
    COMMITTING = "committing"
    COMMITTED = "committed"
    FAILED = "failed"


class RowOutcome(StrEnum):
    """What a row of a file comes to: those with a warning are imported, errors and duplicates are not."""

    VALID = "valid"
    WARNING = "warning"
    ERROR = "error"
    DUPLICATE = "duplicate"


class RowFate(StrEnum):
    """What was done with a row; that an account was there already is not told (5.6).

    Kept only where it is not what the outcome says: rows that are valid or have a warning are added.
    """

    ADDED = "added"
    FILLED = "filled"
    REPLACED = "replaced"
    UNARCHIVED = "unarchived"
    SKIPPED = "skipped"


class RowError(StrEnum):
    """Why a row is not imported."""

    NO_FIRST_NAME = "no_first_name"
    NO_LAST_NAME = "no_last_name"
    NO_EMAIL = "no_email"
    BAD_EMAIL = "bad_email"
    LONG_NAME = "long_name"
    CONTROL_IN_NAME = "control_in_name"
    DAMAGED_NAME = "damaged_name"
    FORMULA_IN_NAME = "formula_in_name"
    TWO_PEOPLE = "two_people"
    TOO_FEW_CELLS = "too_few_cells"
    TOO_MANY_CELLS = "too_many_cells"
    NOT_TEXT = "not_text"
    NOT_A_PERSON = "not_a_person"
    INCOMPLETE_CARD = "incomplete_card"


class RowWarning(StrEnum):
    """What to look at in a row that is imported."""

    BAD_PHONE = "bad_phone"
    ROUNDED_PHONE = "rounded_phone"
    UNKNOWN_PHONE = "unknown_phone"
    EXTENSION = "extension"
    CAPITALS = "capitals"
    NAME_SPLIT = "name_split"
    SEVERAL_EMAILS = "several_emails"
    SEVERAL_PHONES = "several_phones"
    SAME_PERSON = "same_person"


class RowDuplicate(StrEnum):
    """Who is there already: in a row above, or in the provider's list."""

    SAME_ADDRESS = "same_address"
    IN_YOUR_LIST = "in_your_list"
    CLIENT_MANAGES = "client_manages"
    ARCHIVED = "archived"
    BLOCKED = "blocked"


RowNote = RowError | RowWarning | RowDuplicate
ROW_NOTES: Mapping[str, RowNote] = {note.value: note for kind in (RowError, RowWarning, RowDuplicate) for note in kind}


@dataclass(frozen=True, slots=True)
class Said:
    """One note about a row: about which field, and with which other row, where that says more."""

    note: RowNote
    about: ClientField | None = None
    row: int | None = None


def outcome(said: Sequence[Said]) -> RowOutcome:
    """Return what a row comes to: the gravest of what is said of it."""
    if not said:
        return RowOutcome.VALID
    kinds = {type(one.note) for one in said}
    if RowError in kinds:
        return RowOutcome.ERROR
    return RowOutcome.DUPLICATE if RowDuplicate in kinds else RowOutcome.WARNING


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One row of a file, or card, as it was read: `number` counts rows as a spreadsheet does, cards from 1.

    `phone` is E.164 or nothing; `typed_phone` is what stood there, where nothing or something else came of it.
    """

    number: int
    first_name: str
    last_name: str
    email: str
    phone: str | None
    typed_phone: str | None
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadChoices:
    """How somebody wants a file to be read.

    `columns` names the column of each field, as the mapping screen has it; it counts instead of a preset.
    """

    region: str
    preset: str = "plain"
    columns: Mapping[ClientField, str] | None = None
    encoding: Legacy | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What a file is and how it was read: nothing of what stands in columns that are not wanted (R65).

    `encoding` is the one that was used, `guessed` tells that another may be right: then `samples` has some names in
    each of those. `blank` counts rows without anything in them.
    """

    kind: FileKind
    columns: Mapping[ClientField, str]
    dropped: tuple[str, ...]
    rows: int
    blank: int
    encoding: str | None = None
    guessed: bool = False
    samples: tuple[Mapping[Legacy, str], ...] = ()
    sheet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InList:
    """A client who is in the provider's list already, as that provider sees them."""

    state: RelationshipState
    accepted: bool
    verified: bool
    first_name: str
    last_name: str
    phone: str | None


@dataclass(frozen=True, slots=True)
class RowToDo:
    """A row that may be imported, with what was ticked for it."""

    number: int
    outcome: RowOutcome
    first_name: str
    last_name: str
    email: str
    phone: str | None
    replace: bool
    unarchive: bool
