"""The tables of the ledger: ids, instants, codes and counts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from config import database
from status.values import (
    Channel,
    ConsentBy,
    ConsultationStatus,
    DecidedBy,
    EventKind,
    How,
    MismatchReason,
    NoReason,
    NoticeKey,
    NoticeState,
    PsychiatricState,
    Recipient,
    ReferralState,
    TaskKind,
    TaskState,
)


class Consultation(SQLModel, table=True):
    """One occurrence of a tracked consultation; a reschedule ends it and begins the next."""

    __tablename__ = "consultations"
    __table_args__ = (
        UniqueConstraint("appointment_id", "occurrence"),
        Index("ix_consultations_due", "judge_at", postgresql_where=text("judge_at IS NOT NULL")),
        *database.checks(status=ConsultationStatus, decided_by=DecidedBy, how=How, no_reason=NoReason),
    )

    id: UUID = Field(primary_key=True)
    appointment_id: UUID = Field(sa_column=database.key("appointments.id"))
    occurrence: int
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    referral_id: UUID | None = Field(default=None, sa_column=database.key("referrals.id", nullable=True))
    starts_at: datetime = Field(sa_column=database.instant())
    ends_at: datetime = Field(sa_column=database.instant())
    status: ConsultationStatus = Field(sa_column=database.enum(ConsultationStatus))
    decided_by: DecidedBy | None = Field(default=None, sa_column=database.enum(DecidedBy, nullable=True))
    decided_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    how: How | None = Field(default=None, sa_column=database.enum(How, nullable=True))
    no_reason: NoReason | None = Field(default=None, sa_column=database.enum(NoReason, nullable=True))
    talk_s: int | None = None
    live_since: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    excused_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    late_evidence_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    judge_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    version: int = 1


class Referral(SQLModel, table=True):
    """A client who came to a provider by referral (4.1); a pair has at most one that is open.

    `source` is a source of scheduling, in its own word. `search_id` is the search that the client found the provider
    by; searches are kept for a shorter time than referrals, so it is no key.
    """

    __tablename__ = "referrals"
    __table_args__ = (
        Index(
            "uq_referrals_open",
            "provider_id",
            "client_id",
            unique=True,
            postgresql_where=text("state IN ('awaiting_acceptance', 'new', 'seen', 'engaged', 'no_contact')"),
        ),
        Index("ix_referrals_of", "provider_id", "state", "created_at"),
        *database.checks(state=ReferralState, mismatch=MismatchReason),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id", index=False))
    client_id: UUID = Field(sa_column=database.key("clients.id"))
    source: str = Field(max_length=30)
    search_id: UUID | None = None
    state: ReferralState = Field(sa_column=database.enum(ReferralState))
    created_at: datetime = Field(sa_column=database.instant())
    seen_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    changed_at: datetime = Field(sa_column=database.instant())
    mismatch: MismatchReason | None = Field(default=None, sa_column=database.enum(MismatchReason, nullable=True))
    case_id: UUID | None = None  # the support case with the free words, if there are any
    version: int = 1


class PsychiatricReferral(SQLModel, table=True):
    """A client referred by their therapist to somebody who prescribes, with the client's consent (R43).

    `consent_statement` is the version of what was consented to. `search_id` is the search that the prescriber was
    chosen from; searches are kept for a shorter time, so it is no key.
    """

    __tablename__ = "psychiatric_referrals"
    __table_args__ = (
        Index(
            "uq_psychiatric_referrals_open",
            "provider_id",
            "client_id",
            unique=True,
            postgresql_where=text("state IN ('draft', 'consented', 'sent', 'accepted')"),
        ),
        Index("ix_psychiatric_referrals_due", "expires_at", postgresql_where=text("state = 'sent'")),
        *database.checks(state=PsychiatricState, consented_by=ConsentBy),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id", index=False))
    client_id: UUID = Field(sa_column=database.key("clients.id"))
    prescriber_id: UUID | None = Field(default=None, sa_column=database.key("providers.id", nullable=True))
    search_id: UUID | None = None
    state: PsychiatricState = Field(sa_column=database.enum(PsychiatricState))
    created_at: datetime = Field(sa_column=database.instant())
    consented_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    consented_by: ConsentBy | None = Field(default=None, sa_column=database.enum(ConsentBy, nullable=True))
    consent_statement: int | None = None
    sent_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    expires_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    answered_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    version: int = 1


class Task(SQLModel, table=True):
    """Something that a person is asked to do; one row, however many places show it (R118)."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id"),
        *database.checks(kind=TaskKind, state=TaskState),
    )

    id: UUID = Field(primary_key=True)
    kind: TaskKind = Field(sa_column=database.enum(TaskKind))
    subject_id: UUID = Field(index=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    appointment_id: UUID | None = Field(default=None, sa_column=database.key("appointments.id", nullable=True))
    state: TaskState = Field(sa_column=database.enum(TaskState))
    opened_at: datetime = Field(sa_column=database.instant())
    due_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    closed_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))


class Notice(SQLModel, table=True):
    """A letter to be delivered, written in the transaction that caused it; its words are found when it is sent."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("ix_notices_due", "due_at", postgresql_where=text("state IN ('due', 'claimed', 'uncertain')")),
        *database.checks(key=NoticeKey, channel=Channel, state=NoticeState, recipient=Recipient, sent_by=Channel),
    )

    id: UUID = Field(primary_key=True)
    key: NoticeKey = Field(sa_column=database.enum(NoticeKey))
    channel: Channel = Field(sa_column=database.enum(Channel))
    recipient: Recipient = Field(sa_column=database.enum(Recipient))
    recipient_id: UUID = Field(index=True)
    subject_id: UUID = Field(index=True)
    appointment_id: UUID | None = Field(default=None, sa_column=database.key("appointments.id", nullable=True))
    dedupe: str = Field(unique=True, max_length=200)
    state: NoticeState = Field(sa_column=database.enum(NoticeState))
    created_at: datetime = Field(sa_column=database.instant())
    due_at: datetime = Field(sa_column=database.instant())
    expires_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    attempts: int = 0
    claimed_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    sent_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    settled_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    sent_by: Channel | None = Field(default=None, sa_column=database.enum(Channel, nullable=True))
    reference: str | None = Field(default=None, max_length=200, index=True)
    trouble: str | None = Field(default=None, max_length=100)


class Event(SQLModel, table=True):
    """One line of history: appended, never changed. `data` holds ids, codes, counts and instants."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_cursor", "transaction", "sequence"),
        Index("ix_events_provider", "provider_id", "sequence"),
        *database.checks(kind=EventKind),
    )

    id: UUID = Field(primary_key=True)
    sequence: int | None = Field(default=None, sa_column=Column(BigInteger(), Identity(always=True), nullable=False))
    # The writing transaction: a reader that follows the cursor stops before the oldest one still open,
    # so that a row which commits late is not skipped.
    transaction: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger(),
            nullable=False,
            server_default=text("(pg_current_xact_id()::text)::bigint"),
        ),
    )
    at: datetime = Field(sa_column=database.instant())
    recorded_at: datetime = Field(sa_column=database.instant())
    kind: EventKind = Field(sa_column=database.enum(EventKind))
    actor_kind: str = Field(max_length=20)
    actor_id: UUID | None = None
    provider_id: UUID | None = None
    appointment_id: UUID | None = Field(default=None, index=True)
    consultation_id: UUID | None = None
    call_id: UUID | None = Field(default=None, index=True)
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB(), nullable=False))
