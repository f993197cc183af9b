"""Series: steps in wall time, instants once, and which of them a change is about (R28, requirements 2.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from config import times
from scheduling.rules import wall
from scheduling.values import AppointmentState, Every, Occurrence, Scope, SeriesRule

_DAYS = {Every.WEEK: 7, Every.TWO_WEEKS: 14}


def occurrences(rule: SeriesRule) -> tuple[Occurrence, ...]:
    """Return the times of a series: at the same hour on the wall, whatever the clocks do in between."""
    first, step = wall.day_number(rule.starts_on), _DAYS[rule.every]
    length = timedelta(minutes=rule.length_m)
    starts = [
        times.instant(wall.instant(rule.timezone, first + step * count, rule.starts_m)) for count in range(rule.times)
    ]
    return tuple(Occurrence(place=n, starts_at=at, ends_at=at + length) for n, at in enumerate(starts, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An appointment of a series as a change of the series sees it; a `moved` one went its own way."""

    id: UUID
    place: int
    state: AppointmentState
    starts_at: datetime
    moved: bool


def chosen(members: Sequence[Member], named: Member, scope: Scope, *, now: datetime) -> tuple[Member, ...]:
    """Return which appointments a change is about, in the order of the series: the named one, and others ahead."""
    if scope is Scope.THIS:
        return (named,)
    since = named.place if scope is Scope.THIS_AND_LATER else 0
    found = [
        one for one in members if one.place >= since and one.state is AppointmentState.BOOKED and one.starts_at > now
    ]
    return tuple(sorted(found, key=lambda one: one.place))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How a series moves on the wall: by so many days, to this minute of the day and what is beyond it."""

    timezone: str
    days: int
    minute: int
    beyond: timedelta


def shift(was: datetime, becomes: datetime, timezone: str) -> Shift:
    """Return what moves one time to another as a clock on the wall sees it."""
    there = ZoneInfo(timezone)
    old, new = was.astimezone(there), becomes.astimezone(there)
    return Shift(
        timezone=timezone,
        days=(new.date() - old.date()).days,
        minute=new.hour * 60 + new.minute,
        beyond=timedelta(seconds=new.second, microseconds=new.microsecond),
    )


def shifted(at: datetime, by: Shift) -> datetime:
    """Return the instant that another time of the series comes to by the same shift."""
    day = wall.day_number(at.astimezone(ZoneInfo(by.timezone)).date())
    return times.instant(wall.instant(by.timezone, day + by.days, by.minute)) + by.beyond
