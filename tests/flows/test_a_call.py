"""Stories of one call: who dials, when, what they hear, and what is kept of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bridge.carriers.simulator import Mischief, Outcome, Party
from bridge.models import Call, CallEvent
from bridge.values import Outcome as Kept
from bridge.values import Reason
from scheduling.values import Source
from status.models import Consultation, Event
from status.values import ConsultationStatus, EventKind
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import LINES, Carrier, Worker


async def last_call(session: AsyncSession) -> Call:
    await session.rollback()
    found = await session.execute(select(Call).order_by(col(Call.dialled_at).desc()).limit(1))
    return found.scalar_one()


async def consultations(session: AsyncSession) -> list[Consultation]:
    await session.rollback()
    found = await session.execute(select(Consultation).order_by(col(Consultation.starts_at)))
    return list(found.scalars())


async def kinds(session: AsyncSession) -> list[EventKind]:
    await session.rollback()
    found = await session.execute(select(col(Event.kind)).order_by(col(Event.sequence)))
    return list(found.scalars())


async def test_a_provider_dials_and_speaks_with_their_client(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider, client, _ = await world.consultation()

    call = await carrier.dial(provider, talk_s=840)

    (rang,) = call.rang
    assert rang.number == client.phone
    assert rang.caller_id == provider.dial_phone  # the client sees the provider's own number (R102)
    assert rang.answer_on_bridge
    assert rang.timeout == 20
    assert rang.time_limit == 14400  # a live call is never cut (R109)
    assert call.words == []
    kept = await last_call(session)
    assert (kept.outcome, kept.talk_s, kept.live) == (Kept.CONNECTED, 840, False)
    assert kept.caller_last2 == (provider.dial_phone or "")[-2:]
    assert provider.dial_phone not in str(kept.model_dump())
    (consultation,) = await consultations(session)
    assert consultation.status is ConsultationStatus.OCCURRED_AUTO
    assert EventKind.CALL_CONNECTED in await kinds(session)


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (-61, Reason.TOO_EARLY),
        (-60, None),
        (-59, None),
        (899, None),
        (900, Reason.TOO_LATE),
        (901, Reason.TOO_LATE),
    ],
)
async def test_f18_the_window_opens_a_minute_early_and_closes_at_the_end(
    service: str,
    carrier: Carrier,
    world: World,
    session: AsyncSession,
    clock: Clock,
    seconds: int,
    reason: Reason | None,
) -> None:
    starts_at = clock() + timedelta(hours=1)
    provider = await world.provider()
    await world.appointment(provider, starts_at=starts_at, length=timedelta(minutes=15))
    clock.to(starts_at + timedelta(seconds=seconds))

    call = await carrier.dial(provider)

    kept = await last_call(session)
    assert kept.reason is reason
    assert bool(call.rang) is (reason is None)
    assert bool(call.words) is (reason is not None)


async def test_too_early_says_when_the_line_opens_and_is_history(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock
) -> None:
    provider = await world.provider()
    await world.appointment(provider, starts_in=timedelta(minutes=13))  # 2:13 PM in New York

    call = await carrier.dial(provider)

    assert "opens at 2:12 PM" in call.words[0]
    await session.rollback()
    event = (await session.execute(select(Event).where(col(Event.kind) == EventKind.CALL_REFUSED))).scalar_one()
    assert event.provider_id == provider.id
    assert event.data["off_by_s"] == -12 * 60


async def test_nobody_picks_up_then_they_do(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock
) -> None:
    provider, _, _ = await world.consultation()

    first = await carrier.dial(provider, outcome=Outcome.NO_ANSWER)

    assert first.words == ["Your client did not pick up. You can call this line again until 2:15 PM."]
    assert (await last_call(session)).outcome is Kept.NO_ANSWER
    clock.forward(minutes=2)
    await carrier.dial(provider, talk_s=61)
    (consultation,) = await consultations(session)
    assert consultation.status is ConsultationStatus.OCCURRED_AUTO
    assert consultation.talk_s == 61


@pytest.mark.parametrize(
    ("outcome", "kept_as", "says"),
    [
        (Outcome.BUSY, Kept.BUSY, "busy"),
        (Outcome.FAILED, Kept.FAILED, "could not be completed"),
        (Outcome.NO_ANSWER, Kept.NO_ANSWER, "did not pick up"),
    ],
)
async def test_a_dial_that_fails_says_what_happened(
    service: str,
    carrier: Carrier,
    world: World,
    session: AsyncSession,
    outcome: Outcome,
    kept_as: Kept,
    says: str,
) -> None:
    provider, _, _ = await world.consultation()

    call = await carrier.dial(provider, outcome=outcome)

    assert says in call.words[0]
    assert (await last_call(session)).outcome is kept_as


async def test_after_the_end_the_answer_names_the_client_page(
    service: str, carrier: Carrier, world: World, clock: Clock
) -> None:
    provider, _, _ = await world.consultation()
    clock.forward(minutes=14, seconds=59)

    async def the_time_runs_out() -> None:
        clock.forward(seconds=2)

    call = await carrier.dial(provider, outcome=Outcome.NO_ANSWER, while_ringing=the_time_runs_out)

    assert "The time of this consultation is over" in call.words[0]
    assert "client page" in call.words[0]


async def test_a_call_drops_and_the_redial_adds_up(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock
) -> None:
    provider, _, _ = await world.consultation()

    await carrier.dial(provider, talk_s=40)
    (consultation,) = await consultations(session)
    assert consultation.status is ConsultationStatus.SCHEDULED
    clock.forward(minutes=1)
    await carrier.dial(provider, talk_s=20)

    (consultation,) = await consultations(session)
    assert (consultation.status, consultation.talk_s) == (ConsultationStatus.OCCURRED_AUTO, 60)


async def test_59_seconds_are_no_consultation(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider, _, _ = await world.consultation()

    await carrier.dial(provider, talk_s=59)

    (consultation,) = await consultations(session)
    assert (consultation.status, consultation.talk_s) == (ConsultationStatus.SCHEDULED, 59)


async def test_a_second_call_while_one_is_live_is_refused_for_two_minutes(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock
) -> None:
    provider, _, _ = await world.consultation()
    seen: dict[str, list[str]] = {}

    async def dial_again() -> None:
        clock.forward(seconds=119)
        seen["refused"] = (await carrier.dial(provider)).words
        clock.forward(seconds=1)
        seen["connected"] = (await carrier.dial(provider)).words

    await carrier.dial(provider, talk_s=300, while_talking=dial_again)

    assert "in a call already" in seen["refused"][0]
    assert seen["connected"] == []  # a lost `completed` must not lock a provider out


async def test_the_same_callsid_gets_the_same_answer_and_writes_one_call(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock
) -> None:
    provider, _, _ = await world.consultation()
    call = await carrier.dial(provider)
    first = call.sent("voice")[0]

    again = await carrier.simulator.replay(first)

    assert again.status == 200
    assert again.body == first.body
    await session.rollback()
    assert len((await session.execute(select(Call))).scalars().all()) == 1


async def test_f29_an_old_request_sent_again_is_told_nothing(
    service: str,
    carrier: Carrier,
    world: World,
    session: AsyncSession,
    clock: Clock,
) -> None:
    provider, client, _ = await world.consultation()
    call = await carrier.dial(provider)
    params = dict(call.sent("voice")[0].params)
    clock.forward(minutes=10)

    status, body = await carrier.post("/twilio/voice", params)

    assert status == 409
    assert body.endswith("<Response><Hangup /></Response>")
    assert (client.phone or "none") not in body
    assert EventKind.CALL_REPLAYED in await kinds(session)


async def test_an_appointment_made_by_the_provider_has_no_line(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider = await world.provider()
    await world.appointment(provider, source=Source.PROVIDER_MADE)

    call = await carrier.dial(provider)

    assert not call.rang
    assert (await last_call(session)).reason is Reason.NO_CONSULTATION
    assert await consultations(session) == []


@pytest.mark.parametrize(
    ("caller", "reason"),
    [
        ("+12125550199", Reason.UNKNOWN_CALLER),
        ("anonymous", Reason.WITHHELD),
        ("+17378742833", Reason.WITHHELD),
        ("+266696687", Reason.WITHHELD),
        ("sip:12125550110@example.com", Reason.UNKNOWN_CALLER),
        ("client:alex", Reason.UNKNOWN_CALLER),
    ],
)
async def test_f27_a_stranger_hears_what_to_do(
    service: str, carrier: Carrier, world: World, session: AsyncSession, caller: str, reason: Reason
) -> None:
    await world.consultation()

    call = await carrier.dial(caller)

    assert not call.rang
    assert len(call.words) == 1
    kept = await last_call(session)
    assert (kept.outcome, kept.reason) == (Kept.REFUSED, reason)
    assert kept.provider_id is None


@pytest.mark.parametrize(
    ("phone", "reason"),
    [
        (None, Reason.NO_CLIENT_NUMBER),
        ("+1911", Reason.BAD_CLIENT_NUMBER),
        ("+19002345678", Reason.BAD_CLIENT_NUMBER),
        ("+442079460123", Reason.BAD_CLIENT_NUMBER),
        ("+1212", Reason.BAD_CLIENT_NUMBER),
    ],
)
async def test_f25_a_number_that_may_not_be_rung_is_told_in_the_portal(
    service: str, carrier: Carrier, world: World, session: AsyncSession, phone: str | None, reason: Reason
) -> None:
    provider = await world.provider()
    client = await world.client(provider, phone=phone)
    await world.appointment(provider, client=client)

    call = await carrier.dial(provider)

    assert not call.rang
    assert "portal" in call.words[0] or "client page" in call.words[0]
    assert (await last_call(session)).reason is reason
    notices = await notices_of(session)
    assert ("client_number_unusable", "portal") in notices


async def notices_of(session: AsyncSession) -> list[tuple[str, str]]:
    from status.models import Notice  # noqa: PLC0415

    await session.rollback()
    return [(n.key.value, n.channel.value) for n in (await session.execute(select(Notice))).scalars()]


async def test_the_number_is_resolved_when_the_line_is_dialled(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider, client, _ = await world.consultation()
    async with world.deps.sessions.begin() as writing:
        row = await writing.get(type(client), client.id)
        assert row is not None
        row.phone = "+12125550188"

    call = await carrier.dial(provider)

    assert call.rang[0].number == "+12125550188"


async def test_f20_a_call_runs_on_past_the_end(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker
) -> None:
    provider, _, _ = await world.consultation()
    clock.forward(minutes=14)
    seen: dict[str, object] = {}

    async def past_the_end() -> None:
        clock.forward(minutes=1, seconds=1)
        await works.turn()
        seen["state"] = (await consultations(session))[0].status
        seen["redial"] = (await carrier.dial(provider)).words[0]

    await carrier.dial(provider, talk_s=1800, while_talking=past_the_end)

    assert seen["state"] is ConsultationStatus.SCHEDULED  # nobody asks while they talk (R117)
    assert "has closed" in str(seen["redial"])
    (consultation,) = await consultations(session)
    assert (consultation.status, consultation.talk_s) == (ConsultationStatus.OCCURRED_AUTO, 1800)


EVENTS = ("initiated", "ringing", "answered", "completed", "action", "ended")


@pytest.mark.parametrize(
    "mischief",
    [
        Mischief(copies=3),
        Mischief(copies=2, same_token=False),
        Mischief(order=tuple(reversed(EVENTS))),
        Mischief(order=("ended", "completed", "action", "answered", "initiated", "ringing")),
        Mischief(lose=frozenset({"initiated", "ringing", "answered"})),
        Mischief(lose=frozenset({"action", "ended"})),
        Mischief(lose=frozenset({"completed", "ended"})),
        Mischief(at_once=True),
    ],
    ids=[
        "tripled",
        "doubled-anew",
        "backwards",
        "shuffled",
        "late-only",
        "no-action",
        "no-completed",
        "at-once",
    ],
)
async def test_f10_f11_hostile_callbacks_come_to_the_same(
    service: str, carrier: Carrier, world: World, session: AsyncSession, mischief: Mischief
) -> None:
    provider, _, _ = await world.consultation()

    await carrier.dial(provider, talk_s=300, mischief=mischief)

    kept = await last_call(session)
    assert (kept.outcome, kept.talk_s) == (Kept.CONNECTED, 300)
    (consultation,) = await consultations(session)
    assert (consultation.status, consultation.talk_s) == (ConsultationStatus.OCCURRED_AUTO, 300)


async def test_the_caller_hangs_up_while_it_rings_and_no_action_comes(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider, _, _ = await world.consultation()

    await carrier.dial(provider, mischief=Mischief(hang_up_while_ringing=True))

    kept = await last_call(session)
    assert kept.outcome in {Kept.CANCELED, Kept.NO_ANSWER}
    assert kept.settled_at is not None
    assert (await consultations(session))[0].talk_s is None


async def test_f13_a_fact_about_an_unknown_call_is_kept_and_answered(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider, _, _ = await world.consultation()
    call = await carrier.dial(provider, hung_up_by=Party.CALLER)
    async with world.deps.sessions.begin() as writing:
        for event in (await writing.execute(select(CallEvent))).scalars():
            await writing.delete(event)
        for row in (await writing.execute(select(Call))).scalars():
            await writing.delete(row)

    for exchange in call.exchanges:
        if exchange.kind in {"leg", "ended"} or "/leg/" in exchange.url or "/ended" in exchange.url:
            assert (await carrier.simulator.replay(exchange)).status == 204

    await session.rollback()
    orphans = (await session.execute(select(CallEvent))).scalars().all()
    assert orphans
    assert all(o.call_id is None for o in orphans)
    assert EventKind.CALL_ORPHAN in await kinds(session)


async def test_lines_tell_a_back_to_back_pair_apart_and_the_third_asks(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock
) -> None:
    provider = await world.provider()
    first_client, second_client = await world.client(provider), await world.client(provider)
    first = await world.appointment(provider, client=first_client, starts_in=timedelta(minutes=-14))
    second = await world.appointment(provider, client=second_client, starts_in=timedelta(minutes=1))
    assert first.line != second.line
    third = next(line for line in LINES if line not in {first.line, second.line})

    assert (await carrier.dial(provider, first.line, talk_s=5)).rang[0].number == first_client.phone
    assert (await carrier.dial(provider, second.line, talk_s=5)).rang[0].number == second_client.phone
    asked = await carrier.dial(provider, third, digits=["2"], talk_s=70)

    assert asked.words == ["For your 1:46 PM consultation press 1. For your 2:01 PM consultation press 2."]
    assert asked.rang[0].number == second_client.phone
    statuses = [c.status for c in await consultations(session)]
    assert statuses == [ConsultationStatus.SCHEDULED, ConsultationStatus.OCCURRED_AUTO]


async def test_a_choice_is_judged_by_when_the_call_came_in(
    service: str, carrier: Carrier, world: World, clock: Clock
) -> None:
    provider = await world.provider()
    first_client = await world.client(provider)
    first = await world.appointment(provider, client=first_client, starts_in=timedelta(minutes=-14, seconds=-55))
    second = await world.appointment(provider, starts_in=timedelta(seconds=5))
    third = next(line for line in LINES if line not in {first.line, second.line})

    call = await carrier.dial(provider, third, digits=["1"])

    assert call.rang[0].number == first_client.phone
