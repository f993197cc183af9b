"""Two hands on one time, one request, one code: on many real connections one wins, and the others are told so.

Each pair is run in both orders and more than once, since who comes first is the scheduler's choice.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config.errors import Refused
from config.settings import Settings
from people.models import Client, Provider
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Appointment, BookingDraft, Request
from scheduling.values import (
    Acceptance,
    AppointmentState,
    BookingClient,
    Offer,
    RequestState,
    SessionType,
    Side,
    Source,
)
from status.models import Notice, Referral, Task
from status.values import NoticeKey, ReferralState, TaskState
from tests.builders import OPERATOR, World, as_client, as_provider
from tests.faults.conftest import until
from tests.faults.kept import rows, somebody_waits

MONDAY = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)  # ten o'clock in New York, six days ahead
HOUR, INSTANT = timedelta(hours=1), timedelta(microseconds=1)
KIM = BookingClient(first_name="Canary-Kim", last_name="Canary-Roe", email="kim@example.com")
ROUNDS = 4

Act = Callable[[], Awaitable[object]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return the settings of a process with a connection for each of a hundred at once."""
    return settings.model_copy(update={"database_pool": 100})


async def said(act: Awaitable[object]) -> object:
    """Return what came of it, or the code of the refusal."""
    try:
        return await act
    except Refused as no:
        return no.code


async def at_once(*acts: Awaitable[object]) -> Sequence[object]:
    return await asyncio.gather(*(said(act) for act in acts))


class Hands:
    """Everything that is done here, each time in a transaction of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.told: dict[str, Any] = {
            "house": scheduling.house(world.deps.settings),
            "now": world.deps.now(),
            "new_id": world.deps.new_id,
        }

    def offer(self, provider: Provider, starts_at: datetime = MONDAY, source: Source = Source.BOOKING_LINK) -> Offer:
        return Offer(
            provider_id=provider.id,
            session_type=SessionType.FULL_SESSION,
            source=source,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=50),
            issued_at=self.world.deps.now(),
        )

    async def book(self, offer: Offer, who: BookingClient = KIM, **told: Any) -> str:
        async with self.world.deps.sessions.begin() as session:
            made = await scheduling.book_offer(session, offer, who, note=None, actor=OPERATOR, **self.told, **told)
        return type(made).__name__

    async def accept(self, request: Request, **told: Any) -> str:
        async with self.world.deps.sessions.begin() as session:
            await scheduling.accept_request(
                session, request.id, actor=as_provider(request.provider_id), **self.told | told
            )
        return "accepted"

    async def decline(self, request: Request) -> str:
        async with self.world.deps.sessions.begin() as session:
            await scheduling.decline_request(session, request.id, actor=as_provider(request.provider_id), **self.told)
        return "declined"

    async def withdraw(self, request: Request) -> str:
        async with self.world.deps.sessions.begin() as session:
            await scheduling.withdraw_request(session, request.id, actor=as_client(request.client_id), **self.told)
        return "withdrawn"

    async def expire(self, request: Request) -> str:
        async with self.world.deps.sessions.begin() as session:
            row = await scheduling.expire_request(session, request.id, **self.told | {"now": request.expires_at})
        return "expired" if row else "already_decided"

    async def leave(self, provider: Provider) -> str:
        async with self.world.deps.sessions.begin() as session:
            await scheduling.leave_programme(session, provider.id, actor=OPERATOR, **self.told)
        return "left"

    async def cancel(self, appointment_id: Any) -> str:
        async with self.world.deps.sessions.begin() as session:
            await scheduling.cancel(
                session,
                appointment_id,
                by=Side.CLIENT,
                reason=None,
                message=None,
                actor=OPERATOR,
                **self.told,
            )
        return "cancelled"

    async def archive(self, provider: Provider, client: Client) -> str:
        async with self.world.deps.sessions.begin() as session:
            await scheduling.archive_client(session, provider.id, client.id, actor=OPERATOR, **self.told)
        return "archived"

    async def complete(self, draft: BookingDraft, code: str) -> str:
        async with self.world.deps.sessions.begin() as session:
            made = await scheduling.complete_booking(session, draft.id, code, **self.told)
        return type(made).__name__


@pytest.fixture
def hands(world: World) -> Hands:
    return Hands(world)


@pytest.fixture
async def provider(world: World) -> Provider:
    found = await world.provider()
    await world.hours(found)
    await world.settings(found, step_m=60)
    return found


def people(count: int) -> list[BookingClient]:
    return [replace(KIM, email=f"kim{n}@example.com") for n in range(count)]


# One time


async def test_p8_a_hundred_bookings_of_one_time_make_one_and_99_polite_refusals(
    world: World, session: AsyncSession, hands: Hands, provider: Provider
) -> None:
    offer = hands.offer(provider)
    refused: list[Refused] = []

    async def book(who: BookingClient) -> str:
        try:
            return await hands.book(offer, who)
        except Refused as no:
            refused.append(no)
            return no.code

    found = Counter(await asyncio.gather(*(book(who) for who in people(100))))

    assert found == {"Appointment": 1, "taken": 99}
    nearest = [MONDAY - HOUR, MONDAY + HOUR, MONDAY + 2 * HOUR]
    assert all([one["starts_at"] for one in no.facts["alternatives"]] == nearest for no in refused)  # type: ignore[attr-defined]
    assert len(await rows(session, Appointment)) == 1
    assert len(await rows(session, Client)) == 1  # who was refused has left nothing behind


async def test_overlapping_times_and_holds_are_one_time_as_well(
    world: World, session: AsyncSession, hands: Hands, provider: Provider
) -> None:
    """Requests hold, bookings book, each begins a quarter of an hour later: one of all them is made."""
    await world.settings(provider, step_m=15)
    link, portal = hands.offer(provider), hands.offer(provider, source=Source.COLLEAGUE)
    async with world.deps.sessions.begin() as writing:
        await queries.set_practice_acceptance(writing, provider.practice_id, Source.COLLEAGUE, Acceptance.REQUIRED)

    def moved(offer: Offer, n: int) -> Offer:
        later = timedelta(minutes=15 * (n % 3))
        return replace(offer, starts_at=offer.starts_at + later, ends_at=offer.ends_at + later)

    acts = [hands.book(moved(link if n % 2 else portal, n), who) for n, who in enumerate(people(24))]
    found = Counter(await at_once(*acts))

    assert found["taken"] == 23
    assert found["Appointment"] + found["Request"] == 1
    assert len(await rows(session, Appointment)) == 1


async def test_a_time_that_is_given_up_and_taken_at_once_is_never_taken_twice(
    world: World, session: AsyncSession, hands: Hands, provider: Provider
) -> None:
    for n in range(ROUNDS):
        offer = hands.offer(provider, MONDAY + n * timedelta(days=1))
        await hands.book(offer, people(9)[2 * n])
        (row,) = [one for one in await rows(session, Appointment) if one.state is AppointmentState.BOOKED]
        acts = [hands.cancel(row.id), hands.book(offer, people(9)[2 * n + 1])]

        found = await at_once(*(acts if n % 2 else acts[::-1]))

        assert set(found) <= {"cancelled", "Appointment", "taken"}
        booked = [one for one in await rows(session, Appointment) if one.state is AppointmentState.BOOKED]
        assert len(booked) == ("Appointment" in found)
        for one in booked:
            await hands.cancel(one.id)


# One request


async def one_request(world: World, n: int) -> Request:
    provider = await world.provider()
    client = await world.prospect(provider)
    payer = await world.payer(provider)
    return await world.request(provider, client=client, payer=payer, starts_in=timedelta(days=7 + n))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("accept", "accept"),
        ("accept", "decline"),
        ("accept", "withdraw"),
        ("accept", "expire"),
        ("decline", "decline"),
        ("decline", "expire"),
        ("withdraw", "decline"),
        ("expire", "expire"),
    ],
)
async def test_a_request_is_decided_once_whoever_comes(
    world: World, session: AsyncSession, hands: Hands, first: str, second: str
) -> None:
    """Accept at the last instant and the sweep at the next one: two clocks a microsecond apart."""
    ends = {
        "accepted": (RequestState.ACCEPTED, AppointmentState.BOOKED, ReferralState.NEW, NoticeKey.REQUEST_ACCEPTED),
        "declined": (
            RequestState.DECLINED,
            AppointmentState.RELEASED,
            ReferralState.CLOSED_DECLINED,
            NoticeKey.REQUEST_DECLINED,
        ),
        "withdrawn": (RequestState.WITHDRAWN, AppointmentState.RELEASED, ReferralState.CLOSED_WITHDRAWN, None),
        "expired": (
            RequestState.EXPIRED,
            AppointmentState.RELEASED,
            ReferralState.CLOSED_EXPIRED,
            NoticeKey.REQUEST_EXPIRED,
        ),
    }
    for n in range(ROUNDS):
        request = await one_request(world, n)
        at_the_last = {"now": request.expires_at - INSTANT} if "expire" in {first, second} else {}
        hands.told |= at_the_last
        acts = [getattr(hands, name)(request) for name in (first, second)]

        found = await at_once(*(acts if n % 2 else acts[::-1]))

        (won,) = [str(one) for one in found if one != "already_decided"]
        state, hold, referral, letter = ends[won]
        (kept,) = [one for one in await rows(session, Request) if one.id == request.id]
        (held,) = [one for one in await rows(session, Appointment) if one.id == request.appointment_id]
        (told,) = [one for one in await rows(session, Referral) if one.id == request.referral_id]
        assert (kept.state, held.state, told.state) == (state, hold, referral)
        letters = [one.key for one in await rows(session, Notice) if one.subject_id == request.id]
        assert [one for one in letters if one in {end[3] for end in ends.values()}] == ([letter] if letter else [])
        (task,) = [one for one in await rows(session, Task) if one.subject_id == request.id]
        assert task.state is not TaskState.OPEN


async def test_whoever_leaves_the_programme_leaves_no_request_behind(
    world: World, session: AsyncSession, hands: Hands
) -> None:
    """R81: a payer books at the very moment; either it is declined with the rest, or it is not made at all."""
    for n in range(ROUNDS):
        provider = await world.provider()
        await world.block(provider, "2026-11-30", "09:00", "12:00", accept_external=True)
        payer = await world.payer(provider)
        offer = replace(hands.offer(provider, source=Source.PAYER), payer_id=payer.id)
        acts = [hands.leave(provider), hands.book(offer, people(ROUNDS)[n])]

        found = await at_once(*(acts if n % 2 else acts[::-1]))

        assert "left" in found
        states = [one.state for one in await rows(session, Request) if one.provider_id == provider.id]
        assert states == ([RequestState.DECLINED] if "Request" in found else [])
        assert set(found) <= {"left", "Request", "not_in_programme"}


async def test_nobody_is_archived_under_a_booking(
    world: World, session: AsyncSession, hands: Hands, provider: Provider
) -> None:
    """R51: who archives waits for who books, and then hears of what lies ahead."""
    client = await world.client(provider, email=KIM.email)
    async with world.deps.sessions.begin() as booking:
        offer = hands.offer(provider)
        await scheduling.book_offer(booking, offer, KIM, note=None, actor=OPERATOR, **hands.told)
        archiving = asyncio.create_task(hands.archive(provider, client))
        await until(lambda: somebody_waits(session))

    assert await said(archiving) == "appointments_ahead"


async def test_a_day_is_not_overfilled_by_being_fast(
    world: World, session: AsyncSession, hands: Hands, provider: Provider
) -> None:
    """What the database does not know, such as a cap on the day, holds since bookings of one calendar take turns."""
    await world.settings(provider, per_day=2)
    offers = [hands.offer(provider, MONDAY + n * HOUR) for n in range(-1, 6)]

    found = Counter(await at_once(*(hands.book(*both) for both in zip(offers, people(7), strict=True))))

    assert found == {"Appointment": 2, "day_is_full": 5}
    assert len(await rows(session, Appointment)) == 2


# One person


@pytest.mark.parametrize("known", [False, True])
async def test_nobody_passes_three_bookings_by_being_fast(
    world: World, session: AsyncSession, hands: Hands, known: bool
) -> None:
    """R20, over ten providers at once, for a first booking as for a later one."""
    providers = [await world.provider() for _ in range(10)]
    for one in providers:
        await world.hours(one)
    if known:
        await world.client(providers[0], email=KIM.email)

    found = Counter(await at_once(*(hands.book(hands.offer(one)) for one in providers)))

    assert found == {"Appointment": 3, "too_many_bookings": 7}
    assert len(await rows(session, Appointment)) == 3
    assert len(await rows(session, Client)) == 1  # ten first bookings of one address make one account


async def test_nobody_passes_two_requests_by_being_fast(world: World, session: AsyncSession, hands: Hands) -> None:
    offers = []
    for _ in range(5):
        provider = await world.provider()
        await world.hours(provider)
        async with world.deps.sessions.begin() as writing:
            await queries.set_practice_acceptance(
                writing, provider.practice_id, Source.BOOKING_LINK, Acceptance.REQUIRED
            )
        offers += [hands.offer(provider), hands.offer(provider, MONDAY + HOUR)]

    found = Counter(await at_once(*(hands.book(offer) for offer in offers)))

    assert found == {"Request": 2, "too_many_requests": 8}
    held = await session.execute(
        select(func.count()).select_from(Appointment).where(col(Appointment.state) == AppointmentState.HELD)
    )
    assert held.scalar_one() == 2


# One code


async def test_a_code_that_is_typed_twice_at_once_books_once(
    world: World, session: AsyncSession, hands: Hands, provider: Provider
) -> None:
    draft = await world.draft(provider, starts_at=MONDAY)
    code = scheduling.booking_code(draft.id, world.deps.settings)

    found = Counter(await at_once(*(hands.complete(draft, code) for _ in range(8))))

    assert found == {"Appointment": 1, "code_used": 7}
    assert len(await rows(session, Appointment)) == 1


async def test_guesses_at_once_are_five(world: World, session: AsyncSession, hands: Hands, provider: Provider) -> None:
    draft = await world.draft(provider, starts_at=MONDAY)
    right = int(scheduling.booking_code(draft.id, world.deps.settings))
    guesses = [f"{(right + n) % 1_000_000:06d}" for n in range(1, 31)]

    found = Counter(await at_once(*(hands.complete(draft, code) for code in guesses)))

    assert found == {"WrongCode": 5, "too_many_tries": 25}
    (kept,) = await rows(session, BookingDraft)
    assert kept.tries == 5


async def test_codes_at_once_are_five_an_hour(world: World, session: AsyncSession, provider: Provider) -> None:
    found = await at_once(*(world.draft(provider, starts_at=MONDAY) for _ in range(12)))

    assert [one for one in found if not isinstance(one, BookingDraft)] == ["too_many_codes"] * 7
    assert len(await rows(session, BookingDraft)) == 5
