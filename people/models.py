"""The tables about people."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from config import database
from people.values import (
    AccountStep,
    CaseKind,
    CaseState,
    EnrolmentState,
    Gender,
    Language,
    PracticeKind,
    RelationshipState,
    SuppressionReason,
    TokenRole,
)


class Practice(SQLModel, table=True):
    """A practice; `line_enabled` counts for groups only, a solo practice always has the line (R114)."""

    __tablename__ = "practices"
    __table_args__ = database.checks(kind=PracticeKind)

    id: UUID = Field(primary_key=True)
    name: str = Field(max_length=200)
    kind: PracticeKind = Field(sa_column=database.enum(PracticeKind))
    timezone: str = Field(max_length=64)
    line_enabled: bool
    programme: bool = False  # whether the client referral programme is open to it (R68)
    created_at: datetime = Field(sa_column=database.instant())


class Provider(SQLModel, table=True):
    """A therapist. `dial_phone` is a credential and E.164; `office_phone` may be shown (R102)."""

    __tablename__ = "providers"
    __table_args__ = (
        Index("ix_providers_dialling", "dial_phone", postgresql_where=text("active AND dial_phone IS NOT NULL")),
        *database.checks(language=Language),
    )

    id: UUID = Field(primary_key=True)
    practice_id: UUID = Field(sa_column=database.key("practices.id"))
    first_name: str = Field(max_length=100)
    last_name: str = Field(max_length=100)
    email: str = Field(max_length=254)
    dial_phone: str | None = Field(default=None, max_length=16)
    dial_phone_verified_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    office_phone: str | None = Field(default=None, max_length=16)
    timezone: str = Field(max_length=64)
    language: Language = Field(sa_column=database.enum(Language))
    active: bool = True
    created_at: datetime = Field(sa_column=database.instant())
    version: int = 1


class Profile(SQLModel, table=True):
    """What a provider says of themselves for clients to choose by (R2, R10, R15); a draft until `published`.

    `published` makes the address work, `listed` puts them into searches. `focus` and `also` are problems of the
    shared vocabulary, at most five of them in focus. Coordinates are those of the practice, in degrees.
    """

    __tablename__ = "profiles"
    __table_args__ = (
        Index("uq_profiles_slug", text("lower(slug)"), unique=True),
        Index("ix_profiles_focus", "focus", postgresql_using="gin"),
        Index("ix_profiles_also", "also", postgresql_using="gin"),
        CheckConstraint("cardinality(focus) <= 5", name="focus"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="place"),
        *database.checks(gender=Gender),
    )

    provider_id: UUID = Field(sa_column=database.key("providers.id", primary=True))
    slug: str | None = Field(default=None, max_length=80)
    published: bool = False
    listed: bool = False
    taxonomy: str | None = Field(default=None, max_length=10)
    focus: list[str] = Field(sa_column=Column(ARRAY(String(64)), nullable=False, server_default=text("'{}'")))
    also: list[str] = Field(sa_column=Column(ARRAY(String(64)), nullable=False, server_default=text("'{}'")))
    languages: list[str] = Field(sa_column=Column(ARRAY(String(8)), nullable=False, server_default=text("'{}'")))
    therapies: list[str] = Field(sa_column=Column(ARRAY(String(64)), nullable=False, server_default=text("'{}'")))
    affirms: list[str] = Field(sa_column=Column(ARRAY(String(64)), nullable=False, server_default=text("'{}'")))
    gender: Gender | None = Field(default=None, sa_column=database.enum(Gender, nullable=True))
    latitude: float | None = None
    longitude: float | None = None
    updated_at: datetime = Field(sa_column=database.instant())
    version: int = 1


class Payer(SQLModel, table=True):
    """An insurer that sends clients to providers of the programme (R69); `instant` allows booking without a yes."""

    __tablename__ = "payers"

    id: UUID = Field(primary_key=True)
    name: str = Field(max_length=200, unique=True)
    instant: bool = False
    active: bool = True
    created_at: datetime = Field(sa_column=database.instant())


class Enrolment(SQLModel, table=True):
    """A provider's place in the client referral programme (4.7); who was deactivated never comes back (R82)."""

    __tablename__ = "enrolments"
    __table_args__ = (
        Index(
            "uq_enrolments_of",
            "provider_id",
            unique=True,
            postgresql_where=text("state <> 'deleted'"),
        ),
        *database.checks(state=EnrolmentState),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id", index=False))
    practice_id: UUID = Field(sa_column=database.key("practices.id"))
    state: EnrolmentState = Field(sa_column=database.enum(EnrolmentState))
    created_at: datetime = Field(sa_column=database.instant())
    submitted_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    version: int = 1


class EnrolmentPayer(SQLModel, table=True):
    """A payer that may send clients to an enrolled provider (R70)."""

    __tablename__ = "enrolment_payers"

    enrolment_id: UUID = Field(sa_column=database.key("enrolments.id", primary=True))
    payer_id: UUID = Field(sa_column=database.key("payers.id", primary=True))


class Pin(SQLModel, table=True):
    """A provider's PIN on the line: six digits, unique in the practice, kept as a keyed hash (R114)."""

    __tablename__ = "pins"
    __table_args__ = (UniqueConstraint("practice_id", "digest"),)

    provider_id: UUID = Field(sa_column=database.key("providers.id", primary=True))
    practice_id: UUID = Field(sa_column=database.key("practices.id"))
    digest: str = Field(max_length=64)
    set_at: datetime = Field(sa_column=database.instant())


class PinTry(SQLModel, table=True):
    """One wrong PIN; rows, so that a lost cache grants no further guesses (F5)."""

    __tablename__ = "pin_tries"
    __table_args__ = (Index("ix_pin_tries_recent", "practice_id", "caller_key", "at"),)

    id: UUID = Field(primary_key=True)
    practice_id: UUID = Field(sa_column=database.key("practices.id", index=False))
    caller_key: str = Field(max_length=64)
    call_id: UUID
    at: datetime = Field(sa_column=database.instant())


class PhoneVerification(SQLModel, table=True):
    """A code that proves a number from both ends: shown to the signed-in provider, keyed from that number (R104)."""

    __tablename__ = "phone_verifications"

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    number_key: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    created_at: datetime = Field(sa_column=database.instant())
    expires_at: datetime = Field(sa_column=database.instant())
    tries: int = 0
    used_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))


class Client(SQLModel, table=True):
    """A person who seeks help. One account per address; the number may be missing (R61)."""

    __tablename__ = "clients"
    __table_args__ = (
        Index("uq_clients_email", text("lower(email)"), unique=True),
        *database.checks(language=Language),
    )

    id: UUID = Field(primary_key=True)
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
    verified_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    created_at: datetime = Field(sa_column=database.instant())
    version: int = 1


class ClientStep(SQLModel, table=True):
    """A step of a client's account that is done; verifying stands on the client itself."""

    __tablename__ = "client_steps"
    __table_args__ = database.checks(step=AccountStep)

    client_id: UUID = Field(sa_column=database.key("clients.id", primary=True))
    step: AccountStep = Field(sa_column=database.enum(AccountStep, primary=True))
    done_at: datetime = Field(sa_column=database.instant())


class Relationship(SQLModel, table=True):
    """Where one provider and one client stand; archived here says nothing about other providers."""

    __tablename__ = "relationships"
    __table_args__ = (UniqueConstraint("provider_id", "client_id"), *database.checks(state=RelationshipState))

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    client_id: UUID = Field(sa_column=database.key("clients.id"))
    state: RelationshipState = Field(sa_column=database.enum(RelationshipState))
    since: datetime = Field(sa_column=database.instant())


class SupportCase(SQLModel, table=True):
    """Something that a person wrote to support; the only place for free words about a consultation."""

    __tablename__ = "support_cases"
    __table_args__ = database.checks(kind=CaseKind, state=CaseState)

    id: UUID = Field(primary_key=True)
    kind: CaseKind = Field(sa_column=database.enum(CaseKind))
    state: CaseState = Field(sa_column=database.enum(CaseState))
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    appointment_id: UUID | None = Field(default=None, sa_column=database.key("appointments.id", nullable=True))
    text: str = Field(max_length=4000)
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB(), nullable=False))
    created_at: datetime = Field(sa_column=database.instant())


class Suppression(SQLModel, table=True):
    """A number that gets no texts, kept as a keyed hash; `lifted_at` after START."""

    __tablename__ = "suppressions"
    __table_args__ = database.checks(reason=SuppressionReason)

    number_key: str = Field(primary_key=True, max_length=64)
    reason: SuppressionReason = Field(sa_column=database.enum(SuppressionReason))
    since: datetime = Field(sa_column=database.instant())
    lifted_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))


class ApiToken(SQLModel, table=True):
    """A bearer token of the API, kept as a keyed hash; `subject_id` is the provider or payer that it acts as."""

    __tablename__ = "api_tokens"
    __table_args__ = database.checks(role=TokenRole)

    id: UUID = Field(primary_key=True)
    digest: str = Field(max_length=64, unique=True)
    role: TokenRole = Field(sa_column=database.enum(TokenRole))
    subject_id: UUID | None = None
    created_at: datetime = Field(sa_column=database.instant())
    revoked_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))


class ApiWrite(SQLModel, table=True):
    """What was answered to a write with an Idempotency-Key, so that a repeated one gets the same answer."""

    __tablename__ = "api_writes"

    token_id: UUID = Field(sa_column=database.key("api_tokens.id", primary=True))
    key: str = Field(primary_key=True, max_length=200)
    fingerprint: str = Field(max_length=64)
    status: int | None = None
    body: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    at: datetime = Field(sa_column=database.instant(index=True))
