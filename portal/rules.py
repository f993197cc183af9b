"""When a letter goes out, whether it is still true, and by which way: pure functions over values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID
from zoneinfo import ZoneInfo

from bridge.values import Contact as ToDial
from bridge.values import ContactKind, ContactReason
from people.rules import reach
from people.values import (
    AccountStep,
    Contact,
    DraftedState,
    EnrolmentState,
    Later,
    RelationshipState,
    Way,
)
from portal.letters.values import Dial
from scheduling.values import AppointmentState, DraftState, RequestState, SessionType, WaitlistState
from status.values import Channel, ConsultationStatus, NoticeKey, NoticeState, PsychiatricState, ReferralState

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
    session_type: SessionType | None = None
    same_occurrence: bool = True
    begun: bool = False
    over: bool = False
    request: RequestState | None = None
    waits: WaitlistState | None = None
    draft: DraftState | None = None
    too_late: bool = False  # to decide a request, to accept an offer, to use a code
    referral: ReferralState | None = None
    psychiatric: PsychiatricState | None = None
    enrolment: EnrolmentState | None = None
    needs_attention: bool = False
    to_dial: ToDial | None = None
    line_down: bool = False
    lacks: frozenset[AccountStep] = frozenset()
    between: RelationshipState | None = None
    unread: bool = False
    drafted: DraftedState | None = None
    unproven: bool = False  # a number that a code was made for


def still_true(key: NoticeKey, now_is: Standing) -> bool:
    """Tell whether a letter says what is so, at the moment of sending.

    Nobody is reminded of what was moved, cancelled or is over, nor asked for what they have told or what is decided.
    """
    return _TRUE_WHILE[key](now_is)


def _ahead(now_is: Standing) -> bool:
    return now_is.state is AppointmentState.BOOKED and not now_is.over


def _to_be_called(now_is: Standing) -> bool:
    open_still = now_is.status is ConsultationStatus.SCHEDULED and now_is.same_occurrence
    return _ahead(now_is) and open_still and dial(now_is.to_dial) is not None


def _unanswered(now_is: Standing) -> bool:
    return now_is.status is ConsultationStatus.AWAITING_STATUS


def _undecided(now_is: Standing) -> bool:
    return now_is.request is RequestState.PENDING and not now_is.too_late


def _always(_: Standing) -> bool:
    """Stand for what cannot be undone: it stays true that it happened."""
    return True


_ANSWERED = frozenset(
    {
        PsychiatricState.ACCEPTED,
        PsychiatricState.DECLINED,
        PsychiatricState.EXPIRED,
        PsychiatricState.FIRST_VISIT,
    }
)

_TRUE_WHILE: Mapping[NoticeKey, Callable[[Standing], bool]] = {
    NoticeKey.REMINDER: _to_be_called,
    NoticeKey.STATUS_TASK: _unanswered,
    NoticeKey.STATUS_TEXT: _unanswered,
    NoticeKey.STATUS_UNKNOWN: _always,
    NoticeKey.STATUS_CORRECTED: _always,
    NoticeKey.LINE_OUTAGE: lambda now_is: now_is.line_down,
    NoticeKey.LINE_RESTORED: lambda now_is: not now_is.line_down,
    NoticeKey.DIAL_NUMBER_CHANGED: _always,
    NoticeKey.NUMBER_CODE: lambda now_is: now_is.unproven and not now_is.too_late,
    NoticeKey.PIN_LOCKED: _always,
    NoticeKey.ISSUE_RECEIVED: _always,
    NoticeKey.ISSUE_ANSWERED: _always,
    NoticeKey.CLIENT_NUMBER_UNUSABLE: _ahead,
    NoticeKey.NEW_REFERRAL: _ahead,
    NoticeKey.BOOKING_MADE: _ahead,
    NoticeKey.REQUEST_ACCEPTED: _ahead,
    NoticeKey.RESCHEDULED: lambda now_is: _ahead(now_is) and now_is.same_occurrence,
    NoticeKey.CLIENT_REMINDER: lambda now_is: _ahead(now_is) and now_is.same_occurrence and not now_is.begun,
    NoticeKey.SWITCHED_TO_CALL: lambda now_is: _ahead(now_is) and now_is.session_type is SessionType.PHONE_CONSULTATION,
    NoticeKey.SERIES_CHANGED: _always,
    NoticeKey.CANCELLED_BY_PROVIDER: lambda now_is: now_is.state is AppointmentState.CANCELLED_BY_PROVIDER,
    NoticeKey.CANCELLED_BY_CLIENT: lambda now_is: now_is.state is AppointmentState.CANCELLED_BY_CLIENT,
    NoticeKey.REQUEST_TO_DECIDE: _undecided,
    NoticeKey.REQUEST_EXPIRING: _undecided,
    NoticeKey.REQUEST_DECLINED: lambda now_is: now_is.request is RequestState.DECLINED,
    NoticeKey.REQUEST_EXPIRED: lambda now_is: now_is.request is RequestState.EXPIRED,
    NoticeKey.REQUEST_WITHDRAWN: lambda now_is: now_is.request is RequestState.WITHDRAWN,
    NoticeKey.WAITLIST_OPENING: lambda now_is: now_is.waits is WaitlistState.OFFERED and not now_is.too_late,
    NoticeKey.INVITATION: lambda now_is: not now_is.too_late,
    NoticeKey.CLIENT_INVITATION: lambda now_is: not now_is.too_late,
    NoticeKey.SIGN_IN_LINK: lambda now_is: not now_is.too_late,
    NoticeKey.PASSWORD_RESET: lambda now_is: not now_is.too_late,
    NoticeKey.NEW_ADDRESS: lambda now_is: not now_is.too_late,
    NoticeKey.NEW_DEVICE: lambda _: True,
    NoticeKey.ADDRESS_CHANGED: lambda _: True,
    NoticeKey.BOOKING_CODE: lambda now_is: now_is.draft is DraftState.AWAITING_CODE and not now_is.too_late,
    NoticeKey.NO_CONTACT: lambda now_is: now_is.referral is ReferralState.NO_CONTACT,
    NoticeKey.HANDED_BACK: lambda now_is: now_is.referral is ReferralState.HANDED_BACK,
    NoticeKey.CLIENT_MOVED_ON: lambda now_is: now_is.referral is ReferralState.REMATCH_BY_CLIENT,
    NoticeKey.PSYCHIATRIC_REFERRAL: lambda now_is: now_is.psychiatric is PsychiatricState.SENT and not now_is.too_late,
    NoticeKey.INSURANCE_REQUEST: lambda now_is: AccountStep.INSURANCE in now_is.lacks,
    NoticeKey.ACCOUNT_LACKS: lambda now_is: bool(now_is.lacks),
    NoticeKey.PROVIDER_ADDED: lambda now_is: now_is.between is RelationshipState.PROPOSED,
    NoticeKey.NEW_MESSAGE: lambda now_is: now_is.unread,
    NoticeKey.MESSAGE_CODE: lambda now_is: now_is.drafted is DraftedState.AWAITING_CODE and not now_is.too_late,
    NoticeKey.INVITATION_FAILED: _always,
    NoticeKey.ACCOUNT_READY: _always,
    NoticeKey.PSYCHIATRIC_ANSWERED: lambda now_is: now_is.psychiatric in _ANSWERED,
    NoticeKey.ENROLLED: lambda now_is: now_is.enrolment is EnrolmentState.INCOMPLETE,
    NoticeKey.PROFILE_NEEDS_ATTENTION: lambda now_is: now_is.needs_attention,
    NoticeKey.ENROLMENT_ENDED: _always,
}


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
        return reach.reach_by_mail(contact, "night")
    return way


def text_is_valid_for(now: datetime, contact: Contact, expires_at: datetime | None) -> int:
    """Return for how many seconds the carrier may deliver a text: until the night, and while it is true."""
    if contact.at_any_hour and expires_at is not None:
        return max(1, int((expires_at - now).total_seconds()))
    there = ZoneInfo(contact.timezone)
    night = datetime.combine(now.astimezone(there).date(), reach.TEXTS_UNTIL, there)
    ends_at = night if expires_at is None else min(night, expires_at)
    return max(1, int((ends_at - now).total_seconds()))


def wait_after(notice_id: UUID, attempts: int) -> timedelta:
    """Return how long to wait after an attempt that surely failed: 30 s, doubled each time, an hour at most.

    A tenth more or less, by the notice's id, so that the letters of one outage do not come back all at once.
    """
    doubled = min(_FIRST_WAIT * (1 << min(attempts - 1, 16)), _LONGEST_WAIT)
    return doubled * (0.9 + 0.2 * (notice_id.int % 997) / 996)


def is_bounce(code: str | None) -> bool:
    """Tell whether a mail was refused for good because of its address, not because of what stood in it (RFC 5321)."""
    return code in {"address", "521", "550", "551", "553", "556"}


def gives_up(attempts: int, next_at: datetime, expires_at: datetime | None) -> bool:
    """Tell whether a letter that was surely not taken is tried no more."""
    return attempts >= MAX_ATTEMPTS or (expires_at is not None and next_at >= expires_at)


def look_up_again_at(claimed_at: datetime, now: datetime) -> datetime:
    """Return when the carrier's books are looked into next: as long from now as it was uncertain, within bounds."""
    return now + min(max(now - claimed_at, LOOK_UP_AFTER), _LONGEST_WAIT)


def stops_looking(claimed_at: datetime, now: datetime, expires_at: datetime | None) -> bool:
    """Tell whether it no longer matters if an uncertain text was taken: nothing would be sent after all."""
    return now >= (expires_at or claimed_at + _LOOKED_UP_FOR)
