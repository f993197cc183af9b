"""Reads and writes of history."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from status.models import Event
from status.values import EventKind

_OF_APPOINTMENTS = tuple(kind for kind in EventKind if kind.value.startswith("appointment:"))


async def add_event(session: AsyncSession, event: Event) -> None:
    """Append one line of history."""
    values = {
        name: getattr(event, name)
        for name in Event.__table__.columns.keys()  # type: ignore[attr-defined]  # noqa: SIM118
        if name not in {"sequence", "transaction"}
    }
    await session.execute(insert(Event).values(**values))


async def events(
    session: AsyncSession,
    *,
    provider_id: UUID | None,
    appointment_id: UUID | None,
    after: tuple[int, int],
    limit: int,
) -> Sequence[Event]:
    """Return history after a cursor (transaction, sequence), up to the oldest transaction still open."""
    query = (
        select(Event)
        .where(
            or_(
                col(Event.transaction) > after[0],
                and_(col(Event.transaction) == after[0], col(Event.sequence) > after[1]),
            ),
            col(Event.transaction) < text("(pg_snapshot_xmin(pg_current_snapshot())::text)::bigint"),
        )
        .order_by(col(Event.transaction), col(Event.sequence))
        .limit(limit)
    )
    if provider_id:
        query = query.where(col(Event.provider_id) == provider_id)
    if appointment_id:
        query = query.where(col(Event.appointment_id) == appointment_id)
    return (await session.execute(query)).scalars().all()


async def appointments_changed_at(
    session: AsyncSession, provider_id: UUID, appointment_ids: Collection[UUID]
) -> dict[UUID, datetime]:
    """Return when each of these appointments of a provider last changed."""
    found = await session.execute(
        select(col(Event.appointment_id), func.max(col(Event.at)))
        .where(
            col(Event.provider_id) == provider_id,
            col(Event.appointment_id).in_(appointment_ids),
            col(Event.kind).in_(_OF_APPOINTMENTS),
        )
        .group_by(col(Event.appointment_id))
    )
    return {appointment_id: at for appointment_id, at in found if appointment_id is not None}


async def events_of_call(session: AsyncSession, call_id: UUID) -> Sequence[Event]:
    """Return what history has of a call, in the order in which it was written."""
    found = await session.execute(
        select(Event).where(col(Event.call_id) == call_id).order_by(col(Event.transaction), col(Event.sequence))
    )
    return found.scalars().all()


async def log(
    session: AsyncSession,
    *,
    kind: EventKind | None,
    subject: UUID | None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[int, int] | None,
    limit: int,
) -> Sequence[Event]:
    """Return history for who audits it, the newest first; `subject` is whoever it is about, or did it."""
    place = tuple_(col(Event.transaction), col(Event.sequence))
    query = select(Event).order_by(col(Event.transaction).desc(), col(Event.sequence).desc()).limit(limit)
    if kind:
        query = query.where(col(Event.kind) == kind)
    if subject:
        whose = (Event.provider_id, Event.appointment_id, Event.consultation_id, Event.call_id, Event.actor_id)
        query = query.where(or_(*(col(one) == subject for one in whose)))
    if since:
        query = query.where(col(Event.at) >= since)
    if until:
        query = query.where(col(Event.at) < until)
    if before is not None:
        query = query.where(place < before)
    return (await session.execute(query)).scalars().all()
