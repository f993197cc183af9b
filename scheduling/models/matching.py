"""Searches for a provider as they were made and answered, and what they are answered from."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from config import database
from scheduling.values import SessionType


class Search(SQLModel, table=True):
    """One search: the answers of the questionnaire, and everything that its order was made from (3.3).

    Replaying `outcome` under `version` gives the same order. `referral_id` is the one that "find another option"
    came from. Kept for `keep_searches_d`.
    """

    __tablename__ = "searches"
    __table_args__ = (Index("ix_searches_made", "at"),)

    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_column=database.instant())
    version: int
    seed: str = Field(max_length=64)
    client_id: UUID | None = Field(default=None, sa_column=database.key("clients.id", nullable=True))
    referral_id: UUID | None = Field(default=None, sa_column=database.key("referrals.id", nullable=True))
    answers: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB(), nullable=False))
    outcome: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB(), nullable=False))


class Opening(SQLModel, table=True):
    """The next open slot of a provider, computed ahead so that a search need not (3.5); None where there is none."""

    __tablename__ = "openings"
    __table_args__ = (
        Index("ix_openings_next", "session_type", "next_at"),
        *database.checks(session_type=SessionType),
    )

    provider_id: UUID = Field(sa_column=database.key("providers.id", primary=True))
    session_type: SessionType = Field(sa_column=database.enum(SessionType, primary=True))
    next_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    open_in_week: int = 0
    computed_at: datetime = Field(sa_column=database.instant(index=True))


class Impression(SQLModel, table=True):
    """How often a provider stood on a first page in a week, named by its Monday (the exposure guard, 3.2)."""

    __tablename__ = "impressions"

    provider_id: UUID = Field(sa_column=database.key("providers.id", primary=True))
    week: str = Field(primary_key=True, max_length=10)
    shown: int = 0
