"""The one slot function: what is listed, what can be booked, and why not (R23-R27, requirements 2.6)."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from scheduling.rules.slots import check, first_open, nearest, slots
from scheduling.values import Busy, Calendar, NotBookable, SlotRules, Span, WeeklyHours, Windows

NEW_YORK = "America/New_York"
M, H, D = 60, 3600, 86_400


def at(wall: str, zone: str = NEW_YORK) -> int:
    """The second of UTC of a wall time such as 2026-03-10 09:00."""
    return int(datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).timestamp())


def span(start: str, end: str, zone: str = NEW_YORK) -> Span:
    """`span("2026-03-10 09:00", "09:50")` is a stretch of one day."""
    return Span(at(start, zone), at(f"{start[:10]} {end}", zone))


def clock(seconds: int, zone: str = NEW_YORK) -> str:
    return datetime.fromtimestamp(seconds, ZoneInfo(zone)).strftime("%H:%M")


def every_day(opens_m: int, closes_m: int, zone: str = NEW_YORK) -> tuple[WeeklyHours, ...]:
    return tuple(
        WeeklyHours(weekday=weekday, opens_m=opens_m, closes_m=closes_m, timezone=zone) for weekday in range(7)
    )


def calendar(*busy: Busy) -> Calendar:
    return Calendar(timezone=NEW_YORK, hours=every_day(9 * 60, 12 * 60), blocks=(), busy=busy)


def taken(start: str, end: str, *, appointment: bool = True) -> Busy:
    return Busy(*span(start, end), appointment)


TUESDAY, WEDNESDAY = at("2026-03-10 00:00"), at("2026-03-11 00:00")
LONG_AGO = at("2026-03-01 00:00")
RULES = SlotRules(length=50 * M, step=30 * M, notice=0, horizon=60 * D)


def listed(calendar: Calendar, rules: SlotRules, *, issued: int = LONG_AGO, now: int | None = None) -> list[str]:
    """The starts that are listed for Tuesday."""
    found = slots(calendar, rules, since=TUESDAY, until=WEDNESDAY, issued=issued, now=issued if now is None else now)
    assert all(slot.end - slot.start == rules.length for slot in found)
    return [clock(slot.start) for slot in found]


def test_an_empty_morning_is_listed_on_its_grid() -> None:
    assert listed(calendar(), RULES) == ["09:00", "09:30", "10:00", "10:30", "11:00"]


def test_what_is_taken_takes_all_slots_that_it_meets() -> None:
    assert listed(calendar(taken("2026-03-10 10:00", "10:30")), RULES) == ["09:00", "10:30", "11:00"]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-1, NotBookable.TOO_SOON), (0, None), (1, None)],
)
def test_notice_is_elapsed_time_and_its_edge_is_allowed(seconds: int, told: NotBookable | None) -> None:
    """48 hours before Tuesday 09:00 in New York is Sunday 09:00, and not 08:00: Sunday is the day after the change."""
    rules, slot = replace(RULES, notice=48 * H), span("2026-03-10 09:00", "09:50")
    issued = slot.start - 48 * H - seconds

    assert check(calendar(), rules, slot, issued=issued, now=issued) is told
    assert ("09:00" in listed(calendar(), rules, issued=issued)) is (told is None)


def test_the_first_opening() -> None:
    assert first_open(calendar(), RULES, now=at("2026-03-10 11:01")) == span("2026-03-11 09:00", "09:50")
    assert first_open(replace(calendar(), hours=()), RULES, now=TUESDAY) is None


def test_the_nearest_are_told_in_order() -> None:
    found = tuple(Span(start, start + 50) for start in (0, 100, 200, 300, 400))

    assert nearest(found, Span(190, 240)) == found[1:4]
    assert nearest(found, Span(200, 250), 2) == (found[1], found[3])
    assert nearest((), Span(200, 250)) == ()


def test_where_nobody_asks_any_time_will_do() -> None:
    rules = replace(RULES, windows=Windows.ANY)
    busy = calendar(taken("2026-03-10 10:00", "10:30"))

    assert check(busy, rules, span("2026-03-10 22:07", "22:29"), issued=LONG_AGO, now=LONG_AGO) is None
    assert check(busy, rules, span("2026-03-10 10:29", "22:29"), issued=LONG_AGO, now=LONG_AGO) is NotBookable.TAKEN
    assert datetime.fromtimestamp(TUESDAY, UTC).hour == 4
