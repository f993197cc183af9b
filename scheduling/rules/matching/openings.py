"""What a search needs to know of a calendar, computed ahead from its slots (3.5)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.rules.matching.day_parts import hour_of_week
from scheduling.values import Openings, Span

WEEK = 7 * 86_400
_HOUR = 3600


def openings(slots: Sequence[Span], zone: ZoneInfo, *, now: int) -> Openings:
    """Return the next start, the first one in each hour of the week, and how many sessions fit into seven days.

    `slots` are in order of time. An hour of the week is one of UTC together with one of the provider's own clock,
    so that the weeks before and after a change of the clocks both have theirs.
    """
    firsts: dict[tuple[int, timedelta | None], int] = {}
    looked_at = None
    for slot in slots:
        if (hour := slot.start // _HOUR) == looked_at:
            continue
        looked_at = hour
        ahead = datetime.fromtimestamp(slot.start, zone).utcoffset()
        firsts.setdefault((hour_of_week(slot.start), ahead), slot.start)
    return Openings(
        next_at=slots[0].start if slots else None,
        starts=tuple(sorted(firsts.values())),
        in_week=_that_fit(slot for slot in slots if slot.start < now + WEEK),
    )


def _that_fit(slots: Iterable[Span]) -> int:
    count, free_from = 0, 0
    for slot in slots:
        if slot.start >= free_from:
            count, free_from = count + 1, slot.end
    return count
