"""When a provider is open: one model for weekly hours, blocks and time off (R21, R30, R31, requirements 2.6)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from scheduling.rules.wall import DAY_S, FARTHEST_S, clock, day_number, instant
from scheduling.values import BlockKind, BlockRule, Calendar, Caution, OpenSpan, Repeats, WeeklyHours, Windows

# Nobody asks whether these are open: the provider's own hand, and what somebody gave back.
UNASKED = frozenset({Windows.ANY, Windows.FREED})

# What is open day and night for longer has no start to speak of: its grid counts from a Monday's midnight.
LONGEST_S = 14 * DAY_S
_A_MONDAY = day_number(date(2024, 1, 1))

# In days; what never comes again is a matter of its first day alone.
_PERIODS = {Repeats.NEVER: 1, Repeats.WEEKLY: 7, Repeats.BIWEEKLY: 14}


def open_spans(calendar: Calendar, windows: Windows, since: int, until: int) -> tuple[OpenSpan, ...]:
    """Return what is open between two seconds of UTC: in order, apart from each other, cut to the range.

    Windows that overlap or touch are one. Its grid counts from its start, wherever time off cuts it and
    wherever the range begins. Where nobody asks (ANY, FREED) all of the range is open.
    """
    if since >= until:
        return ()
    if windows in UNASKED:
        return (OpenSpan(since, until, instant(calendar.timezone, (since - FARTHEST_S) // DAY_S, 0)),)
    cut = (
        (max(start, since), min(end, until), _anchor(calendar, start, end))
        for start, end in _windows(calendar, windows, since, until)
    )
    return tuple(OpenSpan(*span) for span in subtract(cut, merged(_time_off(calendar, since, until))))


def cautions(calendar: Calendar, since: int, until: int) -> tuple[Caution, ...]:
    """Return what speaks against a time that a provider chooses themselves, though nothing stands in its way.

    Who has never said when they work is not told that it is outside their hours.
    """
    said = calendar.hours or any(block.kind is BlockKind.OPEN for block in calendar.blocks)
    whole = [(since, until)]
    outside = said and [span[:2] for span in open_spans(calendar, Windows.OPEN_HOURS, since, until)] != whole
    elsewhere = any(not busy.appointment and busy.start < until and since < busy.end for busy in calendar.busy)
    found = ((Caution.OUTSIDE_HOURS, outside), (Caution.BUSY_ELSEWHERE, elsewhere))
    return tuple(caution for caution, holds in found if holds)


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what the spans cover together: in order, and apart from each other. Empty ones cover nothing."""
    found: list[tuple[int, int]] = []
    reached: int | None = None
    for start, end in sorted(spans):
        if start >= end:
            continue
        if reached is None or start > reached:
            found.append((start, end))
            reached = end
        elif end > reached:
            found[-1] = (found[-1][0], end)
            reached = end
    return found


def subtract(spans: Iterable[tuple[int, int, int]], taken: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Return what is left of the spans, each with its anchor. Both are in order, and `taken` is `merged`."""
    at, count = 0, len(taken)
    for start, end, anchor in spans:
        while at < count and taken[at][1] <= start:
            at += 1
        left, here = start, at
        while left < end:
            begins, ends = taken[here] if here < count else (end, end)
            if left < begins:
                yield left, min(begins, end), anchor
            left, here = ends, here + 1


def _anchor(calendar: Calendar, start: int, end: int) -> int:
    return start if end - start <= LONGEST_S else instant(calendar.timezone, _A_MONDAY, 0)


def _windows(calendar: Calendar, windows: Windows, since: int, until: int) -> list[tuple[int, int]]:
    """Return the windows that the range meets, in their full length.

    A day more on each side shows where the window of a day or a night begins and ends. One that goes on beyond
    is looked at again, with as many days as it takes to know that it is longer than LONGEST_S.
    """
    found: list[tuple[int, int]] = []
    for more in (DAY_S, DAY_S + LONGEST_S):
        pieces = merged(_pieces(calendar, windows, since - more, until + more))
        found = [(start, end) for start, end in pieces if start < until and since < end]
        if not found or (since - more < found[0][0] and found[-1][1] < until + more):
            break
    return found


def _pieces(calendar: Calendar, windows: Windows, since: int, until: int) -> Iterator[tuple[int, int]]:
    """Return at least all that opens within the range, piece by piece."""
    first, last = _days(since, until)
    everything = windows is Windows.OPEN_HOURS
    if everything:
        yield from _hours(calendar.hours, first, last)
    opening = [block for block in calendar.blocks if block.kind is BlockKind.OPEN]
    yield from _blocks([block for block in opening if everything or block.accept_external], first, last)


def _time_off(calendar: Calendar, since: int, until: int) -> Iterator[tuple[int, int]]:
    """Return at least all time off within the range."""
    return _blocks([block for block in calendar.blocks if block.kind is BlockKind.TIME_OFF], *_days(since, until))


def _hours(rows: Sequence[WeeklyHours], first: int, last: int) -> Iterator[tuple[int, int]]:
    clocks = {zone: clock(zone, first, last) for zone in {row.timezone for row in rows}}
    for row in rows:
        wall = clocks[row.timezone]
        # 1970-01-01 was a Thursday.
        for day in range(first + (row.weekday - first - 3) % 7, last + 1, 7):
            yield wall.at(day, row.opens_m), wall.at(day, row.closes_m)


def _blocks(blocks: Sequence[BlockRule], first: int, last: int) -> Iterator[tuple[int, int]]:
    """Return each time that a block comes and meets one of the days, in its full length."""
    clocks = {zone: clock(zone, first, last) for zone in {block.timezone for block in blocks}}
    for block in blocks:
        wall, period = clocks[block.timezone], _PERIODS[block.repeats]
        starts, ends = day_number(block.starts_on), day_number(block.ends_on)
        final = last if block.until is None else min(last, day_number(block.until))
        if block.repeats is Repeats.NEVER:
            final = min(final, starts)
        for later in range(max(0, -((ends - first) // period)) * period, final - starts + 1, period):
            yield wall.at(starts + later, block.starts_m), wall.at(ends + later, block.ends_m)


def _days(since: int, until: int) -> tuple[int, int]:
    """Return the first and the last day that it can be anywhere while the range lasts."""
    return (since - FARTHEST_S) // DAY_S, (until + FARTHEST_S) // DAY_S
