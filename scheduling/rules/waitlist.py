"""What a freed time is for the waitlist: for whom, until when, and what comes of an answer (issue 3, point 10)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from scheduling.values import CancelReason, SessionType, Side, WaitlistState

# An offer ends this long before its start: whoever accepts has to get there, and whoever is next needs time as well.
BEFORE_START = timedelta(hours=1)
# With less time than this nobody can be expected to read their mail, so nothing is offered.
LEAST_TO_ANSWER = timedelta(minutes=15)


def offer_ends(starts_at: datetime, *, hold: timedelta, now: datetime) -> datetime | None:
    """Return until when a time is kept for whom it is offered to; None where it is too near for that."""
    ends_at = min(now + hold, starts_at - BEFORE_START)
    return ends_at if ends_at - now >= LEAST_TO_ANSWER else None


def fitting(length: timedelta, lengths: Mapping[SessionType, timedelta]) -> frozenset[SessionType]:
    """Return the session types that fit into a time."""
    return frozenset(kind for kind, needed in lengths.items() if needed <= length)


def is_free_again(by: Side, reason: CancelReason | None) -> bool:
    """Tell whether a cancelled time can be offered: a provider who is ill or away is so for everybody."""
    return by is Side.CLIENT or reason not in {CancelReason.ILLNESS, CancelReason.CONFLICT}


def free_parts(
    freed: tuple[datetime, datetime], taken: Iterable[tuple[datetime, datetime]]
) -> Iterator[tuple[datetime, datetime]]:
    """Return what is free of a span that was given back; `taken` is in order of time."""
    since, end = freed
    for start, until in taken:
        if since < start:
            yield since, min(start, end)
        since = max(since, until)
    if since < end:
        yield since, end


def state_at(state: WaitlistState, expires_at: datetime | None, now: datetime) -> WaitlistState:
    """Return where somebody stands: an offer whose time has passed is none, however late the sweep comes."""
    lapsed = state is WaitlistState.OFFERED and expires_at is not None and now >= expires_at
    return WaitlistState.WAITING if lapsed else state
