"""The tables of the line. There is no column that could hold audio or words (R97)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from bridge.values import (
    Attestation,
    CarrierName,
    ContactReason,
    DownReason,
    FactSource,
    Heard,
    LineState,
    Outcome,
    Reason,
    Sign,
)
from config import database


class Call(SQLModel, table=True):
    """One call to the line: who called (as a reference and a keyed hash), what became of it, for how long.

    `route` is what was decided, in ids, codes and instants, so that a carrier's retry gets the same answer;
    it is empty for a call that was simply connected.
    """

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("carrier", "sid"),
        Index("ix_calls_appointment", "appointment_id", "occurrence"),
        Index("ix_calls_line", "line", "dialled_at"),
        Index("ix_calls_caller", "caller_key", "dialled_at"),
        Index("ix_calls_open", "dialled_at", postgresql_where=text("settled_at IS NULL")),
        *database.checks(carrier=CarrierName, attestation=Attestation, outcome=Outcome, reason=Reason),
    )

    id: UUID = Field(primary_key=True)
    carrier: CarrierName = Field(sa_column=database.enum(CarrierName))
    sid: str = Field(max_length=64)
    line: str = Field(max_length=16)
    caller_key: str | None = Field(default=None, max_length=64)
    caller_last2: str | None = Field(default=None, max_length=2)
    attestation: Attestation = Field(sa_column=database.enum(Attestation))
    dialled_at: datetime = Field(sa_column=database.instant())
    provider_id: UUID | None = Field(default=None, sa_column=database.key("providers.id", nullable=True))
    appointment_id: UUID | None = Field(
        default=None, sa_column=database.key("appointments.id", nullable=True, index=False)
    )
    occurrence: int | None = None
    route: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    outcome: Outcome | None = Field(default=None, sa_column=database.enum(Outcome, nullable=True))
    reason: Reason | None = Field(default=None, sa_column=database.enum(Reason, nullable=True))
    first_leg_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    leg_heard_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    live: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    answered_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    ended_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    talk_s: int | None = None
    settled_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))


class CallEvent(SQLModel, table=True):
    """One fact about a call, kept as it was heard; the key lets the same fact stand once only."""

    __tablename__ = "call_events"
    __table_args__ = (
        UniqueConstraint("carrier", "leg", "source", "event", "sequence"),
        *database.checks(carrier=CarrierName, source=FactSource, event=Heard),
    )

    id: UUID = Field(primary_key=True)
    call_id: UUID | None = Field(default=None, sa_column=database.key("calls.id", nullable=True))
    carrier: CarrierName = Field(sa_column=database.enum(CarrierName))
    leg: str = Field(max_length=64)
    source: FactSource = Field(sa_column=database.enum(FactSource))
    event: Heard = Field(sa_column=database.enum(Heard))
    sequence: int
    at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    heard_at: datetime = Field(sa_column=database.instant())
    duration_s: int | None = None
    bridged: bool | None = None
    data: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB(), nullable=False, server_default=text("'{}'::jsonb"))
    )


class LineSign(SQLModel, table=True):
    """A sign of how a line is doing; kept for a while and deleted."""

    __tablename__ = "line_signs"
    __table_args__ = (Index("ix_line_signs_recent", "line", "at"), *database.checks(sign=Sign))

    id: UUID = Field(primary_key=True)
    line: str = Field(max_length=16)
    sign: Sign = Field(sa_column=database.enum(Sign))
    at: datetime = Field(sa_column=database.instant())


class LineStatus(SQLModel, table=True):
    """The last judgement of a line, and the operator's switch."""

    __tablename__ = "line_status"
    __table_args__ = database.checks(state=LineState, reason=DownReason)

    line: str = Field(primary_key=True, max_length=16)
    state: LineState = Field(sa_column=database.enum(LineState))
    since: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    reason: DownReason | None = Field(default=None, sa_column=database.enum(DownReason, nullable=True))
    judged_at: datetime = Field(sa_column=database.instant())
    declared_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    declared_reason: str | None = Field(default=None, max_length=200)


class Reveal(SQLModel, table=True):
    """A direct number that an outage laid open, for one occurrence and to its end (R111)."""

    __tablename__ = "reveals"
    __table_args__ = (
        UniqueConstraint("appointment_id", "occurrence"),
        *database.checks(reason=ContactReason),
    )

    id: UUID = Field(primary_key=True)
    appointment_id: UUID = Field(sa_column=database.key("appointments.id"))
    occurrence: int
    line: str = Field(max_length=16)
    reason: ContactReason = Field(sa_column=database.enum(ContactReason))
    at: datetime = Field(sa_column=database.instant())


class TextReply(SQLModel, table=True):
    """A text that came in: what we answered, and the numbered list that it offered, if any.

    Kept so that a carrier's retry gets the same answer and a number means the list that was sent. The words
    that came in are not kept.
    """

    __tablename__ = "text_replies"
    __table_args__ = (Index("ix_text_replies_sender", "sender_key", "at"),)

    sid: str = Field(primary_key=True, max_length=64)
    sender_key: str = Field(max_length=64)
    answer: str = Field(max_length=1000)
    offered: list[str] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    at: datetime = Field(sa_column=database.instant())
