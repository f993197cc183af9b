"""What a provider may answer to the status text, and what they are told (requirements 4.4 and 9).

A reply names a consultation by date and time, never by a person. More than one open question gives a numbered
list, and a number refers to the list that was sent, so that an answer cannot slip to another consultation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from unicodedata import normalize

from config.times import day_and_time
from people.values import Language


class Word(StrEnum):
    """What a text amounts to."""

    YES = "yes"
    NO = "no"
    STOP = "stop"
    START = "start"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reply:
    """A text as we read it: its word, and the number of the list that it names, if any."""

    word: Word
    number: int | None = None


# The words that carriers and regulators take for an opt-out (telephony 5 and 9), and ours.
_STOP = frozenset({"stop", "stopall", "unsubscribe", "end", "quit", "revoke", "optout", "opt out", "cancel", "alto"})
_START = frozenset({"start", "unstop", "empezar"})
_YES = frozenset({"yes", "y", "yeah", "yep", "si", "sí"})
_NO = frozenset({"no", "n", "nope"})
_NUMBERED = re.compile(r"(?:#?(?P<before>\d{1,2})[\s.:)\-]+)?(?P<word>\w+)(?:[\s#.:\-]+(?P<after>\d{1,2}))?\Z")


def read_reply(body: str) -> Reply:
    """Read a text; what is not clearly one of the words is OTHER, since we never guess."""
    text = " ".join(normalize("NFKC", body).casefold().split()).strip(" .!")
    if text in _STOP:
        return Reply(Word.STOP)
    if text in _START:
        return Reply(Word.START)
    found = _NUMBERED.match(text)
    if not found:
        return Reply(Word.OTHER)
    word = Word.YES if found["word"] in _YES else Word.NO if found["word"] in _NO else Word.OTHER
    if found["before"] and found["after"]:
        return Reply(Word.OTHER)
    number = found["before"] or found["after"]
    return Reply(word, int(number) if number and word is not Word.OTHER else None)


class Say(StrEnum):
    """What is said back."""

    SHARED = "shared"
    CLOSED = "closed"
    ALREADY = "already"
    NOTHING_OPEN = "nothing_open"
    LIST = "list"
    HELP = "help"
    STARTED = "started"
    NOT_ON_LIST = "not_on_list"


_SAY: Mapping[Say, Mapping[Language, str]] = {
    Say.SHARED: {
        Language.ENGLISH: "Thank you. Your answer for {when} is saved.",
        Language.SPANISH: "Gracias. Hemos guardado su respuesta para {when}.",
    },
    Say.CLOSED: {
        Language.ENGLISH: "The three days to share the status for {when} are over. It can no longer be changed.",
        Language.SPANISH: "El plazo de tres días para {when} ha terminado. Ya no se puede cambiar.",
    },
    Say.ALREADY: {
        Language.ENGLISH: "The status for {when} was shared before and can no longer be changed.",
        Language.SPANISH: "El estado para {when} ya fue compartido y no se puede cambiar.",
    },
    Say.NOTHING_OPEN: {
        Language.ENGLISH: "There is no consultation to answer for right now. Your tasks are in your portal.",
        Language.SPANISH: "No hay ninguna consulta por responder en este momento. Sus tareas están en su portal.",
    },
    Say.LIST: {
        Language.ENGLISH: "Which one? {list}. Reply for example 1 YES or 1 NO.",
        Language.SPANISH: "¿Cuál? {list}. Responda por ejemplo 1 SI o 1 NO.",
    },
    Say.HELP: {
        Language.ENGLISH: "Reply YES if the consultation took place, NO if not, or STOP to end texts.",
        Language.SPANISH: "Responda SI si la consulta tuvo lugar, NO si no, o STOP para no recibir mensajes.",
    },
    Say.STARTED: {
        Language.ENGLISH: "You will receive texts again. Reply STOP to end them.",
        Language.SPANISH: "Volverá a recibir mensajes. Responda STOP para no recibirlos.",
    },
    Say.NOT_ON_LIST: {
        Language.ENGLISH: "That number is not on the list. Reply YES or NO to see the list again.",
        Language.SPANISH: "Ese número no está en la lista. Responda SI o NO para ver la lista otra vez.",
    },
}


def say(
    what: Say,
    language: Language,
    *,
    timezone: str = "UTC",
    when: datetime | None = None,
    listed: Sequence[datetime] = (),
) -> str:
    """Return the text to send back."""
    return _SAY[what][language].format(
        when=day_and_time(when, timezone, language) if when else "",
        list="; ".join(f"{n}: {day_and_time(at, timezone, language)}" for n, at in enumerate(listed, start=1)),
    )
