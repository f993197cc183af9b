"""Stories of what comes after a consultation: nothing, a task, a text, a deadline, an answer."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bridge.carriers.simulator import Mischief, RestFailure
from people.models import Provider
from scheduling import actions as scheduling
from scheduling.models import Appointment
from scheduling.values import Side
from status import actions as ledger
from status.models import Consultation, Event, Notice, Task
from status.values import (
    Actor,
    ActorKind,
    ConsultationStatus,
    DecidedBy,
    EventKind,
    NoticeKey,
    NoticeState,
    TaskState,
)
from tests.builders import OPERATOR, World
from tests.clock import Clock
from tests.fixtures import Carrier, Worker
from tests.mailbox import Mailbox


async def only(session: AsyncSession) -> Consultation:
    await session.rollback()
    return (await session.execute(select(Consultation))).scalar_one()


async def task(session: AsyncSession) -> Task | None:
    await session.rollback()
    return (await session.execute(select(Task))).scalar_one_or_none()


async def status_text(session: AsyncSession) -> Notice:
    await session.rollback()
    found = await session.execute(select(Notice).where(col(Notice.key) == NoticeKey.STATUS_TEXT))
    return found.scalar_one()


async def answer(world: World, consultation: Consultation, *, occurred: bool) -> Consultation:
    async with world.deps.sessions.begin() as writing:
        return await ledger.answer(
            writing,
            consultation.id,
            occurred=occurred,
            by=DecidedBy.PORTAL,
            actor=Actor(kind=ActorKind.PROVIDER, id=consultation.provider_id),
            now=world.deps.now(),
            policy=ledger.policy(world.deps.settings),
            new_id=world.deps.new_id,
        )


async def test_nobody_called_so_the_provider_is_asked_texted_and_at_last_it_is_unknown(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    provider, _, appointment = await world.consultation()

    clock.to(appointment.ends_at - timedelta(seconds=1))
    await works.turn()
    assert await task(session) is None
    clock.to(appointment.ends_at)
    await works.turn()
    assert (await only(session)).status is ConsultationStatus.AWAITING_STATUS
    opened = await task(session)
    assert opened is not None
    assert opened.state is TaskState.OPEN

    clock.forward(hours=24, seconds=-1)
    await works.turn()
    assert texts_to(carrier, provider) == []
    clock.forward(seconds=1)  # 2:15 PM in New York
    await works.turn()
    await works.turn()
    (text,) = texts_to(carrier, provider)
    assert "YES" in text
    assert "Canary" not in text
    assert (await status_text(session)).state in {NoticeState.SENT, NoticeState.DELIVERED}

    clock.to(appointment.ends_at + timedelta(hours=72, seconds=-1))
    await works.turn()
    assert (await only(session)).status is ConsultationStatus.AWAITING_STATUS
    clock.forward(seconds=1)
    await works.turn()
    settled = await only(session)
    assert (settled.status, settled.decided_by) == (ConsultationStatus.UNKNOWN, DecidedBy.DEADLINE)
    closed = await task(session)
    assert closed is not None
    assert closed.state is TaskState.EXPIRED
    assert len(texts_to(carrier, provider)) == 1


def texts_to(carrier: Carrier, provider: Provider) -> list[str]:
    """Return the bodies of the texts that the carrier took for a provider."""
    return [m.body for m in carrier.simulator.book.messages.values() if m.to == provider.dial_phone]


async def test_the_deadline_is_decided_at_the_moment_of_the_answer_not_by_the_sweep(
    world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    from config.errors import Refused  # noqa: PLC0415

    _, _, appointment = await world.consultation()
    clock.to(appointment.ends_at)
    await works.turn()
    clock.to(appointment.ends_at + timedelta(hours=72))  # the sweep has not run

    with pytest.raises(Refused, match="three days"):
        await answer(world, await only(session), occurred=True)


async def test_a_second_before_the_deadline_an_answer_counts(
    world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    _, _, appointment = await world.consultation()
    clock.to(appointment.ends_at)
    await works.turn()
    clock.to(appointment.ends_at + timedelta(hours=72, seconds=-1))

    await answer(world, await only(session), occurred=False)

    settled = await only(session)
    assert (settled.status, settled.decided_by) == (ConsultationStatus.DID_NOT_OCCUR, DecidedBy.PORTAL)
    closed = await task(session)
    assert closed is not None
    assert closed.state is TaskState.DONE
    assert (await status_text(session)).state is NoticeState.CANCELLED


async def test_a_held_consultation_opens_no_task(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    provider, _, _ = await world.consultation()
    await carrier.dial(provider, talk_s=600)
    clock.forward(hours=100)

    await works.turn()

    assert await task(session) is None
    assert (await only(session)).status is ConsultationStatus.OCCURRED_AUTO


async def test_a_reschedule_voids_the_old_time_and_begins_anew(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    provider, _, appointment = await world.consultation()
    clock.to(appointment.ends_at + timedelta(hours=1))
    await works.turn()
    async with world.deps.sessions.begin() as writing:
        moved = await scheduling.reschedule(
            writing,
            appointment.id,
            starts_at=clock() + timedelta(hours=2),
            ends_at=None,
            actor=OPERATOR,
            house=scheduling.house(world.deps.settings),
            now=clock(),
            new_id=world.deps.new_id,
        )

    await session.rollback()
    both = (await session.execute(select(Consultation).order_by(col(Consultation.occurrence)))).scalars().all()
    assert [c.status for c in both] == [ConsultationStatus.VOID_RESCHEDULED, ConsultationStatus.SCHEDULED]
    closed = await task(session)
    assert closed is not None
    assert closed.state is TaskState.CANCELLED
    assert (await status_text(session)).state is NoticeState.CANCELLED
    assert not (await carrier.dial(provider)).rang
    clock.to(moved.starts_at)
    assert (await carrier.dial(provider)).rang
    clock.forward(hours=30)
    await works.turn()
    assert texts_to(carrier, provider) == []


async def test_a_cancelled_consultation_asks_nobody(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    provider, _, appointment = await world.consultation()
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

    assert not (await carrier.dial(provider)).rang
    clock.forward(hours=30)
    await works.turn()
    settled = await only(session)
    assert (settled.status, settled.decided_by) == (ConsultationStatus.NOT_APPLICABLE, DecidedBy.CANCEL)
    assert await task(session) is None


async def test_f12_late_evidence_does_not_change_an_answer(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    provider, _, appointment = await world.consultation()
    call = await carrier.dial(provider, talk_s=600, mischief=Mischief(late=frozenset({"completed", "action", "ended"})))
    carrier.simulator.book.fail_next(RestFailure(status=500), times=100)  # or the reaper would hear of it
    clock.to(appointment.ends_at + timedelta(hours=4))
    await works.turn()
    await answer(world, await only(session), occurred=False)

    await call.deliver_late()

    settled = await only(session)
    assert settled.status is ConsultationStatus.DID_NOT_OCCUR
    assert settled.late_evidence_at is not None
    assert settled.talk_s == 600
    found = (await session.execute(select(col(Event.kind)))).scalars().all()
    assert EventKind.CONSULTATION_LATE_EVIDENCE in found


async def test_late_evidence_before_an_answer_closes_the_task_silently(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    provider, _, appointment = await world.consultation()
    call = await carrier.dial(provider, talk_s=600, mischief=Mischief(late=frozenset({"completed", "action", "ended"})))
    carrier.simulator.book.fail_next(RestFailure(status=500), times=100)  # or the reaper would hear of it
    clock.to(appointment.ends_at + timedelta(hours=4))
    await works.turn()
    assert (await only(session)).status is ConsultationStatus.AWAITING_STATUS

    await call.deliver_late()

    assert (await only(session)).status is ConsultationStatus.OCCURRED_AUTO
    closed = await task(session)
    assert closed is not None
    assert closed.state is TaskState.CANCELLED


async def asked(world: World, clock: Clock, works: Worker, appointment: Appointment) -> None:
    """Let a consultation end, and a day later its text go out."""
    clock.to(appointment.ends_at)
    await works.turn()
    clock.forward(hours=24)
    await works.turn()


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("YES", ConsultationStatus.OCCURRED_MANUAL),
        ("yes!", ConsultationStatus.OCCURRED_MANUAL),
        ("No", ConsultationStatus.DID_NOT_OCCUR),
        ("sí", ConsultationStatus.OCCURRED_MANUAL),
    ],
)
async def test_a_text_is_answered(
    service: str,
    carrier: Carrier,
    world: World,
    session: AsyncSession,
    clock: Clock,
    works: Worker,
    reply: str,
    status: ConsultationStatus,
) -> None:
    provider, _, appointment = await world.consultation()
    await asked(world, clock, works, appointment)

    (said,) = await carrier.text(provider, reply)

    assert said.startswith("Thank you. Your answer for Tue, Nov 24, 2:00 PM EST")
    settled = await only(session)
    assert (settled.status, settled.decided_by) == (status, DecidedBy.TEXT)
    (again,) = await carrier.text(provider, reply)
    assert "shared before" in again


async def test_two_open_questions_are_told_apart_by_number(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    provider = await world.provider()
    await world.appointment(provider)
    await world.appointment(provider, starts_in=timedelta(hours=1))
    clock.forward(hours=26)
    await works.turn()

    (listed,) = await carrier.text(provider, "yes")
    (said,) = await carrier.text(provider, "2 no")

    assert listed == (
        "Which one? 1: Tue, Nov 24, 2:00 PM EST; 2: Tue, Nov 24, 3:00 PM EST. Reply for example 1 YES or 1 NO."
    )
    assert "3:00 PM" in said
    await session.rollback()
    both = (await session.execute(select(Consultation).order_by(col(Consultation.starts_at)))).scalars().all()
    assert [c.status for c in both] == [ConsultationStatus.AWAITING_STATUS, ConsultationStatus.DID_NOT_OCCUR]
    # The list that was sent counts: number 1 still means the first, also when it stands alone by now.
    (said,) = await carrier.text(provider, "1 yes")
    assert "2:00 PM" in said
    (again,) = await carrier.text(provider, "2 yes")
    assert "shared before" in again


async def test_a_reply_after_the_lock_is_told_so(
    service: str, carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    provider, _, appointment = await world.consultation()
    await asked(world, clock, works, appointment)
    clock.to(appointment.ends_at + timedelta(hours=72))
    await works.turn()

    (said,) = await carrier.text(provider, "yes")

    assert "three days" in said


async def test_anything_else_gets_one_line_of_help_and_a_stranger_gets_nothing(
    service: str, carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    provider, _, appointment = await world.consultation()
    await asked(world, clock, works, appointment)

    assert (await carrier.text(provider, "what is this?"))[0].startswith("Reply YES")
    assert await carrier.text("+12125550199", "yes") == []


async def test_f42_stop_is_honoured_and_start_takes_it_back(
    service: str,
    carrier: Carrier,
    mailbox: Mailbox,
    world: World,
    session: AsyncSession,
    clock: Clock,
    works: Worker,
) -> None:
    provider, _, appointment = await world.consultation()
    await carrier.text(provider, "STOP")

    await asked(world, clock, works, appointment)

    assert texts_to(carrier, provider) == []
    assert (await status_text(session)).state is NoticeState.SENT
    assert mailbox.letters()[-1]["To"] == provider.email  # by mail instead
    await carrier.text(provider, "START")
    second = await world.appointment(provider, starts_in=timedelta(hours=1))
    clock.to(second.ends_at)
    await works.turn()
    clock.forward(hours=24)
    await works.turn()
    assert len([body for body in texts_to(carrier, provider) if "take place" in body]) == 1


async def test_a_text_waits_for_the_morning(
    service: str, carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    late = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)  # 8:30 PM in New York
    provider = await world.provider()
    appointment = await world.appointment(provider, starts_at=late)
    await asked(world, clock, works, appointment)
    assert texts_to(carrier, provider) == []

    clock.to(datetime(2026, 11, 26, 12, 59, 59, tzinfo=UTC))
    await works.turn()
    assert texts_to(carrier, provider) == []
    clock.to(datetime(2026, 11, 26, 13, 0, tzinfo=UTC))  # 8:00 AM in New York
    await works.turn()
    assert len(texts_to(carrier, provider)) == 1


async def test_an_operator_corrects_and_the_original_stays_in_history(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider, _, _ = await world.consultation()
    await carrier.dial(provider, talk_s=90)  # a voicemail, as it turns out
    consultation = await only(session)
    async with world.deps.sessions.begin() as writing:
        await scheduling.correct_consultation(
            writing,
            consultation.id,
            occurred=False,
            reason="voicemail",
            explanation="The provider reached a voicemail and says so.",
            actor=OPERATOR,
            policy=ledger.policy(world.deps.settings),
            now=world.deps.now(),
            new_id=world.deps.new_id,
        )

    settled = await only(session)
    assert (settled.status, settled.decided_by) == (ConsultationStatus.DID_NOT_OCCUR, DecidedBy.OPERATOR)
    found = await session.execute(select(Event).where(col(Event.kind) == EventKind.CONSULTATION_CORRECTED))
    event = found.scalar_one()
    assert event.data["was"] == "occurred_auto"
    assert "voicemail and says so" not in str(event.data)
