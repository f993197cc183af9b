"""A referral for medication (R43): its table, through the ledger pair by pair, and how it ends by itself."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config.deps import Deps
from config.lifecycles import next_state
from people.models import Client, Provider
from status import actions as ledger
from status import queries
from status.models import Event, Notice, PsychiatricReferral
from status.rules.lifecycle import PSYCHIATRIC
from status.rules.psychiatric import may_consent, state_at
from status.values import (
    CLOCK,
    Channel,
    ConsentBy,
    EventKind,
    NoticeKey,
    PsychiatricEvent,
    PsychiatricState,
)
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker

S, E = PsychiatricState, PsychiatricEvent
DEADLINE = datetime(2026, 12, 8, 19, tzinfo=UTC)
FORTNIGHT = timedelta(days=14)

MOVES = {
    (S.DRAFT, E.CONSENT): S.CONSENTED,
    (S.CONSENTED, E.SEND): S.SENT,
    (S.SENT, E.ACCEPT): S.ACCEPTED,
    (S.SENT, E.DECLINE): S.DECLINED,
    (S.SENT, E.EXPIRE): S.EXPIRED,
    (S.ACCEPTED, E.VISIT): S.FIRST_VISIT,
    **{(state, E.WITHDRAW): S.WITHDRAWN for state in (S.DRAFT, S.CONSENTED, S.SENT)},  # ours: consent taken back
}


@pytest.mark.parametrize(("state", "event"), [*product(S, E)])
def test_it_moves_as_listed_and_not_otherwise(state: PsychiatricState, event: PsychiatricEvent) -> None:
    assert next_state(PSYCHIATRIC, state, event) is MOVES.get((state, event))


def test_what_is_open_can_move_and_what_is_over_cannot() -> None:
    assert {state for state in S if state.open} == set(PSYCHIATRIC)


def test_nobody_is_told_a_name_before_a_yes() -> None:
    assert {state for state in S if state.told} == {S.ACCEPTED, S.FIRST_VISIT}


@pytest.mark.parametrize(("seconds", "expected"), [(-1, S.SENT), (0, S.EXPIRED), (1, S.EXPIRED)])
def test_it_has_expired_at_its_deadline_whoever_looks(seconds: int, expected: PsychiatricState) -> None:
    assert state_at(S.SENT, DEADLINE, DEADLINE + timedelta(seconds=seconds)) is expected


@pytest.mark.parametrize("state", [state for state in S if state is not S.SENT])
def test_only_what_waits_for_an_answer_can_expire(state: PsychiatricState) -> None:
    assert state_at(state, DEADLINE, DEADLINE + FORTNIGHT) is state
    assert state_at(state, None, DEADLINE) is state


@pytest.mark.parametrize(
    ("by", "age", "counts"),
    [
        (ConsentBy.CLIENT, 17, False),
        (ConsentBy.CLIENT, 18, True),
        (ConsentBy.CLIENT, None, True),
        (ConsentBy.GUARDIAN, 17, True),
        (ConsentBy.GUARDIAN, 18, True),
        (ConsentBy.GUARDIAN, None, True),
    ],
)
def test_for_who_is_not_of_age_a_guardian_consents(by: ConsentBy, age: int | None, counts: bool) -> None:
    assert may_consent(by, age) is counts


# Through the ledger


async def three(world: World) -> tuple[Provider, Client, Provider]:
    provider, prescriber = await world.provider(), await world.provider()
    return provider, await world.client(provider), prescriber


async def put(
    session: AsyncSession,
    world: World,
    people: tuple[Provider, Client, Provider],
    state: PsychiatricState,
    *,
    expires_at: datetime | None = None,
) -> PsychiatricReferral:
    provider, client, prescriber = people
    row = PsychiatricReferral(
        id=world.deps.new_id(),
        provider_id=provider.id,
        client_id=client.id,
        prescriber_id=prescriber.id,
        state=state,
        created_at=world.deps.now(),
        expires_at=expires_at,
    )
    session.add(row)
    await session.flush()
    return row


async def letters(session: AsyncSession) -> list[tuple[NoticeKey, Channel, object]]:
    found = await session.execute(select(Notice).order_by(col(Notice.channel)))
    return [(row.key, row.channel, row.recipient_id) for row in found.scalars()]


async def test_the_ledger_moves_every_listed_pair_and_leaves_every_other_alone(world: World, deps: Deps) -> None:
    people = await three(world)
    ahead = deps.now() + FORTNIGHT
    wrong = []
    async with deps.sessions() as session:
        for state, event in product(S, E):
            # In time, nothing expires; what can only happen by time is tried when it is over.
            expires_at = deps.now() if event is E.EXPIRE else ahead
            row = await put(session, world, people, state, expires_at=expires_at)
            moved = await ledger.move_psychiatric(session, row, event, actor=CLOCK, now=deps.now(), new_id=deps.new_id)
            after = MOVES.get((state, event))
            told = await session.execute(select(Event).where(col(Event.kind) == EventKind.PSYCHIATRIC_MOVED))
            if (moved, row.state, len(told.scalars().all())) != (after is not None, after or state, after is not None):
                wrong.append((state, event, moved, row.state))
            await session.rollback()

    assert wrong == []


@pytest.mark.parametrize("event", [event for event in E if event is not E.EXPIRE])
@pytest.mark.parametrize("state", [S.SENT])
async def test_from_the_deadline_on_nothing_but_its_end_can_happen(
    world: World, deps: Deps, state: PsychiatricState, event: PsychiatricEvent
) -> None:
    people = await three(world)
    async with deps.sessions() as session:
        row = await put(session, world, people, state, expires_at=deps.now())

        assert not await ledger.move_psychiatric(session, row, event, actor=CLOCK, now=deps.now(), new_id=deps.new_id)
        assert row.state is S.SENT


async def test_the_prescriber_is_asked_and_whoever_asked_hears_of_it(world: World, deps: Deps) -> None:
    people = await three(world)
    provider, _, prescriber = people
    both = (Channel.MAIL, Channel.PORTAL)
    expected = {
        (S.CONSENTED, E.SEND): [(NoticeKey.PSYCHIATRIC_REFERRAL, way, prescriber.id) for way in both],
        (S.SENT, E.ACCEPT): [(NoticeKey.PSYCHIATRIC_ANSWERED, way, provider.id) for way in both],
        (S.SENT, E.DECLINE): [(NoticeKey.PSYCHIATRIC_ANSWERED, way, provider.id) for way in both],
        (S.SENT, E.EXPIRE): [(NoticeKey.PSYCHIATRIC_ANSWERED, way, provider.id) for way in both],
    }
    async with deps.sessions() as session:
        for state, event in MOVES:
            expires_at = deps.now() + (timedelta() if event is E.EXPIRE else FORTNIGHT)
            row = await put(session, world, people, state, expires_at=expires_at)
            await ledger.move_psychiatric(session, row, event, actor=CLOCK, now=deps.now(), new_id=deps.new_id)

            assert await letters(session) == expected.get((state, event), []), (state, event)
            await session.rollback()


async def test_the_sweep_ends_what_nobody_answered_and_nothing_else(
    world: World, deps: Deps, clock: Clock, works: Worker, session: AsyncSession
) -> None:
    people = await three(world)
    async with deps.sessions.begin() as writing:
        row = await put(writing, world, people, S.SENT, expires_at=deps.now() + FORTNIGHT)
    clock.forward(days=14, seconds=-1)
    await works.turn()
    assert (await queries.psychiatric_referral(session, row.id)).state is S.SENT  # type: ignore[union-attr]

    clock.forward(seconds=1)
    await works.turn()
    await works.turn()

    await session.rollback()
    found = await session.get(PsychiatricReferral, row.id, populate_existing=True)
    assert found is not None
    assert (found.state, found.version) == (S.EXPIRED, 2)


@pytest.mark.parametrize("state", S)
async def test_a_provider_and_a_client_have_one_open_at_a_time(
    world: World, deps: Deps, state: PsychiatricState
) -> None:
    people = await three(world)
    provider, client, _ = people
    async with deps.sessions() as session:
        await put(session, world, people, state)
        found = await queries.open_psychiatric_for_update(session, provider.id, client.id)
        assert (found is not None) is state.open
        if state.open:
            with pytest.raises(IntegrityError):
                await put(session, world, people, S.DRAFT)
        else:
            await put(session, world, people, S.DRAFT)
