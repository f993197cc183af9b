"""A process is killed, or told to end, while calls are under way (F7–F9)."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import aiohttp
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.carriers.simulator import PlacedCall
from bridge.values import Outcome as Kept
from config.settings import Settings
from people.models import Provider
from status.values import ConsultationStatus, EventKind
from tests.builders import World
from tests.canaries import Said
from tests.clock import Clock
from tests.faults import kept, signed
from tests.faults.conftest import until
from tests.faults.process import Process, voice_process
from tests.faults.proxy import Proxy
from tests.faults.signed import Poster
from tests.fixtures import Carrier


@pytest.fixture
def clock() -> Clock:
    """Return a clock that agrees with that of another process."""
    return Clock(datetime.now(UTC))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    settings.data_dir.mkdir()
    return settings.model_copy(update={"production": True, "database_pool": 6, "voice_pool": 6})


class Processes:
    """Voice processes one after the other, all at the same address."""

    def __init__(self, settings: Settings, http: aiohttp.ClientSession, said: Said) -> None:
        self._settings, self._http, self._said = settings, http, said
        self._open = AsyncExitStack()

    async def start(self) -> Process:
        return await self._open.enter_async_context(voice_process(self._settings, self._http, self._said.file("voice")))

    async def close(self) -> None:
        await self._open.aclose()


@pytest.fixture
async def processes(settings: Settings, http: aiohttp.ClientSession, said: Said) -> AsyncIterator[Processes]:
    found = Processes(settings, http, said)
    yield found
    await found.close()


async def waits_for_a_lock(session: AsyncSession) -> bool:
    await session.rollback()
    found = await session.execute(
        text(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'"
        )
    )
    return bool(found.scalar_one())


async def retry(carrier: Carrier, call: PlacedCall) -> None:
    """Let the carrier send its callbacks again that were not answered, as it does."""
    for exchange in [one for one in call.exchanges if one.status is None and one.kind != "fallback"]:
        assert (await carrier.simulator.replay(exchange)).status in {200, 204}


async def test_f07_another_process_goes_on_with_a_call(
    processes: Processes, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider, client, _ = await world.consultation()
    first = await processes.start()

    async def is_killed() -> None:
        await first.kill()
        await processes.start()

    call = await carrier.dial(provider, talk_s=200, while_ringing=is_killed)

    assert [rang.number for rang in call.rang] == [client.phone]
    assert call.faults == []
    row = await kept.only_call(session)
    assert (row.outcome, row.talk_s) == (Kept.CONNECTED, 200)
    assert (await kept.kinds(session)).count(EventKind.CALL_CONNECTED) == 1
    assert (await kept.only_consultation(session)).status is ConsultationStatus.OCCURRED_AUTO


async def test_f07_what_a_killed_process_had_kept_is_written_down_by_another(
    processes: Processes, carrier: Carrier, world: World, session: AsyncSession, database: Proxy
) -> None:
    provider, client, _ = await world.consultation()
    first = await processes.start()

    async def looked_around() -> bool:
        return "standby.ready" in first.out.read_text()

    await until(looked_around)
    database.down()

    call = await carrier.dial(provider, talk_s=200)
    await first.kill()

    assert [rang.number for rang in call.rang] == [client.phone]
    assert call.faults == []
    await database.up()
    await processes.start()

    async def written() -> bool:
        return [row.talk_s for row in await kept.calls(session)] == [200]

    await until(written)
    row = await kept.only_call(session)
    assert (row.sid, row.outcome) == (call.sid, Kept.CONNECTED)


async def test_f08_a_process_is_killed_in_the_middle_of_a_callback_and_the_carrier_repeats_it(
    processes: Processes, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider, _, _ = await world.consultation()
    first = await processes.start()
    killing: list[asyncio.Task[None]] = []

    async def dies_in_the_middle() -> None:
        holder = world.deps.sessions()
        await holder.execute(text("SELECT 1 FROM calls FOR UPDATE"))

        async def kill() -> None:
            await until(lambda: waits_for_a_lock(session))
            await first.kill()
            await holder.rollback()
            await holder.close()

        killing.append(asyncio.create_task(kill()))

    call = await carrier.dial(provider, talk_s=200, while_talking=dies_in_the_middle)
    await killing[0]

    assert (await kept.only_call(session)).talk_s is None
    lost = [one for one in call.exchanges if one.status is None]
    assert any(one.kind == "leg-completed" for one in lost)
    second = await processes.start()
    await retry(carrier, call)
    await retry(carrier, call)

    row = await kept.only_call(session)
    assert (row.outcome, row.talk_s) == (Kept.CONNECTED, 200)
    seen = await kept.kinds(session)
    assert seen.count(EventKind.CALL_ENDED) == seen.count(EventKind.CONSULTATION_OCCURRED_BY_LINE) == 1
    facts = await kept.facts(session)
    assert len(facts) == len(set(facts)) == 7
    assert await second.end() == 0


async def test_f09_a_process_that_is_told_to_end_answers_what_it_has_begun(
    processes: Processes, world: World, session: AsyncSession, database: Proxy, http: aiohttp.ClientSession, said: Said
) -> None:
    provider, _, _ = await world.consultation()
    process = await processes.start()
    post = Poster(http, process.settings.public_url)

    async def twenty(caller: Provider) -> list[signed.Answer]:
        return await asyncio.gather(*(post("/twilio/voice", signed.call(caller.dial_phone or "")) for _ in range(20)))

    await twenty(provider)
    async with http.get(f"{process.settings.public_url}/metrics") as metrics:
        said.file("metrics").write_text(await metrics.text())
    database.latency(0.4)
    under_way = asyncio.create_task(twenty(provider))

    async def begun() -> bool:
        return len(await kept.calls(session)) > 20

    await until(begun)
    process.running.send_signal(signal.SIGTERM)
    answers = await under_way

    assert [answer.status for answer in answers] == [200] * 20
    assert all(answer.is_document for answer in answers)
    async with asyncio.timeout(10):
        assert await process.running.wait() == 0
