"""What people are asked to do."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.lifecycles import next_state
from status import queries
from status.actions.history import NewId, record
from status.models import Task
from status.rules import lifecycle
from status.values import (
    CLOCK,
    EventKind,
    TaskEvent,
    TaskKind,
    TaskState,
)


async def open_task(
    session: AsyncSession,
    kind: TaskKind,
    subject_id: UUID,
    *,
    provider_id: UUID,
    appointment_id: UUID | None,
    due_at: datetime | None,
    now: datetime,
    new_id: NewId,
) -> None:
    """Ask a person to do something; one task per kind and subject, whatever happens twice."""
    if await queries.task_for_update(session, kind, subject_id):
        return
    session.add(
        Task(
            id=new_id(),
            kind=kind,
            subject_id=subject_id,
            provider_id=provider_id,
            appointment_id=appointment_id,
            state=TaskState.OPEN,
            opened_at=now,
            due_at=due_at,
        )
    )
    await session.flush()
    await record(
        session,
        EventKind.TASK_OPENED,
        actor=CLOCK,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
        appointment_id=appointment_id,
        data={"kind": kind.value, "subject": str(subject_id)},
    )


async def close_task(
    session: AsyncSession, kind: TaskKind, subject_id: UUID, event: TaskEvent, *, now: datetime, new_id: NewId
) -> None:
    """End the task about a subject, if there is one open."""
    task = await queries.task_for_update(session, kind, subject_id)
    after = next_state(lifecycle.TASK, task.state, event) if task else None
    if task is None or after is None:
        return
    task.state, task.closed_at = after, now
    await session.flush()
    await record(
        session,
        EventKind.TASK_CLOSED,
        actor=CLOCK,
        now=now,
        new_id=new_id,
        provider_id=task.provider_id,
        appointment_id=task.appointment_id,
        data={"kind": kind.value, "subject": str(subject_id), "state": after.value},
    )
