"""Wall time to UTC, once; what comes after is whole seconds of UTC and nothing else (requirements 2.4).

A day is a count of days since 1970-01-01, a minute counts from that day's midnight, 0 to 1440.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY_S = 86_400
# No clock on earth, today's or an older one, is further than this from UTC.
FARTHEST_S = 16 * 3600

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall time: the zone is told beside it
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_DAY = timedelta(days=1)

# `ZoneInfo` forgets all but eight zones as soon as nobody holds them, and then reads their files anew.
_zone = cache(ZoneInfo)


def day_number(day: date) -> int:
    """Return the days since 1970-01-01."""
    return day.toordinal() - _EPOCH_DAY


def instant(zone: str, day: int, minute: int) -> int:
    """Return the first second at which the clock of `zone` shows this time of this day, or has leapt past it.

    So a time that comes twice is the first of the two, a time that the clocks skip is the moment at which they
    skip it, and an earlier wall time is never a later instant.
    """
    there = _zone(zone)
    shown = day * DAY_S + minute * 60
    wall = _EPOCH + timedelta(days=day, minutes=minute)
    before, after = _seconds(there.utcoffset(wall)), _seconds(there.utcoffset(wall.replace(fold=1)))
    if before >= after:
        return shown - before
    between = range(shown - after, shown - before)
    return between.start + bisect_left(between, True, key=lambda at: _shown(there, at) >= shown)


class Clock:
    """The wall clock of one zone from one day to another, both inclusive, for many readings.

    A day that begins and ends with one offset has it all day: no zone moves its clocks twice within a day and
    back. Every other day, and every day outside, is asked of `instant`.
    """

    __slots__ = ("_first", "_steady", "_zone")

    def __init__(self, zone: str, first: int, last: int) -> None:
        there, wall = _zone(zone), _EPOCH + timedelta(days=first)
        offsets = []
        for _ in range(first, last + 2):
            offsets.append(_seconds(there.utcoffset(wall)))
            wall += _ONE_DAY
        self._zone, self._first = zone, first
        self._steady = [offset if offset == following else None for offset, following in pairwise(offsets)]

    def at(self, day: int, minute: int) -> int:
        """Return what `instant` returns."""
        index = day - self._first
        if 0 <= index < len(self._steady) and (offset := self._steady[index]) is not None:
            return day * DAY_S + minute * 60 - offset
        return instant(self._zone, day, minute)


@lru_cache(maxsize=512)
def clock(zone: str, first: int, last: int) -> Clock:
    """Return the clock of these days. It shows the same to all calendars, so the last ones are kept."""
    return Clock(zone, first, last)


def _shown(zone: ZoneInfo, at: int) -> int:
    """Return what the clock shows at a second of UTC, as if it were one itself."""
    return at + _seconds((_EPOCH_UTC + timedelta(seconds=at)).astimezone(zone).utcoffset())


def _seconds(offset: timedelta | None) -> int:
    assert offset is not None  # noqa: S101 - a zone of the database always has one
    return offset.days * DAY_S + offset.seconds
