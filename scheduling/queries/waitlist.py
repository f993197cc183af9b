"""Reads and writes of the waitlist."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import Provider, Relationship
from people.values import RelationshipState
from scheduling.models import WaitlistEntry
from scheduling.values import SessionType, WaitlistState

# Where the two stand when a client can be offered a time.
TOGETHER = (RelationshipState.PROSPECT, RelationshipState.ACTIVE)
WAITS = (WaitlistState.WAITING, WaitlistState.OFFERED)


async def waitlist_entry(session: AsyncSession, entry_id: UUID) -> WaitlistEntry | None:
    """Return one entry of the waitlist."""
    return await session.get(WaitlistEntry, entry_id)


async def waitlist_entry_for_update(session: AsyncSession, entry_id: UUID) -> WaitlistEntry | None:
    """Return one entry of the waitlist, locked."""
    return await session.get(WaitlistEntry, entry_id, with_for_update=True, populate_existing=True)


async def add_waitlist_entry(session: AsyncSession, entry: WaitlistEntry) -> bool:
    """Put somebody on a waitlist; False where they wait there already, perhaps since a moment ago."""
    values = {name: getattr(entry, name) for name in WaitlistEntry.__table__.columns.keys()}  # type: ignore[attr-defined]  # noqa: SIM118
    written = await session.execute(
        insert(WaitlistEntry).values(**values).on_conflict_do_nothing().returning(col(WaitlistEntry.id))
    )
    return written.scalar_one_or_none() is not None


async def waitlist(
    session: AsyncSession, provider_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[WaitlistEntry]:
    """Return who waits for a provider, in the order in which they came."""
    place = tuple_(col(WaitlistEntry.since), col(WaitlistEntry.id))
    query = (
        select(WaitlistEntry)
        .where(col(WaitlistEntry.provider_id) == provider_id, col(WaitlistEntry.state).in_(WAITS))
        .order_by(col(WaitlistEntry.since), col(WaitlistEntry.id))
        .limit(limit)
    )
    if after:
        last = select(col(WaitlistEntry.since), col(WaitlistEntry.id)).where(col(WaitlistEntry.id) == after)
        query = query.where(place > last.scalar_subquery())
    return (await session.execute(query)).scalars().all()


async def first_waiting(
    session: AsyncSession,
    provider_id: UUID,
    session_types: Collection[SessionType],
    starts_at: datetime,
    *,
    but: UUID | None,
) -> WaitlistEntry | None:
    """Return who is first in line for a time of one of these types, locked, save one client.

    Whoever has let this very time go already is passed over, and so is whose client relation does not stand.
    """
    query = (
        select(WaitlistEntry)
        .join(
            Relationship,
            and_(
                col(Relationship.provider_id) == col(WaitlistEntry.provider_id),
                col(Relationship.client_id) == col(WaitlistEntry.client_id),
            ),
        )
        .join(Provider, col(Provider.id) == col(WaitlistEntry.provider_id))
        .where(
            col(WaitlistEntry.provider_id) == provider_id,
            col(WaitlistEntry.state) == WaitlistState.WAITING,
            col(WaitlistEntry.session_type).in_(session_types),
            col(WaitlistEntry.passed_starts_at).is_distinct_from(starts_at),
            col(Relationship.state).in_(TOGETHER),
            col(Provider.active),
        )
        .order_by(col(WaitlistEntry.since), col(WaitlistEntry.id))
        .limit(1)
        .with_for_update(of=WaitlistEntry)
        .execution_options(populate_existing=True)
    )
    if but:
        query = query.where(col(WaitlistEntry.client_id) != but)
    return (await session.execute(query)).scalar_one_or_none()


async def waits_of(session: AsyncSession, provider_id: UUID, client_id: UUID) -> Sequence[WaitlistEntry]:
    """Return what a client waits for with a provider, locked in the order of their ids."""
    found = await session.execute(
        select(WaitlistEntry)
        .where(
            col(WaitlistEntry.provider_id) == provider_id,
            col(WaitlistEntry.client_id) == client_id,
            col(WaitlistEntry.state).in_(WAITS),
        )
        .order_by(col(WaitlistEntry.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.scalars().all()


async def waits_of_client(session: AsyncSession, client_id: UUID) -> Sequence[WaitlistEntry]:
    """Return what a client waits for, with anybody, what is offered first."""
    found = await session.execute(
        select(WaitlistEntry)
        .where(col(WaitlistEntry.client_id) == client_id, col(WaitlistEntry.state).in_(WAITS))
        .order_by(col(WaitlistEntry.expires_at).nulls_last(), col(WaitlistEntry.since), col(WaitlistEntry.id))
    )
    return found.scalars().all()


async def due_waits(session: AsyncSession, now: datetime, limit: int = 500) -> Sequence[UUID]:
    """Return the offers whose time has passed, longest over first."""
    found = await session.execute(
        select(col(WaitlistEntry.id))
        .where(col(WaitlistEntry.state) == WaitlistState.OFFERED, col(WaitlistEntry.expires_at) <= now)
        .order_by(col(WaitlistEntry.expires_at))
        .limit(limit)
    )
    return found.scalars().all()
