"""The tables of the calendar."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from config import database
from scheduling.values import AppointmentState, CancelledBy, CancelReason, SessionType, Source

NO_OVERLAP = "ex_appointments_no_overlap"


class Appointment(SQLModel, table=True):
    """A span in a provider's calendar, with a client. Held and booked ones of a provider never overlap."""

    __tablename__ = "appointments"
    __table_args__ = (
        ExcludeConstraint(
            (text("provider_id"), "="),
            (text("tstzrange(starts_at, ends_at, '[)')"), "&&"),
            name=NO_OVERLAP,
            using="gist",
            where=text("state IN ('held', 'booked')"),
        ),
        # What a call looks for: the tracked windows of one provider around now.
        Index(
            "ix_appointments_windows",
            "provider_id",
            "starts_at",
            postgresql_where=text("tracked AND state = 'booked'"),
        ),
        Index("ix_appointments_calendar", "provider_id", "starts_at"),
        CheckConstraint("starts_at < ends_at", name="span"),
        *database.checks(
            session_type=SessionType,
            source=Source,
            original_source=Source,
            state=AppointmentState,
            cancelled_by=CancelledBy,
            cancel_reason=CancelReason,
        ),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id", index=False))
    client_id: UUID = Field(sa_column=database.key("clients.id"))
    session_type: SessionType = Field(sa_column=database.enum(SessionType))
    source: Source = Field(sa_column=database.enum(Source))
    original_source: Source | None = Field(default=None, sa_column=database.enum(Source, nullable=True))
    tracked: bool
    state: AppointmentState = Field(sa_column=database.enum(AppointmentState))
    starts_at: datetime = Field(sa_column=database.instant())
    ends_at: datetime = Field(sa_column=database.instant())
    line: str | None = Field(default=None, max_length=16)
    occurrence: int = 1
    version: int = 1
    created_at: datetime = Field(sa_column=database.instant())
    cancelled_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    cancelled_by: CancelledBy | None = Field(default=None, sa_column=database.enum(CancelledBy, nullable=True))
    cancel_reason: CancelReason | None = Field(default=None, sa_column=database.enum(CancelReason, nullable=True))
    cancel_message: str | None = Field(default=None, max_length=2000)
