"""What stands in the database after the fact."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from bridge.models import Call, CallEvent, LineSign, LineStatus
from bridge.values import LineState
from config.database import metadata
from status.models import Consultation, Event
from status.values import EventKind

RowT = TypeVar("RowT", bound=SQLModel)


async def rows(session: AsyncSession, kind: type[RowT], *order: Any) -> Sequence[RowT]:
    """Return all rows of a table as they stand now; they do not change afterwards."""
    await session.rollback()
    found = (await session.execute(select(kind).order_by(*order))).scalars().all()
    session.expunge_all()
    return found


async def somebody_waits(session: AsyncSession) -> bool:
    """Tell whether somebody waits for a lock that another transaction holds.

    A transaction goes on seeing who was active when it first looked, so each look is one of its own.
    """
    await session.rollback()
    found = await session.execute(
        text("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
    )
    return found.first() is not None


async def calls(session: AsyncSession) -> Sequence[Call]:
    return await rows(session, Call, col(Call.dialled_at), col(Call.id))


async def only_call(session: AsyncSession) -> Call:
    (found,) = await calls(session)
    return found


async def facts(session: AsyncSession) -> list[tuple[str, str, int]]:
    """Return every fact that was heard, as (source, event, sequence)."""
    found = await rows(session, CallEvent, col(CallEvent.source), col(CallEvent.event), col(CallEvent.sequence))
    return [(one.source.value, one.event.value, one.sequence) for one in found]


async def only_consultation(session: AsyncSession) -> Consultation:
    (found,) = await rows(session, Consultation)
    return found


async def events(session: AsyncSession) -> Sequence[Event]:
    return await rows(session, Event, col(Event.sequence))


async def kinds(session: AsyncSession) -> list[EventKind]:
    return [event.kind for event in await events(session)]


async def signs(session: AsyncSession) -> list[str]:
    return [one.sign.value for one in await rows(session, LineSign, col(LineSign.at))]


async def line_states(session: AsyncSession) -> set[LineState]:
    return {one.state for one in await rows(session, LineStatus)}


async def counts(session: AsyncSession) -> dict[str, int]:
    """Return how many rows each table has."""
    await session.rollback()
    return {
        name: (await session.execute(select(func.count()).select_from(table))).scalar_one()
        for name, table in metadata.tables.items()
    }
