"""Searches for a provider as they were made and answered, and what they are answered from."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from config import database
from scheduling.values import SessionType


class Search(SQLModel, table=True):
    """One search: the answers of the questionnaire, and everything that its order was made from (3.3).

    Replaying `outcome` under `version` gives the same order. `asked_by` is the provider whose program asked,
    `referral_id` the one that "find another option" came from. Kept for `keep_searches_d`.
    """

    __tablename__ = "searches"
    __table_args__ = (Index("ix_searches_made", "at"),)

    id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_column=database.instant())
    version: int
    seed: str = Field(max_length=64)
    asked_by: UUID | None = Field(default=None, sa_column=database.key("providers.id", nullable=True))
    client_id: UUID | None = Field(default=None, sa_column=database.key("clients.id", nullable=True))
    referral_id: UUID | None = Field(default=None, sa_column=database.key("referrals.id", nullable=True))
    answers: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB(), nullable=False))
    outcome: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB(), nullable=False))


class Opening(SQLModel, table=True):
    """When a provider could next be seen, computed ahead so that a search need not (3.5); None where never.

    `starts` has the first start in each hour of the week, in seconds of UTC since 1970 and in order; `week` has the
    same hours as seven numbers, Monday first, one bit for each hour of UTC. `open_in_week` counts sessions that fit.
    `kept` to `missed` tell how bookings were kept and outcomes told in the last 90 days (3.2, 3.4).
    """

    __tablename__ = "openings"
    __table_args__ = (
        Index("ix_openings_next", "session_type", "next_at"),
        *database.checks(session_type=SessionType),
    )

    provider_id: UUID = Field(sa_column=database.key("providers.id", primary=True))
    session_type: SessionType = Field(sa_column=database.enum(SessionType, primary=True))
    next_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    open_in_week: int = 0
    starts: list[int] = Field(sa_column=Column(ARRAY(BigInteger()), nullable=False, server_default=text("'{}'")))
    week: list[int] = Field(sa_column=Column(ARRAY(Integer()), nullable=False, server_default=text("'{}'")))
    kept: int = 0
    dropped: int = 0
    shared: int = 0
    missed: int = 0
    computed_at: datetime = Field(sa_column=database.instant(index=True))


class Impression(SQLModel, table=True):
    """How often a provider stood on a first page in a week, named by its Monday (the exposure guard, 3.2)."""

    __tablename__ = "impressions"

    provider_id: UUID = Field(sa_column=database.key("providers.id", primary=True))
    week: str = Field(primary_key=True, max_length=10)
    shown: int = 0
