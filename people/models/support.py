"""What people write to support."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from config import database
from people.values import (
    CaseKind,
    CaseState,
)


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
