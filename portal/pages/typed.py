"""What was typed into a form, read with the same rules as the API; everything that is wrong is told at once.

The sentences of problems are keys of `words/problems.toml`.
"""

import re
from collections.abc import Callable, Collection
from datetime import date
from typing import TypeVar
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from config.errors import BadInput, Problem
from people import actions as people
from portal.pages.page import Form
from portal.text import ADDRESS, LINES, ONE_LINE

T = TypeVar("T")


class Typed:
    """Reads the fields of one form; `finish` refuses it where anything was wrong."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._problems: list[Problem] = []

    def name(self, where: str, *, needed: bool = False) -> str | None:
        """Return a name on one line."""
        return self._read(where, _text_like(ONE_LINE, 100), "problems.name", needed=needed)

    def note(self, where: str, *, needed: bool = False) -> str | None:
        """Return up to a thousand characters on any number of lines."""
        return self._read(where, _text_like(LINES, 1000), "problems.note", needed=needed)

    def words(self, where: str, most: int, *, needed: bool = False) -> str | None:
        """Return words on any number of lines, up to so many characters."""
        return self._read(where, _text_like(LINES, most), "problems.words", needed=needed)

    def line(self, where: str, most: int, *, needed: bool = False) -> str | None:
        """Return words on one line, up to so many characters."""
        return self._read(where, _text_like(ONE_LINE, most), "problems.line", needed=needed)

    def address(self, where: str, *, needed: bool = False) -> str | None:
        """Return a mail address."""
        return self._read(where, _address, "problems.address", needed=needed)

    def phone(self, where: str, *, needed: bool = False) -> str | None:
        """Return a telephone number as E.164."""
        return self._read(where, _phone, "problems.phone", needed=needed)

    def birth_day(self, where: str, *, today: date, needed: bool = False) -> date | None:
        """Return the day on which somebody was born: one that has been."""
        found = self._read(where, _birth_day, "problems.birth_day", needed=needed)
        if found is not None and found > today:
            self.wrong(where, "problems.birth_day")
            return None
        return found

    def one_of(self, where: str, options: Collection[str], *, needed: bool = False) -> str | None:
        """Return one of the options."""
        text = self._text(where, needed=needed)
        if text is not None and text not in options:
            self.wrong(where, "problems.choice")
            return None
        return text

    def some_of(self, where: str, options: Collection[str], *, most: int) -> tuple[str, ...]:
        """Return those of the options that were ticked, at most so many."""
        ticked = tuple(dict.fromkeys(self._form.getall(where, [])))
        if not set(ticked) <= set(options):
            self.wrong(where, "problems.choice")
        elif len(ticked) > most:
            self.wrong(where, f"problems.most_{most}" if most == 5 else "problems.choice")
        return ticked[:most]

    def whole(self, where: str, least: int, most: int, *, needed: bool = False) -> int | None:
        """Return a whole number between two, both included."""
        text = self._text(where, needed=needed)
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 9 or not least <= int(text) <= most:
            self.wrong(where, "problems.whole")
            return None
        return int(text)

    def wrong(self, where: str, sentence: str) -> None:
        """Note that something is wrong with a field."""
        self._problems.append(Problem(where, sentence))

    def finish(self) -> None:
        """Raise BadInput with everything that is wrong, if anything is."""
        if self._problems:
            raise BadInput(*self._problems)

    def _text(self, where: str, *, needed: bool) -> str | None:
        text = self._form.get(where, "").strip()
        if text:
            return text
        if needed:
            self.wrong(where, "problems.missing")
        return None

    def _read(self, where: str, read: Callable[[str], T], sentence: str, *, needed: bool) -> T | None:
        text = self._text(where, needed=needed)
        if text is None:
            return None
        try:
            return read(text.replace("\r\n", "\n"))
        except (ValueError, BadInput):
            self.wrong(where, sentence)
            return None


# Each returns what a text says, or raises ValueError or BadInput.


def _text_like(pattern: str, most: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > most or not re.fullmatch(pattern, text):
            raise ValueError(pattern)
        return text

    return read


def _address(text: str) -> str:
    if len(text) > 254 or not re.fullmatch(ADDRESS, text):
        raise ValueError("no address")
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValueError("no address") from None


def _phone(text: str) -> str:
    return people.number(text, where="")


def _birth_day(text: str) -> date:
    if not re.fullmatch(r"(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        raise ValueError("no day")
    return date.fromisoformat(text)


def opaque(text: str | None) -> UUID | None:
    """Return the id that stands in an address, or None where it is none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
