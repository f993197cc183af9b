"""Reads and writes of referrals for medication."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from status.models import PsychiatricReferral
from status.values import PsychiatricState

_OPEN = [state for state in PsychiatricState if state.open]


async def psychiatric_referral(session: AsyncSession, psychiatric_id: UUID) -> PsychiatricReferral | None:
    """Return one referral for medication."""
    return await session.get(PsychiatricReferral, psychiatric_id)


async def psychiatric_referral_for_update(session: AsyncSession, psychiatric_id: UUID) -> PsychiatricReferral | None:
    """Return one referral for medication, locked."""
    return await session.get(PsychiatricReferral, psychiatric_id, with_for_update=True, populate_existing=True)


async def open_psychiatric_for_update(
    session: AsyncSession, provider_id: UUID, client_id: UUID
) -> PsychiatricReferral | None:
    """Return the open one that a provider has made for a client, if there is one, locked."""
    found = await session.execute(
        select(PsychiatricReferral)
        .where(
            col(PsychiatricReferral.provider_id) == provider_id,
            col(PsychiatricReferral.client_id) == client_id,
            col(PsychiatricReferral.state).in_(_OPEN),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


async def open_psychiatric(session: AsyncSession, provider_id: UUID, client_id: UUID) -> PsychiatricReferral | None:
    """Return the open one that a provider has made for a client, if there is one."""
    found = await session.execute(
        select(PsychiatricReferral).where(
            col(PsychiatricReferral.provider_id) == provider_id,
            col(PsychiatricReferral.client_id) == client_id,
            col(PsychiatricReferral.state).in_(_OPEN),
        )
    )
    return found.scalar_one_or_none()


async def accepted_by(session: AsyncSession, prescriber_id: UUID, client_id: UUID) -> Sequence[UUID]:
    """Return those that a prescriber has accepted for a client and that wait for the first visit."""
    found = await session.execute(
        select(col(PsychiatricReferral.id)).where(
            col(PsychiatricReferral.prescriber_id) == prescriber_id,
            col(PsychiatricReferral.client_id) == client_id,
            col(PsychiatricReferral.state) == PsychiatricState.ACCEPTED,
        )
    )
    return found.scalars().all()


async def due_psychiatric(session: AsyncSession, now: datetime, limit: int = 500) -> Sequence[UUID]:
    """Return those whose time to be answered has passed, most overdue first."""
    found = await session.execute(
        select(col(PsychiatricReferral.id))
        .where(
            col(PsychiatricReferral.state) == PsychiatricState.SENT,
            col(PsychiatricReferral.expires_at) <= now,
        )
        .order_by(col(PsychiatricReferral.expires_at))
        .limit(limit)
    )
    return found.scalars().all()


async def psychiatric_referrals(
    session: AsyncSession,
    *,
    provider_id: UUID | None,
    state: PsychiatricState | None,
    now: datetime,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[PsychiatricReferral]:
    """Return those that a provider has made or was sent, newest first, by where they stand now."""
    row = PsychiatricReferral
    query = select(row).order_by(col(row.created_at).desc(), col(row.id).desc()).limit(limit)
    if provider_id:
        query = query.where(or_(col(row.provider_id) == provider_id, col(row.prescriber_id) == provider_id))
    if state:
        lapsed = and_(col(row.state) == PsychiatricState.SENT, col(row.expires_at) <= now)
        stands = col(row.state) == state
        if state is PsychiatricState.SENT:
            stands = and_(stands, col(row.expires_at) > now)
        query = query.where(or_(stands, lapsed) if state is PsychiatricState.EXPIRED else stands)
    if before:
        query = query.where(
            or_(
                col(row.created_at) < before[0],
                and_(col(row.created_at) == before[0], col(row.id) < before[1]),
            )
        )
    return (await session.execute(query)).scalars().all()
