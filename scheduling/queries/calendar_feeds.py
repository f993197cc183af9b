"""Reads and writes of the addresses under which calendars can be read, and of what stands in them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from scheduling.models import Appointment, CalendarFeed


async def calendar_feed(session: AsyncSession, provider_id: UUID) -> CalendarFeed | None:
    """Return the address of a provider's calendar that works, if there is one."""
    found = await session.execute(
        select(CalendarFeed).where(col(CalendarFeed.provider_id) == provider_id, col(CalendarFeed.revoked_at).is_(None))
    )
    return found.scalar_one_or_none()


async def calendar_feed_behind(session: AsyncSession, digest: str) -> CalendarFeed | None:
    """Return the address behind a keyed hash; one that was revoked is none."""
    found = await session.execute(
        select(CalendarFeed).where(col(CalendarFeed.digest) == digest, col(CalendarFeed.revoked_at).is_(None))
    )
    return found.scalar_one_or_none()


async def starting_between(
    session: AsyncSession, provider_id: UUID, since: datetime, until: datetime
) -> Sequence[Appointment]:
    """Return the appointments of a provider that start within a span, in whatever state, in order of time."""
    found = await session.execute(
        select(Appointment)
        .where(
            col(Appointment.provider_id) == provider_id,
            col(Appointment.starts_at) >= since,
            col(Appointment.starts_at) < until,
        )
        .order_by(col(Appointment.starts_at), col(Appointment.id))
    )
    return found.scalars().all()
