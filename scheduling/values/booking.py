"""The words about booking: where it comes from, what is asked for, what was offered."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from people.values import Language
from scheduling.values.appointments import SessionType, Source


class Acceptance(StrEnum):
    """Who has to say yes before an appointment stands (requirements 1.16)."""

    NONE = "none"
    REQUIRED = "required"  # by the provider or their practice
    CLIENT = "client"  # to a waitlist offer


class Windows(StrEnum):
    """Which open hours a source may use."""

    OPEN_HOURS = "open_hours"  # working hours and blocks
    EXTERNAL_BLOCKS = "external_blocks"  # blocks with Accept External, while the programme has the provider
    ANY = "any"  # the provider's own hand
    FREED = "freed"  # the slot that somebody gave back


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePolicy:
    """What holds for a source of appointments; one row of requirements 1.16.

    `ttl_h` is how long an answer may take; None where nobody is asked, or where the setting decides.
    """

    acceptance: Acceptance
    windows: Windows
    notice: bool
    recurring: bool
    referral: bool
    ttl_h: int | None = None


class RequestState(StrEnum):
    """Where a request for an appointment stands (requirements 4.2)."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class RequestEvent(StrEnum):
    """What can happen to a request."""

    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    PROVIDER_LEFT = "provider_left"


class DraftState(StrEnum):
    """Where a booking stands that a client has to complete with a code (1.16)."""

    AWAITING_CODE = "awaiting_code"
    COMPLETED = "completed"
    VOID = "void"


class Modality(StrEnum):
    """Where a session is held."""

    TELEHEALTH = "telehealth"
    IN_PERSON = "in_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRules:
    """How slots of one provider, session type and source are cut; all in seconds.

    `per_day` caps the appointments of a local day. A gap between two appointments is the larger of `buffer_after`
    of the earlier and `buffer_before` of the later one.
    """

    length: int
    step: int
    notice: int
    horizon: int
    buffer_before: int = 0
    buffer_after: int = 0
    per_day: int | None = None
    windows: Windows = Windows.OPEN_HOURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A slot as it was shown, signed by us: good for ten minutes, notice judged at its issue (R23).

    `label` tells where a booking link was placed (R8), `payer_id` which payer asked.
    """

    provider_id: UUID
    session_type: SessionType
    source: Source
    starts_at: datetime
    ends_at: datetime
    issued_at: datetime
    label: str | None = None
    payer_id: UUID | None = None


class NotBookable(StrEnum):
    """Why a time cannot be booked, each with its own sentence."""

    TAKEN = "taken"
    NOT_OPEN = "not_open"
    OFF_GRID = "off_grid"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    TOO_CLOSE = "too_close"  # to another appointment: a buffer
    DAY_IS_FULL = "day_is_full"


class Gate(StrEnum):
    """What must hold before a client can book with a provider; each has a name that can be shown (3.2, R18)."""

    PUBLISHED = "published"
    ACCEPTING = "accepting"
    LICENSED = "licensed"
    AGE = "age"
    SESSION_TYPE = "session_type"
    MODALITY = "modality"
    PLAN = "plan"
    PROBLEM = "problem"
    PREFERENCE = "preference"
    OPENING = "opening"
    EXCLUDED = "excluded"
    PRESCRIBER = "prescriber"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRules:
    """What kinds of clients can book (R18), as a provider has set it; an empty set of states or plans takes none.

    `paused_until` is the instant from which new clients are accepted again. `by_source` overrides the session
    types for a source (R26).
    """

    accepting: bool
    paused_until: datetime | None
    session_types: frozenset[SessionType]
    by_source: dict[Source, frozenset[SessionType]] = field(default_factory=dict)
    modalities: frozenset[Modality]
    plans: frozenset[str]
    states: frozenset[str]
    youngest: int
    oldest: int
    not_treated: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingClient:
    """Who books, as typed; what a verified account says of itself counts more.

    `texts` is the version of the words by which they want texts to this number, if they do.
    """

    first_name: str
    last_name: str
    email: str
    preferred_name: str | None = None
    phone: str | None = None
    birth_date: str | None = None
    state: str | None = None
    plan: str | None = None
    timezone: str | None = None
    language: Language = Language.ENGLISH
    texts: int | None = None
