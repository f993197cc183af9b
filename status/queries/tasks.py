"""Reads and writes of tasks."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from status.models import Task
from status.values import TaskKind, TaskState


async def task_for_update(session: AsyncSession, kind: TaskKind, subject_id: UUID) -> Task | None:
    """Return the task about a subject, locked."""
    found = await session.execute(
        select(Task).where(col(Task.kind) == kind, col(Task.subject_id) == subject_id).with_for_update()
    )
    return found.scalar_one_or_none()


async def tasks(
    session: AsyncSession,
    *,
    provider_id: UUID | None,
    state: TaskState | None,
    kind: TaskKind | None = None,
    but: TaskKind | None = None,
    after: UUID | None,
    limit: int,
) -> Sequence[Task]:
    """Return tasks in the order of their ids: of one kind, or of all save one."""
    query = select(Task).order_by(col(Task.id)).limit(limit)
    if provider_id:
        query = query.where(col(Task.provider_id) == provider_id)
    if state:
        query = query.where(col(Task.state) == state)
    if kind:
        query = query.where(col(Task.kind) == kind)
    if but:
        query = query.where(col(Task.kind) != but)
    if after:
        query = query.where(col(Task.id) > after)
    return (await session.execute(query)).scalars().all()
