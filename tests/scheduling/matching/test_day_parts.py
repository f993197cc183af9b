"""When somebody has time, by their own clock: the edges of the day, the nights when clocks change, odd zones."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.rules.matching.day_parts import first_in, hour_of_week, hours_in, parts_of, week
from scheduling.rules.matching.openings import openings
from scheduling.values import DayPart, Openings, Span

NEW_YORK = ZoneInfo("America/New_York")
MORNING, AFTERNOON, EVENING, WEEKEND = DayPart
DAY, HOUR = 86_400, 3600


def at(text: str, zone: ZoneInfo = NEW_YORK) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-24T00:00:00", {MORNING}),
        ("2026-11-24T11:59:59", {MORNING}),
        ("2026-11-24T12:00:00", {AFTERNOON}),
        ("2026-11-24T16:59:59", {AFTERNOON}),
        ("2026-11-24T17:00:00", {EVENING}),
        ("2026-11-24T23:59:59", {EVENING}),
        ("2026-11-27T23:59:59", {EVENING}),
        ("2026-11-28T00:00:00", {MORNING, WEEKEND}),
        ("2026-11-29T23:59:59", {EVENING, WEEKEND}),
        ("2026-11-30T00:00:00", {MORNING}),
        # The clocks go back on the first of November: 17:00 is an hour later in UTC.
        ("2026-10-30T17:00:00", {EVENING}),
        ("2026-11-02T17:00:00", {EVENING}),
    ],
)
def test_parts_of_the_day(local: str, expected: set[DayPart]) -> None:
    assert parts_of(at(local), NEW_YORK) == expected


def test_the_first_start_in_any_of_the_parts() -> None:
    starts = [at("2026-11-24T15:00"), at("2026-11-25T09:00"), at("2026-11-25T18:00"), at("2026-11-28T10:00")]

    assert first_in(starts, {EVENING}, NEW_YORK) == starts[2]
    assert first_in(starts, {WEEKEND}, NEW_YORK) == starts[3]
    assert first_in(starts, {EVENING, MORNING}, NEW_YORK) == starts[1]
    assert first_in(starts[:1], {EVENING}, NEW_YORK) is None


def test_hours_of_a_week_begin_on_monday() -> None:
    monday = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())

    assert [hour_of_week(monday), hour_of_week(monday - 1), hour_of_week(monday + DAY)] == [0, 167, 24]
    assert week([0, 1, 24, 167]) == (0b11, 1, 0, 0, 0, 0, 1 << 23)


def test_without_a_change_of_the_clocks_every_hour_is_in_or_out() -> None:
    since = at("2026-11-24T14:00")
    always, perhaps = hours_in({EVENING}, NEW_YORK, since, since + 60 * DAY)

    # Five PM to midnight in winter is 22:00 to 5:00 in UTC.
    assert always == perhaps == (0b1100_0000_0000_0000_0001_1111,) * 7


def test_around_a_change_of_the_clocks_one_hour_may_be_either() -> None:
    since = at("2026-10-20T14:00")
    always, perhaps = hours_in({EVENING}, NEW_YORK, since, since + 60 * DAY)

    # Five PM is 21:00 before, 22:00 after; midnight is 4:00 before, 5:00 after.
    assert always == (0b1100_0000_0000_0000_0000_1111,) * 7
    assert perhaps == (0b1110_0000_0000_0000_0001_1111,) * 7


ZONES = ["America/New_York", "America/Phoenix", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]


@given(
    since=st.integers(at("2026-01-01T00:00"), at("2027-01-01T00:00")),
    after=st.integers(0, 30 * DAY - 1),
    parts=st.sets(st.sampled_from(list(DayPart)), min_size=1),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_the_week_of_hours_never_lies(since: int, after: int, parts: set[DayPart], zone: ZoneInfo) -> None:
    always, perhaps = hours_in(parts, zone, since, since + 30 * DAY)
    start = since + after
    day, hour = divmod(hour_of_week(start), 24)
    inside = not parts_of(start, zone).isdisjoint(parts)

    assert inside or not always[day] >> hour & 1
    assert not inside or perhaps[day] >> hour & 1


def slots(*starts: str, length_m: int = 50) -> list[Span]:
    return [Span(at(one), at(one) + length_m * 60) for one in starts]


def test_openings_of_an_empty_calendar() -> None:
    assert openings([], NEW_YORK, now=at("2026-11-24T14:00")) == Openings(next_at=None, starts=(), in_week=0)


def test_openings_keep_the_first_start_in_each_hour_of_the_week() -> None:
    told = slots("2026-11-26T09:00", "2026-11-26T09:15", "2026-11-26T10:00", "2026-12-03T09:00", "2026-12-03T11:30")

    found = openings(told, NEW_YORK, now=at("2026-11-24T14:00"))

    assert found.next_at == told[0].start
    assert found.starts == (told[0].start, told[2].start, told[4].start)


def test_openings_keep_an_hour_twice_where_the_clocks_change() -> None:
    # Both are 21:00 in UTC: five o'clock before the change and four o'clock after it.
    told = slots("2026-10-29T17:00", "2026-11-05T16:00")

    found = openings(told, NEW_YORK, now=at("2026-10-27T14:00"))

    assert found.starts == (told[0].start, told[1].start)


def test_sessions_that_fit_into_a_week_are_counted_once_each() -> None:
    now = at("2026-11-24T14:00")
    # From nine to ten every quarter of an hour: 9:00 and 10:00 fit, whatever else could begin in between.
    quarters = [Span(at("2026-11-26T09:00") + n * 900, at("2026-11-26T09:00") + n * 900 + 3000) for n in range(5)]
    later = [Span(now + 7 * DAY - 1, now + 7 * DAY + 2999), Span(now + 7 * DAY, now + 7 * DAY + 3000)]

    assert openings(quarters, NEW_YORK, now=now).in_week == 2
    assert openings(later, NEW_YORK, now=now).in_week == 1
    assert openings(later[1:], NEW_YORK, now=now).in_week == 0
