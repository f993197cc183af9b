"""Reads and writes of referrals."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from status.models import Referral


async def referral(session: AsyncSession, referral_id: UUID) -> Referral | None:
    """Return one referral."""
    return await session.get(Referral, referral_id)


async def referral_for_update(session: AsyncSession, referral_id: UUID) -> Referral | None:
    """Return one referral, locked."""
    return await session.get(Referral, referral_id, with_for_update=True, populate_existing=True)
