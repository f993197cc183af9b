"""The database is down, hangs, or answers late (F1–F4)."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bridge import actions
from bridge.carriers.simulator import Outcome
from bridge.standby import Entry, Standby
from bridge.values import CarrierName, Fact, FactSource, Heard, LineState
from bridge.values import Outcome as Kept
from config.deps import Deps
from people.values import Language, PracticeKind
from scheduling import queries as calendar
from status.values import ConsultationStatus, EventKind
from tests.builders import OPERATOR, World
from tests.clock import Clock
from tests.faults import kept, signed
from tests.faults.conftest import Voice, running
from tests.faults.proxy import Proxy
from tests.faults.signed import Answer, Poster
from tests.fixtures import LINES, Carrier

TROUBLE = "the consultation line has a problem right now"
SHARED = "+12125550177"


async def at_best(within_s: float, what: Callable[[], Awaitable[Sequence[Answer]]]) -> Sequence[Answer]:
    """Try once more where it took too long: the machine may be busy with other tests at the same time."""
    found = await what()
    return found if slowest(found) < within_s else await what()


def slowest(answers: Sequence[Answer]) -> float:
    return max(one.took_s for one in answers)


# --- F1: the database is down when the call arrives ----------------------------------------------------


async def test_f01_a_provider_with_one_open_window_is_connected_and_everything_is_written_down_later(
    role: Voice, carrier: Carrier, world: World, session: AsyncSession, database: Proxy
) -> None:
    provider, client, appointment = await world.consultation()
    await role.knows()
    database.down()

    call = await carrier.dial(provider, talk_s=300)

    assert [rang.number for rang in call.rang] == [client.phone]
    assert call.rang[0].caller_id == provider.dial_phone
    assert call.faults == []
    assert call.sent("voice")[0].elapsed < 1
    assert await kept.calls(session) == []
    await database.up()
    await role.catches_up()
    row = await kept.only_call(session)
    assert (row.sid, row.outcome, row.talk_s, row.appointment_id) == (call.sid, Kept.CONNECTED, 300, appointment.id)
    assert (row.provider_id, row.caller_last2) == (provider.id, (provider.dial_phone or "")[-2:])
    assert row.caller_key == actions.caller_key(provider.dial_phone, role.deps.settings)
    assert (await kept.only_consultation(session)).status is ConsultationStatus.OCCURRED_AUTO
    assert await kept.facts(session) == [
        ("action", "completed", 0),
        ("answer", "dialled", 0),
        ("ended", "completed", 0),
        ("leg", "answered", 2),
        ("leg", "completed", 3),
        ("leg", "initiated", 0),
        ("leg", "ringing", 1),
    ]


async def test_f01_everybody_else_hears_that_there_is_trouble(
    role: Voice, post: Poster, world: World, database: Proxy
) -> None:
    early = await world.provider()
    await world.appointment(early, starts_in=timedelta(minutes=20))
    torn = await world.provider()
    await world.appointment(torn, starts_in=timedelta(minutes=-14))
    await world.appointment(torn, starts_in=timedelta(minutes=1))
    unproven = await world.provider(verified=False)
    await world.appointment(unproven)
    sharing = await world.provider(dial_phone=SHARED, pin="111111")
    await world.provider(dial_phone=SHARED, pin="222222")
    await world.appointment(sharing)
    grouped = await world.provider(
        practice=await world.practice(kind=PracticeKind.GROUP, line_enabled=True), pin="333333"
    )
    await world.appointment(grouped)
    numberless = await world.provider()
    await world.appointment(numberless, client=await world.client(numberless, phone=None))
    attacked, _, _ = await world.consultation()
    callers = [early, torn, unproven, sharing, grouped, numberless]
    await role.knows()
    database.down()

    answers = [await post("/twilio/voice", signed.call(one.dial_phone or "", line=LINES[2])) for one in callers]
    answers += [await post("/twilio/voice", signed.call(one)) for one in ("+12125550199", "anonymous", "client:alex")]
    answers.append(
        await post("/twilio/voice", signed.call(attacked.dial_phone or "", StirVerstat="TN-Validation-Failed-A"))
    )

    for answer in answers:
        assert answer.status == 200
        assert answer.is_document
        assert not answer.dials
        assert TROUBLE in answer.body
        assert answer.took_s < 1


async def test_f01_the_trouble_is_told_in_the_providers_language(
    role: Voice, post: Poster, world: World, database: Proxy
) -> None:
    provider = await world.provider(language=Language.SPANISH)
    await world.appointment(provider, starts_in=timedelta(minutes=30))
    await role.knows()
    database.down()

    answer = await post("/twilio/voice", signed.call(provider.dial_phone or ""))

    assert 'language="es-US">Lo sentimos' in answer.body


@pytest.mark.parametrize(("age_s", "connected"), [(900, True), (901, False)])
async def test_f01_an_old_snapshot_connects_nobody(
    role: Voice, post: Poster, world: World, database: Proxy, clock: Clock, age_s: int, connected: bool
) -> None:
    provider = await world.provider()
    await world.appointment(provider, length=timedelta(hours=1))
    await role.knows()
    database.down()
    clock.forward(seconds=age_s)

    answer = await post("/twilio/voice", signed.call(provider.dial_phone or ""))

    assert answer.dials is connected


async def test_f01_a_window_opens_and_closes_by_the_clock_of_the_call_not_of_the_snapshot(
    role: Voice, post: Poster, world: World, database: Proxy, clock: Clock
) -> None:
    provider = await world.provider()
    appointment = await world.appointment(provider, starts_in=timedelta(minutes=5), length=timedelta(minutes=5))
    await role.knows()
    database.down()
    dials = []

    for at in (
        appointment.starts_at - timedelta(seconds=61),
        appointment.starts_at - timedelta(seconds=60),
        appointment.ends_at - timedelta(seconds=1),
        appointment.ends_at,
    ):
        clock.to(at)
        dials.append((await post("/twilio/voice", signed.call(provider.dial_phone or ""))).dials)

    assert dials == [False, True, True, False]


async def test_f01_a_process_that_starts_without_a_database_answers_too(
    deps: Deps, world: World, database: Proxy, http: aiohttp.ClientSession
) -> None:
    provider, _, _ = await world.consultation()
    database.down()

    async with running(deps) as role:
        answer = await Poster(http, role.url)("/twilio/voice", signed.call(provider.dial_phone or ""))
        async with http.get(f"{role.url}/health/live") as alive, http.get(f"{role.url}/health/ready") as ready:
            assert (alive.status, ready.status) == (200, 503)

    assert answer.status == 200
    assert TROUBLE in answer.body


async def test_f01_a_retry_gets_the_same_answer_and_an_old_request_none(
    role: Voice, post: Poster, world: World, session: AsyncSession, database: Proxy, clock: Clock
) -> None:
    provider, _, _ = await world.consultation()
    await role.knows()
    answered_before = signed.call(provider.dial_phone or "")
    by_database = await post("/twilio/voice", answered_before)
    database.down()
    params = signed.call(provider.dial_phone or "")

    first = await post("/twilio/voice", params)

    assert first.dials
    assert (await post("/twilio/voice", params)).body == first.body
    assert (await post("/twilio/voice", answered_before)).body == by_database.body
    clock.forward(minutes=10)
    for old in (params, answered_before):
        replayed = await post("/twilio/voice", old)
        assert (replayed.status, replayed.dials) == (409, False)
    await database.up()
    await role.catches_up()
    assert len(await kept.calls(session)) == 2


async def test_f01_who_was_not_served_is_a_sign_against_the_line(
    role: Voice, post: Poster, world: World, session: AsyncSession, database: Proxy, clock: Clock
) -> None:
    provider = await world.provider()
    appointment = await world.appointment(provider, starts_in=timedelta(minutes=5))
    database.down()

    for _ in range(2):
        await post("/twilio/voice", signed.call("+12125550199"))
    clock.forward(seconds=30)
    await database.up()
    await role.catches_up()

    assert await kept.line_states(session) == {LineState.DOWN}
    async with role.deps.sessions.begin() as writing:
        row = await calendar.appointment(writing, appointment.id)
        assert row is not None
        found = await actions.contacts(
            writing,
            [row],
            settings=role.deps.settings,
            actor=OPERATOR,
            now=clock(),
            new_id=role.deps.new_id,
        )
    assert found[appointment.id].reason == "outage"
    assert EventKind.NUMBER_REVEALED in await kept.kinds(session)


# --- the journal ---------------------------------------------------------------------------------------


def ringing(sid: str) -> Entry:
    fact = Fact(source=FactSource.LEG, leg=sid, event=Heard.RINGING, sequence=1, at=None)
    return Entry(fact=fact, carrier=CarrierName.SIMULATOR, call_id=None, sid=sid, heard_at=Clock()())


def journal(folder: Path, name: str) -> Standby:
    return Standby(folder, max_age=timedelta(minutes=15), name=name)


async def test_f01_a_journal_that_is_applied_twice_counts_once(
    direct: Deps, session: AsyncSession, tmp_path: Path
) -> None:
    one = journal(tmp_path / "one", "process")
    one.keep(ringing(signed.sid()))
    one.keep(ringing(signed.sid()))
    shutil.copytree(tmp_path / "one", tmp_path / "two")

    assert await one.drain(direct) == 2
    written = await kept.counts(session)
    assert await journal(tmp_path / "two", "other").drain(direct) == 2

    assert await kept.counts(session) == written
    assert written["call_events"] == 2
    assert list((tmp_path / "one").iterdir()) == []


async def test_f01_what_is_kept_while_a_journal_is_applied_is_not_lost(
    deps: Deps, session: AsyncSession, tmp_path: Path, database: Proxy
) -> None:
    one = journal(tmp_path / "j", "process")
    one.keep(ringing(signed.sid()))
    database.latency(0.05)
    draining = asyncio.create_task(one.drain(deps))
    for _ in range(5):
        await asyncio.sleep(0)  # it has begun

    one.keep(ringing(signed.sid()))

    assert await draining == 1
    assert one.waiting() == 1
    assert await one.drain(deps) == 1
    assert (await kept.counts(session))["call_events"] == 2


async def test_f01_a_journal_is_applied_from_where_the_last_attempt_ended(
    deps: Deps, session: AsyncSession, tmp_path: Path, database: Proxy
) -> None:
    one = journal(tmp_path / "j", "process")
    for _ in range(6):
        one.keep(ringing(signed.sid()))
    await one.drain(deps)  # connections are open now
    for _ in range(6):
        one.keep(ringing(signed.sid()))
    database.latency(0.02)
    rounds = 0

    while one.waiting():
        rounds += 1
        try:
            async with asyncio.timeout(0.5):
                await one.drain(deps)
        except TimeoutError:
            pass
        assert rounds < 12

    assert rounds > 1
    assert (await kept.counts(session))["call_events"] == 12


async def test_f01_an_entry_that_cannot_be_applied_keeps_nothing_else_waiting(
    direct: Deps, session: AsyncSession, tmp_path: Path
) -> None:
    one = journal(tmp_path / "j", "process")
    one.keep(ringing(signed.sid()))
    one.keep(ringing("x" * 65))  # longer than its column
    one.keep(ringing(signed.sid()))
    (path,) = (tmp_path / "j").iterdir()
    path.write_bytes(path.read_bytes() + b'{"half": \n' + b'{"kind": "fact", "cut off by a crash')

    assert await one.drain(direct) == 4

    assert (await kept.counts(session))["call_events"] == 2
    (aside,) = (tmp_path / "j").iterdir()
    assert len(aside.read_bytes().splitlines()) == 2


async def test_f01_the_journal_of_a_live_process_is_left_alone_and_that_of_a_dead_one_is_not(
    direct: Deps, session: AsyncSession, tmp_path: Path
) -> None:
    alive, other = journal(tmp_path, "alive"), journal(tmp_path, "other")
    alive.keep(ringing(signed.sid()))
    (tmp_path / "dead-1.jsonl").write_bytes(next(tmp_path.glob("alive-*")).read_bytes())

    assert await other.drain(direct) == 1
    assert alive.waiting() == 1
    assert await alive.drain(direct) == 1

    assert (await kept.counts(session))["call_events"] == 1


# --- F2: it dies between the answer and what follows ----------------------------------------------------


@pytest.mark.parametrize("toxic", [Proxy.down, Proxy.hang])
async def test_f02_the_database_dies_while_it_rings(
    role: Voice,
    carrier: Carrier,
    world: World,
    session: AsyncSession,
    database: Proxy,
    clock: Clock,
    toxic: Callable[[Proxy], None],
) -> None:
    provider, _, _ = await world.consultation()

    async def dies() -> None:
        toxic(database)

    call = await carrier.dial(provider, talk_s=120, while_ringing=dies)

    assert call.faults == []
    assert call.words == []
    row = await kept.only_call(session)
    assert row.outcome is None
    clock.forward(minutes=10)
    await database.up()
    await role.catches_up()
    row = await kept.only_call(session)
    assert (row.outcome, row.talk_s) == (Kept.CONNECTED, 120)
    assert row.first_leg_at == row.dialled_at  # when it was heard, not when it was written down
    settled = await kept.only_consultation(session)
    assert settled.status is ConsultationStatus.OCCURRED_AUTO
    assert (await kept.kinds(session)).count(EventKind.CONSULTATION_OCCURRED_BY_LINE) == 1


async def test_f02_nobody_picks_up_and_the_caller_hears_what_to_do(
    role: Voice, carrier: Carrier, world: World, session: AsyncSession, database: Proxy
) -> None:
    provider, _, _ = await world.consultation()

    async def dies() -> None:
        database.down()

    call = await carrier.dial(provider, outcome=Outcome.NO_ANSWER, while_ringing=dies)

    (said,) = call.words
    assert TROUBLE in said
    await database.up()
    await role.catches_up()
    assert (await kept.only_call(session)).outcome is Kept.NO_ANSWER


async def test_f02_the_answer_was_written_down_but_we_were_not_told(
    role: Voice, carrier: Carrier, world: World, session: AsyncSession, database: Proxy
) -> None:
    provider, client, appointment = await world.consultation()
    await role.knows()
    await carrier.dial(provider, outcome=Outcome.BUSY)  # a connection is open
    database.deaf()

    call = await carrier.dial(provider, talk_s=90)

    assert [rang.number for rang in call.rang] == [client.phone]
    database.heal()
    await role.catches_up()
    row = {row.sid: row for row in await kept.calls(session)}[call.sid]
    assert (row.outcome, row.talk_s, row.appointment_id) == (Kept.CONNECTED, 90, appointment.id)
    assert EventKind.CALL_ORPHAN not in await kept.kinds(session)


async def test_f02_a_bug_in_the_way_of_a_fact_loses_no_fact(
    role: Voice, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider, _, _ = await world.consultation()

    async def breaks() -> None:
        await session.rollback()
        await session.execute(text("ALTER TABLE consultations RENAME TO consultations_gone"))
        await session.commit()

    call = await carrier.dial(provider, talk_s=90, while_talking=breaks)
    await session.execute(text("ALTER TABLE consultations_gone RENAME TO consultations"))
    await session.commit()
    folder = role.deps.settings.data_dir / "journal"

    for aside in [*folder.glob("*.refused")]:  # as an operator does, once the bug is mended
        aside.rename(aside.with_name(f"{uuid4()}.jsonl"))
    await role.catches_up()

    assert any(not 200 <= (exchange.status or 0) < 300 for exchange in call.exchanges)
    assert (await kept.only_call(session)).talk_s == 90
    assert (await kept.only_consultation(session)).status is ConsultationStatus.OCCURRED_AUTO


# --- F3: it hangs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("toxic", [Proxy.hang, Proxy.deaf])
async def test_f03_a_hundred_calls_in_flight_are_answered_within_two_seconds(
    role: Voice,
    post: Poster,
    world: World,
    session: AsyncSession,
    database: Proxy,
    toxic: Callable[[Proxy], None],
) -> None:
    provider, _, _ = await world.consultation()
    await role.knows()
    await asyncio.gather(*(post("/twilio/voice", signed.call(provider.dial_phone or "")) for _ in range(20)))
    toxic(database)

    async def calls() -> Sequence[Answer]:
        return await asyncio.gather(
            *(post("/twilio/voice", signed.call(provider.dial_phone or "")) for _ in range(100))
        )

    answers = await at_best(2, calls)

    assert all(answer.status == 200 and answer.dials for answer in answers)
    assert slowest(answers) < 2
    database.heal()
    again = await post("/twilio/voice", signed.call(provider.dial_phone or ""))
    assert again.dials
    await role.catches_up()
    assert len(await kept.calls(session)) in {20 + 100 + 1, 20 + 200 + 1}


async def test_f03_what_is_keyed_or_told_meanwhile_is_answered_in_time_as_well(
    role: Voice, post: Poster, world: World, session: AsyncSession, database: Proxy
) -> None:
    provider, _, _ = await world.consultation()
    database.hang()
    params = signed.call(provider.dial_phone or "")
    somewhere = uuid4()

    asked = await asyncio.gather(
        post(f"/twilio/voice/pin/{somewhere}?n=1", {**params, "Digits": "123456"}),
        post(f"/twilio/voice/menu/{somewhere}?n=1", {**params, "Digits": "1"}),
        post(f"/twilio/voice/code/{somewhere}?n=1", {**params, "Digits": "123456"}),
        post(f"/twilio/voice/dialled/{somewhere}", {**params, "DialCallStatus": "busy"}),
        post("/twilio/voice/fallback", {**params, "ErrorCode": "11200", "ErrorUrl": f"{role.url}/twilio/voice"}),
    )
    told = await asyncio.gather(
        *(
            post(f"/twilio/voice/leg/{somewhere}", signed.call(provider.dial_phone or "", CallStatus="ringing"))
            for _ in range(100)
        )
    )

    assert all(answer.status == 200 and answer.is_document for answer in asked)
    assert all(TROUBLE in answer.body for answer in asked)
    assert slowest(asked) < 2
    assert {answer.status for answer in told} == {204}
    assert slowest(told) < 5  # each forces a line to the disk, and nobody listens meanwhile
    database.heal()
    await role.catches_up()
    assert (await kept.counts(session))["call_events"] >= 100


# --- F4: it answers 300 ms later ------------------------------------------------------------------------


async def test_f04_a_slow_database_is_waited_for_and_is_no_outage(
    role: Voice, post: Poster, world: World, session: AsyncSession, database: Proxy
) -> None:
    provider, _, _ = await world.consultation()
    await post("/twilio/voice", signed.call(provider.dial_phone or ""))
    database.latency(0.3)

    answers = [await post("/twilio/voice", signed.call(provider.dial_phone or "")) for _ in range(3)]

    assert all(answer.dials for answer in answers)
    assert slowest(answers) < 1
    assert role.standby.waiting() == 0
    assert len(await kept.calls(session)) == 4
    assert await kept.signs(session) == []
