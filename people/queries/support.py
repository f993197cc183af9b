"""Reads of support cases."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import (
    SupportCase,
)
from people.values import CaseKind, CaseState


async def cases(
    session: AsyncSession, *, provider_id: UUID | None, after: UUID | None, limit: int
) -> Sequence[SupportCase]:
    """Return support cases in the order of their ids."""
    query = select(SupportCase).order_by(col(SupportCase.id)).limit(limit)
    if provider_id:
        query = query.where(col(SupportCase.provider_id) == provider_id)
    if after:
        query = query.where(col(SupportCase.id) > after)
    return (await session.execute(query)).scalars().all()


async def issues(
    session: AsyncSession, *, provider_id: UUID | None, after: UUID | None, limit: int
) -> Sequence[SupportCase]:
    """Return the issues that providers reported, in the order of their ids; corrections are operators' words."""
    query = (
        select(SupportCase).where(col(SupportCase.kind) == CaseKind.ISSUE).order_by(col(SupportCase.id)).limit(limit)
    )
    if provider_id:
        query = query.where(col(SupportCase.provider_id) == provider_id)
    if after:
        query = query.where(col(SupportCase.id) > after)
    return (await session.execute(query)).scalars().all()


async def case(session: AsyncSession, case_id: UUID) -> SupportCase | None:
    """Return one support case."""
    return await session.get(SupportCase, case_id)


async def case_for_update(session: AsyncSession, case_id: UUID) -> SupportCase | None:
    """Return one support case, locked."""
    return await session.get(SupportCase, case_id, with_for_update=True, populate_existing=True)


async def cases_of_desk(
    session: AsyncSession,
    *,
    kinds: Collection[CaseKind],
    state: CaseState,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[SupportCase]:
    """Return the cases of some kinds that stand like that: open ones oldest first, closed ones newest first."""
    place = tuple_(col(SupportCase.created_at), col(SupportCase.id))
    query = select(SupportCase).where(col(SupportCase.kind).in_(kinds), col(SupportCase.state) == state).limit(limit)
    if state is CaseState.OPEN:
        query = query.order_by(col(SupportCase.created_at), col(SupportCase.id))
        query = query.where(place > before) if before else query
    else:
        query = query.order_by(col(SupportCase.created_at).desc(), col(SupportCase.id).desc())
        query = query.where(place < before) if before else query
    return (await session.execute(query)).scalars().all()


async def open_cases(session: AsyncSession) -> dict[CaseKind, int]:
    """Count the open cases of each kind."""
    found = await session.execute(
        select(col(SupportCase.kind), func.count().label("count_"))
        .where(col(SupportCase.state) == CaseState.OPEN)
        .group_by(col(SupportCase.kind))
    )
    return {row.kind: row.count_ for row in found}


async def issues_of_provider(session: AsyncSession, provider_id: UUID, limit: int) -> Sequence[SupportCase]:
    """Return what a provider has reported, the latest first."""
    found = await session.execute(
        select(SupportCase)
        .where(col(SupportCase.provider_id) == provider_id, col(SupportCase.kind) == CaseKind.ISSUE)
        .order_by(col(SupportCase.created_at).desc(), col(SupportCase.id))
        .limit(limit)
    )
    return found.scalars().all()
