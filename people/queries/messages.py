"""Reads and writes of what people write to each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import Message, MessageDraft, Thread
from people.values import MessageSide


@dataclass(frozen=True, slots=True)
class Listed:
    """A thread in a list, with its newest message, if there is one."""

    thread: Thread
    last: Message | None


async def thread(session: AsyncSession, thread_id: UUID) -> Thread | None:
    """Return one thread."""
    return await session.get(Thread, thread_id)


async def thread_for_update(session: AsyncSession, thread_id: UUID) -> Thread | None:
    """Return one thread, locked."""
    return await session.get(Thread, thread_id, with_for_update=True, populate_existing=True)


async def thread_between(session: AsyncSession, provider_id: UUID | None, client_id: UUID | None) -> Thread | None:
    """Return what two sides have written; who is None stands for support."""
    found = await session.execute(
        select(Thread).where(
            col(Thread.provider_id).is_not_distinct_from(provider_id),
            col(Thread.client_id).is_not_distinct_from(client_id),
        )
    )
    return found.scalar_one_or_none()


async def thread_between_for_update(
    session: AsyncSession, provider_id: UUID | None, client_id: UUID | None, *, new_id: UUID, now: datetime
) -> Thread:
    """Return what two sides have written, locked; it begins now where they never wrote before."""
    await session.execute(
        insert(Thread)
        .values(
            id=new_id,
            provider_id=provider_id,
            client_id=client_id,
            created_at=now,
            last_at=now,
            messages=0,
            provider_unread=0,
            client_unread=0,
            desk_unread=0,
        )
        .on_conflict_do_nothing()
    )
    found = await session.execute(
        select(Thread)
        .where(
            col(Thread.provider_id).is_not_distinct_from(provider_id),
            col(Thread.client_id).is_not_distinct_from(client_id),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.scalar_one()


async def threads(
    session: AsyncSession,
    *,
    provider_id: UUID | None = None,
    client_id: UUID | None = None,
    before: datetime | None = None,
    limit: int,
) -> Sequence[Listed]:
    """Return the threads of a provider or of a client, or of support where neither is named; the newest first."""
    query = (
        select(Thread, Message)
        .outerjoin(Message, and_(col(Message.thread_id) == col(Thread.id), col(Message.number) == col(Thread.messages)))
        .order_by(col(Thread.last_at).desc(), col(Thread.id))
        .limit(limit)
    )
    if provider_id is not None:
        query = query.where(col(Thread.provider_id) == provider_id)
    elif client_id is not None:
        query = query.where(col(Thread.client_id) == client_id)
    else:
        query = query.where(col(Thread.provider_id).is_(None) | col(Thread.client_id).is_(None))
    if before is not None:
        query = query.where(col(Thread.last_at) < before)
    return [Listed(*row) for row in await session.execute(query)]


async def messages(session: AsyncSession, thread_id: UUID, *, before: int | None, limit: int) -> Sequence[Message]:
    """Return the newest messages of a thread, older ones `before` a number, in the order in which they were written."""
    query = select(Message).where(col(Message.thread_id) == thread_id).order_by(col(Message.number).desc()).limit(limit)
    if before is not None:
        query = query.where(col(Message.number) < before)
    return list(reversed((await session.execute(query)).scalars().all()))


async def written_since(session: AsyncSession, thread_id: UUID, side: MessageSide, since: datetime) -> int:
    """Count what one side has written in a thread since then."""
    found = await session.execute(
        select(func.count()).where(
            col(Message.thread_id) == thread_id, col(Message.side) == side, col(Message.at) > since
        )
    )
    return found.scalar_one()


async def threads_begun(session: AsyncSession, client_id: UUID, since: datetime) -> int:
    """Count the threads of a client that began since then."""
    found = await session.execute(
        select(func.count()).where(col(Thread.client_id) == client_id, col(Thread.created_at) > since)
    )
    return found.scalar_one()


async def unread(session: AsyncSession, *, provider_id: UUID | None = None, client_id: UUID | None = None) -> int:
    """Count what a provider, a client, or support has yet to read."""
    if provider_id is not None:
        query = select(func.sum(col(Thread.provider_unread))).where(col(Thread.provider_id) == provider_id)
    elif client_id is not None:
        query = select(func.sum(col(Thread.client_unread))).where(col(Thread.client_id) == client_id)
    else:
        query = select(func.sum(col(Thread.desk_unread)))
    return int((await session.execute(query)).scalar_one() or 0)


async def message_draft(session: AsyncSession, draft_id: UUID) -> MessageDraft | None:
    """Return a message that waits for its code."""
    return await session.get(MessageDraft, draft_id)


async def message_draft_for_update(session: AsyncSession, draft_id: UUID) -> MessageDraft | None:
    """Return a message that waits for its code, locked."""
    return await session.get(MessageDraft, draft_id, with_for_update=True, populate_existing=True)


async def message_codes_sent(session: AsyncSession, email: str, since: datetime) -> int:
    """Count the codes for messages that went to an address since then, in its turn."""
    turn = func.pg_advisory_xact_lock(func.hashtextextended(f"message codes/{email.lower()}", 0))
    await session.execute(select(turn))
    found = await session.execute(
        select(func.count()).where(
            func.lower(col(MessageDraft.email)) == email.lower(), col(MessageDraft.created_at) > since
        )
    )
    return found.scalar_one()


async def delete_old_message_drafts(session: AsyncSession, before: datetime) -> None:
    """Forget what visitors began to write before then (retention)."""
    await session.execute(delete(MessageDraft).where(col(MessageDraft.created_at) < before))
