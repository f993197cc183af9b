"""What is typed into the forms of a calendar."""

import re
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from config import times
from portal.pages import typed
from portal.text import CALENDAR_ADDRESS
from scheduling.rules import wall

T = TypeVar("T", bound=StrEnum)


class Typed(typed.Typed):
    """Reads days and times of the day as well."""

    def of(self, kind: type[T], where: str, *, needed: bool = False) -> T | None:
        """Return one of a closed list."""
        found = self.one_of(where, [one.value for one in kind], needed=needed)
        return kind(found) if found is not None else None

    def day(self, where: str, *, needed: bool = False) -> date | None:
        """Return a day as `type=date` sends it."""
        return self._read(where, _day, "problems.day", needed=needed)

    def minute(self, where: str, *, needed: bool = False) -> int | None:
        """Return a time of the day as `type=time` sends it, in minutes; 24:00 is its end."""
        return self._read(where, _minute, "problems.clock", needed=needed)

    def instant(self, day: str, clock: str, zone: str) -> datetime | None:
        """Return the instant that a day and a time on the wall come to in a zone."""
        on, at = self.day(day, needed=True), self.minute(clock, needed=True)
        return instant(zone, on, at) if on is not None and at is not None else None

    def calendar_address(self, where: str) -> str | None:
        """Return the address of a calendar that is to be imported."""
        return self._read(where, _calendar_address, "problems.calendar_address", needed=True)

    def id(self, where: str, *, needed: bool = False) -> UUID | None:
        """Return an id that a list offered."""
        return self._read(where, UUID, "problems.choice", needed=needed)


def instant(zone: str, on: date, minute: int) -> datetime:
    """Return the first instant at which the clock of a zone shows this time of this day."""
    return times.instant(wall.instant(zone, wall.day_number(on), minute))


def _calendar_address(text: str) -> str:
    if len(text) > 2000 or not re.fullmatch(CALENDAR_ADDRESS, text):
        raise ValueError("no address")
    return text


def _day(text: str) -> date:
    if not re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        raise ValueError("no day")
    return date.fromisoformat(text)


def _minute(text: str) -> int:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", text, re.ASCII):
        raise ValueError("no time")
    return int(text[:2]) * 60 + int(text[3:])
