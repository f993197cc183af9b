"""Requests that somebody decides, bookings that wait for a code, policies of practices, and the waitlist."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from config import database
from people.values import Language
from scheduling.values import Acceptance, DraftState, RequestState, SessionType, Source, WaitlistState


class PracticePolicy(SQLModel, table=True):
    """Where a practice asks for more than the house: acceptance for a source that needs none (1.16)."""

    __tablename__ = "practice_policies"
    __table_args__ = database.checks(source=Source, acceptance=Acceptance)

    practice_id: UUID = Field(sa_column=database.key("practices.id", primary=True))
    source: Source = Field(sa_column=database.enum(Source, primary=True))
    acceptance: Acceptance = Field(sa_column=database.enum(Acceptance))


class Request(SQLModel, table=True):
    """An appointment that waits for a yes (4.2); its hold is the appointment, the client's note stands there.

    `source_name` is the payer's name as it was when they asked (R91).
    """

    __tablename__ = "requests"
    __table_args__ = (
        Index("ix_requests_pending", "provider_id", "expires_at", postgresql_where=text("state = 'pending'")),
        Index("ix_requests_due", "expires_at", postgresql_where=text("state = 'pending'")),
        *database.checks(source=Source, state=RequestState),
    )

    id: UUID = Field(primary_key=True)
    appointment_id: UUID = Field(sa_column=database.key("appointments.id"))
    provider_id: UUID = Field(sa_column=database.key("providers.id", index=False))
    client_id: UUID = Field(sa_column=database.key("clients.id"))
    referral_id: UUID | None = Field(default=None, sa_column=database.key("referrals.id", nullable=True))
    source: Source = Field(sa_column=database.enum(Source))
    payer_id: UUID | None = Field(default=None, sa_column=database.key("payers.id", nullable=True))
    source_name: str | None = Field(default=None, max_length=200)
    state: RequestState = Field(sa_column=database.enum(RequestState))
    requested_at: datetime = Field(sa_column=database.instant())
    expires_at: datetime = Field(sa_column=database.instant())
    decided_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    decided_by_kind: str | None = Field(default=None, max_length=20)
    decided_by_id: UUID | None = None
    reason: str | None = Field(default=None, max_length=1000)
    version: int = 1


class BookingDraft(SQLModel, table=True):
    """What a client has begun and has yet to complete with the code sent to their address; kept for a day.

    With a time it is a booking, and without one a place on the waitlist.
    """

    __tablename__ = "booking_drafts"
    __table_args__ = (
        Index("ix_booking_drafts_address", text("lower(email)"), "created_at"),
        CheckConstraint(
            "(starts_at IS NULL) = (ends_at IS NULL) AND (starts_at IS NULL) = (offered_at IS NULL)", name="time"
        ),
        *database.checks(session_type=SessionType, source=Source, state=DraftState, language=Language),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    session_type: SessionType = Field(sa_column=database.enum(SessionType))
    source: Source = Field(sa_column=database.enum(Source))
    label: str | None = Field(default=None, max_length=40)
    starts_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    ends_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    offered_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    first_name: str = Field(max_length=100)
    last_name: str = Field(max_length=100)
    preferred_name: str | None = Field(default=None, max_length=100)
    email: str = Field(max_length=254)
    phone: str | None = Field(default=None, max_length=16)
    birth_date: str | None = Field(default=None, max_length=10)
    lives_in: str | None = Field(default=None, max_length=2)
    plan: str | None = Field(default=None, max_length=64)
    timezone: str | None = Field(default=None, max_length=64)
    language: Language = Field(default=Language.ENGLISH, sa_column=database.enum(Language))
    texts: int | None = None
    note: str | None = Field(default=None, max_length=1000)
    search_id: UUID | None = Field(default=None, sa_column=database.key("searches.id", nullable=True))
    state: DraftState = Field(sa_column=database.enum(DraftState))
    tries: int = 0
    created_at: datetime = Field(sa_column=database.instant(index=True))
    expires_at: datetime = Field(sa_column=database.instant())
    appointment_id: UUID | None = Field(default=None, sa_column=database.key("appointments.id", nullable=True))


class WaitlistEntry(SQLModel, table=True):
    """Somebody who waits for a freed time of a provider, in the order in which they came.

    `appointment_id` is the hold while an offer is open, and the appointment once it is taken; `freed_until` is how far
    the time reaches that was given back, `passed_starts_at` the start of the last one that they let go.
    """

    __tablename__ = "waitlist"
    __table_args__ = (
        Index(
            "uq_waitlist_open",
            "provider_id",
            "client_id",
            "session_type",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'offered')"),
        ),
        Index("ix_waitlist_order", "provider_id", "session_type", "since"),
        Index("ix_waitlist_due", "expires_at", postgresql_where=text("state = 'offered'")),
        *database.checks(session_type=SessionType, original_source=Source, state=WaitlistState),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id", index=False))
    client_id: UUID = Field(sa_column=database.key("clients.id"))
    session_type: SessionType = Field(sa_column=database.enum(SessionType))
    original_source: Source = Field(sa_column=database.enum(Source))
    state: WaitlistState = Field(sa_column=database.enum(WaitlistState))
    since: datetime = Field(sa_column=database.instant())
    appointment_id: UUID | None = Field(default=None, sa_column=database.key("appointments.id", nullable=True))
    offered_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    expires_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    freed_until: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    passed_starts_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    version: int = 1


class CalendarFeed(SQLModel, table=True):
    """A secret address under which a provider's calendar can be read; kept as a keyed hash, revocable."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        Index("uq_calendar_feeds_live", "provider_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    digest: str = Field(max_length=64, unique=True)
    initials: bool = False  # in titles, where the provider wants them; else "Session"
    created_at: datetime = Field(sa_column=database.instant())
    revoked_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
