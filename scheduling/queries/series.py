"""Reads and writes of series, and of what belongs to them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from scheduling.models import Appointment, Series


async def series(session: AsyncSession, series_id: UUID) -> Series | None:
    """Return one series."""
    return await session.get(Series, series_id)


async def of_series(session: AsyncSession, series_id: UUID, since: datetime) -> Sequence[Appointment]:
    """Return the appointments of a series that have not started by then, in whatever state, in order of time."""
    found = await session.execute(
        select(Appointment)
        .where(col(Appointment.series_id) == series_id, col(Appointment.starts_at) > since)
        .order_by(col(Appointment.starts_at))
    )
    return found.scalars().all()


async def members(session: AsyncSession, series_id: UUID) -> Sequence[Appointment]:
    """Return all appointments of a series in their order, whatever became of them."""
    found = await session.execute(
        select(Appointment).where(col(Appointment.series_id) == series_id).order_by(col(Appointment.series_place))
    )
    return found.scalars().all()


async def members_for_update(session: AsyncSession, series_id: UUID) -> Sequence[Appointment]:
    """Return all appointments of a series, locked."""
    found = await session.execute(
        select(Appointment)
        .where(col(Appointment.series_id) == series_id)
        .order_by(col(Appointment.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return found.scalars().all()
