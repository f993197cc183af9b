"""Open hours, blocks, time off, imported calendars, and how a provider wants to be booked.

Wall time is kept as a local day (ISO text), minutes from its midnight, and the name of a zone.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from config import database
from scheduling.values import BlockKind, FeedTrouble, Repeats


class WorkingHours(SQLModel, table=True):
    """When a provider works on a weekday (0 is Monday), in wall time."""

    __tablename__ = "working_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("0 <= opens_m AND opens_m < closes_m AND closes_m <= 1440", name="span"),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    weekday: int
    opens_m: int
    closes_m: int
    timezone: str = Field(max_length=64)


class Block(SQLModel, table=True):
    """A dated block, perhaps recurring: open time, with *Accept External Appointments* (R30), or time off."""

    __tablename__ = "blocks"
    __table_args__ = (
        Index("ix_blocks_calendar", "provider_id", "starts_on"),
        CheckConstraint("starts_m BETWEEN 0 AND 1439 AND ends_m BETWEEN 0 AND 1440", name="minutes"),
        CheckConstraint("(starts_on, starts_m) < (ends_on, ends_m)", name="span"),
        *database.checks(kind=BlockKind, repeats=Repeats),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id", index=False))
    kind: BlockKind = Field(sa_column=database.enum(BlockKind))
    starts_on: str = Field(max_length=10)
    starts_m: int
    ends_on: str = Field(max_length=10)
    ends_m: int
    timezone: str = Field(max_length=64)
    repeats: Repeats = Field(sa_column=database.enum(Repeats))
    repeats_until: str | None = Field(default=None, max_length=10)
    accept_external: bool = False
    created_at: datetime = Field(sa_column=database.instant())
    version: int = 1


class BusyFeed(SQLModel, table=True):
    """An ICS address whose events take time away. The address is a secret of the provider's: only its host is shown.

    `good_at` is when its calendar was last known to be as it is here, `read_at` when the spans were last made from it;
    `fingerprint` is a hash of what it said then. What cannot be read leaves the last good copy, names its `trouble`,
    and is tried again less and less often: `failures` counts the tries in a row.
    """

    __tablename__ = "busy_feeds"
    __table_args__ = (
        Index("ix_busy_feeds_due", "due_at"),
        *database.checks(trouble=FeedTrouble),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    url: str = Field(max_length=2000, repr=False)
    host: str = Field(max_length=253)
    created_at: datetime = Field(sa_column=database.instant())
    due_at: datetime = Field(sa_column=database.instant())
    claimed_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    tried_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    good_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    read_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    trouble: FeedTrouble | None = Field(default=None, sa_column=database.enum(FeedTrouble, nullable=True))
    etag: str | None = Field(default=None, max_length=200)
    failures: int = 0
    fingerprint: str | None = Field(default=None, max_length=64)


class BusySpan(SQLModel, table=True):
    """A stretch that an imported calendar takes, without a word of what it is."""

    __tablename__ = "busy_spans"
    __table_args__ = (
        Index("ix_busy_spans_calendar", "provider_id", "starts_at"),
        CheckConstraint("starts_at < ends_at", name="span"),
    )

    id: UUID = Field(primary_key=True)
    feed_id: UUID = Field(sa_column=database.key("busy_feeds.id"))
    provider_id: UUID = Field(sa_column=database.key("providers.id", index=False))
    starts_at: datetime = Field(sa_column=database.instant())
    ends_at: datetime = Field(sa_column=database.instant())


class ReferralSettings(SQLModel, table=True):
    """What kinds of clients can book, and how (R18, R24-R26); without a row the defaults of the house hold."""

    __tablename__ = "referral_settings"
    __table_args__ = (
        CheckConstraint("urgent_notice_h BETWEEN 1 AND 47", name="urgent_notice"),
        CheckConstraint("step_m BETWEEN 5 AND 120", name="step"),
        CheckConstraint("session_length_m BETWEEN 10 AND 480", name="session_length"),
        CheckConstraint("buffer_before_m BETWEEN 0 AND 240 AND buffer_after_m BETWEEN 0 AND 240", name="buffers"),
        CheckConstraint("horizon_d BETWEEN 1 AND 365", name="horizon"),
        CheckConstraint("per_day IS NULL OR per_day BETWEEN 1 AND 50", name="per_day"),
        CheckConstraint("0 <= youngest AND youngest <= oldest AND oldest <= 120", name="ages"),
    )

    provider_id: UUID = Field(sa_column=database.key("providers.id", primary=True))
    accepting: bool = True
    paused_until: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    urgent: bool = False
    urgent_notice_h: int = 2
    session_types: list[str] = Field(sa_column=Column(ARRAY(String(30)), nullable=False, server_default=text("'{}'")))
    by_source: dict[str, list[str]] = Field(default_factory=dict, sa_column=Column(JSONB(), nullable=False))
    modalities: list[str] = Field(sa_column=Column(ARRAY(String(30)), nullable=False, server_default=text("'{}'")))
    plans: list[str] = Field(sa_column=Column(ARRAY(String(64)), nullable=False, server_default=text("'{}'")))
    states: list[str] = Field(sa_column=Column(ARRAY(String(2)), nullable=False, server_default=text("'{}'")))
    not_treated: list[str] = Field(sa_column=Column(ARRAY(String(64)), nullable=False, server_default=text("'{}'")))
    youngest: int = 18
    oldest: int = 120
    step_m: int = 15
    session_length_m: int = 50
    buffer_before_m: int = 0
    buffer_after_m: int = 0
    horizon_d: int = 60
    per_day: int | None = None
    version: int = 1
