"""What people write to support."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from config import database
from people.values import (
    CaseKind,
    CaseState,
)


class SupportCase(SQLModel, table=True):
    """Something that a person wrote to support; the only place for free words about a consultation.

    `answer` is what support wrote back, to an issue: its letter says only that there is one (M23).
    """

    __tablename__ = "support_cases"
    __table_args__ = (
        Index("ix_support_cases_open", "created_at", postgresql_where=text("state = 'open'")),
        *database.checks(kind=CaseKind, state=CaseState),
    )

    id: UUID = Field(primary_key=True)
    kind: CaseKind = Field(sa_column=database.enum(CaseKind))
    state: CaseState = Field(sa_column=database.enum(CaseState))
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    appointment_id: UUID | None = Field(default=None, sa_column=database.key("appointments.id", nullable=True))
    text: str = Field(max_length=4000)
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB(), nullable=False))
    created_at: datetime = Field(sa_column=database.instant())
    answer: str | None = Field(default=None, max_length=4000)
    closed_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
