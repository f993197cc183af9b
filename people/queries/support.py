"""Reads of support cases."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import (
    SupportCase,
)
from people.values import CaseKind


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
