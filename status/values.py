"""The words of the ledger."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ConsultationStatus(StrEnum):
    """Where a tracked consultation stands (requirements 4.4)."""

    SCHEDULED = "scheduled"
    AWAITING_STATUS = "awaiting_status"
    OCCURRED_AUTO = "occurred_auto"
    OCCURRED_MANUAL = "occurred_manual"
    DID_NOT_OCCUR = "did_not_occur"
    UNKNOWN = "unknown"
    VOID_RESCHEDULED = "void_rescheduled"
    NOT_APPLICABLE = "not_applicable"

    @property
    def locked(self) -> bool:
        """Tell whether nobody but an operator can change it any more (R121)."""
        return self not in {ConsultationStatus.SCHEDULED, ConsultationStatus.AWAITING_STATUS}

    @property
    def occurred(self) -> bool:
        """Tell whether the two of them spoke, as far as is known."""
        return self in {ConsultationStatus.OCCURRED_AUTO, ConsultationStatus.OCCURRED_MANUAL}


class ConsultationEvent(StrEnum):
    """What can happen to a consultation."""

    HELD = "held"
    END_PASSED = "end_passed"
    ANSWERED_YES = "answered_yes"
    ANSWERED_NO = "answered_no"
    WINDOW_CLOSED = "window_closed"
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"
    CORRECTED_YES = "corrected_yes"
    CORRECTED_NO = "corrected_no"


class DecidedBy(StrEnum):
    """Who or what settled a consultation."""

    LINE = "line"
    PORTAL = "portal"
    TEXT = "text"
    DEADLINE = "deadline"
    OPERATOR = "operator"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"


class How(StrEnum):
    """How a consultation was held without the line."""

    DIRECT_NUMBER = "direct_number"
    VIDEO = "video"
    OTHER = "other"


class NoReason(StrEnum):
    """Why a consultation did not occur."""

    CLIENT_DID_NOT_ANSWER = "client_did_not_answer"
    OTHER = "other"


class ReferralState(StrEnum):
    """Where a referral stands: what a provider sees behind the icon (requirements 4.1)."""

    AWAITING_ACCEPTANCE = "awaiting_acceptance"
    NEW = "new"
    SEEN = "seen"
    ENGAGED = "engaged"
    NO_CONTACT = "no_contact"
    HANDED_BACK = "handed_back"
    REMATCH_BY_CLIENT = "rematch_by_client"
    CLOSED_DECLINED = "closed_declined"
    CLOSED_EXPIRED = "closed_expired"
    CLOSED_WITHDRAWN = "closed_withdrawn"
    CLOSED_BY_PROVIDER = "closed_by_provider"
    CLOSED_BY_CLIENT = "closed_by_client"

    @property
    def open(self) -> bool:
        """Tell whether something can still come of it; a provider and a client have at most one such referral."""
        return self in {
            ReferralState.AWAITING_ACCEPTANCE,
            ReferralState.NEW,
            ReferralState.SEEN,
            ReferralState.ENGAGED,
            ReferralState.NO_CONTACT,
        }


class ReferralEvent(StrEnum):
    """What can happen to a referral."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    OPENED = "opened"
    SWITCHED_TO_CALL = "switched_to_call"
    CANCELLED_BY_PROVIDER = "cancelled_by_provider"
    CANCELLED_BY_CLIENT = "cancelled_by_client"
    HELD = "held"
    NOT_HELD = "not_held"
    BOOKED_AGAIN = "booked_again"
    NOT_A_MATCH = "not_a_match"
    FIND_ANOTHER = "find_another"
    CLIENT_ARCHIVED = "client_archived"


class MismatchReason(StrEnum):
    """Why a provider hands a client back (R42)."""

    EXPERTISE = "expertise"
    ACUITY = "acuity"
    OTHER = "other"


class PsychiatricState(StrEnum):
    """Where an outgoing referral for medication stands (R43, requirements 4.1)."""

    DRAFT = "draft"
    CONSENTED = "consented"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    FIRST_VISIT = "first_visit"

    @property
    def open(self) -> bool:
        """Tell whether something can still come of it; a provider and a client have at most one such referral."""
        return self in {
            PsychiatricState.DRAFT,
            PsychiatricState.CONSENTED,
            PsychiatricState.SENT,
            PsychiatricState.ACCEPTED,
        }

    @property
    def told(self) -> bool:
        """Tell whether the prescriber knows whom it is about: not before they have accepted."""
        return self in {PsychiatricState.ACCEPTED, PsychiatricState.FIRST_VISIT}


class PsychiatricEvent(StrEnum):
    """What can happen to a referral for medication."""

    CONSENT = "consent"
    SEND = "send"
    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    VISIT = "visit"


class ConsentBy(StrEnum):
    """Who has consented to a referral for medication: the client, or somebody who decides for them (R43)."""

    CLIENT = "client"
    GUARDIAN = "guardian"


class TaskKind(StrEnum):
    """What a provider, or support, is asked to do (requirements 4.5)."""

    SHARE_CONSULT_STATUS = "share_consult_status"
    CONFIRM_SESSION_DETAILS = "confirm_session_details"
    COMPLETE_PUBLIC_PROFILE = "complete_public_profile"
    VERIFY_PHONE_NUMBER = "verify_phone_number"
    DECIDE_REQUEST = "decide_request"
    SUPPORT_FOLLOWUP = "support_followup"
    REVIEW_IMPORT = "review_import"


class TaskState(StrEnum):
    """Where a task stands."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class TaskEvent(StrEnum):
    """What can happen to a task."""

    ANSWERED = "answered"
    SETTLED = "settled"
    DUE_PASSED = "due_passed"


class Channel(StrEnum):
    """The way a notice takes; `portal` is the record that is always there."""

    MAIL = "mail"
    TEXT = "text"
    PORTAL = "portal"


class NoticeKey(StrEnum):
    """Which letter it is; the numbers M1–M28 of requirements 1.13 stand in `portal/letters`."""

    REMINDER = "consultation_reminder"  # M13
    STATUS_TASK = "status_task"  # M14
    STATUS_TEXT = "status_text"  # M15
    STATUS_UNKNOWN = "status_unknown"  # M16
    STATUS_CORRECTED = "status_corrected"
    LINE_OUTAGE = "line_outage"  # M17
    LINE_RESTORED = "line_restored"
    RESCHEDULED = "rescheduled"  # M20
    DIAL_NUMBER_CHANGED = "dial_number_changed"  # M21
    NEW_REFERRAL = "new_referral"  # M1
    BOOKING_MADE = "booking_made"  # M2
    SWITCHED_TO_CALL = "switched_to_call"  # M3
    CANCELLED_BY_PROVIDER = "cancelled_by_provider"  # M4
    CANCELLED_BY_CLIENT = "cancelled_by_client"  # M5
    REQUEST_TO_DECIDE = "request_to_decide"  # M9
    REQUEST_EXPIRING = "request_expiring"  # M10
    REQUEST_ACCEPTED = "request_accepted"  # M11
    REQUEST_DECLINED = "request_declined"  # M12
    REQUEST_EXPIRED = "request_expired"  # M12
    REQUEST_WITHDRAWN = "request_withdrawn"
    WAITLIST_OPENING = "waitlist_opening"  # M18
    CLIENT_REMINDER = "client_reminder"  # M19
    HANDED_BACK = "handed_back"  # M27
    SERIES_CHANGED = "series_changed"  # M28
    BOOKING_CODE = "booking_code"  # M26
    INVITATION = "invitation"  # M26
    CLIENT_INVITATION = "client_invitation"  # M6
    SIGN_IN_LINK = "sign_in_link"  # M26
    PASSWORD_RESET = "password_reset"  # M26  # noqa: S105 - a letter
    NEW_DEVICE = "new_device"  # M26
    NEW_ADDRESS = "new_address"  # M26
    ADDRESS_CHANGED = "address_changed"  # M26
    CLIENT_MOVED_ON = "client_moved_on"  # M5, without a reason (R19)
    NO_CONTACT = "no_contact"
    PSYCHIATRIC_REFERRAL = "psychiatric_referral"
    PSYCHIATRIC_ANSWERED = "psychiatric_answered"
    PIN_LOCKED = "pin_locked"  # M22
    ISSUE_RECEIVED = "issue_received"  # M23
    CLIENT_NUMBER_UNUSABLE = "client_number_unusable"
    ENROLLED = "enrolled"  # M8
    PROFILE_NEEDS_ATTENTION = "profile_needs_attention"
    ENROLMENT_ENDED = "enrolment_ended"
    INVITATION_FAILED = "invitation_failed"
    ACCOUNT_READY = "account_ready"
    INSURANCE_REQUEST = "insurance_request"  # M7
    ACCOUNT_LACKS = "account_lacks"
    PROVIDER_ADDED = "provider_added"  # M24
    NEW_MESSAGE = "new_message"  # M25
    MESSAGE_CODE = "message_code"  # M26
    ISSUE_ANSWERED = "issue_answered"  # M23
    NUMBER_CODE = "number_code"  # R104, the second way


class Recipient(StrEnum):
    """What kind of person a notice is for."""

    PROVIDER = "provider"
    CLIENT = "client"
    ACCOUNT = "account"  # whoever signs in with it, in whichever role
    DRAFT = "draft"  # who begins a booking: their address stands there, and they may be no client yet


class NoticeState(StrEnum):
    """Where a notice stands."""

    DUE = "due"
    CLAIMED = "claimed"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SKIPPED = "skipped"


class NoticeEvent(StrEnum):
    """What can happen to a notice."""

    CLAIMED = "claimed"
    TAKEN = "taken"
    SURELY_NOT_TAKEN = "surely_not_taken"
    PERHAPS_TAKEN = "perhaps_taken"
    REFUSED_FOR_GOOD = "refused_for_good"
    GIVEN_UP = "given_up"
    POSTPONED = "postponed"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    NO_LONGER_TRUE = "no_longer_true"
    TOO_LATE = "too_late"
    NOBODY_TO_REACH = "nobody_to_reach"


class EventKind(StrEnum):
    """What history can tell: subject, what happened, by what. Never a name, a number or a note."""

    APPOINTMENT_BOOKED = "appointment:booked"
    APPOINTMENT_RESCHEDULED = "appointment:rescheduled"
    APPOINTMENT_SWITCHED_TO_CALL = "appointment:switched_to_call"
    APPOINTMENT_CANCELLED = "appointment:cancelled"
    APPOINTMENT_HELD = "appointment:held"
    APPOINTMENT_RELEASED = "appointment:released"
    APPOINTMENT_ENDED = "appointment:ended"
    APPOINTMENT_DETAILS_CONFIRMED = "appointment:details_confirmed"
    APPOINTMENT_NO_SHOW = "appointment:no_show"
    AVAILABILITY_CHANGED = "availability:changed"
    SETTINGS_CHANGED = "settings:changed"
    BUSY_FEED_ADDED = "busy_feed:added"
    BUSY_FEED_REMOVED = "busy_feed:removed"
    BUSY_FEED_TROUBLE = "busy_feed:trouble"
    BOOKING_CODE_SENT = "booking:code_sent"
    BOOKING_COMPLETED = "booking:completed"
    REQUEST_MADE = "request:made"
    REQUEST_ACCEPTED = "request:accepted"
    REQUEST_DECLINED = "request:declined"
    REQUEST_EXPIRED = "request:expired"
    REQUEST_WITHDRAWN = "request:withdrawn"
    REFERRAL_OPENED = "referral:opened"
    REFERRAL_MOVED = "referral:moved"
    PSYCHIATRIC_MOVED = "psychiatric:moved"
    SERIES_MADE = "series:made"
    SERIES_CHANGED = "series:changed"
    SERIES_CANCELLED = "series:cancelled"
    WAITLIST_JOINED = "waitlist:joined"
    WAITLIST_OFFERED = "waitlist:offered"
    WAITLIST_BOOKED = "waitlist:booked"
    WAITLIST_LAPSED = "waitlist:lapsed"
    WAITLIST_LEFT = "waitlist:left"
    CALENDAR_FEED_MADE = "calendar_feed:made"
    CALENDAR_FEED_REVOKED = "calendar_feed:revoked"
    ENROLMENT_MOVED = "enrolment:moved"
    CLIENT_VERIFIED = "client:verified"
    CALL_CONNECTED = "call:connected"
    CALL_REFUSED = "call:refused"
    CALL_ASKED = "call:asked"
    CALL_RANG = "call:rang_without_answer"
    CALL_ENDED = "call:ended"
    CALL_REPLAYED = "call:replayed"
    CALL_DISAGREES = "call:figures_disagree"
    CALL_ORPHAN = "call:orphan_fact"
    CALL_REAPED = "call:reaped"
    PIN_FAILED = "pin:failed"
    PIN_LOCKED = "pin:locked"
    CONSULTATION_OCCURRED_BY_LINE = "consultation:occurred:by_line"
    CONSULTATION_AWAITING = "consultation:awaiting_status"
    CONSULTATION_ANSWERED = "consultation:answered"
    CONSULTATION_UNKNOWN = "consultation:unknown:by_deadline"
    CONSULTATION_VOID = "consultation:void:by_reschedule"
    CONSULTATION_NOT_APPLICABLE = "consultation:not_applicable:by_cancel"
    CONSULTATION_CORRECTED = "consultation:corrected:by_operator"
    CONSULTATION_LATE_EVIDENCE = "consultation:late_evidence"
    CONSULTATION_EXCUSED = "consultation:excused:by_outage"
    TASK_OPENED = "task:opened"
    TASK_CLOSED = "task:closed"
    NOTICE_SENT = "notice:sent"
    NOTICE_FAILED = "notice:failed"
    LINE_DOWN = "line:down"
    LINE_UP = "line:up"
    NUMBER_REVEALED = "number:revealed"
    NUMBER_VERIFIED = "number:verified"
    NUMBER_CHANGED = "number:changed"
    ISSUE_REPORTED = "issue:reported"
    CLIENT_ARCHIVED = "client:archived"
    CLIENT_UNARCHIVED = "client:unarchived"
    TEXT_RECEIVED = "text:received"
    TEXTS_STOPPED = "text:stopped"
    TEXTS_STARTED = "text:started"
    ACCESS_REFUSED = "access:refused"
    CLIENT_ACCEPTED = "client:accepted"
    CLIENTS_IMPORTED = "clients:imported"
    CLIENT_INVITED = "client:invited"
    CLIENT_INVITATION_FAILED = "client:invitation_failed"
    CLIENT_CHANGED = "client:changed"
    CLIENT_READY = "client:ready"
    CLIENT_LACKS = "client:lacks"
    CLIENT_DECLINED = "client:declined"
    CLIENT_BLOCKED = "client:blocked"
    CLIENT_CLOSED = "client:closed"
    MESSAGE_SENT = "message:sent"
    TEXTS_CONSENTED = "text:consented"
    ISSUE_ANSWERED = "issue:answered"
    CASE_CLOSED = "case:closed"
    SUPPORT_LOOKED = "support:looked"
    MEMBER_CHANGED = "member:changed"


class ActorKind(StrEnum):
    """As what somebody acts; the line and the clock are the house itself."""

    LINE = "line"
    CLOCK = "clock"
    PROVIDER = "provider"
    CLIENT = "client"
    PRACTICE = "practice"
    PARTNER = "partner"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it: `id` names the provider, the client, or else the account or token.

    `providers` are those for whom somebody of a practice acts; history does not keep them.
    """

    kind: ActorKind
    id: UUID | None = None
    providers: frozenset[UUID] = frozenset()


LINE = Actor(kind=ActorKind.LINE)
CLOCK = Actor(kind=ActorKind.CLOCK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The figures by which a consultation is judged; all are settings."""

    min_talk_s: int
    window_h: int
    live_grace_h: int
    text_after_h: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultationFacts:
    """What a consultation is judged by; `talk_s` is None until a call was bridged."""

    status: ConsultationStatus
    ends_at: datetime
    talk_s: int | None
    live_since: datetime | None
