"""Two things at once: a change commits under a call, two workers take the same deadline (F40, F41)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app import deps as real
from bridge.carriers.simulator import RestFailure
from bridge.models import CallEvent
from bridge.values import Outcome as Kept
from bridge.values import Reason
from config.deps import Deps
from config.settings import Settings
from portal import jobs as letters
from scheduling import actions as scheduling
from scheduling.models import Appointment
from scheduling.values import Side
from status.models import Consultation, Notice, Task
from status.values import ConsultationStatus, EventKind, NoticeKey, NoticeState, TaskState
from tests.builders import OPERATOR, World
from tests.canaries import Said
from tests.clock import Clock
from tests.faults import kept, signed
from tests.faults.conftest import Voice, until
from tests.faults.process import start
from tests.faults.signed import Poster
from tests.fixtures import LINES, Carrier, Worker

Change = Callable[[World, Appointment], Coroutine[Any, Any, None]]


async def cancel(world: World, appointment: Appointment) -> None:
    async with world.deps.sessions.begin() as writing:
        await scheduling.cancel(
            writing,
            appointment.id,
            by=Side.PROVIDER,
            reason=None,
            message=None,
            actor=OPERATOR,
            house=scheduling.house(world.deps.settings),
            now=world.deps.now(),
            new_id=world.deps.new_id,
        )


async def reschedule(world: World, appointment: Appointment) -> None:
    async with world.deps.sessions.begin() as writing:
        await scheduling.reschedule(
            writing,
            appointment.id,
            starts_at=world.deps.now() + timedelta(hours=3),
            ends_at=None,
            actor=OPERATOR,
            house=scheduling.house(world.deps.settings),
            now=world.deps.now(),
            new_id=world.deps.new_id,
        )


AFTER: Mapping[Change, list[ConsultationStatus]] = {
    cancel: [ConsultationStatus.NOT_APPLICABLE],
    reschedule: [ConsultationStatus.VOID_RESCHEDULED, ConsultationStatus.SCHEDULED],
}


# --- F40 -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [cancel, reschedule])
@pytest.mark.parametrize("moment", ["ringing", "talking"])
async def test_f40_a_call_under_way_belongs_to_the_occurrence_for_which_it_was_answered(
    service: str,
    carrier: Carrier,
    world: World,
    session: AsyncSession,
    clock: Clock,
    works: Worker,
    change: Change,
    moment: str,
) -> None:
    provider, client, appointment = await world.consultation()

    async def changed() -> None:
        await change(world, appointment)

    if moment == "ringing":
        call = await carrier.dial(provider, talk_s=300, while_ringing=changed)
    else:
        call = await carrier.dial(provider, talk_s=300, while_talking=changed)
    again = await carrier.dial(provider)

    assert [rang.number for rang in call.rang] == [client.phone]
    assert call.faults == []
    assert not again.rang
    row = next(one for one in await kept.calls(session) if one.sid == call.sid)
    assert (row.outcome, row.talk_s, row.occurrence) == (Kept.CONNECTED, 300, 1)
    clock.to(appointment.ends_at)
    clock.forward(hours=25)
    if change is reschedule:
        clock.to(appointment.starts_at + timedelta(hours=3, minutes=14))
    await works.turn()
    both = await kept.rows(session, Consultation, col(Consultation.occurrence))
    assert [one.status for one in both] == AFTER[change]
    assert [one.talk_s for one in both] == [300, None][: len(both)]
    assert both[0].late_evidence_at is not None
    assert await kept.rows(session, Task) == []  # nobody is asked (R124, R126)
    texts = [one for one in carrier.simulator.book.messages.values() if one.to == provider.dial_phone]
    assert texts == []


@pytest.mark.parametrize("change", [cancel, reschedule])
async def test_f40_a_call_and_a_change_at_the_same_instant_come_to_one_or_the_other(
    service: str, post: Poster, world: World, session: AsyncSession, change: Change
) -> None:
    provider = await world.provider()
    dials = []

    for number in range(12):
        client = await world.client(provider)
        appointment = await world.appointment(provider, client=client, length=timedelta(hours=1))
        params = signed.call(provider.dial_phone or "")

        async def a_moment_later(change: Change = change, to: Appointment = appointment, turns: int = number) -> None:
            for _ in range(turns * 3):
                await asyncio.sleep(0)
            await change(world, to)

        answer, _ = await asyncio.gather(post("/twilio/voice", params), a_moment_later())

        (row,) = [one for one in await kept.calls(session) if one.sid == params["CallSid"]]
        dials.append(answer.dials)
        if answer.dials:
            assert (client.phone or "none") in answer.body
            assert (row.appointment_id, row.occurrence, row.reason) == (appointment.id, 1, None)
        else:
            assert answer.is_document
            assert row.reason in {Reason.NO_CONSULTATION, Reason.TOO_EARLY}
        if change is reschedule:
            await cancel(world, appointment)

    assert any(dials)


async def test_f40_a_choice_from_a_menu_is_looked_at_again(
    service: str, post: Poster, world: World, session: AsyncSession
) -> None:
    provider = await world.provider()
    first = await world.appointment(provider, starts_in=timedelta(minutes=-14))
    second = await world.appointment(provider, starts_in=timedelta(minutes=1))
    third = next(line for line in LINES if line not in {first.line, second.line})
    params = signed.call(provider.dial_phone or "", line=third)
    asked = await post("/twilio/voice", params)
    assert "<Gather" in asked.body
    row = await kept.only_call(session)
    await cancel(world, first)

    answer = await post(f"/twilio/voice/menu/{row.id}?n=1", {**params, "Digits": "1"})

    assert not answer.dials
    assert (await kept.only_call(session)).reason is Reason.NO_CONSULTATION


async def test_f40_two_callbacks_of_one_call_at_the_same_instant_do_not_lose_each_other(
    service: str, carrier: Carrier, world: World, session: AsyncSession, role: Voice
) -> None:
    provider, _, _ = await world.consultation()
    call = await carrier.dial(provider, talk_s=240)
    told = [one for one in call.exchanges if one.kind not in {"voice", "fallback"}]
    async with world.deps.sessions.begin() as writing:
        for fact in (await writing.execute(select(CallEvent).where(col(CallEvent.source) != "answer"))).scalars():
            await writing.delete(fact)

    await asyncio.gather(*(carrier.simulator.replay(one) for one in told * 4))

    facts = await kept.facts(session)
    assert len(facts) == len(set(facts)) == 7
    row = await kept.only_call(session)
    assert (row.outcome, row.talk_s) == (Kept.CONNECTED, 240)
    assert (await kept.kinds(session)).count(EventKind.CONSULTATION_OCCURRED_BY_LINE) == 1


# --- F41: two workers, as processes --------------------------------------------------------------------


class TestWorkers:
    """By the real clock, since a process of its own has no other."""

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock(datetime.now(UTC))

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        settings.data_dir.mkdir()
        quick = {"production": True, "database_pool": 4, "voice_pool": 2, "sweep_every_s": 1, "probe_every_s": 3600}
        return settings.model_copy(update=quick)

    @pytest.fixture
    async def later(self, plain: Settings) -> AsyncIterator[Deps]:
        """Return what a worker has whose clock is ten minutes ahead: what was claimed is stale for it."""
        async with real.connect(plain, now=Clock(datetime.now(UTC) + timedelta(minutes=10))) as found:
            yield found

    async def test_f41_two_workers_take_the_same_deadlines_and_one_is_killed_on_the_way(
        self,
        settings: Settings,
        carrier: Carrier,
        world: World,
        session: AsyncSession,
        clock: Clock,
        later: Deps,
        said: Said,
    ) -> None:
        now = clock()
        offset = (now.hour - 12 + 12) % 24 - 12  # where it is about noon now
        zone = f"Etc/GMT{offset:+d}" if offset else "UTC"
        clock.to(now - timedelta(hours=25))
        providers = [await world.provider(timezone=zone) for _ in range(8)]
        for provider in providers:
            await world.appointment(provider)
        clock.forward(minutes=16)
        await Worker(world.deps).turn()
        clock.to(now)
        holder = world.deps.sessions()
        await holder.execute(select(Notice).with_for_update())

        async def both_have_probed() -> bool:
            return len(await kept.signs(session)) == 2 * len(LINES)

        async def all_but_one_are_sent() -> bool:
            sent = [one for one in await texts(session) if one.state in {NoticeState.SENT, NoticeState.DELIVERED}]
            return len(sent) == len(providers) - 1

        workers = [await start("worker", settings, said.file("worker")) for _ in range(2)]
        try:
            await until(both_have_probed, within_s=30)
            carrier.simulator.book.fail_next(RestFailure(status=None, took_it=True))  # takes one and never says so
            await holder.rollback()
            await until(all_but_one_are_sent, within_s=30)
        finally:
            await holder.close()
            for worker in workers:
                await worker.kill()

        (left,) = [one for one in await texts(session) if one.state not in {NoticeState.SENT, NoticeState.DELIVERED}]
        assert left.state is NoticeState.CLAIMED
        # The queue gives the job of a dead worker to another once no sign of life has come for half a minute.
        await letters.deliver(later, left.id)

        assert {one.state for one in await texts(session)} <= {NoticeState.SENT, NoticeState.DELIVERED}
        taken = [one.to for one in carrier.simulator.book.messages.values()]
        assert sorted(taken) == sorted(provider.dial_phone or "" for provider in providers)
        assert {one.state for one in await kept.rows(session, Task)} == {TaskState.OPEN}
        assert (await kept.kinds(session)).count(EventKind.CONSULTATION_AWAITING) == len(providers)


async def texts(session: AsyncSession) -> list[Notice]:
    return [one for one in await kept.rows(session, Notice) if one.key is NoticeKey.STATUS_TEXT]
