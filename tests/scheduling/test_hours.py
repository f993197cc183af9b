"""What working hours and blocks may look like."""

from datetime import date, timedelta

import pytest

from scheduling.rules.hours import BlockTrouble, clock, closing_too_early, overlapping, wrong_with
from scheduling.values import BlockKind, BlockRule, Repeats, WeeklyHours


def hours(weekday: int, opens_m: int, closes_m: int) -> WeeklyHours:
    return WeeklyHours(weekday=weekday, opens_m=opens_m, closes_m=closes_m, timezone="America/New_York")


@pytest.mark.parametrize(
    ("opens_m", "closes_m", "early"),
    [(540, 541, False), (540, 540, True), (540, 539, True), (0, 1440, False), (1320, 120, True)],
)
def test_hours_close_after_they_open(opens_m: int, closes_m: int, early: bool) -> None:
    one = hours(0, opens_m, closes_m)

    assert closing_too_early([hours(1, 540, 1020), one]) == (one if early else None)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        pytest.param(hours(0, 540, 720), hours(0, 720, 1020), False, id="touching is no overlap"),
        pytest.param(hours(0, 540, 721), hours(0, 720, 1020), True, id="a minute of both"),
        pytest.param(hours(0, 540, 720), hours(0, 540, 720), True, id="the same twice"),
        pytest.param(hours(0, 540, 1020), hours(0, 600, 660), True, id="one inside the other"),
        pytest.param(hours(0, 540, 1020), hours(1, 540, 1020), False, id="two days"),
        pytest.param(hours(0, 1320, 1440), hours(1, 0, 120), False, id="a night is two"),
    ],
)
def test_hours_of_one_day_do_not_overlap(one: WeeklyHours, other: WeeklyHours, overlap: bool) -> None:
    expected = (one, other) if overlap else None

    assert overlapping([one, other]) == expected
    assert (overlapping([other, one]) is None) == (expected is None)


DAY = date(2026, 12, 5)


def block(
    starts_m: int = 540,
    ends_m: int = 720,
    *,
    days: int = 0,
    repeats: Repeats = Repeats.NEVER,
    until: int | None = None,
    kind: BlockKind = BlockKind.OPEN,
    external: bool = False,
) -> BlockRule:
    return BlockRule(
        kind=kind,
        starts_on=DAY,
        starts_m=starts_m,
        ends_on=DAY + timedelta(days=days),
        ends_m=ends_m,
        timezone="America/New_York",
        repeats=repeats,
        until=None if until is None else DAY + timedelta(days=until),
        accept_external=external,
    )


T = BlockTrouble


@pytest.mark.parametrize(
    ("rule", "trouble"),
    [
        pytest.param(block(), None, id="a morning"),
        pytest.param(block(540, 540), T.ENDS_BEFORE_IT_STARTS, id="of no length"),
        pytest.param(block(540, 541), None, id="of a minute"),
        pytest.param(block(540, 720, days=-1), T.ENDS_BEFORE_IT_STARTS, id="ends the day before"),
        pytest.param(block(1320, 120, days=1), None, id="a night"),
        pytest.param(block(0, 0, days=366), None, id="a year"),
        pytest.param(block(0, 1, days=366), T.TOO_LONG, id="a minute more than a year"),
        pytest.param(block(0, 1440, days=365), None, id="24:00 of a day is the midnight after it"),
        pytest.param(block(repeats=Repeats.WEEKLY), None, id="every week"),
        pytest.param(block(0, 0, days=7, repeats=Repeats.WEEKLY), None, id="a week, every week"),
        pytest.param(block(0, 1, days=7, repeats=Repeats.WEEKLY), T.LONGER_THAN_ITS_PERIOD, id="a minute more"),
        pytest.param(block(0, 1, days=7, repeats=Repeats.BIWEEKLY), None, id="which is fine every two weeks"),
        pytest.param(block(0, 1, days=14, repeats=Repeats.BIWEEKLY), T.LONGER_THAN_ITS_PERIOD, id="up to two weeks"),
        pytest.param(block(until=0), T.UNTIL_WITHOUT_REPEATS, id="an end of what does not recur"),
        pytest.param(block(repeats=Repeats.WEEKLY, until=0), None, id="recurs until its first day"),
        pytest.param(block(repeats=Repeats.WEEKLY, until=-1), T.UNTIL_BEFORE_START, id="until the day before"),
        pytest.param(block(external=True), None, id="open to payers"),
        pytest.param(block(kind=BlockKind.TIME_OFF), None, id="time off"),
        pytest.param(block(kind=BlockKind.TIME_OFF, external=True), T.TIME_OFF_IS_NOT_OPEN, id="off and open"),
    ],
)
def test_what_can_be_wrong_with_a_block(rule: BlockRule, trouble: BlockTrouble | None) -> None:
    assert wrong_with(rule) is trouble


@pytest.mark.parametrize(
    ("minute", "said"), [(0, "00:00"), (61, "01:01"), (540, "09:00"), (1439, "23:59"), (1440, "24:00")]
)
def test_a_minute_of_the_day_is_said_as_clocks_do(minute: int, said: str) -> None:
    assert clock(minute) == said
