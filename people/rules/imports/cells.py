"""From cells to values (5.5): names, addresses, numbers; everything that is wrong with a row is said at once."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from config import phones
from people.values.imports import ClientField, ClientRow, RowError, RowNote, RowWarning, Said

Cells = Mapping[ClientField, str]

LONGEST_NAME = 100
LONGEST_ADDRESS = 254
SHOWN = 100  # characters of a number that could not be read, for the report

# What leaves no mark on paper, and stands around what is pasted from web pages and word processors.
_BLANK = "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_DAMAGED = "\ufffd"  # what programs write where they could not read a letter
_EQUALS = ("=", "\uff1d")  # the second in full width, which some programs fold
_AND = ("&", "\uff06")

# Nearly all addresses are of this kind; the library says the same of them and takes fifty times as long.
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_LONGEST_LOCAL = 64

_NUMBER = re.compile(
    r"(?:tel:)?[-+(0-9][-0-9().,/ \u2010-\u2015\u00a0]*(?:(?:;?ext[.=]?|x|#|,)[ .]*[0-9]{1,7})?", re.IGNORECASE
)
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?[Ee][+]?[0-9]+")


def read_row(number: int, cells: Cells, region: str, said: tuple[Said, ...] = ()) -> ClientRow:
    """Read a row's cells; `region` is the country of numbers without a country code, `said` what is known already."""
    first, last, split = _names(cells)
    email, no_address = _address(tidy(cells.get(ClientField.EMAIL, "")))
    typed = tidy(cells.get(ClientField.PHONE, ""))
    phone, no_phone = _phone(typed, region)
    notes = [
        *said,
        *(Said(note, ClientField.FIRST_NAME) for note in _trouble_with(first, RowError.NO_FIRST_NAME)),
        *(Said(note, ClientField.LAST_NAME) for note in _trouble_with(last, RowError.NO_LAST_NAME)),
        *([Said(RowWarning.NAME_SPLIT)] if split else []),
        *([Said(no_address, ClientField.EMAIL)] if no_address else []),
        *([Said(no_phone, ClientField.PHONE)] if no_phone else []),
    ]
    return ClientRow(
        number,
        first[:LONGEST_NAME],
        last[:LONGEST_NAME],
        email[:LONGEST_ADDRESS],
        phone,
        typed[:SHOWN] if no_phone else None,
        tuple(notes),
    )


def tidy(text: str) -> str:
    """Return `text` as it was meant: no blanks around it, visible or not, and composed letters (NFC)."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", text.strip().strip(_BLANK).strip())


def name_parts(full: str) -> tuple[str, str]:
    """Split a full name at its last comma, else at its last space; the first name may come out empty (5.1)."""
    last, comma, first = full.rpartition(",")
    if not comma:
        first, _, last = full.rpartition(" ")
    return tidy(first), tidy(last)


def _names(cells: Cells) -> tuple[str, str, bool]:
    full = tidy(cells.get(ClientField.FULL_NAME, ""))
    if full:
        first, last = name_parts(full)
        return first, last, bool(first and last)
    return tidy(cells.get(ClientField.FIRST_NAME, "")), tidy(cells.get(ClientField.LAST_NAME, "")), False


def _trouble_with(name: str, missing: RowError) -> Iterator[RowNote]:
    if not name:
        yield missing
        return
    if len(name) > LONGEST_NAME:
        yield RowError.LONG_NAME
    if _CONTROL.search(name):
        yield RowError.CONTROL_IN_NAME
    if _DAMAGED in name:
        yield RowError.DAMAGED_NAME
    if name.startswith(_EQUALS):
        yield RowError.FORMULA_IN_NAME
    if any(sign in name for sign in _AND):
        yield RowError.TWO_PEOPLE
    if len(name) > 2 and name.isupper():
        yield RowWarning.CAPITALS


def _address(text: str) -> tuple[str, RowError | None]:
    """Return an address, its domain in small letters and the rest as typed, or what is wrong with it.

    Addresses with letters outside ASCII are refused: not every server that a letter passes can carry them.
    """
    if not text:
        return "", RowError.NO_EMAIL
    local, _, domain = text.rpartition("@")
    if len(local) <= _LONGEST_LOCAL and len(text) <= LONGEST_ADDRESS and _PLAIN_LOCAL.fullmatch(local):
        known = _domain(domain)
        return (f"{local}@{known}", None) if known else (text, RowError.BAD_EMAIL)
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError:
        return text, RowError.BAD_EMAIL
    return (found, None) if found.isascii() else (text, RowError.BAD_EMAIL)


@lru_cache(maxsize=4096)  # a list of clients has few domains
def _domain(domain: str) -> str | None:
    try:
        found = validate_email(f"a@{domain}", check_deliverability=False).domain
    except EmailNotValidError:
        return None
    return found if found.isascii() else None


def _phone(text: str, region: str) -> tuple[str | None, RowWarning | None]:
    """Return a number that may exist as E.164, and what to say of it; what is no number is never guessed (5.3)."""
    if not text:
        return None, None
    if _SCIENTIFIC.fullmatch(text):
        return None, RowWarning.ROUNDED_PHONE
    text = unicodedata.normalize("NFKC", text)
    typed = phones.possible(text, region) if _NUMBER.fullmatch(text) else None
    if typed is None:
        return None, RowWarning.BAD_PHONE
    if typed.extension:
        return typed.number, RowWarning.EXTENSION
    return typed.number, None if typed.valid else RowWarning.UNKNOWN_PHONE
