"""The client referral programme."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from config import database
from people.values import (
    EnrolmentState,
)


class Payer(SQLModel, table=True):
    """An insurer that sends clients to providers of the programme (R69); `instant` allows booking without a yes."""

    __tablename__ = "payers"

    id: UUID = Field(primary_key=True)
    name: str = Field(max_length=200, unique=True)
    instant: bool = False
    active: bool = True
    created_at: datetime = Field(sa_column=database.instant())


class Enrolment(SQLModel, table=True):
    """A provider's place in the client referral programme (4.7); who was deactivated never comes back (R82).

    `submitted` is the profile as payers see it, of the last Submit. With `needs_attention` they see nothing: what it
    needs is gone where it comes from (R78).
    """

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
    submitted: dict[str, Any] = Field(default_factory=dict, sa_column=database.document())
    needs_attention: bool = False
    version: int = 1


class EnrolmentPayer(SQLModel, table=True):
    """A payer that may send clients to an enrolled provider (R70)."""

    __tablename__ = "enrolment_payers"

    enrolment_id: UUID = Field(sa_column=database.key("enrolments.id", primary=True))
    payer_id: UUID = Field(sa_column=database.key("payers.id", primary=True))
