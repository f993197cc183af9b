"""History: one line for everything that happens."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from status import queries
from status.models import Event
from status.values import (
    Actor,
    EventKind,
)

NewId = Callable[[], UUID]
Data = dict[str, str | int | bool | None]


async def record(
    session: AsyncSession,
    kind: EventKind,
    *,
    actor: Actor,
    at: datetime | None = None,
    now: datetime,
    new_id: NewId,
    provider_id: UUID | None = None,
    appointment_id: UUID | None = None,
    consultation_id: UUID | None = None,
    call_id: UUID | None = None,
    data: Data | None = None,
) -> None:
    """Append one line of history; `at` is when it happened, if not `now`, when it is written down."""
    await queries.add_event(
        session,
        Event(
            id=new_id(),
            at=at or now,
            recorded_at=now,
            kind=kind,
            actor_kind=actor.kind,
            actor_id=actor.id,
            provider_id=provider_id,
            appointment_id=appointment_id,
            consultation_id=consultation_id,
            call_id=call_id,
            data=data or {},
        ),
    )
