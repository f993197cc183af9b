"""Reads of the waitlist."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scheduling.models import WaitlistEntry


async def waitlist_entry(session: AsyncSession, entry_id: UUID) -> WaitlistEntry | None:
    """Return one entry of the waitlist."""
    return await session.get(WaitlistEntry, entry_id)
