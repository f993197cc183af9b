"""What appointments mean for referrals (requirements 4.1): when one begins, what belongs to it, how it ends."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config.deps import Deps
from people.models import Client, Provider
from scheduling import actions as scheduling
from scheduling.actions import referrals
from scheduling.models import Appointment
from scheduling.values import SessionType, Side, Source
from status import actions as ledger
from status.models import Consultation, Event, Notice, Referral
from status.values import (
    ConsultationStatus,
    DecidedBy,
    EventKind,
    NoticeKey,
    ReferralEvent,
    ReferralState,
)
from tests.builders import OPERATOR, World, as_client, as_provider
from tests.clock import Clock
from tests.fixtures import Worker

S = ReferralState
DAY = timedelta(days=1)


async def of(deps: Deps, provider: Provider) -> Sequence[Referral]:
    """Return a provider's referrals as they stand, oldest first."""
    async with deps.sessions() as session:
        found = await session.execute(
            select(Referral).where(col(Referral.provider_id) == provider.id).order_by(col(Referral.created_at))
        )
        return found.scalars().all()


async def states(deps: Deps, provider: Provider) -> list[ReferralState]:
    return [row.state for row in await of(deps, provider)]


async def move(deps: Deps, referral: Referral, event: ReferralEvent) -> None:
    async with deps.sessions.begin() as session:
        assert await ledger.move_referral(
            session, referral.id, event, actor=OPERATOR, now=deps.now(), new_id=deps.new_id
        )


async def hold(
    world: World, provider: Provider, client: Client, *, source: Source, starts_in: timedelta
) -> Appointment:
    deps = world.deps
    async with deps.sessions.begin() as session:
        return await scheduling.book(
            session,
            provider_id=provider.id,
            client_id=client.id,
            session_type=SessionType.FULL_SESSION,
            source=source,
            original_source=Source.PLATFORM_SEARCH if source is Source.WAITLIST_OFFER else None,
            starts_at=deps.now() + starts_in,
            ends_at=deps.now() + starts_in + timedelta(minutes=50),
            actor=OPERATOR,
            house=scheduling.house(deps.settings),
            now=deps.now(),
            new_id=deps.new_id,
            held=True,
        )


async def take_up(deps: Deps, appointment: Appointment) -> None:
    async with deps.sessions.begin() as session:
        await scheduling.take_up(
            session,
            appointment.id,
            actor=as_provider(appointment.provider_id),
            house=scheduling.house(deps.settings),
            now=deps.now(),
            new_id=deps.new_id,
        )


async def let_go(deps: Deps, appointment: Appointment, why: ReferralEvent) -> None:
    async with deps.sessions.begin() as session:
        await scheduling.let_go(
            session,
            appointment.id,
            why=why,
            actor=as_provider(appointment.provider_id),
            now=deps.now(),
            new_id=deps.new_id,
        )


async def cancel(deps: Deps, appointment: Appointment, by: Side) -> None:
    async with deps.sessions.begin() as session:
        await scheduling.cancel(
            session,
            appointment.id,
            by=by,
            reason=None,
            message="I cannot come.",
            actor=as_provider(appointment.provider_id) if by is Side.PROVIDER else as_client(appointment.client_id),
            house=scheduling.house(deps.settings),
            now=deps.now(),
            new_id=deps.new_id,
        )


async def answer(deps: Deps, appointment: Appointment, *, occurred: bool) -> None:
    async with deps.sessions.begin() as session:
        consultation = await only(session, appointment)
        await ledger.answer(
            session,
            consultation.id,
            occurred=occurred,
            by=DecidedBy.PORTAL,
            actor=as_provider(appointment.provider_id),
            now=deps.now(),
            policy=ledger.policy(deps.settings),
            new_id=deps.new_id,
        )


async def only(session: AsyncSession, appointment: Appointment) -> Consultation:
    found = await session.execute(select(Consultation).where(col(Consultation.appointment_id) == appointment.id))
    return found.scalar_one()


# When one begins


@pytest.mark.parametrize(
    ("source", "original", "begins"),
    [
        (Source.PLATFORM_SEARCH, None, True),
        (Source.BOOKING_LINK, None, True),
        (Source.COLLEAGUE, None, True),
        (Source.PAYER, None, True),
        (Source.CLIENT_PORTAL, None, False),
        (Source.PROVIDER_MADE, None, False),
        (Source.WAITLIST_OFFER, Source.BOOKING_LINK, True),
        (Source.WAITLIST_OFFER, Source.CLIENT_PORTAL, False),
    ],
)
async def test_a_client_who_was_referred_begins_one_and_nobody_else(
    world: World, deps: Deps, source: Source, original: Source | None, begins: bool
) -> None:
    provider = await world.provider()
    made = await world.appointment(provider, starts_in=DAY, source=source, original_source=original)

    found = await of(deps, provider)

    assert [(row.id, row.client_id, row.source, row.state) for row in found] == (
        [(made.referral_id, made.client_id, source.value, S.NEW)] if begins else []
    )
    assert (made.referral_id is not None) is begins


async def test_a_consultation_knows_its_referral(world: World, deps: Deps, session: AsyncSession) -> None:
    provider, _, appointment = await world.consultation(starts_in=DAY)
    (referral,) = await of(deps, provider)

    assert (await only(session, appointment)).referral_id == referral.id


async def test_a_request_awaits_acceptance_and_its_yes_makes_it_new(world: World, deps: Deps) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    held = await hold(world, provider, client, source=Source.PAYER, starts_in=3 * DAY)
    assert await states(deps, provider) == [S.AWAITING_ACCEPTANCE]

    await take_up(deps, held)

    assert await states(deps, provider) == [S.NEW]


@pytest.mark.parametrize(
    ("why", "closed"),
    [
        (ReferralEvent.DECLINED, S.CLOSED_DECLINED),
        (ReferralEvent.EXPIRED, S.CLOSED_EXPIRED),
        (ReferralEvent.WITHDRAWN, S.CLOSED_WITHDRAWN),
    ],
)
async def test_a_request_that_comes_to_nothing_closes_it(
    world: World, deps: Deps, why: ReferralEvent, closed: ReferralState
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    one = await hold(world, provider, client, source=Source.PAYER, starts_in=3 * DAY)
    two = await hold(world, provider, client, source=Source.PAYER, starts_in=4 * DAY)
    assert len(await of(deps, provider)) == 1

    await let_go(deps, one, why)
    assert await states(deps, provider) == [S.AWAITING_ACCEPTANCE]  # the other is still to be decided
    await let_go(deps, two, why)

    assert await states(deps, provider) == [closed]


async def test_what_the_waitlist_holds_refers_nobody_before_it_is_taken_up(world: World, deps: Deps) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    lapsed = await hold(world, provider, client, source=Source.WAITLIST_OFFER, starts_in=3 * DAY)
    await let_go(deps, lapsed, ReferralEvent.EXPIRED)
    taken = await hold(world, provider, client, source=Source.WAITLIST_OFFER, starts_in=4 * DAY)
    assert await states(deps, provider) == []

    await take_up(deps, taken)

    assert await states(deps, provider) == [S.NEW]


# What belongs to it


@pytest.mark.parametrize("source", Source)
async def test_an_open_one_takes_every_further_appointment_of_the_two(world: World, deps: Deps, source: Source) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    await world.appointment(provider, client=client, starts_in=DAY)

    further = await world.appointment(
        provider, client=client, starts_in=2 * DAY, source=source, original_source=Source.CLIENT_PORTAL
    )

    (referral,) = await of(deps, provider)
    assert further.referral_id == referral.id


async def test_a_closed_one_takes_none_and_the_client_begins_anew(world: World, deps: Deps) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    first = await world.appointment(provider, client=client, starts_in=DAY)
    await cancel(deps, first, Side.CLIENT)

    made_by_provider = await world.appointment(provider, client=client, starts_in=DAY, source=Source.PROVIDER_MADE)
    again = await world.appointment(provider, client=client, starts_in=2 * DAY)

    assert made_by_provider.referral_id is None
    assert again.referral_id not in {None, first.referral_id}
    assert await states(deps, provider) == [S.CLOSED_BY_CLIENT, S.NEW]


async def test_the_same_client_at_another_provider_is_another_one(world: World, deps: Deps) -> None:
    one, two = await world.provider(), await world.provider()
    client = await world.client(one)
    await world.client(two, email=client.email)

    await world.appointment(one, client=client, starts_in=DAY)
    await world.appointment(two, client=client, starts_in=DAY)

    assert len(await of(deps, one)) == len(await of(deps, two)) == 1


async def test_booking_at_once_is_as_good_as_accepted(world: World, deps: Deps) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    held = await hold(world, provider, client, source=Source.PAYER, starts_in=3 * DAY)

    await world.appointment(provider, client=client, starts_in=4 * DAY, source=Source.BOOKING_LINK)
    assert await states(deps, provider) == [S.NEW]
    await let_go(deps, held, ReferralEvent.DECLINED)

    assert await states(deps, provider) == [S.NEW]


async def test_two_bookings_of_one_moment_begin_one(world: World, deps: Deps) -> None:
    provider = await world.provider()
    client = await world.client(provider)

    await asyncio.gather(*(world.appointment(provider, client=client, starts_in=n * DAY) for n in range(1, 9)))

    assert len(await of(deps, provider)) == 1


async def test_an_appointment_whose_referral_is_closed_meanwhile_begins_another(
    world: World, deps: Deps, clock: Clock
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    for n in range(1, 6):
        clock.forward(seconds=1)
        first = await world.appointment(provider, client=client, starts_in=n * DAY)

        _, second = await asyncio.gather(
            cancel(deps, first, Side.CLIENT),
            world.appointment(provider, client=client, starts_in=(n + 10) * DAY),
        )

        belongs_to = {row.id: row.state for row in await of(deps, provider)}
        assert second.referral_id is not None
        assert belongs_to[second.referral_id].open
        await cancel(deps, second, Side.CLIENT)
    assert not [state for state in await states(deps, provider) if state.open]


# How it goes on


async def test_switching_to_a_call_is_told_and_changes_no_state(
    world: World, deps: Deps, session: AsyncSession
) -> None:
    provider = await world.provider()
    made = await world.appointment(provider, starts_in=DAY, session_type=SessionType.FULL_SESSION)
    async with deps.sessions.begin() as writing:
        await scheduling.switch_to_call(
            writing,
            made.id,
            actor=as_provider(provider.id),
            house=scheduling.house(deps.settings),
            now=deps.now(),
            new_id=deps.new_id,
        )

    assert await states(deps, provider) == [S.NEW]
    found = await session.execute(select(col(Event.data)).where(col(Event.kind) == EventKind.REFERRAL_MOVED))
    assert [data["event"] for data in found.scalars()] == ["switched_to_call"]
    assert (await only(session, made)).referral_id == made.referral_id


@pytest.mark.parametrize(
    ("by", "closed"),
    [(Side.PROVIDER, S.CLOSED_BY_PROVIDER), (Side.CLIENT, S.CLOSED_BY_CLIENT)],
)
@pytest.mark.parametrize("seen", [False, True])
async def test_it_closes_with_the_last_appointment_that_lies_ahead(
    world: World, deps: Deps, by: Side, closed: ReferralState, seen: bool
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    one = await world.appointment(provider, client=client, starts_in=DAY)
    two = await world.appointment(provider, client=client, starts_in=2 * DAY)
    (referral,) = await of(deps, provider)
    if seen:
        await move(deps, referral, ReferralEvent.OPENED)

    await cancel(deps, one, by)
    assert await states(deps, provider) == [S.SEEN if seen else S.NEW]
    await cancel(deps, two, by)

    assert await states(deps, provider) == [closed]


async def test_a_cancelled_follow_up_does_not_end_what_has_begun(world: World, deps: Deps, clock: Clock) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    consult = await world.appointment(provider, client=client)
    clock.to(consult.ends_at)
    await answer(deps, consult, occurred=True)
    later = await world.appointment(provider, client=client, starts_in=DAY, source=Source.PROVIDER_MADE)

    await cancel(deps, later, Side.CLIENT)

    assert await states(deps, provider) == [S.ENGAGED]


@pytest.mark.parametrize(("after", "expected"), [(-1, S.CLOSED_BY_PROVIDER), (0, S.NO_CONTACT), (1, S.NO_CONTACT)])
async def test_given_up_after_its_start_the_two_did_not_meet(
    world: World, deps: Deps, clock: Clock, after: int, expected: ReferralState
) -> None:
    provider = await world.provider()
    made = await world.appointment(provider, starts_in=DAY, session_type=SessionType.FULL_SESSION)
    clock.to(made.starts_at + timedelta(seconds=after))

    await cancel(deps, made, Side.PROVIDER)

    assert await states(deps, provider) == [expected]


# How a consultation moves it


@pytest.mark.parametrize(("occurred", "expected"), [(True, S.ENGAGED), (False, S.NO_CONTACT)])
async def test_the_answer_moves_it(
    world: World, deps: Deps, clock: Clock, occurred: bool, expected: ReferralState
) -> None:
    provider, _, appointment = await world.consultation()
    clock.to(appointment.ends_at)

    await answer(deps, appointment, occurred=occurred)

    assert await states(deps, provider) == [expected]


async def test_a_call_over_the_line_moves_it(world: World, deps: Deps, session: AsyncSession) -> None:
    provider, _, appointment = await world.consultation()
    async with deps.sessions.begin() as writing:
        await ledger.record_talk(
            writing,
            await only(writing, appointment),
            talk_s=60,
            live_since=None,
            call_id=None,
            now=deps.now(),
            policy=ledger.policy(deps.settings),
            new_id=deps.new_id,
        )

    assert await states(deps, provider) == [S.ENGAGED]


async def test_silence_for_three_days_is_no_contact_with_one_suggestion_and_a_new_booking_takes_it_back(
    world: World, deps: Deps, clock: Clock, works: Worker, session: AsyncSession
) -> None:
    provider, client, appointment = await world.consultation()
    clock.to(appointment.ends_at + timedelta(hours=72))
    await works.turn()
    await works.turn()

    assert await states(deps, provider) == [S.NO_CONTACT]
    found = await session.execute(select(Notice).where(col(Notice.key) == NoticeKey.NO_CONTACT))
    suggestion = found.scalar_one()
    assert (suggestion.recipient_id, suggestion.appointment_id) == (provider.id, appointment.id)

    await world.appointment(provider, client=client, starts_in=DAY, source=Source.PROVIDER_MADE)
    assert await states(deps, provider) == [S.SEEN]


async def test_a_request_alone_does_not_take_no_contact_back_but_its_yes_does(
    world: World, deps: Deps, clock: Clock
) -> None:
    provider, client, appointment = await world.consultation()
    clock.to(appointment.ends_at)
    await answer(deps, appointment, occurred=False)
    held = await hold(world, provider, client, source=Source.PAYER, starts_in=3 * DAY)
    assert await states(deps, provider) == [S.NO_CONTACT]

    await take_up(deps, held)

    assert await states(deps, provider) == [S.SEEN]


@pytest.mark.parametrize(
    ("first", "corrected", "expected"),
    [
        (None, True, S.ENGAGED),  # unknown, and occurred after all
        (None, False, S.NO_CONTACT),
        (False, True, S.ENGAGED),
        (True, False, S.ENGAGED),  # the two may have met otherwise; see the rule
    ],
)
async def test_an_operators_correction_counts_as_what_it_says(
    world: World,
    deps: Deps,
    clock: Clock,
    works: Worker,
    session: AsyncSession,
    first: bool | None,
    corrected: bool,
    expected: ReferralState,
) -> None:
    provider, _, appointment = await world.consultation()
    clock.to(appointment.ends_at + timedelta(hours=72 if first is None else 0))
    if first is None:
        await works.turn()
    else:
        await answer(deps, appointment, occurred=first)

    async with deps.sessions.begin() as writing:
        row = await scheduling.correct_consultation(
            writing,
            (await only(session, appointment)).id,
            occurred=corrected,
            reason="other",
            explanation="A slip.",
            actor=OPERATOR,
            policy=ledger.policy(deps.settings),
            now=deps.now(),
            new_id=deps.new_id,
        )

    assert row.status is (ConsultationStatus.OCCURRED_MANUAL if corrected else ConsultationStatus.DID_NOT_OCCUR)
    assert await states(deps, provider) == [expected]


@pytest.mark.parametrize(("was", "expected"), [(True, S.ENGAGED), (False, S.NO_CONTACT)])
async def test_a_session_moves_it_once_it_is_known_whether_it_was_kept(
    world: World, deps: Deps, was: bool, expected: ReferralState
) -> None:
    provider = await world.provider()
    made = await world.appointment(provider, starts_in=DAY, session_type=SessionType.FULL_SESSION)
    async with deps.sessions.begin() as session:
        await referrals.held(session, made, was=was, actor=as_provider(provider.id), now=deps.now(), new_id=deps.new_id)

    assert await states(deps, provider) == [expected]


# How the client's place in the list ends it


async def test_archiving_the_client_closes_it(world: World, deps: Deps, clock: Clock) -> None:
    provider, client, appointment = await world.consultation()
    clock.to(appointment.ends_at)
    await answer(deps, appointment, occurred=True)

    async with deps.sessions.begin() as session:
        await scheduling.archive_client(
            session,
            provider.id,
            client.id,
            actor=as_provider(provider.id),
            house=scheduling.house(deps.settings),
            now=deps.now(),
            new_id=deps.new_id,
        )

    assert await states(deps, provider) == [S.CLOSED_BY_PROVIDER]
