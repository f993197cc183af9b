"""Bookings a second, with 10 and with 10,000 providers in the database, beside bare inserts of the same rows.

A booking is made as a door makes it: judged in the turn of the calendar, written with its client, its referral, its
history and its letters, and committed. Eight are on their way at a time. The reference is one INSERT and its commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from time import perf_counter
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlmodel import col

from bench.ground import copy, started
from bench.report import Report
from bench.search import fill, settings_of
from config import database
from people.models import Client, Provider
from scheduling import actions as scheduling
from scheduling.models import Appointment
from scheduling.values import AppointmentState, BookingClient, Offer, SessionType, Source
from status.values import Actor, ActorKind

SIZES, EACH, AT_ONCE = (10, 10_000), 12, 8
Sessions = async_sessionmaker[AsyncSession]


async def run(report: Report) -> None:
    """Measure each size, and say how the rate grows."""
    report.title(f"Bookings: {10 * EACH} with 10 providers, {AT_ONCE} at a time, each committed")
    rates = {}
    async with started() as (_, addresses):
        for size in SIZES:
            url = await copy(addresses.database_url, f"booking_{size}")
            await fill(url, size)
            engine = database.engine(url, pool=AT_ONCE)
            try:
                sessions = database.sessions(engine)
                house = scheduling.house(settings_of(url, addresses.redis_url))
                offers = await _offers(sessions, house)
                plain = await _rate([_insert(sessions, one) for one in offers])
                ours = rates[size] = await _rate([_book(sessions, one, house) for one in offers])
            finally:
                await engine.dispose()
            report.line(
                f"{size:>6,} providers: {ours:,.0f}/s; bare inserts {plain:,.0f}/s, {plain / ours:.1f} times that"
            )
    few, many = (rates[size] for size in SIZES)
    report.target("bookings a second with 10,000 providers ÷ with 10", many / few, at_least=0.8)


async def _rate(acts: Sequence[Callable[[], Awaitable[None]]]) -> float:
    room = asyncio.Semaphore(AT_ONCE)

    async def one(act: Callable[[], Awaitable[None]]) -> None:
        async with room:
            await act()

    began = perf_counter()
    await asyncio.gather(*(one(act) for act in acts))
    return len(acts) / (perf_counter() - began)


async def _offers(sessions: Sessions, house: scheduling.House) -> Sequence[Offer]:
    """Return times of ten providers that do not touch each other, one of each in turn."""
    now, found = datetime.now(UTC), []
    async with sessions() as session:
        ids = (await session.execute(select(col(Provider.id)).order_by(col(Provider.email)).limit(10))).scalars().all()
        for provider_id in ids:
            listed = await scheduling.list_slots(
                session,
                provider_id,
                session_type=SessionType.FULL_SESSION,
                source=Source.BOOKING_LINK,
                since=now + timedelta(days=10),
                until=now + timedelta(days=24),
                house=house,
                now=now,
            )
            found.append(listed[::8][:EACH])
    return [one for of_all in zip(*found, strict=True) for one in of_all]


def _book(sessions: Sessions, offer: Offer, house: scheduling.House) -> Callable[[], Awaitable[None]]:
    async def act() -> None:
        who = BookingClient(first_name="Casey", last_name="Roe", email=f"{uuid4()}@example.com")
        async with sessions.begin() as session:
            await scheduling.book_offer(
                session,
                offer,
                who,
                note=None,
                actor=Actor(kind=ActorKind.OPERATOR),
                house=house,
                now=offer.issued_at,
                new_id=uuid4,
            )

    return act


def _insert(sessions: Sessions, offer: Offer) -> Callable[[], Awaitable[None]]:
    """Write the same row bare, half a year later, where nothing is in its way."""
    later = timedelta(days=180)

    async def act() -> None:
        async with sessions.begin() as session:
            client_id = (await session.execute(select(col(Client.id)).limit(1))).scalar_one()
            await session.execute(insert(Appointment).values(**_row(offer, later, client_id)))

    return act


def _row(offer: Offer, later: timedelta, client_id: UUID) -> dict[str, object]:
    return {
        "id": uuid4(),
        "provider_id": offer.provider_id,
        "client_id": client_id,
        "session_type": offer.session_type,
        "source": offer.source,
        "tracked": False,
        "state": AppointmentState.BOOKED,
        "starts_at": offer.starts_at + later,
        "ends_at": offer.ends_at + later,
        "occurrence": 1,
        "version": 1,
        "created_at": offer.issued_at,
        "cancelled_late": False,
        "moves_by_client": 0,
        "series_moved": False,
    }
