"""Programs that speak the API."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from config import database
from people.values import (
    TokenRole,
)


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
