"""The one slot function: what is listed and what can be booked are the same code (R23-R27, R29, requirements 2.6).

Everything is said of the second at which a slot starts: windows, what is taken, notice, horizon and full days all
become spans of possible starts. A start that is within one of the first and none of the others, and on the grid,
is a slot. No answer is kept, and nothing here knows a zone but for where a local day begins.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from sys import maxsize

from scheduling.rules.availability import UNASKED, merged, open_spans, subtract
from scheduling.rules.wall import DAY_S, FARTHEST_S, clock
from scheduling.values import Calendar, NotBookable, SlotRules, Span, Windows

# What a calendar has to hold on each side of a range: the rest of its local days, a buffer and an appointment.
AROUND_S = 3 * DAY_S

# How far the first look for an opening goes; each look after it goes twice as far.
_FIRST_LOOK_S = 2 * DAY_S

# `Span._make` without its own check of the length, which would take most of the time of a long list.
_span = partial(tuple.__new__, Span)


def slots(calendar: Calendar, rules: SlotRules, *, since: int, until: int, issued: int, now: int) -> tuple[Span, ...]:
    """Return the slots that start at `since` or later and before `until`, in order.

    Notice and horizon are judged at `issued`, when the list was shown; what is taken, as the calendar has it
    now (R23). What lies in the past is no slot.
    """
    found: list[Span] = []
    for starts in _starts(calendar, rules, since, until, issued, now):
        ends = range(starts.start + rules.length, starts.stop + rules.length, rules.step)
        found.extend(map(_span, zip(starts, ends, strict=True)))
    return tuple(found)


def check(calendar: Calendar, rules: SlotRules, slot: Span, *, issued: int, now: int) -> NotBookable | None:
    """Return None if `slots` lists this slot, else the first reason why not.

    Where nobody asks what is open, any start and any length will do. Reasons come in the order in which they
    are worth telling: what no one else has a hand in before what others have taken.
    """
    own = replace(rules, step=1, length=slot.end - slot.start)
    if rules.windows in UNASKED:
        rules = own
    if slot in slots(calendar, rules, since=slot.start, until=slot.start + 1, issued=issued, now=now):
        return None
    alone = replace(calendar, busy=())
    bare = replace(own, horizon=maxsize, windows=Windows.ANY, buffer_before=0, buffer_after=0, per_day=None)
    # Each row asks for one thing more than the row above it.
    for reason, its_calendar, its_rules in (
        (NotBookable.TOO_SOON, alone, bare),
        (NotBookable.TOO_FAR, alone, replace(bare, horizon=rules.horizon)),
        (NotBookable.NOT_OPEN, alone, replace(bare, horizon=rules.horizon, windows=rules.windows)),
        (NotBookable.OFF_GRID, alone, replace(rules, buffer_before=0, buffer_after=0, per_day=None)),
        (NotBookable.TAKEN, calendar, replace(rules, buffer_before=0, buffer_after=0, per_day=None)),
        (NotBookable.TOO_CLOSE, calendar, replace(rules, per_day=None)),
    ):
        if slot not in slots(its_calendar, its_rules, since=slot.start, until=slot.start + 1, issued=issued, now=now):
            return reason
    return NotBookable.DAY_IS_FULL


def first_open(calendar: Calendar, rules: SlotRules, *, now: int) -> Span | None:
    """Return the first slot from now on, looking no further than to where one is found."""
    since, look = now + rules.notice, _FIRST_LOOK_S
    while since <= now + rules.horizon:
        for starts in _starts(calendar, rules, since, since + look, now, now):
            return Span(starts.start, starts.start + rules.length)
        since, look = since + look, look * 2
    return None


def nearest(slots: tuple[Span, ...], wanted: Span, count: int = 3) -> tuple[Span, ...]:
    """Return the `count` others that start nearest to `wanted`, in order; of two as near, the earlier."""
    at = bisect_left(slots, wanted)
    around = [slot for slot in slots[max(0, at - count) : at + count + 1] if slot != wanted]
    around.sort(key=lambda slot: abs(slot.start - wanted.start))
    return tuple(sorted(around[:count]))


def _starts(calendar: Calendar, rules: SlotRules, since: int, until: int, issued: int, now: int) -> Iterator[range]:
    """Return the starts of slots, in order, as ranges that have some."""
    soonest = max(since, issued + rules.notice, now)
    stop = min(until, issued + rules.horizon + 1)
    if soonest >= stop:
        return
    # The latest start whose slot still ends in the window, and one second: spans are half-open.
    windows = (
        (start, end - rules.length + 1, anchor)
        for start, end, anchor in open_spans(calendar, rules.windows, soonest, stop - 1 + rules.length)
    )
    for start, end, anchor in subtract(windows, _refused(calendar, rules, soonest, stop)):
        starts = range(start + (anchor - start) % rules.step, end, rules.step)
        if starts:
            yield starts


def _refused(calendar: Calendar, rules: SlotRules, since: int, until: int) -> list[tuple[int, int]]:
    """Return at which starts a slot would meet what is taken, come too close to it, or overfill its day.

    The gap between two appointments is the larger of what the earlier wants after itself and the later before
    itself. Events of imported calendars are taken as they are.
    """
    before, gap = rules.length - 1, max(rules.buffer_before, rules.buffer_after)
    earliest, latest = since - gap, until + gap + before
    refused = [
        (start - gap - before, end + gap) if appointment else (start - before, end)
        for start, end, appointment in calendar.busy
        if end > earliest and start < latest
    ]
    if rules.per_day is not None:
        refused += _full_days(calendar, rules.per_day, since, until)
    return merged(refused)


def _full_days(calendar: Calendar, per_day: int, since: int, until: int) -> Iterator[tuple[int, int]]:
    """Return the provider's local days on which as many appointments begin as they want to have."""
    begun = sorted(start for start, _, appointment in calendar.busy if appointment)
    first, last = (since - FARTHEST_S) // DAY_S, (until + FARTHEST_S) // DAY_S
    wall = clock(calendar.timezone, first, last)
    midnights = [wall.at(day, 0) for day in range(first, last + 2)]
    for day, following in pairwise(midnights):
        if bisect_left(begun, following) - bisect_left(begun, day) >= per_day:
            yield day, following
