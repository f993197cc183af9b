"""Slots once more, slowly: by walking through the quarters of an hour with a clock on the wall.

Nothing of this is shared with the rules. It asks each quarter what the clocks show, whether each row and block of the
calendar says that they are open, and each quarter that could be a start everything that could speak against it.
All that a calendar opens or closes begins and ends at quarters; what is taken may lie anywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from scheduling.values import (
    BlockKind,
    BlockRule,
    Calendar,
    NotBookable,
    Repeats,
    SlotRules,
    Span,
    WeeklyHours,
    Windows,
)

QUARTER, DAY, AROUND = 900, 86_400, 17 * 86_400


@dataclass(frozen=True)
class Quarter:
    """A quarter that is open: the start of its window, and whether time off takes it."""

    window: int
    off: bool


def walk(zone: str, since: int, until: int) -> Iterator[tuple[int, datetime]]:
    """What the clock has got to, quarter by quarter: where it is moved back, it waits until it is as far again."""
    furthest = datetime.min  # noqa: DTZ901 - a wall time
    for at in range(since, until, QUARTER):
        furthest = max(furthest, datetime.fromtimestamp(at, ZoneInfo(zone)).replace(tzinfo=None))
        yield at, furthest


def within_hours(row: WeeklyHours, wall: datetime) -> bool:
    return wall.weekday() == row.weekday and row.opens_m <= wall.hour * 60 + wall.minute < row.closes_m


def within_block(block: BlockRule, wall: datetime) -> bool:
    starts, ends = _wall(block.starts_on, block.starts_m), _wall(block.ends_on, block.ends_m)
    while starts <= wall and (block.until is None or starts.date() <= block.until):
        if wall < ends:
            return True
        if block.repeats is Repeats.NEVER:
            return False
        later = timedelta(weeks=1 if block.repeats is Repeats.WEEKLY else 2)
        starts, ends = starts + later, ends + later
    return False


def open_quarters(calendar: Calendar, windows: Windows, since: int, until: int) -> dict[int, Quarter]:
    """All quarters that are open, before anything is taken; windows are told apart by their start."""
    since, until = since // QUARTER * QUARTER - AROUND, until + AROUND
    rows = calendar.hours if windows is Windows.OPEN_HOURS else ()
    found, off = set[int](), set[int]()
    for zone in {row.timezone for row in calendar.hours} | {block.timezone for block in calendar.blocks}:
        its_rows = [row for row in rows if row.timezone == zone]
        its_blocks = [block for block in calendar.blocks if block.timezone == zone]
        for at, wall in walk(zone, since, until):
            if any(within_hours(row, wall) for row in its_rows):
                found.add(at)
            for block in its_blocks:
                if not within_block(block, wall):
                    continue
                if block.kind is BlockKind.TIME_OFF:
                    off.add(at)
                elif windows is Windows.OPEN_HOURS or block.accept_external:
                    found.add(at)
    quarters = dict[int, Quarter]()
    for at in sorted(found):
        before = quarters.get(at - QUARTER)
        quarters[at] = Quarter(before.window if before else at, at in off)
    return quarters


def anchor(calendar: Calendar, quarters: dict[int, Quarter], at: int) -> int:
    """The start of the window, unless it is open day and night for more than two weeks."""
    window = quarters[at].window
    two_weeks_on = quarters.get(window + 14 * DAY)
    if two_weeks_on is not None and two_weeks_on.window == window:
        return int(datetime(2024, 1, 1, tzinfo=ZoneInfo(calendar.timezone)).timestamp())
    return window


def why_not(
    calendar: Calendar, rules: SlotRules, quarters: dict[int, Quarter], start: int, *, issued: int, now: int
) -> NotBookable | None:
    """The first of the objections, if there is one."""
    return next(objections(calendar, rules, quarters, start, issued=issued, now=now), None)


def objections(
    calendar: Calendar, rules: SlotRules, quarters: dict[int, Quarter], start: int, *, issued: int, now: int
) -> Iterator[NotBookable]:
    """Everything that speaks against a start, in the order in which it is worth telling."""
    end = start + rules.length
    if start < issued + rules.notice or start < now:
        yield NotBookable.TOO_SOON
    if start > issued + rules.horizon:
        yield NotBookable.TOO_FAR
    its = [quarters.get(at) for at in range(start // QUARTER * QUARTER, end, QUARTER)]
    if any(quarter is None or quarter.off for quarter in its):
        yield NotBookable.NOT_OPEN
    elif (start - anchor(calendar, quarters, start // QUARTER * QUARTER)) % rules.step:
        yield NotBookable.OFF_GRID
    if any(start < busy.end and busy.start < end for busy in calendar.busy):
        yield NotBookable.TAKEN
    for busy in calendar.busy:
        earlier, later = sorted((Span(start, end), Span(busy.start, busy.end)))
        if busy.appointment and later.start - earlier.end < max(rules.buffer_after, rules.buffer_before):
            yield NotBookable.TOO_CLOSE
    if rules.per_day is not None:
        day = local_day(calendar.timezone, start)
        held = [busy for busy in calendar.busy if busy.appointment and local_day(calendar.timezone, busy.start) == day]
        if len(held) >= rules.per_day:
            yield NotBookable.DAY_IS_FULL


@cache
def local_day(zone: str, at: int) -> date:
    """The day that the clock has got to."""
    *_, (_, furthest) = walk(zone, at - 2 * DAY, at + 1)
    return furthest.date()


def slots(calendar: Calendar, rules: SlotRules, *, since: int, until: int, issued: int, now: int) -> tuple[Span, ...]:
    quarters = open_quarters(calendar, rules.windows, since, until + rules.length)
    return tuple(
        Span(start, start + rules.length)
        for start in range(-(-since // QUARTER) * QUARTER, until, QUARTER)
        if why_not(calendar, rules, quarters, start, issued=issued, now=now) is None
    )


def _wall(day: date, minute: int) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - a wall time
