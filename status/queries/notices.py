"""Reads and writes of the outbox."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from status.models import Notice
from status.values import Channel, NoticeState

OPEN_NOTICES = (NoticeState.DUE, NoticeState.CLAIMED, NoticeState.UNCERTAIN)


async def add_notice(session: AsyncSession, notice: Notice) -> bool:
    """Write a notice unless one with the same dedupe key stands already; tell whether it was written."""
    values = {name: getattr(notice, name) for name in Notice.__table__.columns.keys()}  # type: ignore[attr-defined]  # noqa: SIM118
    written = await session.execute(
        insert(Notice).values(**values).on_conflict_do_nothing(index_elements=["dedupe"]).returning(col(Notice.id))
    )
    return written.scalar_one_or_none() is not None


async def add_notices(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write many notices; one with the same dedupe key as another that stands already is left out."""
    if rows:
        await session.execute(
            insert(Notice).on_conflict_do_nothing(index_elements=["dedupe"]), [dict(row) for row in rows]
        )


async def notice_for_update(session: AsyncSession, notice_id: UUID) -> Notice | None:
    """Return one notice, locked, or None where another worker holds it."""
    found = await session.execute(
        select(Notice)
        .where(col(Notice.id) == notice_id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


async def notice_in_turn_for_update(session: AsyncSession, notice_id: UUID) -> Notice | None:
    """Return one notice, locked, after whoever holds it: for news about it, which must not be lost."""
    return await session.get(Notice, notice_id, with_for_update=True, populate_existing=True)


async def notice(session: AsyncSession, notice_id: UUID) -> Notice | None:
    """Return one notice."""
    return await session.get(Notice, notice_id)


async def open_notices_for_update(session: AsyncSession, subject_id: UUID) -> Sequence[Notice]:
    """Return the notices about a subject that wait for their time, locked."""
    found = await session.execute(
        select(Notice)
        .where(col(Notice.subject_id) == subject_id, col(Notice.state) == NoticeState.DUE)
        .order_by(col(Notice.id))
        .with_for_update()
    )
    return found.scalars().all()


async def due_notices(session: AsyncSession, now: datetime, stale: timedelta, limit: int = 500) -> Sequence[UUID]:
    """Return the notices to deliver now, and the claims left behind for longer than `stale`."""
    found = await session.execute(
        select(col(Notice.id))
        .where(
            or_(
                and_(col(Notice.state).in_([NoticeState.DUE, NoticeState.UNCERTAIN]), col(Notice.due_at) <= now),
                and_(col(Notice.state) == NoticeState.CLAIMED, col(Notice.claimed_at) <= now - stale),
            )
        )
        .order_by(col(Notice.due_at))
        .limit(limit)
    )
    return found.scalars().all()


async def notices(
    session: AsyncSession, *, recipient_id: UUID | None, after: UUID | None, limit: int
) -> Sequence[Notice]:
    """Return notices in the order of their ids."""
    query = select(Notice).order_by(col(Notice.id)).limit(limit)
    if recipient_id:
        query = query.where(col(Notice.recipient_id) == recipient_id)
    if after:
        query = query.where(col(Notice.id) > after)
    return (await session.execute(query)).scalars().all()


async def notices_before(
    session: AsyncSession, recipient_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Notice]:
    """Return the notices to somebody, the newest first."""
    query = (
        select(Notice)
        .where(col(Notice.recipient_id) == recipient_id)
        .order_by(col(Notice.created_at).desc(), col(Notice.id).desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(tuple_(col(Notice.created_at), col(Notice.id)) < tuple_(*before))
    return (await session.execute(query)).scalars().all()


async def texts_had(session: AsyncSession, recipient_id: UUID, since: datetime, *, but: UUID) -> int:
    """Count the texts that went to somebody since then, or may have; without the one at hand."""
    found = await session.execute(
        select(func.count()).where(
            col(Notice.recipient_id) == recipient_id,
            col(Notice.sent_by) == Channel.TEXT,
            col(Notice.claimed_at) > since,
            col(Notice.id) != but,
        )
    )
    return found.scalar_one()


async def delete_settled_notices(session: AsyncSession, before: datetime) -> None:
    """Delete notices that were settled before then (retention)."""
    await session.execute(delete(Notice).where(col(Notice.state).not_in(OPEN_NOTICES), col(Notice.settled_at) < before))
