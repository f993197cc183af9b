"""Instants: aware, in UTC, and nothing else (requirements 2.4)."""

from datetime import UTC, datetime
from math import ceil, floor
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global
from babel.dates import format_datetime, format_time

from config.errors import BadInput, Problem

_LOCALES = {"en": "en_US", "es": "es_US"}
_NOWHERE = "ZZ"
_ZONES = frozenset(available_timezones())


def utc(instant: datetime) -> datetime:
    """Return the same instant in UTC; a naive one is a bug and raises ValueError."""
    if instant.tzinfo is None:
        msg = "an instant needs a zone"
        raise ValueError(msg)
    return instant.astimezone(UTC)


def seconds(instant: datetime, *, up: bool = False) -> int:
    """Return whole seconds of UTC since 1970: those that have passed, or `up` to the next."""
    return (ceil if up else floor)(instant.timestamp())


def instant(since_1970: int) -> datetime:
    """Return the instant that lies so many seconds after the beginning of 1970, in UTC."""
    return datetime.fromtimestamp(since_1970, UTC)


def zone(name: str, *, where: str = "timezone") -> str:
    """Return `name` if it is an IANA zone, else raise BadInput."""
    if name not in _ZONES:
        raise BadInput(Problem(where, "Use an IANA time zone such as America/New_York."))
    return name


def territory(name: str) -> str | None:
    """Return the two-letter country that an IANA zone lies in, or None for one of none, such as UTC."""
    found = get_global("zone_territories").get(get_global("zone_aliases").get(name, name))
    return None if found == _NOWHERE else found


def clock_time(instant: datetime, zone_name: str, language: str) -> str:
    """Say the time of day as people of that language do: "2:59 PM", "2:59 p.m."."""
    return format_time(instant, "short", tzinfo=ZoneInfo(zone_name), locale=_LOCALES[language]).replace("\u202f", " ")


def day_and_time(instant: datetime, zone_name: str, language: str) -> str:
    """Say day and time with the zone's short name: "Tue, Nov 24, 2:59 PM EST"."""
    pattern = "EEE, MMM d, h:mm a z" if language == "en" else "EEE, d MMM, h:mm a z"
    return format_datetime(instant, pattern, tzinfo=ZoneInfo(zone_name), locale=_LOCALES[language]).replace(
        "\u202f", " "
    )


def spoken_day(instant: datetime, zone_name: str, language: str) -> str:
    """Say the day: "Tuesday, November 24"."""
    pattern = "EEEE, MMMM d" if language == "en" else "EEEE d 'de' MMMM"
    return format_datetime(instant, pattern, tzinfo=ZoneInfo(zone_name), locale=_LOCALES[language])


def same_local_day(one: datetime, other: datetime, zone_name: str) -> bool:
    """Tell whether two instants fall on one calendar day in that zone."""
    there = ZoneInfo(zone_name)
    return one.astimezone(there).date() == other.astimezone(there).date()
