"""The lifecycle of a referral, by its table and through the ledger: every pair of requirements 4.1, listed or not."""

from itertools import product
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config.deps import Deps
from config.lifecycles import next_state
from status import actions as ledger
from status.models import Event, Notice, Referral
from status.rules.lifecycle import REFERRAL
from status.rules.referrals import AFTER_CONSULTATION, when_booked
from status.values import CLOCK, ConsultationEvent, EventKind, NoticeKey, ReferralEvent, ReferralState
from tests.builders import World

S, E = ReferralState, ReferralEvent
MET = (S.SEEN, S.ENGAGED)

MOVES = {
    (S.AWAITING_ACCEPTANCE, E.ACCEPTED): S.NEW,
    (S.AWAITING_ACCEPTANCE, E.DECLINED): S.CLOSED_DECLINED,
    (S.AWAITING_ACCEPTANCE, E.EXPIRED): S.CLOSED_EXPIRED,
    (S.AWAITING_ACCEPTANCE, E.WITHDRAWN): S.CLOSED_WITHDRAWN,
    (S.NEW, E.OPENED): S.SEEN,
    **{(state, E.SWITCHED_TO_CALL): state for state in (S.NEW, S.SEEN)},
    **{(state, E.CANCELLED_BY_PROVIDER): S.CLOSED_BY_PROVIDER for state in (S.NEW, S.SEEN)},
    **{(state, E.CANCELLED_BY_CLIENT): S.CLOSED_BY_CLIENT for state in (S.NEW, S.SEEN)},
    **{(state, E.HELD): S.ENGAGED for state in (S.NEW, S.SEEN)},
    **{(state, E.NOT_HELD): S.NO_CONTACT for state in (S.NEW, S.SEEN)},
    (S.NO_CONTACT, E.BOOKED_AGAIN): S.SEEN,
    (S.NO_CONTACT, E.HELD): S.ENGAGED,  # ours: by a correction, or by another appointment of the two
    **{(state, E.NOT_A_MATCH): S.HANDED_BACK for state in MET},
    **{(state, E.FIND_ANOTHER): S.REMATCH_BY_CLIENT for state in (*MET, S.NO_CONTACT)},
    **{(state, E.CLIENT_ARCHIVED): S.CLOSED_BY_PROVIDER for state in S if state.open},
}
OPEN = {S.AWAITING_ACCEPTANCE, S.NEW, S.SEEN, S.ENGAGED, S.NO_CONTACT}


@pytest.mark.parametrize(("state", "event"), [*product(S, E)])
def test_a_referral_moves_as_listed_and_not_otherwise(state: ReferralState, event: ReferralEvent) -> None:
    assert next_state(REFERRAL, state, event) is MOVES.get((state, event))


def test_what_is_open_can_move_and_what_is_closed_cannot() -> None:
    assert {state for state in S if state.open} == OPEN == set(REFERRAL)


@pytest.mark.parametrize("event", ConsultationEvent)
def test_a_consultation_moves_its_referral_by_whether_the_two_spoke(event: ConsultationEvent) -> None:
    spoke = {ConsultationEvent.HELD, ConsultationEvent.ANSWERED_YES, ConsultationEvent.CORRECTED_YES}
    did_not = {ConsultationEvent.ANSWERED_NO, ConsultationEvent.WINDOW_CLOSED, ConsultationEvent.CORRECTED_NO}

    expected = E.HELD if event in spoke else E.NOT_HELD if event in did_not else None

    assert AFTER_CONSULTATION.get(event) is expected


@pytest.mark.parametrize("state", [state for state in S if state.open])
def test_a_further_booking_is_always_a_move_of_the_table_or_none(state: ReferralState) -> None:
    event = when_booked(state)

    assert event is {S.AWAITING_ACCEPTANCE: E.ACCEPTED, S.NO_CONTACT: E.BOOKED_AGAIN}.get(state)
    assert event is None or (state, event) in MOVES


async def put(session: AsyncSession, world: World, provider_id: UUID, client_id: UUID, state: ReferralState) -> UUID:
    now = world.deps.now()
    row = Referral(
        id=world.deps.new_id(),
        provider_id=provider_id,
        client_id=client_id,
        source="platform_search",
        state=state,
        created_at=now,
        changed_at=now,
    )
    session.add(row)
    await session.flush()
    return row.id


async def test_the_ledger_moves_every_listed_pair_and_leaves_every_other_alone(world: World, deps: Deps) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    wrong = []
    async with deps.sessions() as session:
        for state, event in product(S, E):
            referral_id = await put(session, world, provider.id, client.id, state)
            moved = await ledger.move_referral(
                session, referral_id, event, actor=CLOCK, now=deps.now(), new_id=deps.new_id
            )
            row = await session.get(Referral, referral_id, populate_existing=True)
            lines = await moves_told(session)
            suggested = await suggestions(session)
            assert row is not None
            after = MOVES.get((state, event))
            expected = (after is not None, after or state, 1 + (after is not None), int(after is not None))
            if (moved, row.state, row.version, lines) != expected or suggested != (after is S.NO_CONTACT):
                wrong.append((state, event, moved, row.state, row.version, lines, suggested))
            assert (row.seen_at == deps.now()) is (event is E.OPENED and state is S.NEW)
            await session.rollback()

    assert wrong == []


async def test_nothing_happens_to_no_referral(deps: Deps) -> None:
    async with deps.sessions.begin() as session:
        for nobody in (None, deps.new_id()):
            assert not await ledger.move_referral(
                session, nobody, E.HELD, actor=CLOCK, now=deps.now(), new_id=deps.new_id
            )
        assert await moves_told(session) == 0


async def moves_told(session: AsyncSession) -> int:
    query = select(func.count()).select_from(Event).where(col(Event.kind) == EventKind.REFERRAL_MOVED)
    return (await session.execute(query)).scalar_one()


async def suggestions(session: AsyncSession) -> int:
    query = select(func.count()).select_from(Notice).where(col(Notice.key) == NoticeKey.NO_CONTACT)
    return (await session.execute(query)).scalar_one()
