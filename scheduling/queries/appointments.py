"""Reads and writes of appointments."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from scheduling.models import Appointment
from scheduling.values import AppointmentState, Neighbour, SecondVisits, SessionType, Window

TAKEN = (AppointmentState.HELD, AppointmentState.BOOKED)
GIVEN_UP = tuple(state for state in AppointmentState if state.given_up)
# What a call finds: one that is over as well, so that whoever dials then is told so.
CALLABLE = (AppointmentState.BOOKED, AppointmentState.ENDED)


async def appointment(session: AsyncSession, appointment_id: UUID) -> Appointment | None:
    """Return one appointment."""
    return await session.get(Appointment, appointment_id)


async def lock_calendar(session: AsyncSession, provider_id: UUID) -> None:
    """Let nobody else change a provider's calendar until this transaction ends.

    The constraint on overlaps alone would do, but two who write the same time at once wait for each other under it,
    until the database ends one of them. It is locked after what led here (a request, an entry of the waitlist), and
    before relationships and appointments.
    """
    name = func.hashtextextended(f"calendar/{provider_id}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(name)))


async def appointment_for_update(session: AsyncSession, appointment_id: UUID) -> Appointment | None:
    """Return one appointment, locked; who writes a row that points to it need not wait for that."""
    return await session.get(Appointment, appointment_id, with_for_update={"key_share": True}, populate_existing=True)


async def appointments(
    session: AsyncSession,
    *,
    provider_id: UUID | None,
    since: datetime | None,
    until: datetime | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Appointment]:
    """Return appointments in the order of their ids."""
    query = select(Appointment).order_by(col(Appointment.id)).limit(limit)
    if provider_id:
        query = query.where(col(Appointment.provider_id) == provider_id)
    if since:
        query = query.where(col(Appointment.ends_at) > since)
    if until:
        query = query.where(col(Appointment.starts_at) < until)
    if after:
        query = query.where(col(Appointment.id) > after)
    return (await session.execute(query)).scalars().all()


async def appointments_ahead(
    session: AsyncSession, provider_id: UUID, now: datetime, until: datetime, limit: int
) -> Sequence[Appointment]:
    """Return what a provider has booked that has not ended and starts before `until`, the next first."""
    found = await session.execute(
        select(Appointment)
        .where(
            col(Appointment.provider_id) == provider_id,
            col(Appointment.state) == AppointmentState.BOOKED,
            col(Appointment.ends_at) > now,
            col(Appointment.starts_at) < until,
        )
        .order_by(col(Appointment.starts_at))
        .limit(limit)
    )
    return found.scalars().all()


async def appointments_between(
    session: AsyncSession, provider_id: UUID, since: datetime, until: datetime, limit: int
) -> Sequence[Appointment]:
    """Return what stands in a provider's calendar in a span, held, booked or over, in order of time."""
    found = await session.execute(
        select(Appointment)
        .where(
            col(Appointment.provider_id) == provider_id,
            col(Appointment.state).not_in(GIVEN_UP),
            col(Appointment.ends_at) > since,
            col(Appointment.starts_at) < until,
        )
        .order_by(col(Appointment.starts_at))
        .limit(limit)
    )
    return found.scalars().all()


async def appointments_of_client(
    session: AsyncSession, client_id: UUID, now: datetime, limit: int
) -> Sequence[Appointment]:
    """Return what a client has booked or asked for that has not ended, the next first."""
    found = await session.execute(
        select(Appointment)
        .where(
            col(Appointment.client_id) == client_id,
            col(Appointment.state).in_(TAKEN),
            col(Appointment.ends_at) > now,
        )
        .order_by(col(Appointment.starts_at))
        .limit(limit)
    )
    return found.scalars().all()


async def past_of_client(session: AsyncSession, client_id: UUID, now: datetime, limit: int) -> Sequence[Appointment]:
    """Return what a client has had, or given up, the latest first; holds that were let go are left out."""
    ahead = and_(col(Appointment.state).in_(TAKEN), col(Appointment.ends_at) > now)
    found = await session.execute(
        select(Appointment)
        .where(
            col(Appointment.client_id) == client_id,
            col(Appointment.state) != AppointmentState.RELEASED,
            not_(ahead),
        )
        .order_by(col(Appointment.starts_at).desc(), col(Appointment.id))
        .limit(limit)
    )
    return found.scalars().all()


async def appointments_by_id(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[Appointment]:
    """Return these appointments, in no order."""
    found = await session.execute(select(Appointment).where(col(Appointment.id).in_(ids)))
    return found.scalars().all()


async def neighbours(
    session: AsyncSession, provider_id: UUID, around: datetime, reach: timedelta, *, but: UUID
) -> tuple[Neighbour, ...]:
    """Return the tracked appointments of a provider near an instant, save one."""
    found = await session.execute(
        select(col(Appointment.line), col(Appointment.starts_at), col(Appointment.ends_at))
        .where(
            col(Appointment.provider_id) == provider_id,
            col(Appointment.tracked),
            col(Appointment.state).in_(CALLABLE),
            col(Appointment.starts_at).between(around - reach, around + reach),
            col(Appointment.id) != but,
        )
        .order_by(col(Appointment.starts_at))
    )
    return tuple(Neighbour(line, starts_at, ends_at) for line, starts_at, ends_at in found)


async def windows(
    session: AsyncSession, providers: Sequence[UUID], since: datetime, until: datetime, lead: timedelta
) -> tuple[Window, ...]:
    """Return the tracked windows of these providers that start within a span, in order of time."""
    found = await session.execute(
        select(Appointment)
        .where(
            col(Appointment.provider_id).in_(providers),
            col(Appointment.tracked),
            col(Appointment.state).in_(CALLABLE),
            col(Appointment.starts_at) > since,
            col(Appointment.starts_at) <= until,
        )
        .order_by(col(Appointment.starts_at), col(Appointment.id))
    )
    return tuple(window(row, lead) for row in found.scalars())


def window(row: Appointment, lead: timedelta) -> Window:
    """Return a tracked appointment as a call sees it."""
    return Window(
        appointment_id=row.id,
        occurrence=row.occurrence,
        provider_id=row.provider_id,
        client_id=row.client_id,
        line=row.line,
        opens_at=row.starts_at - lead,
        starts_at=row.starts_at,
        closes_at=row.ends_at,
    )


async def upcoming_tracked(session: AsyncSession, line: str, now: datetime, until: datetime) -> Sequence[Appointment]:
    """Return the tracked appointments on a line that have not ended and start before `until`."""
    found = await session.execute(
        select(Appointment)
        .where(
            col(Appointment.tracked),
            col(Appointment.state).in_(CALLABLE),
            col(Appointment.line) == line,
            col(Appointment.ends_at) > now,
            col(Appointment.starts_at) <= until,
        )
        .order_by(col(Appointment.id))
    )
    return found.scalars().all()


async def taken_between(
    session: AsyncSession, provider_id: UUID, since: datetime, until: datetime, *, but: Sequence[UUID] = ()
) -> Sequence[tuple[datetime, datetime]]:
    """Return what a provider's appointments take of a span, save some of them, in order of time."""
    found = await session.execute(
        select(col(Appointment.starts_at), col(Appointment.ends_at))
        .where(
            col(Appointment.provider_id) == provider_id,
            col(Appointment.state).not_in(GIVEN_UP),
            col(Appointment.starts_at) < until,
            col(Appointment.ends_at) > since,
            col(Appointment.id).not_in(but),
        )
        .order_by(col(Appointment.starts_at))
    )
    return [(starts_at, ends_at) for starts_at, ends_at in found]


async def to_end(session: AsyncSession, now: datetime, limit: int = 500) -> Sequence[UUID]:
    """Return the appointments that stand as booked although their end has passed, longest over first."""
    found = await session.execute(
        select(col(Appointment.id))
        .where(col(Appointment.state) == AppointmentState.BOOKED, col(Appointment.ends_at) <= now)
        .order_by(col(Appointment.ends_at))
        .limit(limit)
    )
    return found.scalars().all()


async def ahead_with(session: AsyncSession, provider_id: UUID, client_id: UUID, now: datetime) -> Sequence[Appointment]:
    """Return the held and booked appointments of a provider with a client that have not ended, in order of time."""
    found = await session.execute(
        select(Appointment)
        .where(
            col(Appointment.provider_id) == provider_id,
            col(Appointment.client_id) == client_id,
            col(Appointment.state).in_(TAKEN),
            col(Appointment.ends_at) > now,
        )
        .order_by(col(Appointment.starts_at))
    )
    return found.scalars().all()


async def second_visits(session: AsyncSession, provider_id: UUID, before: datetime) -> SecondVisits:
    """Return how many clients had a first session that was over by then, and how many of them a second one (R12)."""
    each = (
        select(func.count().label("times"))
        .where(
            col(Appointment.provider_id) == provider_id,
            col(Appointment.session_type) == SessionType.FULL_SESSION,
            col(Appointment.state).in_([AppointmentState.ENDED, AppointmentState.DETAILS_CONFIRMED]),
        )
        .group_by(col(Appointment.client_id))
        .having(func.min(col(Appointment.ends_at)) <= before)
        .subquery()
    )
    found = await session.execute(select(func.count(), func.count().filter(each.c.times > 1)).select_from(each))
    first, again = found.one()
    return SecondVisits(first=first, again=again)


async def providers_met(session: AsyncSession, client_id: UUID, now: datetime) -> frozenset[UUID]:
    """Return the providers with whom a client had an appointment that was not given up before it began."""
    found = await session.execute(
        select(col(Appointment.provider_id))
        .where(
            col(Appointment.client_id) == client_id,
            col(Appointment.starts_at) <= now,
            col(Appointment.state).not_in((*GIVEN_UP, AppointmentState.HELD)),
        )
        .distinct()
    )
    return frozenset(found.scalars())


async def history_with(session: AsyncSession, provider_id: UUID, client_id: UUID, limit: int) -> Sequence[Appointment]:
    """Return the appointments of a provider with a client, the newest first; what was only held is none."""
    found = await session.execute(
        select(Appointment)
        .where(
            col(Appointment.provider_id) == provider_id,
            col(Appointment.client_id) == client_id,
            col(Appointment.state) != AppointmentState.HELD,
        )
        .order_by(col(Appointment.starts_at).desc())
        .limit(limit)
    )
    return found.scalars().all()
