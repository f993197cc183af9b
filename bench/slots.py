"""What slots cost: the list of one provider, one check, and the first opening of many, all in memory.

Beside the list stand two plain ones over the same numbers. The *bare loop* is handed windows in seconds of UTC and
merges, subtracts and steps: no zones, no blocks, no notice. The *plain search* asks each start of the grid about each
event. All three must say the same. Calendars hold what a busy practice has; the range has a night of change in it.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from statistics import median
from time import process_time
from uuid import UUID

from bench.report import Report, spread
from scheduling.rules import offers
from scheduling.rules.availability import open_spans
from scheduling.rules.slots import check, first_open, slots
from scheduling.rules.wall import clock
from scheduling.values import (
    BlockKind,
    BlockRule,
    Busy,
    Calendar,
    Offer,
    OpenSpan,
    Repeats,
    SessionType,
    SlotRules,
    Source,
    Span,
    WeeklyHours,
)

DAY_S, ROUNDS = 86_400, 15
NOW = int(datetime(2026, 2, 23, 15, tzinfo=UTC).timestamp())
ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles")
RULES = SlotRules(length=50 * 60, step=15 * 60, notice=48 * 3600, horizon=400 * DAY_S)
PROVIDERS = (10, 100, 1_000, 10_000)


def run(report: Report) -> None:
    """Measure lists, one check and one offer, and first openings."""
    report.title(
        f"Slots, 15-minute grid, in ms of the processor: the median of {ROUNDS} rounds in turns (lowest–highest)"
    )
    listed = _list(report, days=60, events=200, plain=True)
    _list(report, days=365, events=2_000, plain=False)
    _single(report)
    draw = Random(PROVIDERS[-1])
    all_of_them = [_practice(draw, 60, 40, full_days=21 if number % 10 == 0 else 0) for number in range(PROVIDERS[-1])]
    report.title("First opening of each of many providers, 40 events each; every tenth is full for three weeks")
    each = [_first_openings(report, all_of_them[:count]) for count in PROVIDERS]
    growth = each[-1] / each[0]
    report.line(f"one among {PROVIDERS[-1]:,} providers ÷ one among {PROVIDERS[0]:,}: {growth:.2f}")
    report.target("list of 60 days with 200 events, ms", listed, at_most=1)
    report.target("first openings of 1,000 providers, s", each[2] * 1_000, at_most=0.5)
    report.target("first opening, one among 10,000 ÷ one among 10", growth, at_most=1.2)


def _list(report: Report, *, days: int, events: int, plain: bool) -> float:
    """Return the median of our list, in milliseconds. The plain search takes too long for a year."""
    calendar, until = _practice(Random(days), days, events), NOW + days * DAY_S
    windows = open_spans(calendar, RULES.windows, NOW + RULES.notice, until)
    parts: dict[str, Callable[[], Sequence[object]]] = {
        "ours": lambda: slots(calendar, RULES, since=NOW, until=until, issued=NOW, now=NOW),
        "with clocks read anew": lambda: _forgetful(calendar, until),
        "bare loop": lambda: _bare_loop(windows, calendar.busy),
    }
    if plain:
        parts["plain search"] = lambda: _plain_search(windows, calendar.busy)
    took, found = _turns(parts)
    if any(list(other) != list(found["ours"]) for other in found.values()):
        msg = "the lists are not the same"
        raise RuntimeError(msg)
    told = ", ".join(f"{name} {spread(times, '.2f')}" for name, times in took.items())
    report.line(f"{days} days, {events:,} events, {len(windows)} windows, {len(found['ours']):,} slots: {told}")
    ours = median(took["ours"])
    ratios = (f"÷ {name} {ours / median(times):.2g}" for name, times in took.items() if name != "ours")
    report.line(f"  ours {', '.join(ratios)}")
    return ours


def _forgetful(calendar: Calendar, until: int) -> Sequence[object]:
    """Return the list as the first one of the day is made: what the zone's clock shows is not known yet."""
    clock.cache_clear()
    return slots(calendar, RULES, since=NOW, until=until, issued=NOW, now=NOW)


def _single(report: Report) -> None:
    calendar = _practice(Random(60), 60, 200)
    slot = first_open(calendar, RULES, now=NOW)
    assert slot is not None
    key, issued = b"k" * 32, datetime.fromtimestamp(NOW, UTC)
    offer = Offer(
        provider_id=UUID(int=1),
        session_type=SessionType.FULL_SESSION,
        source=Source.BOOKING_LINK,
        starts_at=datetime.fromtimestamp(slot.start, UTC),
        ends_at=datetime.fromtimestamp(slot.end, UTC),
        issued_at=issued,
    )
    text = offers.sign(offer, key)
    off = Span(slot.start + 60, slot.end + 60)
    took, _ = _turns(
        {
            "check": lambda: [check(calendar, RULES, slot, issued=NOW, now=NOW) for _ in range(20)],
            "why not": lambda: [check(calendar, RULES, off, issued=NOW, now=NOW) for _ in range(20)],
            "sign": lambda: [offers.sign(offer, key) for _ in range(20)],
            "read": lambda: [offers.read(text, key, now=issued, lives=timedelta(minutes=10)) for _ in range(20)],
        }
    )
    us = {name: median(times) / 20 * 1000 for name, times in took.items()}
    report.line(
        f"in µs: one check {us['check']:.0f}, with the reason why not {us['why not']:.0f}; "
        f"an offer signed {us['sign']:.1f}, read {us['read']:.1f}"
    )


def _first_openings(report: Report, providers: Sequence[Calendar]) -> float:
    """Return the seconds that one provider takes."""
    rules = replace(RULES, horizon=60 * DAY_S)
    took, found = _turns(
        {"first": lambda: [first_open(one, rules, now=NOW) for one in providers]},
        rounds=3 if len(providers) > 1_000 else ROUNDS,
    )
    each = median(took["first"]) / 1000 / len(providers)
    report.line(
        f"{len(providers):>6,} providers: {spread(took['first'], ',.1f')} ms, {each * 1e6:.0f} µs each; "
        f"{sum(one is None for one in found['first'])} without any"
    )
    return each


def _turns(
    parts: Mapping[str, Callable[[], Sequence[object]]], *, rounds: int = ROUNDS
) -> tuple[dict[str, list[float]], dict[str, Sequence[object]]]:
    """Return the milliseconds of each round of each part, and what each said; the parts take turns."""
    took: dict[str, list[float]] = {name: [] for name in parts}
    found: dict[str, Sequence[object]] = {}
    gc.disable()
    for _ in range(rounds):
        for name, part in parts.items():
            began = process_time()
            found[name] = part()
            took[name].append((process_time() - began) * 1000)
    gc.enable()
    return took, found


def _bare_loop(windows: Sequence[OpenSpan], busy: Sequence[Busy]) -> Sequence[tuple[int, int]]:
    found, at = [], 0
    merged: list[tuple[int, int]] = []
    for start, end, _ in sorted(busy):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    for opens, closes, anchor in windows:
        while at < len(merged) and merged[at][1] <= opens:
            at += 1
        free, here = opens, at
        while free < closes:
            start, end = merged[here] if here < len(merged) else (closes, closes)
            first = free + (anchor - free) % RULES.step
            found += [
                (slot, slot + RULES.length) for slot in range(first, min(start, closes) - RULES.length + 1, RULES.step)
            ]
            free, here = end, here + 1
    return found


def _plain_search(windows: Sequence[OpenSpan], busy: Sequence[Busy]) -> Sequence[tuple[int, int]]:
    found = []
    for opens, closes, anchor in windows:
        start = opens + (anchor - opens) % RULES.step
        while start + RULES.length <= closes:
            if not any(one.start < start + RULES.length and start < one.end for one in busy):
                found.append((start, start + RULES.length))
            start += RULES.step
    return found


def _practice(draw: Random, days: int, events: int, full_days: int = 0) -> Calendar:
    """Five days a week, a lunch break, an evening every other week; events at any quarter of an hour."""
    zone = draw.choice(ZONES)
    opens_m = draw.choice([8, 9, 10]) * 60
    starts = sorted(NOW + draw.randrange(days * 96) * 900 for _ in range(events))
    busy = [Busy(start, start + draw.choice([15, 50, 50]) * 60, draw.random() < 0.7) for start in starts]
    if full_days:
        busy.append(Busy(NOW, NOW + full_days * DAY_S, appointment=False))
    return Calendar(
        timezone=zone,
        hours=tuple(
            WeeklyHours(weekday=weekday, opens_m=opens_m, closes_m=opens_m + 9 * 60, timezone=zone)
            for weekday in range(5)
        ),
        blocks=(
            *(_block(BlockKind.TIME_OFF, weekday, 12, Repeats.WEEKLY, zone) for weekday in range(5)),
            _block(BlockKind.OPEN, 0, 19, Repeats.BIWEEKLY, zone),
        ),
        busy=tuple(sorted(busy)),
    )


def _block(kind: BlockKind, weekday: int, hour: int, repeats: Repeats, zone: str) -> BlockRule:
    day = date(2026, 1, 5) + timedelta(days=weekday)
    return BlockRule(
        kind=kind,
        starts_on=day,
        starts_m=hour * 60,
        ends_on=day,
        ends_m=(hour + 1) * 60,
        timezone=zone,
        repeats=repeats,
        accept_external=kind is BlockKind.OPEN,
    )
