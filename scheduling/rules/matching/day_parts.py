"""When somebody has time, by their own clock (R13): the parts of a day, and which hours of a week of UTC they take.

A week of UTC is seven numbers, Monday first, with one bit for each hour: small enough to be compared with thousands
of calendars in one statement.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.values import DayPart

NOON, EVENING, SATURDAY = 12, 17, 5
_HOUR, _DAY, _WEEK_H = 3600, 86_400, 168
_ENDS = (0, _HOUR - 1)
# 1970 began on a Thursday.
_EPOCH_H = 3 * 24


def parts_of(instant: int, zone: ZoneInfo) -> frozenset[DayPart]:
    """Return the parts of the day in which an instant lies there; an evening of a weekend is both."""
    there = datetime.fromtimestamp(instant, zone)
    return _parts(there.weekday(), there.hour)


def _parts(weekday: int, hour: int) -> frozenset[DayPart]:
    by_clock = DayPart.MORNING if hour < NOON else DayPart.AFTERNOON if hour < EVENING else DayPart.EVENING
    return frozenset({by_clock, DayPart.WEEKEND} if weekday >= SATURDAY else {by_clock})


def first_in(starts: Iterable[int], parts: Collection[DayPart], zone: ZoneInfo) -> int | None:
    """Return the first of these starts that lies in any of the parts."""
    return next((start for start in starts if not parts_of(start, zone).isdisjoint(parts)), None)


def hour_of_week(instant: int) -> int:
    """Return the hour of the week of UTC, 0 to 167, Monday first."""
    return (instant // _HOUR + _EPOCH_H) % _WEEK_H


def week(hours: Iterable[int]) -> tuple[int, ...]:
    """Return the week in which these hours are set."""
    days = [0] * 7
    for hour in hours:
        days[hour // 24] |= 1 << hour % 24
    return tuple(days)


def hours_in(parts: Collection[DayPart], zone: ZoneInfo, since: int, until: int) -> tuple[Sequence[int], Sequence[int]]:
    """Return the week of hours that always lie in these parts between two instants, and of those that may.

    They differ where the clocks change in between, and where a zone is no whole hours away.
    """
    offsets = {datetime.fromtimestamp(instant, zone).utcoffset() for instant in (*range(since, until, _DAY), until)}
    inside = {
        hour: [
            not _parts_there(hour, second, ahead).isdisjoint(parts) for ahead in offsets for second in (0, _HOUR - 1)
        ]
        for hour in range(_WEEK_H)
    }
    always = week(hour for hour, found in inside.items() if all(found))
    return always, week(hour for hour, found in inside.items() if any(found))


def _parts_there(hour_of_week: int, second: int, ahead: timedelta | None) -> frozenset[DayPart]:
    assert ahead is not None  # noqa: S101 - every zone has an offset
    hour = (hour_of_week * _HOUR + second + int(ahead.total_seconds())) // _HOUR % _WEEK_H
    return _parts(*divmod(hour, 24))
