"""Calendars: written down row by row, and as strategies of any kind, close to the days on which clocks are moved."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st

from scheduling.rules.wall import DAY_S, day_number
from scheduling.values import BlockKind, BlockRule, Busy, Calendar, Repeats, SlotRules, WeeklyHours, Windows
from tests.scheduling.zones import zones_and_days

M, H = 60, 3600
NEW_YORK = "America/New_York"
quarters = st.integers(0, 95).map(lambda quarter: quarter * 15)
asked = st.sampled_from([Windows.OPEN_HOURS] * 3 + [Windows.EXTERNAL_BLOCKS])


def row(weekday: int, opens: str, closes: str, zone: str = NEW_YORK) -> WeeklyHours:
    return WeeklyHours(weekday=weekday, opens_m=minute(opens), closes_m=minute(closes), timezone=zone)


def minute(told: str) -> int:
    hours, _, minutes = told.partition(":")
    return int(hours) * 60 + int(minutes)


def block(starts: str, ends: str, kind: BlockKind = BlockKind.OPEN, **told: object) -> BlockRule:
    (first, opens), (last, closes) = starts.split(), ends.split()
    return BlockRule(
        kind=kind,
        starts_on=date.fromisoformat(first),
        starts_m=minute(opens),
        ends_on=date.fromisoformat(last),
        ends_m=minute(closes),
        **{"timezone": NEW_YORK, **told},  # type: ignore[arg-type]
    )


def time_off(starts: str, ends: str, **told: object) -> BlockRule:
    return block(starts, ends, BlockKind.TIME_OFF, **told)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A calendar, the rules, and what is asked for."""

    calendar: Calendar
    rules: SlotRules
    since: int
    until: int
    issued: int


def every_day(opens_m: int, closes_m: int, zone: str, weekdays: Iterable[int] = range(7)) -> tuple[WeeklyHours, ...]:
    return tuple(
        WeeklyHours(weekday=weekday, opens_m=opens_m, closes_m=closes_m, timezone=zone) for weekday in weekdays
    )


@st.composite
def any_hours(draw: st.DrawFn, zone: str) -> tuple[WeeklyHours, ...]:
    """Days, nights and less than an hour, of one weekday or of all of them; now and then day and night."""
    opens_m, length = draw(quarters), draw(st.sampled_from([8 * 60, 3 * 60, 45, 1440]))
    weekdays = draw(st.sampled_from([range(7), range(7), range(5), (5, 6), (6,)]))
    if length == 1440:
        return every_day(0, length, zone, weekdays)
    return every_day(opens_m, min(opens_m + length, 1440), zone, weekdays)


@st.composite
def any_blocks(draw: st.DrawFn, zone: str, day: date) -> BlockRule:
    starts_on, starts_m = day + timedelta(days=draw(st.integers(-20, 3))), draw(quarters)
    ends = starts_m + draw(st.sampled_from([15, 3 * 60, 8 * 60, 24 * 60, 40 * 60]))
    return BlockRule(
        kind=draw(st.sampled_from([BlockKind.OPEN, BlockKind.OPEN, BlockKind.TIME_OFF])),
        starts_on=starts_on,
        starts_m=starts_m,
        ends_on=starts_on + timedelta(days=ends // 1440),
        ends_m=ends % 1440,
        timezone=zone,
        repeats=draw(st.sampled_from(Repeats)),
        until=draw(st.none() | st.integers(-5, 5).map(lambda days: day + timedelta(days=days))),
        accept_external=draw(st.sampled_from([True, True, False])),
    )


@st.composite
def any_busy(draw: st.DrawFn, base: int) -> Busy:
    start = base + draw(st.integers(-2 * 24 * 12, 5 * 24 * 12)) * 5 * M
    return Busy(start, start + draw(st.sampled_from([1, 15 * M, 50 * M, 50 * M, 3 * H, 26 * H])), draw(st.booleans()))


@st.composite
def questions(draw: st.DrawFn, windows: st.SearchStrategy[Windows] = asked) -> Asked:
    """Anything that can be asked about three days at most, mostly with something open on them."""
    zone, day = draw(zones_and_days())
    other, _ = draw(zones_and_days()) if draw(st.integers(0, 3)) == 0 else (zone, day)
    base = day_number(day) * DAY_S
    since = base + draw(st.integers(-24 * 4, 24 * 4)) * 15 * M
    return Asked(
        calendar=Calendar(
            timezone=zone,
            hours=sum(draw(st.lists(st.sampled_from([zone, other]).flatmap(any_hours), min_size=1, max_size=3)), ()),
            blocks=tuple(draw(st.lists(any_blocks(zone, day) | any_blocks(other, day), max_size=4))),
            busy=tuple(draw(st.lists(any_busy(base), max_size=6))),
        ),
        rules=SlotRules(
            length=draw(st.sampled_from([15, 30, 45, 50, 60, 90])) * M,
            step=draw(st.sampled_from([15, 30, 45, 60, 75])) * M,
            notice=draw(st.sampled_from([0, 0, 2 * H, 48 * H])),
            horizon=draw(st.sampled_from([60, 60, 60, 3, 1])) * DAY_S,
            buffer_before=draw(st.sampled_from([0, 10, 60])) * M,
            buffer_after=draw(st.sampled_from([0, 15])) * M,
            per_day=draw(st.none() | st.integers(1, 3)),
            windows=draw(windows),
        ),
        since=since,
        until=since + draw(st.sampled_from([26 * H, 3 * DAY_S, 3 * H, 15 * M])),
        issued=since - draw(st.sampled_from([48 * H + 1, 48 * H, 47 * H, 1, 0, -26 * H])),
    )
