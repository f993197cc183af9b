"""Clients, and where each stands with a provider."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from config import database
from people.values import (
    AccountStep,
    Language,
    RelationshipState,
    SuppressionReason,
)


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
    """Where one provider and one client stand; archived here says nothing about other providers.

    `typed_*` is what the provider wrote about an address that has an account. Until the client accepts it is all
    that this provider is shown (R46); it is gone afterwards, so whether they have accepted can be read from it.
    """

    __tablename__ = "relationships"
    __table_args__ = (
        UniqueConstraint("provider_id", "client_id"),
        CheckConstraint("state <> 'proposed' OR typed_email IS NOT NULL", name="proposed"),
        CheckConstraint("state NOT IN ('prospect', 'active') OR typed_email IS NULL", name="accepted"),
        CheckConstraint(
            "(typed_email IS NULL) = (typed_first_name IS NULL) AND (typed_email IS NULL) = (typed_last_name IS NULL)",
            name="typed",
        ),
        *database.checks(state=RelationshipState),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    client_id: UUID = Field(sa_column=database.key("clients.id"))
    state: RelationshipState = Field(sa_column=database.enum(RelationshipState))
    since: datetime = Field(sa_column=database.instant())
    typed_first_name: str | None = Field(default=None, max_length=100)
    typed_last_name: str | None = Field(default=None, max_length=100)
    typed_email: str | None = Field(default=None, max_length=254)
    typed_phone: str | None = Field(default=None, max_length=16)


class Suppression(SQLModel, table=True):
    """A number that gets no texts, kept as a keyed hash; `lifted_at` after START."""

    __tablename__ = "suppressions"
    __table_args__ = database.checks(reason=SuppressionReason)

    number_key: str = Field(primary_key=True, max_length=64)
    reason: SuppressionReason = Field(sa_column=database.enum(SuppressionReason))
    since: datetime = Field(sa_column=database.instant())
    lifted_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
