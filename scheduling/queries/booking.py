"""Reads and writes of requests, bookings that wait for a code, and policies of practices."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from scheduling.models import Appointment, BookingDraft, PracticePolicy, Request
from scheduling.values import CLIENT_MADE, Acceptance, AppointmentState, RequestState, Source


async def request(session: AsyncSession, request_id: UUID) -> Request | None:
    """Return one request."""
    return await session.get(Request, request_id)


async def request_of(session: AsyncSession, appointment_id: UUID) -> Request | None:
    """Return the request that an appointment was asked for by, if it was."""
    found = await session.execute(
        select(Request)
        .where(col(Request.appointment_id) == appointment_id)
        .order_by(col(Request.requested_at).desc())
        .limit(1)
    )
    return found.scalar_one_or_none()


async def request_for_update(session: AsyncSession, request_id: UUID) -> Request | None:
    """Return one request, locked."""
    return await session.get(Request, request_id, with_for_update=True, populate_existing=True)


async def requests(
    session: AsyncSession,
    *,
    provider_id: UUID | None,
    state: RequestState | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
) -> Sequence[tuple[Request, Appointment]]:
    """Return requests with their holds, those that expire soonest first (R90).

    Whose time has passed is expired, whether or not the sweep has been there.
    """
    query = (
        select(Request, Appointment)
        .join(Appointment, col(Appointment.id) == col(Request.appointment_id))
        .order_by(col(Request.expires_at), col(Request.id))
        .limit(limit)
    )
    pending = col(Request.state) == RequestState.PENDING
    if provider_id:
        query = query.where(col(Request.provider_id) == provider_id)
    if state is RequestState.PENDING:
        query = query.where(pending, col(Request.expires_at) > now)
    elif state is RequestState.EXPIRED:
        overdue = and_(pending, col(Request.expires_at) <= now)
        query = query.where(or_(col(Request.state) == RequestState.EXPIRED, overdue))
    elif state:
        query = query.where(col(Request.state) == state)
    if after:
        query = query.where(tuple_(col(Request.expires_at), col(Request.id)) > after)
    return [(row, hold) for row, hold in await session.execute(query)]


async def due_requests(session: AsyncSession, now: datetime, limit: int = 500) -> Sequence[UUID]:
    """Return the pending requests whose time has passed, most overdue first."""
    found = await session.execute(
        select(col(Request.id))
        .where(col(Request.state) == RequestState.PENDING, col(Request.expires_at) <= now)
        .order_by(col(Request.expires_at))
        .limit(limit)
    )
    return found.scalars().all()


async def pending_by_payers(session: AsyncSession, provider_id: UUID) -> Sequence[UUID]:
    """Return what payers have asked a provider for and nobody has decided, in the order of their ids."""
    found = await session.execute(
        select(col(Request.id))
        .where(
            col(Request.provider_id) == provider_id,
            col(Request.source) == Source.PAYER,
            col(Request.state) == RequestState.PENDING,
        )
        .order_by(col(Request.id))
    )
    return found.scalars().all()


async def pending_with(session: AsyncSession, provider_id: UUID, client_id: UUID) -> Sequence[UUID]:
    """Return the requests of a client with a provider that nobody has decided, in the order of their ids."""
    found = await session.execute(
        select(col(Request.id))
        .where(
            col(Request.provider_id) == provider_id,
            col(Request.client_id) == client_id,
            col(Request.state) == RequestState.PENDING,
        )
        .order_by(col(Request.id))
    )
    return found.scalars().all()


async def pending_requests(session: AsyncSession, client_id: UUID, now: datetime) -> int:
    """Count what a client has asked for, of all providers, that can still be decided."""
    found = await session.execute(
        select(func.count())
        .select_from(Request)
        .where(
            col(Request.client_id) == client_id,
            col(Request.state) == RequestState.PENDING,
            col(Request.expires_at) > now,
        )
    )
    return found.scalar_one()


async def requests_to_decide(session: AsyncSession, provider_id: UUID, now: datetime) -> int:
    """Count what a provider is asked that can still be decided (R90)."""
    found = await session.execute(
        select(func.count())
        .select_from(Request)
        .where(
            col(Request.provider_id) == provider_id,
            col(Request.state) == RequestState.PENDING,
            col(Request.expires_at) > now,
        )
    )
    return found.scalar_one()


async def open_bookings(session: AsyncSession, client_id: UUID, now: datetime) -> int:
    """Count the appointments that a client made, with all providers, that are booked and lie ahead (R20)."""
    found = await session.execute(
        select(func.count())
        .select_from(Appointment)
        .where(
            col(Appointment.client_id) == client_id,
            col(Appointment.state) == AppointmentState.BOOKED,
            col(Appointment.source).in_(CLIENT_MADE),
            col(Appointment.starts_at) > now,
        )
    )
    return found.scalar_one()


# Policies


async def practice_acceptance(session: AsyncSession, practice_id: UUID) -> dict[Source, Acceptance]:
    """Return for which sources a practice asks for an acceptance of its own."""
    found = await session.execute(
        select(col(PracticePolicy.source), col(PracticePolicy.acceptance)).where(
            col(PracticePolicy.practice_id) == practice_id
        )
    )
    return {row.source: row.acceptance for row in found}


async def set_practice_acceptance(
    session: AsyncSession, practice_id: UUID, source: Source, acceptance: Acceptance | None
) -> None:
    """Set what a practice asks for with a source; None goes back to what the house does."""
    await session.execute(
        delete(PracticePolicy).where(
            col(PracticePolicy.practice_id) == practice_id, col(PracticePolicy.source) == source
        )
    )
    if acceptance is not None:
        await session.execute(
            insert(PracticePolicy).values(practice_id=practice_id, source=source, acceptance=acceptance)
        )


# Bookings that wait for a code


async def draft(session: AsyncSession, draft_id: UUID) -> BookingDraft | None:
    """Return one booking that was begun."""
    return await session.get(BookingDraft, draft_id)


async def draft_for_update(session: AsyncSession, draft_id: UUID) -> BookingDraft | None:
    """Return one booking that was begun, locked."""
    return await session.get(BookingDraft, draft_id, with_for_update=True, populate_existing=True)


async def codes_sent(session: AsyncSession, email: str, since: datetime) -> int:
    """Count the codes that went to an address since then, in its turn: whoever counts next waits for this one."""
    turn = func.pg_advisory_xact_lock(func.hashtextextended(f"codes/{email.lower()}", 0))
    await session.execute(select(turn))
    found = await session.execute(
        select(func.count())
        .select_from(BookingDraft)
        .where(text("lower(email) = :address").bindparams(address=email.lower()), col(BookingDraft.created_at) > since)
    )
    return found.scalar_one()


async def delete_old_drafts(session: AsyncSession, before: datetime) -> None:
    """Forget who began a booking before then (retention)."""
    await session.execute(delete(BookingDraft).where(col(BookingDraft.created_at) < before))
