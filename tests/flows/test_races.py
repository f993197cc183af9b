"""Two things at once, on many real connections: one wins, nothing is half done."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import worker
from bridge.models import Call
from config.errors import Refused
from scheduling import actions as scheduling
from scheduling.models import Appointment
from scheduling.values import AppointmentState, SessionType, Side, Source
from status import actions as ledger
from status.models import Consultation, Task
from status.values import Actor, ActorKind, ConsultationStatus, DecidedBy, TaskState
from tests.builders import OPERATOR, World
from tests.clock import Clock
from tests.fixtures import Carrier, Worker


async def test_f39_a_hundred_bookings_of_one_time_make_one(world: World, session: AsyncSession) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    starts_at = world.deps.now() + timedelta(days=3)

    async def book(n: int) -> str:
        try:
            async with world.deps.sessions.begin() as writing:
                await scheduling.book(
                    writing,
                    provider_id=provider.id,
                    client_id=client.id,
                    session_type=SessionType.PHONE_CONSULTATION,
                    source=Source.PLATFORM_SEARCH,
                    original_source=None,
                    starts_at=starts_at + timedelta(minutes=n % 15),
                    ends_at=starts_at + timedelta(minutes=n % 15 + 15),
                    actor=OPERATOR,
                    house=scheduling.house(world.deps.settings),
                    now=world.deps.now(),
                    new_id=world.deps.new_id,
                )
        except Refused as no:
            return no.code
        return "booked"

    results = await asyncio.gather(*(book(n) for n in range(100)))

    assert sorted(set(results)) == ["booked", "overlap"]
    assert results.count("booked") == 1
    kept = await session.execute(select(func.count()).select_from(Appointment))
    assert kept.scalar_one() == 1


async def test_a_reschedule_onto_another_appointment_is_refused_in_words(world: World) -> None:
    provider = await world.provider()
    taken = await world.appointment(provider, starts_in=timedelta(hours=2))
    moved = await world.appointment(provider, starts_in=timedelta(hours=5))

    with pytest.raises(Refused, match="another appointment at this time"):
        async with world.deps.sessions.begin() as writing:
            await scheduling.reschedule(
                writing,
                moved.id,
                starts_at=taken.starts_at + timedelta(minutes=5),
                ends_at=None,
                actor=OPERATOR,
                house=scheduling.house(world.deps.settings),
                now=world.deps.now(),
                new_id=world.deps.new_id,
            )


async def test_an_answer_and_a_late_callback_settle_it_once(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    from bridge.carriers.simulator import Mischief  # noqa: PLC0415

    provider, _, appointment = await world.consultation()
    late = Mischief(late=frozenset({"completed", "action", "ended"}))
    call = await carrier.dial(provider, talk_s=600, mischief=late)
    clock.to(appointment.ends_at + timedelta(hours=4))
    await works.turn()
    consultation = (await session.execute(select(Consultation))).scalar_one()

    async def answer() -> str:
        try:
            async with world.deps.sessions.begin() as writing:
                await ledger.answer(
                    writing,
                    consultation.id,
                    occurred=False,
                    by=DecidedBy.PORTAL,
                    actor=Actor(kind=ActorKind.PROVIDER, id=provider.id),
                    now=clock(),
                    policy=ledger.policy(world.deps.settings),
                    new_id=world.deps.new_id,
                )
        except Refused as no:
            return no.code
        return "answered"

    said, _ = await asyncio.gather(answer(), call.deliver_late())

    await session.rollback()
    settled = (await session.execute(select(Consultation))).scalar_one()
    expected = {
        "answered": ConsultationStatus.DID_NOT_OCCUR,
        "already_shared": ConsultationStatus.OCCURRED_AUTO,
    }
    assert settled.status is expected[said]
    assert settled.talk_s == 600
    task = (await session.execute(select(Task))).scalar_one()
    assert task.state in {TaskState.DONE, TaskState.CANCELLED}


async def test_f40_a_reschedule_and_a_call_at_once(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock
) -> None:
    for _ in range(5):
        provider, client, appointment = await world.consultation()

        async def reschedule(appointment: Appointment = appointment) -> None:
            async with world.deps.sessions.begin() as writing:
                await scheduling.reschedule(
                    writing,
                    appointment.id,
                    starts_at=clock() + timedelta(hours=5),
                    ends_at=None,
                    actor=OPERATOR,
                    house=scheduling.house(world.deps.settings),
                    now=clock(),
                    new_id=world.deps.new_id,
                )

        call, _ = await asyncio.gather(carrier.dial(provider, talk_s=300), reschedule(), return_exceptions=True)

        assert not isinstance(call, BaseException)
        assert [r.number for r in call.rang] in ([], [client.phone])
        await session.rollback()
        rows = (
            (
                await session.execute(
                    select(Consultation)
                    .where(col(Consultation.appointment_id) == appointment.id)
                    .order_by(col(Consultation.occurrence))
                )
            )
            .scalars()
            .all()
        )
        kept = (await session.execute(select(Call).where(col(Call.sid) == call.sid))).scalar_one()
        # What was talked belongs to the occurrence that was dialled, never to the new one.
        assert rows[0].status in {ConsultationStatus.VOID_RESCHEDULED, ConsultationStatus.OCCURRED_AUTO}
        if len(rows) == 2:
            assert (rows[1].status, rows[1].talk_s) == (ConsultationStatus.SCHEDULED, None)
        if kept.appointment_id:
            assert kept.occurrence == 1


async def test_f40_a_cancel_during_a_call_leaves_the_call_alone(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock
) -> None:
    provider, _, appointment = await world.consultation()

    async def cancel() -> None:
        async with world.deps.sessions.begin() as writing:
            await scheduling.cancel(
                writing,
                appointment.id,
                by=Side.PROVIDER,
                reason=None,
                message=None,
                actor=OPERATOR,
                house=scheduling.house(world.deps.settings),
                now=clock(),
                new_id=world.deps.new_id,
            )

    call = await carrier.dial(provider, talk_s=300, while_talking=cancel)

    assert call.talk_s == 300
    await session.rollback()
    row = (await session.execute(select(Appointment))).scalar_one()
    consultation = (await session.execute(select(Consultation))).scalar_one()
    assert row.state is AppointmentState.CANCELLED_BY_PROVIDER
    assert consultation.status is ConsultationStatus.NOT_APPLICABLE
    assert consultation.late_evidence_at is not None  # kept and shown, nothing is undone (R121)


async def test_f41_two_workers_judge_one_deadline_once(world: World, session: AsyncSession, clock: Clock) -> None:
    _, _, appointment = await world.consultation()
    clock.to(appointment.ends_at)

    await asyncio.gather(worker.sweep(world.deps), worker.sweep(world.deps))
    await asyncio.gather(worker.drain(world.deps), worker.drain(world.deps))

    assert len((await session.execute(select(Task))).scalars().all()) == 1
