"""Wall time to UTC: each reading is the first second at which that clock has got as far (requirements 2.4)."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.rules.wall import DAY_S, FARTHEST_S, Clock, day_number, instant
from tests.scheduling.zones import changes, moving, zones_and_days

NEW_YORK, LORD_HOWE, APIA = "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"
HAVANA, CAIRO, CASEY = "America/Havana", "Africa/Cairo", "Antarctica/Casey"

minutes = st.integers(0, 1440)


def utc(told: str) -> int:
    return int(datetime.fromisoformat(told).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("zone", "day", "wall", "then"),
    [
        # An ordinary day, and its two midnights.
        (NEW_YORK, date(2026, 6, 1), "09:00", "2026-06-01 13:00"),
        (NEW_YORK, date(2026, 6, 1), "00:00", "2026-06-01 04:00"),
        (NEW_YORK, date(2026, 6, 1), "24:00", "2026-06-02 04:00"),
        # Two to three does not exist: all of it is the moment at which it is skipped.
        (NEW_YORK, date(2026, 3, 8), "01:59", "2026-03-08 06:59"),
        (NEW_YORK, date(2026, 3, 8), "02:00", "2026-03-08 07:00"),
        (NEW_YORK, date(2026, 3, 8), "02:30", "2026-03-08 07:00"),
        (NEW_YORK, date(2026, 3, 8), "03:00", "2026-03-08 07:00"),
        (NEW_YORK, date(2026, 3, 8), "03:01", "2026-03-08 07:01"),
        (NEW_YORK, date(2026, 3, 8), "24:00", "2026-03-09 04:00"),
        # One to two comes twice: the first counts.
        (NEW_YORK, date(2026, 11, 1), "00:59", "2026-11-01 04:59"),
        (NEW_YORK, date(2026, 11, 1), "01:30", "2026-11-01 05:30"),
        (NEW_YORK, date(2026, 11, 1), "01:59", "2026-11-01 05:59"),
        (NEW_YORK, date(2026, 11, 1), "02:00", "2026-11-01 07:00"),
        # Half an hour.
        (LORD_HOWE, date(2026, 10, 4), "01:59", "2026-10-03 15:29"),
        (LORD_HOWE, date(2026, 10, 4), "02:15", "2026-10-03 15:30"),
        (LORD_HOWE, date(2026, 10, 4), "02:30", "2026-10-03 15:30"),
        (LORD_HOWE, date(2026, 4, 5), "01:45", "2026-04-04 14:45"),
        (LORD_HOWE, date(2026, 4, 5), "02:00", "2026-04-04 15:30"),
        # A day that was left out: all of it is one moment.
        (APIA, date(2011, 12, 29), "23:59", "2011-12-30 09:59"),
        (APIA, date(2011, 12, 29), "24:00", "2011-12-30 10:00"),
        (APIA, date(2011, 12, 30), "00:00", "2011-12-30 10:00"),
        (APIA, date(2011, 12, 30), "09:00", "2011-12-30 10:00"),
        (APIA, date(2011, 12, 30), "24:00", "2011-12-30 10:00"),
        (APIA, date(2011, 12, 31), "00:00", "2011-12-30 10:00"),
        (APIA, date(2011, 12, 31), "09:00", "2011-12-30 19:00"),
        # A midnight that does not exist, and one that comes twice.
        (HAVANA, date(2026, 3, 7), "24:00", "2026-03-08 05:00"),
        (HAVANA, date(2026, 3, 8), "00:00", "2026-03-08 05:00"),
        (HAVANA, date(2026, 3, 8), "00:30", "2026-03-08 05:00"),
        (HAVANA, date(2026, 3, 8), "01:00", "2026-03-08 05:00"),
        (HAVANA, date(2026, 10, 31), "24:00", "2026-11-01 04:00"),
        (HAVANA, date(2026, 11, 1), "00:00", "2026-11-01 04:00"),
        (HAVANA, date(2026, 11, 1), "01:00", "2026-11-01 06:00"),
        # Clocks that go back at midnight: the last hour of the day comes twice, the midnight once.
        (CAIRO, date(2026, 4, 24), "00:00", "2026-04-23 22:00"),
        (CAIRO, date(2026, 4, 24), "00:30", "2026-04-23 22:00"),
        (CAIRO, date(2026, 10, 29), "23:30", "2026-10-29 20:30"),
        (CAIRO, date(2026, 10, 29), "24:00", "2026-10-29 22:00"),
        (CAIRO, date(2026, 10, 30), "00:00", "2026-10-29 22:00"),
        # Clocks that went back by three hours, into the day before.
        (CASEY, date(2010, 3, 4), "23:30", "2010-03-04 12:30"),
        (CASEY, date(2010, 3, 5), "01:30", "2010-03-04 14:30"),
        (CASEY, date(2010, 3, 5), "02:00", "2010-03-04 18:00"),
    ],
)
def test_what_a_wall_clock_says(zone: str, day: date, wall: str, then: str) -> None:
    hours, _, rest = wall.partition(":")
    number, minute = day_number(day), int(hours) * 60 + int(rest)

    assert instant(zone, number, minute) == utc(then)
    assert Clock(zone, number, number).at(number, minute) == utc(then)


@settings(max_examples=40)
@given(zones_and_days(), minutes)
def test_it_is_the_first_second_at_which_the_clock_has_got_as_far(where: tuple[str, date], minute: int) -> None:
    zone, day = where
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - a wall time

    def shown(at: int) -> datetime:
        return datetime.fromtimestamp(at, ZoneInfo(zone)).replace(tzinfo=None)

    found = instant(zone, day_number(day), minute)

    assert shown(found) >= wall
    assert all(shown(earlier) < wall for earlier in (found - 1, *range(found - 2 * DAY_S, found, 900)))


@given(zones_and_days(), minutes, st.integers(-40, 40))
def test_a_clock_of_many_days_says_the_same(where: tuple[str, date], minute: int, later: int) -> None:
    zone, day = where
    first = day_number(day) - 15

    assert Clock(zone, first, first + 30).at(first + 15 + later, minute) == instant(zone, first + 15 + later, minute)


@given(zones_and_days(), minutes, minutes)
def test_an_earlier_wall_time_is_never_a_later_instant(where: tuple[str, date], one: int, other: int) -> None:
    zone, day = where
    number = day_number(day)

    assert instant(zone, number, min(one, other)) <= instant(zone, number, max(one, other))
    assert instant(zone, number, 1440) == instant(zone, number + 1, 0)


@given(moving)
def test_no_zone_moves_its_clocks_twice_within_a_day_and_back(zone: str) -> None:
    """What `Clock` relies on; a new release of the zones would have to be odd to break it."""
    moved = changes(zone)

    assert all(later - earlier > 2 * DAY_S for earlier, later in pairwise(moved))


@given(moving, st.data())
def test_no_clock_is_further_from_utc_than_we_say(zone: str, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from(changes(zone)))
    offset = datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()

    assert offset is not None
    assert abs(offset) < timedelta(seconds=FARTHEST_S)
