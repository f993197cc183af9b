"""Appointments, held and booked, and series of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlmodel import Field, SQLModel

from config import database
from scheduling.values import AppointmentState, CancelReason, Every, SessionType, Side, Source

NO_OVERLAP = "ex_appointments_no_overlap"


class Appointment(SQLModel, table=True):
    """A span in a provider's calendar, with a client. Those of a provider never overlap, save what was given up."""

    __tablename__ = "appointments"
    __table_args__ = (
        ExcludeConstraint(
            (text("provider_id"), "="),
            (text("tstzrange(starts_at, ends_at, '[)')"), "&&"),
            name=NO_OVERLAP,
            using="gist",
            where=text("state NOT IN ('released', 'cancelled_p', 'cancelled_c')"),
        ),
        # What a call looks for: the tracked windows of one provider around now. One that is over counts as well:
        # whoever dials then is told so.
        Index(
            "ix_appointments_windows",
            "provider_id",
            "starts_at",
            postgresql_where=text("tracked AND state IN ('booked', 'ended')"),
        ),
        Index("ix_appointments_calendar", "provider_id", "starts_at"),
        Index("ix_appointments_to_end", "ends_at", postgresql_where=text("state = 'booked'")),
        CheckConstraint("starts_at < ends_at", name="span"),
        *database.checks(
            session_type=SessionType,
            source=Source,
            original_source=Source,
            state=AppointmentState,
            cancelled_by=Side,
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
    cancelled_by: Side | None = Field(default=None, sa_column=database.enum(Side, nullable=True))
    cancel_reason: CancelReason | None = Field(default=None, sa_column=database.enum(CancelReason, nullable=True))
    cancel_message: str | None = Field(default=None, max_length=2000)
    cancelled_late: bool = False
    label: str | None = Field(default=None, max_length=40)  # where a booking link was placed (R8)
    note: str | None = Field(default=None, max_length=1000)  # of the client to the provider (R33)
    moves_by_client: int = 0
    referral_id: UUID | None = Field(default=None, sa_column=database.key("referrals.id", nullable=True))
    series_id: UUID | None = Field(default=None, sa_column=database.key("series.id", nullable=True))
    series_place: int | None = None
    series_moved: bool = False  # alone, away from the others: what moves them leaves it where it is


class Series(SQLModel, table=True):
    """Appointments that a provider made to come again (R28); each occurrence is an appointment of its own."""

    __tablename__ = "series"
    __table_args__ = database.checks(session_type=SessionType, every=Every)

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    client_id: UUID = Field(sa_column=database.key("clients.id"))
    session_type: SessionType = Field(sa_column=database.enum(SessionType))
    starts_on: str = Field(max_length=10)
    starts_m: int
    length_m: int
    timezone: str = Field(max_length=64)
    every: Every = Field(sa_column=database.enum(Every))
    times: int
    created_at: datetime = Field(sa_column=database.instant())
    version: int = 1
