"""The one statement of the voice path says the same as the floors' own queries, and writes what it should."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge import actions, queries
from bridge.models import Call, CallEvent
from bridge.values import Attestation, CarrierName, Fact, FactSource, Heard, InboundCall
from config.phones import CallerId, CallerKind
from people.values import PracticeKind
from scheduling.values import Source
from status.actions import policy
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import LINES

NUMBERS = [f"+12125550{n}" for n in (150, 151, 152, 153)]


def inbound(world: World, number: str | None, sid: str) -> InboundCall:
    return InboundCall(
        carrier=CarrierName.SIMULATOR,
        sid=sid,
        line=LINES[0],
        caller=CallerId(CallerKind.NUMBER if number else CallerKind.WITHHELD, number),
        attestation=Attestation.PASSED_A,
        arrived_at=world.deps.now(),
    )


async def arrive(world: World, call: InboundCall) -> queries.Arrived:
    return await queries.arrive(
        world.deps.driver,
        call,
        call_id=world.deps.new_id(),
        fact_id=world.deps.new_id(),
        caller_key=actions.caller_key(call.caller.number, world.deps.settings),
        lead=world.deps.settings.line_lead,
        within_s=5,
    )


async def populate(world: World, chance: random.Random) -> None:
    """Make providers who share numbers, groups, PINs, neighbours in time, held and live consultations."""
    practices = [
        await world.practice(),
        await world.practice(kind=PracticeKind.GROUP, line_enabled=True),
        await world.practice(kind=PracticeKind.GROUP),
    ]
    for n in range(6):
        provider = await world.provider(
            practice=chance.choice(practices),
            dial_phone=NUMBERS[0] if n == 0 else chance.choice([*NUMBERS, None]),
            verified=chance.random() < 0.7,
            pin=f"{n}" * 6 if chance.random() < 0.5 else None,
        )
        start = timedelta(minutes=chance.choice([-1500, -40, -20, -15, -1]))
        for _ in range(chance.randint(2 if n == 0 else 0, 4)):
            length = timedelta(minutes=chance.choice([1, 15, 30]))
            row = await world.appointment(
                provider,
                client=await world.client(provider, phone=chance.choice(["", None])),
                starts_in=start,
                length=length,
                source=Source.PAYER if n == 0 else chance.choice([Source.BOOKING_LINK, Source.PROVIDER_MADE]),
            )
            start += length + timedelta(minutes=chance.choice([0, 0, 1, 700]))
            if row.tracked and chance.random() < 0.5:
                await a_call(world, row.id, row.occurrence, chance)


async def a_call(world: World, appointment_id: object, occurrence: int, chance: random.Random) -> None:
    """Let somebody have talked, or be talking, for an appointment."""
    async with world.deps.sessions.begin() as session:
        call_id, sid = world.deps.new_id(), f"CA{chance.getrandbits(128):032x}"
        call = inbound(world, None, sid)
        await queries.add_call(session, call, call_id=call_id, key=None, last2=None)
        row = await queries.call_for_update(session, call_id)
        assert row is not None
        row.appointment_id, row.occurrence = appointment_id, occurrence  # type: ignore[assignment]
        leg = f"CA{chance.getrandbits(128):032x}"
        heard = [(Heard.ANSWERED, 2, None)] + ([(Heard.COMPLETED, 3, 90)] if chance.random() < 0.5 else [])
        for event, sequence, seconds in heard:
            await actions.hear(
                session,
                Fact(
                    source=FactSource.LEG,
                    leg=leg,
                    event=event,
                    sequence=sequence,
                    at=world.deps.now() + timedelta(seconds=seconds or 0),
                    duration_s=seconds,
                ),
                carrier=CarrierName.SIMULATOR,
                call_id=call_id,
                sid=None,
                policy=policy(world.deps.settings),
                now=world.deps.now(),
                new_id=world.deps.new_id,
            )


@pytest.mark.parametrize("seed", range(6))
async def test_the_statement_is_equal_to_the_floors_own_queries(world: World, seed: int) -> None:
    chance = random.Random(seed)
    await populate(world, chance)
    seen = 0
    for number in [*NUMBERS, "+12125550159"]:
        for minutes in (-30, -15, -1, 0, 1, 14, 15):
            call = inbound(world, number, f"CA{chance.getrandbits(128):032x}")
            call = InboundCall(
                carrier=call.carrier,
                sid=call.sid,
                line=call.line,
                caller=call.caller,
                attestation=call.attestation,
                arrived_at=call.arrived_at + timedelta(minutes=minutes),
            )
            async with world.deps.sessions() as session:
                slow = await queries.known(session, call, lead=world.deps.settings.line_lead)
            fast = await arrive(world, call)
            assert fast.known == slow
            seen += len(slow.candidates)
    assert seen > 0


async def test_a_known_callsid_writes_nothing_and_is_told_so(world: World, session: AsyncSession, clock: Clock) -> None:
    provider, _, appointment = await world.consultation()
    call = inbound(world, provider.dial_phone, "CA" + "1" * 32)

    first, second = await arrive(world, call), await arrive(world, call)

    assert first.call_id is not None
    assert second.call_id is None
    assert first.appointment_id == appointment.id
    (row,) = (await session.execute(select(Call))).scalars().all()
    assert (row.id, row.provider_id, row.appointment_id, row.occurrence) == (
        first.call_id,
        provider.id,
        appointment.id,
        1,
    )
    (fact,) = (await session.execute(select(CallEvent))).scalars().all()
    assert (fact.source, fact.event, fact.leg) == (FactSource.ANSWER, Heard.DIALLED, call.sid)


async def test_a_withheld_number_is_written_down_without_one(world: World, session: AsyncSession) -> None:
    found = await arrive(world, inbound(world, None, "CA" + "2" * 32))

    assert found.known.callers == ()
    row = (await session.execute(select(Call))).scalar_one()
    assert (row.caller_key, row.caller_last2, row.provider_id) == (None, None, None)
