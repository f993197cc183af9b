"""Reads and writes of referrals."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, any_, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from status.models import PsychiatricReferral, Referral
from status.values import ReferralState

_OPEN = [state for state in ReferralState if state.open]


async def referral(session: AsyncSession, referral_id: UUID) -> Referral | None:
    """Return one referral."""
    return await session.get(Referral, referral_id)


async def referral_for_update(session: AsyncSession, referral_id: UUID) -> Referral | None:
    """Return one referral, locked."""
    return await session.get(Referral, referral_id, with_for_update=True, populate_existing=True)


async def open_referral(session: AsyncSession, provider_id: UUID, client_id: UUID) -> Referral | None:
    """Return the open referral of a provider and a client, if they have one."""
    found = await session.execute(
        select(Referral).where(
            col(Referral.provider_id) == provider_id,
            col(Referral.client_id) == client_id,
            col(Referral.state).in_(_OPEN),
        )
    )
    return found.scalar_one_or_none()


async def add_referral(session: AsyncSession, row: Referral) -> Referral | None:
    """Write a referral; None where its two people have an open one, perhaps since a moment ago."""
    values = {name: getattr(row, name) for name in Referral.__table__.columns.keys()}  # type: ignore[attr-defined]  # noqa: SIM118
    written = await session.execute(
        insert(Referral).values(**values).on_conflict_do_nothing().returning(col(Referral.id))
    )
    return await referral(session, row.id) if written.scalar_one_or_none() else None


async def referrals(
    session: AsyncSession,
    *,
    provider_id: UUID | None,
    state: ReferralState | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Referral]:
    """Return referrals, newest first; `before` is when the last one of the page before began, and its id."""
    query = select(Referral).order_by(col(Referral.created_at).desc(), col(Referral.id).desc()).limit(limit)
    if provider_id:
        query = query.where(col(Referral.provider_id) == provider_id)
    if state:
        query = query.where(col(Referral.state) == state)
    if before:
        query = query.where(
            or_(
                col(Referral.created_at) < before[0],
                and_(col(Referral.created_at) == before[0], col(Referral.id) < before[1]),
            )
        )
    return (await session.execute(query)).scalars().all()


async def unseen(session: AsyncSession, provider_id: UUID | None) -> int:
    """Return how many referrals nobody has opened yet: the badge (R32)."""
    query = select(func.count()).where(col(Referral.state) == ReferralState.NEW)
    if provider_id:
        query = query.where(col(Referral.provider_id) == provider_id)
    return (await session.execute(query)).scalar_one()


async def forget_searches(session: AsyncSession, searches: Sequence[UUID]) -> None:
    """Let referrals of both kinds forget from which search they came: it is deleted (retention)."""
    for kind in (Referral, PsychiatricReferral):
        column = col(kind.search_id)
        await session.execute(
            update(kind).where(column == any_(cast(list(searches), ARRAY(Uuid())))).values(search_id=None)
        )
