"""Reading an imported calendar: which stretches of time it takes, and nothing else of it.

Two steps. `thin` keeps the lines that say when and drops every word about what and with whom, before anything
looks at them; it costs one pass over the file. `busy` expands what is left by the standard's own rules. That can
take for ever where somebody wants it to, so it runs aside (`config/aside.py`).
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil, floor
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]

from scheduling.values import Span

MOST_EVENTS = 5000
MOST_SPANS = 5000

_WHEN = frozenset(
    {
        "DTSTART",
        "DTEND",
        "DURATION",
        "EXDATE",
        "FREEBUSY",
        "RDATE",
        "RECURRENCE-ID",
        "RRULE",
        "SEQUENCE",
        "STATUS",
        "TRANSP",
        "UID",
        "X-MICROSOFT-CDO-BUSYSTATUS",
    }
)
_TAKES_TIME = frozenset({"VEVENT", "VFREEBUSY"})
# What has one of these may take time long after its own days.
_LASTS = frozenset({"DURATION", "RDATE", "RECURRENCE-ID", "RRULE"})
_FOLD = re.compile(rb"\r?\n[ \t]")
_NAME = re.compile(r"[A-Za-z0-9-]+")
_DIGITS = re.compile(r":(\d{8})")


class NotACalendar(ValueError):  # noqa: N818 - says what is so
    """The file is none, or is broken off."""


class TooMuch(ValueError):  # noqa: N818 - as above
    """The file holds more than anybody's calendar does."""


# Keeping what says when


def thin(body: bytes) -> str:
    """Return the lines of a calendar that say when. Raises NotACalendar."""
    text = _FOLD.sub(b"", body).decode("utf-8-sig", errors="replace").lstrip()
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if not lines[0].strip().upper() == "BEGIN:VCALENDAR" or "END:VCALENDAR" not in {one.upper() for one in lines}:
        raise NotACalendar
    return "\r\n".join(_kept(lines)) + "\r\n"


def _kept(lines: Sequence[str]) -> Iterator[str]:
    inside: list[str] = []
    for line in lines:
        name = _name(line)
        if name == "BEGIN":
            inside.append(_value(line))
        if _counts(inside, name):
            yield f"{name}:{_value(line)}" if name in {"BEGIN", "END"} else line
        if name == "END" and inside:
            inside.pop()


def _counts(inside: Sequence[str], name: str) -> bool:
    """Tell whether a line is kept: whole zones, and of what takes time the lines that say when."""
    match inside:
        case ["VCALENDAR"]:
            return name in {"BEGIN", "END", "VERSION"}
        case ["VCALENDAR", "VTIMEZONE", *_]:
            return True
        case ["VCALENDAR", part]:
            return part in _TAKES_TIME and (name in _WHEN or name in {"BEGIN", "END"})
        case _:
            return False


def _name(line: str) -> str:
    found = _NAME.match(line)
    return found[0].upper() if found else ""


def _value(line: str) -> str:
    return line.partition(":")[2].strip().upper()


# Expanding it


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is read of a thinned calendar: which range, and the zone of what names none."""

    since: datetime
    until: datetime
    timezone: str


def ask(thinned: str, asked: Asked) -> bytes:
    """Write down what `busy` is given."""
    told = {"since": asked.since.isoformat(), "until": asked.until.isoformat(), "timezone": asked.timezone}
    return json.dumps(told).encode() + b"\n" + thinned.encode()


def busy(given: bytes) -> bytes:
    """Return the spans that a calendar takes, as JSON pairs, or null where they are too many; it runs aside."""
    told, _, thinned = given.partition(b"\n")
    facts = json.loads(told)
    asked = Asked(
        since=datetime.fromisoformat(facts["since"]),
        until=datetime.fromisoformat(facts["until"]),
        timezone=facts["timezone"],
    )
    try:
        return json.dumps(expand(thinned.decode(), asked)).encode()
    except TooMuch:
        return b"null"


def answer(made: bytes) -> tuple[Span, ...]:
    """Read what `busy` has made. Raises TooMuch."""
    pairs = json.loads(made)
    if pairs is None:
        raise TooMuch
    return tuple(Span(start, end) for start, end in pairs)


def expand(thinned: str, asked: Asked) -> list[Span]:
    """Return what a thinned calendar takes of a range, in order and merged. Raises TooMuch."""
    text = without_the_past(thinned, asked.since)
    if text.count("\nBEGIN:VEVENT\r") > MOST_EVENTS:
        raise TooMuch
    zone = ZoneInfo(asked.timezone)
    since, until = asked.since.timestamp(), asked.until.timestamp()
    spans = merged(
        Span(max(start, int(since)), min(end, int(until)))
        for calendar in icalendar.Calendar.from_ical(text, multiple=True)
        for start, end in _spans(calendar, asked, zone)
        if start < until and end > since
    )
    if len(spans) > MOST_SPANS:
        raise TooMuch
    return spans


def without_the_past(thinned: str, since: datetime) -> str:
    """Leave out single events that ended days before the range, and those that say no start at all.

    Told by the digits of their days alone: of an old calendar that is nearly all, and to read it properly would take
    most of the time. What recurs, or stands for one time of what recurs, is kept.
    """
    last = (since - timedelta(days=3)).strftime("%Y%m%d")
    return _EVENT.sub(lambda event: event[0] if _may_count(event[0], last) else "", thinned)


_EVENT = re.compile(r"^BEGIN:VEVENT\r\n.*?^END:VEVENT\r\n", re.MULTILINE | re.DOTALL)


def _may_count(event: str, last: str) -> bool:
    lines = {_name(line): line for line in event.split("\r\n")}
    if "DTSTART" not in lines:
        return False
    if lines.keys() & _LASTS:
        return True
    ends = _DIGITS.search(lines.get("DTEND", lines["DTSTART"]))
    return ends is None or ends[1] >= last


def _spans(calendar: icalendar.Component, asked: Asked, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    for series in _series(calendar):
        with suppress(*_BROKEN):  # one that makes no sense does not keep the rest from being read
            yield from _of_series(series, asked, zone)
    for part in calendar.walk("VFREEBUSY"):
        with suppress(*_BROKEN):
            yield from _of_busy_times(part, zone)


# What the library raises, somewhere inside, for properties that are broken or contradict each other.
_BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def _series(calendar: icalendar.Component) -> Iterator[icalendar.Calendar]:
    """Return each event with what stands for single times of it, as a calendar of its own."""
    found: dict[str, icalendar.Calendar] = {}
    for event in calendar.walk("VEVENT"):
        uid = str(event.get("UID", id(event)))
        found.setdefault(uid, icalendar.Calendar()).add_component(event)
    yield from found.values()


def _of_series(part: icalendar.Calendar, asked: Asked, zone: ZoneInfo) -> list[tuple[int, int]]:
    day = timedelta(days=1)  # what names no zone is compared as if it were in UTC
    found = recurring_ical_events.of(part, skip_bad_series=True).between(asked.since - day, asked.until + day)
    return [_seconds(one["DTSTART"].dt, one["DTEND"].dt, zone) for one in found if _takes_time(one)]


def _of_busy_times(part: icalendar.Component, zone: ZoneInfo) -> list[tuple[int, int]]:
    return [
        _seconds(period.start, period.end, zone)
        for period in _periods(part)
        if period.params.get("FBTYPE", "BUSY").upper() != "FREE"
    ]


def _takes_time(event: icalendar.Component) -> bool:
    """Tell whether an event counts: a cancelled one, or one that is shown as free, does not."""
    return (
        _word(event, "STATUS") != "CANCELLED"
        and _word(event, "TRANSP") != "TRANSPARENT"
        and _word(event, "X-MICROSOFT-CDO-BUSYSTATUS") != "FREE"
    )


def _word(event: icalendar.Component, name: str) -> str:
    return str(event.get(name, "")).strip().upper()


def _periods(part: icalendar.Component) -> Iterator[icalendar.vPeriod]:
    found = part.get("FREEBUSY", [])
    for one in found if isinstance(found, list) else [found]:
        yield from getattr(one, "dts", [one])


def _seconds(starts: date, ends: date, zone: ZoneInfo) -> tuple[int, int]:
    return floor(_instant(starts, zone)), ceil(_instant(ends, zone))


def _instant(at: date, zone: ZoneInfo) -> float:
    """Read a moment as seconds since 1970; a day begins at midnight there, and what names no zone is in this one."""
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that touch or overlap made one."""
    made: list[Span] = []
    for span in sorted(one for one in spans if one.start < one.end):
        if made and span.start <= made[-1].end:
            made[-1] = Span(made[-1].start, max(made[-1].end, span.end))
        else:
            made.append(span)
    return made
