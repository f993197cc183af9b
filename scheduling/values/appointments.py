"""The words about appointments."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class SessionType(StrEnum):
    """What an appointment is; only a phone consultation is held over the line."""

    FULL_SESSION = "full_session"
    PHONE_CONSULTATION = "phone_consultation"


class Source(StrEnum):
    """Who or what made an appointment; kept across reschedules (R101)."""

    PLATFORM_SEARCH = "platform_search"
    BOOKING_LINK = "booking_link"
    COLLEAGUE = "colleague"
    PAYER = "payer"
    CLIENT_PORTAL = "client_portal"
    PROVIDER_MADE = "provider_made"
    WAITLIST_OFFER = "waitlist_offer"


# Made by a client, or by somebody in a client's name: notice applies, and at most three are open (R20, R24).
CLIENT_MADE = frozenset(Source) - {Source.PROVIDER_MADE}
REFERRALS = frozenset({Source.PLATFORM_SEARCH, Source.BOOKING_LINK, Source.COLLEAGUE, Source.PAYER})


class AppointmentState(StrEnum):
    """Where an appointment stands (requirements 4.3). A hold is an appointment, too."""

    HELD = "held"
    BOOKED = "booked"
    RELEASED = "released"
    CANCELLED_BY_PROVIDER = "cancelled_p"
    CANCELLED_BY_CLIENT = "cancelled_c"
    ENDED = "ended"
    DETAILS_CONFIRMED = "details_confirmed"
    NO_SHOW = "no_show"

    @property
    def given_up(self) -> bool:
        """Tell whether its time belongs to nobody any more."""
        return self in {
            AppointmentState.RELEASED,
            AppointmentState.CANCELLED_BY_PROVIDER,
            AppointmentState.CANCELLED_BY_CLIENT,
        }


class AppointmentEvent(StrEnum):
    """What can happen to an appointment."""

    ACCEPTED = "accepted"
    LET_GO = "let_go"
    RESCHEDULE = "reschedule"
    SWITCH_TO_CALL = "switch_to_call"
    CANCEL_BY_PROVIDER = "cancel_by_provider"
    CANCEL_BY_CLIENT = "cancel_by_client"
    END_PASSED = "end_passed"
    CONFIRM_DETAILS = "confirm_details"
    MARK_NO_SHOW = "mark_no_show"


class Side(StrEnum):
    """Which of the two people an act comes from, whoever sends it."""

    PROVIDER = "provider"
    CLIENT = "client"


class CancelReason(StrEnum):
    """Why, in one word; a sentence for the other side stands beside it."""

    ILLNESS = "illness"
    CONFLICT = "conflict"
    NOT_A_MATCH = "not_a_match"
    OTHER = "other"


class NotPossible(StrEnum):
    """Why an appointment that stands may still not be changed like that, each with its own sentence."""

    MESSAGE_NEEDED = "message_needed"
    TOO_LATE_TO_CANCEL = "too_late_to_cancel"
    ALREADY_STARTED = "already_started"
    MOVES_USED_UP = "moves_used_up"
    ALREADY_A_CALL = "already_a_call"
    MADE_BY_PROVIDER = "made_by_provider"
    IN_A_SERIES = "in_a_series"
    NOT_A_SESSION = "not_a_session"
    TOO_LATE_FOR_NO_SHOW = "too_late_for_no_show"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentFacts:
    """What the rules of requirements 4.3 look at; `referred` where a referral hangs on it."""

    state: AppointmentState
    session_type: SessionType
    source: Source
    starts_at: datetime
    ends_at: datetime
    referred: bool
    in_series: bool
    moves_by_client: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An appointment beside another in one calendar: its line and its span."""

    line: str | None
    starts_at: datetime
    ends_at: datetime


def referred(source: Source, original_source: Source | None) -> bool:
    """Tell whether a client came by referral; a waitlist offer is what its original was (1.16)."""
    return (original_source if source is Source.WAITLIST_OFFER else source) in REFERRALS


def tracked(session_type: SessionType, source: Source, original_source: Source | None) -> bool:
    """Tell whether an appointment is held over the line and its status tracked (R100, R101)."""
    return session_type is SessionType.PHONE_CONSULTATION and referred(source, original_source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A tracked appointment as a call sees it. `opens_at <= t < closes_at` is when it may be dialled (R108)."""

    appointment_id: UUID
    occurrence: int
    provider_id: UUID
    client_id: UUID
    line: str | None
    opens_at: datetime
    starts_at: datetime
    closes_at: datetime
