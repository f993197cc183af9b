"""What is judged when somebody books, asks or decides: deadlines, codes, and what a request can still become."""

import hmac
from datetime import datetime, timedelta
from enum import StrEnum

from scheduling.values import DraftState, RequestEvent, RequestState

CODE_LIVES = timedelta(minutes=10)
CODE_TRIES = 5
CODES_AN_HOUR = 5


# Requests


class Undecidable(StrEnum):
    """Why something does not happen to a request."""

    DECIDED = "decided"
    EXPIRED = "expired"
    NOT_YET = "not_yet"


def expires_at(requested_at: datetime, starts_at: datetime, *, ttl: timedelta, cutoff: timedelta) -> datetime:
    """Return the instant from which on a request can no longer be decided (R92)."""
    return min(requested_at + ttl, starts_at - cutoff)


def leaves_time(
    asked_at: datetime, starts_at: datetime, *, ttl: timedelta, cutoff: timedelta, least: timedelta
) -> bool:
    """Tell whether an answer has time enough, so that the slot may be asked for at all (R92)."""
    return expires_at(asked_at, starts_at, ttl=ttl, cutoff=cutoff) - asked_at >= least


def judge_request(
    state: RequestState, event: RequestEvent, *, expires_at: datetime, now: datetime
) -> RequestEvent | Undecidable:
    """Return what comes of an event at this moment; time comes first, however late the sweep is (R93, R96).

    At `expires_at` it is over: nobody accepts, declines or withdraws any more, and whose provider leaves then
    finds it expired.
    """
    if state is not RequestState.PENDING:
        return Undecidable.DECIDED
    if now < expires_at:
        return Undecidable.NOT_YET if event is RequestEvent.EXPIRE else event
    by_itself = event in {RequestEvent.EXPIRE, RequestEvent.PROVIDER_LEFT}
    return RequestEvent.EXPIRE if by_itself else Undecidable.EXPIRED


def state_at(state: RequestState, *, expires_at: datetime, now: datetime) -> RequestState:
    """Return how a request stands now, whether or not the sweep has been there."""
    return RequestState.EXPIRED if state is RequestState.PENDING and now >= expires_at else state


# Codes


class CodeVerdict(StrEnum):
    """What a typed code comes to."""

    RIGHT = "right"
    WRONG = "wrong"
    USED = "used"
    EXPIRED = "expired"
    TRIED_OUT = "tried_out"


def judge_code(
    typed: str, right: str, *, state: DraftState, tries: int, expires_at: datetime, now: datetime
) -> CodeVerdict:
    """Judge a typed code: within ten minutes, at most five tries, once (1.16)."""
    if state is not DraftState.AWAITING_CODE:
        return CodeVerdict.USED
    if now >= expires_at:
        return CodeVerdict.EXPIRED
    if tries >= CODE_TRIES:
        return CodeVerdict.TRIED_OUT
    return CodeVerdict.RIGHT if hmac.compare_digest(typed, right) else CodeVerdict.WRONG
