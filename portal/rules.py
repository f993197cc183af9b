"""When a letter goes out, whether it is still true, and by which way: pure functions over values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

from bridge.values import Contact as ToDial
from bridge.values import ContactKind, ContactReason
from people.rules import reach
from people.values import ByMail, Contact, Later, Nobody, Way
from portal.letters.values import Dial
from scheduling.values import AppointmentState
from status.values import Channel, ConsultationStatus, NoticeKey, NoticeState

# A claim older than this was left behind by a worker that died.
STALE = timedelta(minutes=5)
# A worker that slept over its claim for longer than this does not send any more: another one may be about to.
FRESH = timedelta(minutes=2)
# How long after an attempt without an answer the carrier's books are looked into.
LOOK_UP_AFTER = timedelta(minutes=1)
# How far the carrier's clock may be behind ours.
CLOCKS_DIFFER = timedelta(minutes=2)
MAX_ATTEMPTS = 8

_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)
_LOOKED_UP_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the thing stands that a letter is about; what a letter has nothing to do with stays at its default."""

    status: ConsultationStatus | None = None
    state: AppointmentState | None = None
    same_occurrence: bool = True
    over: bool = False
    to_dial: ToDial | None = None
    line_down: bool = False


def still_true(key: NoticeKey, now_is: Standing) -> bool:
    """Tell whether a letter says what is so, at the moment of sending.

    Nobody is reminded of what was moved, cancelled or is over, nor asked for what they have told.
    """
    ahead = now_is.state is AppointmentState.BOOKED and not now_is.over
    match key:
        case NoticeKey.REMINDER:
            open_still = now_is.status is ConsultationStatus.SCHEDULED and now_is.same_occurrence
            return ahead and open_still and dial(now_is.to_dial) is not None
        case NoticeKey.STATUS_TASK | NoticeKey.STATUS_TEXT:
            return now_is.status is ConsultationStatus.AWAITING_STATUS
        case NoticeKey.RESCHEDULED:
            return ahead and now_is.same_occurrence
        case NoticeKey.LINE_OUTAGE:
            return now_is.line_down
        case NoticeKey.LINE_RESTORED:
            return not now_is.line_down
        case NoticeKey.CLIENT_NUMBER_UNUSABLE:
            return ahead
        case (
            NoticeKey.STATUS_UNKNOWN
            | NoticeKey.STATUS_CORRECTED
            | NoticeKey.DIAL_NUMBER_CHANGED
            | NoticeKey.PIN_LOCKED
            | NoticeKey.ISSUE_RECEIVED
        ):
            return True
        case _:
            assert_never(key)


def dial(contact: ToDial | None) -> Dial | None:
    """Return what a reminder says about dialling; None where there is nothing to be reminded of."""
    if contact is None:
        return None
    match contact.kind:
        case ContactKind.LINE:
            return Dial.LINE
        case ContactKind.DIRECT:
            return Dial.UNVERIFIED if contact.reason is ContactReason.NUMBER_NOT_VERIFIED else Dial.DIRECT
        case ContactKind.NONE:
            return Dial.NO_NUMBER if contact.reason is ContactReason.NO_CLIENT_NUMBER else None
        case _:
            assert_never(contact.kind)


def is_due(state: NoticeState, due_at: datetime, claimed_at: datetime | None, now: datetime) -> bool:
    """Tell whether there is anything to do for a notice; a doubled or early job finds that there is not."""
    if state in {NoticeState.DUE, NoticeState.UNCERTAIN}:
        return due_at <= now
    return state is NoticeState.CLAIMED and claimed_at is not None and claimed_at <= now - STALE


def choose_way(channel: Channel, contact: Contact, now: datetime, expires_at: datetime | None) -> Way:
    """Choose how a letter goes; a text whose morning would come too late goes by mail tonight."""
    if channel is not Channel.TEXT:
        return reach.reach_by_mail(contact)
    way = reach.reach_by_text(contact, now)
    if isinstance(way, Later) and expires_at is not None and way.at >= expires_at:
        return ByMail(contact.address, "night") if contact.address else Nobody("night")
    return way


def text_is_valid_for(now: datetime, timezone: str, expires_at: datetime | None) -> int:
    """Return for how many seconds the carrier may deliver a text: until the night, and while it is true."""
    there = ZoneInfo(timezone)
    night = datetime.combine(now.astimezone(there).date(), reach.TEXTS_UNTIL, there)
    ends_at = night if expires_at is None else min(night, expires_at)
    return max(1, int((ends_at - now).total_seconds()))


def wait_after(notice_id: UUID, attempts: int) -> timedelta:
    """Return how long to wait after an attempt that surely failed: 30 s, doubled each time, an hour at most.

    A tenth more or less, by the notice's id, so that the letters of one outage do not come back all at once.
    """
    doubled = min(_FIRST_WAIT * (1 << min(attempts - 1, 16)), _LONGEST_WAIT)
    return doubled * (0.9 + 0.2 * (notice_id.int % 997) / 996)


def gives_up(attempts: int, next_at: datetime, expires_at: datetime | None) -> bool:
    """Tell whether a letter that was surely not taken is tried no more."""
    return attempts >= MAX_ATTEMPTS or (expires_at is not None and next_at >= expires_at)


def look_up_again_at(claimed_at: datetime, now: datetime) -> datetime:
    """Return when the carrier's books are looked into next: as long from now as it was uncertain, within bounds."""
    return now + min(max(now - claimed_at, LOOK_UP_AFTER), _LONGEST_WAIT)


def stops_looking(claimed_at: datetime, now: datetime, expires_at: datetime | None) -> bool:
    """Tell whether it no longer matters if an uncertain text was taken: nothing would be sent after all."""
    return now >= (expires_at or claimed_at + _LOOKED_UP_FOR)
