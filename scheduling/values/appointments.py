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


class CancelledBy(StrEnum):
    """Which side cancelled."""

    PROVIDER = "provider"
    CLIENT = "client"


class CancelReason(StrEnum):
    """Why, in one word; a sentence for the other side stands beside it."""

    ILLNESS = "illness"
    CONFLICT = "conflict"
    NOT_A_MATCH = "not_a_match"
    OTHER = "other"


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
