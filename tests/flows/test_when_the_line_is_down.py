"""Stories of an outage: the direct number appears by itself, everybody is told, nobody is blamed."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bridge import actions
from bridge.carriers.simulator import Mischief, Outcome, RestFailure
from bridge.models import Call, LineStatus
from bridge.values import Contact, ContactKind, ContactReason, LineState
from bridge.values import Outcome as Kept
from scheduling import queries as calendar
from scheduling.models import Appointment
from status.models import Consultation, Event, Notice
from status.values import ConsultationStatus, EventKind, NoticeKey
from tests.builders import OPERATOR, World
from tests.clock import Clock
from tests.fixtures import LINES, Carrier, Worker


async def contact(world: World, appointment: Appointment) -> Contact:
    async with world.deps.sessions.begin() as writing:
        row = await calendar.appointment(writing, appointment.id)
        assert row is not None
        found = await actions.contacts(
            writing,
            [row],
            settings=world.deps.settings,
            actor=OPERATOR,
            now=world.deps.now(),
            new_id=world.deps.new_id,
        )
    return found[appointment.id]


async def declare(world: World, *, down: bool) -> None:
    async with world.deps.sessions.begin() as writing:
        told = {
            "lines": world.deps.settings.lines,
            "actor": OPERATOR,
            "settings": world.deps.settings,
            "now": world.deps.now(),
            "new_id": world.deps.new_id,
        }
        if down:
            await actions.declare_outage(writing, reason="maintenance", **told)  # type: ignore[arg-type]
        else:
            await actions.restore(writing, **told)  # type: ignore[arg-type]


async def states(session: AsyncSession) -> set[LineState]:
    await session.rollback()
    return {row.state for row in (await session.execute(select(LineStatus))).scalars()}


async def test_the_operator_declares_an_outage_and_takes_it_back(
    world: World, session: AsyncSession, clock: Clock
) -> None:
    provider, client, now_on = await world.consultation()
    later = await world.appointment(provider, starts_in=timedelta(hours=5))
    assert (await contact(world, now_on)).number == now_on.line

    await declare(world, down=True)

    shown = await contact(world, now_on)
    assert (shown.kind, shown.reason, shown.number) == (
        ContactKind.DIRECT,
        ContactReason.OUTAGE,
        client.phone,
    )
    assert (await contact(world, later)).kind is ContactKind.LINE
    clock.forward(minutes=2)
    await declare(world, down=False)
    assert (await contact(world, now_on)).kind is ContactKind.DIRECT  # to its end (R111)
    assert (await contact(world, later)).kind is ContactKind.LINE
    clock.to(now_on.ends_at)
    assert (await contact(world, now_on)).reason is ContactReason.WINDOW_OVER
    await session.rollback()
    revealed = (
        (await session.execute(select(Event).where(col(Event.kind) == EventKind.NUMBER_REVEALED))).scalars().all()
    )
    assert [e.appointment_id for e in revealed] == [now_on.id]
    told = {(n.key, n.channel.value) for n in (await session.execute(select(Notice))).scalars()}
    assert {(NoticeKey.LINE_OUTAGE, "mail"), (NoticeKey.LINE_OUTAGE, "portal")} <= told
    assert (NoticeKey.LINE_RESTORED, "portal") in told


async def test_an_outage_excuses_whom_it_overlaps(
    world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    _, _, appointment = await world.consultation()
    await declare(world, down=True)
    clock.to(appointment.ends_at + timedelta(hours=72))
    await works.turn()

    await session.rollback()
    row = (await session.execute(select(Consultation))).scalar_one()
    assert row.status is ConsultationStatus.UNKNOWN
    assert row.excused_at is not None


async def test_three_failed_probes_bring_the_line_down_and_five_quiet_minutes_up(
    carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    _, client, appointment = await world.consultation()
    carrier.simulator.book.fail_next(RestFailure(status=500), times=3)
    for _ in range(2):
        await works.probe()
        clock.forward(seconds=15)
    assert await states(session) == {LineState.UP}
    await works.probe()

    assert await states(session) == {LineState.DOWN}
    assert (await contact(world, appointment)).number == client.phone
    for _ in range(19):
        clock.forward(seconds=15)
        await works.probe()
    assert await states(session) == {LineState.DOWN}
    clock.forward(seconds=15)
    await works.probe()
    assert await states(session) == {LineState.UP}


async def test_two_fallback_requests_bring_the_line_down_at_once(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider, client, appointment = await world.consultation()
    call = await carrier.dial(provider)
    told = {"ErrorCode": "11200", "ErrorUrl": f"{service}/twilio/voice/dialled/1"}
    for _ in range(2):
        status, body = await carrier.post("/twilio/voice/fallback", {**call.sent("voice")[0].params, **told})
        assert status == 200
        assert "direct number is in your portal" in body
        assert "<Dial" not in body  # what failed later is not rung again

    assert LineState.DOWN in await states(session)
    assert (await contact(world, appointment)).number == client.phone


async def test_no_calls_at_all_is_no_outage(session: AsyncSession, world: World, works: Worker) -> None:
    await world.consultation()
    await works.turn()

    assert await states(session) == {LineState.UP}


async def test_calls_that_fail_bring_the_line_down(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock
) -> None:
    for _ in range(5):
        provider, _, _ = await world.consultation()
        await carrier.dial(provider, outcome=Outcome.FAILED)
        clock.forward(seconds=20)
    other = await world.provider()
    appointment = await world.appointment(other)
    async with world.deps.sessions.begin() as writing:
        await actions.judge_line(writing, LINES[0], settings=world.deps.settings, now=clock(), new_id=world.deps.new_id)

    assert LineState.DOWN in await states(session)
    assert (await contact(world, appointment)).reason is ContactReason.OUTAGE


async def test_f14_no_callbacks_at_all_and_the_carrier_is_asked(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    provider, _, _ = await world.consultation()
    everything = frozenset({"initiated", "ringing", "answered", "completed", "action", "ended"})
    await carrier.dial(provider, talk_s=400, mischief=Mischief(lose=everything))
    assert (await session.execute(select(Call))).scalar_one().outcome is None

    clock.forward(seconds=401 + world.deps.settings.reap_after_s)
    await works.turn()

    await session.rollback()
    row = (await session.execute(select(Call))).scalar_one()
    assert (row.outcome, row.talk_s) == (Kept.CONNECTED, 400)
    assert (await session.execute(select(Consultation))).scalar_one().status is ConsultationStatus.OCCURRED_AUTO


async def test_f15_the_carriers_api_is_down_and_no_call_stays_open_for_ever(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    provider, _, _ = await world.consultation()
    everything = frozenset({"initiated", "ringing", "answered", "completed", "action", "ended"})
    await carrier.dial(provider, talk_s=400, mischief=Mischief(lose=everything))
    carrier.simulator.book.fail_next(RestFailure(status=500), times=1000)
    clock.forward(hours=1)
    await works.turn()
    assert (await session.execute(select(Call))).scalar_one().settled_at is None
    clock.forward(hours=4, seconds=1)
    await works.turn()

    await session.rollback()
    assert (await session.execute(select(Call))).scalar_one().settled_at is not None
