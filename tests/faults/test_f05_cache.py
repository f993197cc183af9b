"""The cache is down, hangs, or has lost everything (F5, F6)."""

from collections.abc import Callable

import pytest
from redis import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.carriers.simulator import Outcome
from bridge.values import Outcome as Kept
from config.deps import Deps
from status.values import ConsultationStatus
from tests.builders import World
from tests.clock import Clock
from tests.faults import kept, signed
from tests.faults.conftest import Voice
from tests.faults.proxy import Proxy
from tests.faults.signed import Poster
from tests.fixtures import Carrier, Worker

SHARED = "+12125550177"
CACHE_TROUBLES = [Proxy.down, Proxy.hang, Proxy.reset]


@pytest.mark.parametrize("toxic", CACHE_TROUBLES)
async def test_f05_calls_need_no_cache(
    role: Voice,
    carrier: Carrier,
    world: World,
    session: AsyncSession,
    cache: Proxy,
    clock: Clock,
    toxic: Callable[[Proxy], None],
) -> None:
    provider, client, _ = await world.consultation()
    await role.deps.redis.ping()
    toxic(cache)

    first = await carrier.dial(provider, outcome=Outcome.NO_ANSWER)
    clock.forward(minutes=1)
    second = await carrier.dial(provider, talk_s=90)

    assert "did not pick up" in first.words[0]
    assert [rang.number for rang in second.rang] == [client.phone]
    assert first.faults == second.faults == []
    assert max(exchange.elapsed for exchange in first.exchanges + second.exchanges) < 1
    assert [row.outcome for row in await kept.calls(session)] == [Kept.NO_ANSWER, Kept.CONNECTED]
    assert (await kept.only_consultation(session)).status is ConsultationStatus.OCCURRED_AUTO
    assert await kept.signs(session) == []


async def test_f05_wrong_pins_are_counted_without_a_cache(
    role: Voice, carrier: Carrier, world: World, cache: Proxy
) -> None:
    """Tries are rows in PostgreSQL: what must stay counted does not hang on what may be lost."""
    provider = await world.provider(dial_phone=SHARED, pin="111111")
    await world.provider(dial_phone=SHARED, pin="222222")
    await world.appointment(provider)
    cache.down()
    for _ in range(3):
        await carrier.dial(SHARED, digits=["000000", "000001", "000002"])
    await carrier.dial(SHARED, digits=["000003"])

    locked = await carrier.dial(SHARED, digits=["111111"])

    assert not locked.rang
    assert "wait an hour" in locked.words[-1]


async def test_f05_the_service_says_that_it_lacks_its_cache_and_stays_ready(
    role: Voice, post: Poster, cache: Proxy
) -> None:
    cache.down()

    async with post.http.get(f"{role.url}/health/ready") as ready:
        told = await ready.json()

    assert ready.status == 200
    assert told["status"] == "degraded"
    assert told["checks"]["cache"]["status"] == "trouble"


@pytest.mark.parametrize("lost", ["down", "emptied"])
async def test_f06_a_text_is_sent_once_whatever_becomes_of_the_cache(
    role: Voice,
    carrier: Carrier,
    world: World,
    deps: Deps,
    session: AsyncSession,
    cache: Proxy,
    redis_url: str,
    clock: Clock,
    works: Worker,
    lost: str,
) -> None:
    provider, _, appointment = await world.consultation()

    def lose() -> None:
        if lost == "down":
            cache.down()
        with Redis.from_url(redis_url) as straight:
            straight.flushdb()

    clock.to(appointment.ends_at)
    await works.turn()
    lose()
    clock.forward(hours=24)
    for _ in range(3):
        await works.turn()
        lose()
    clock.forward(hours=1)
    await works.turn()

    texts = [one for one in carrier.simulator.book.messages.values() if one.to == provider.dial_phone]
    assert len(texts) == 1
    clock.to(appointment.ends_at)
    clock.forward(hours=72)
    lose()
    await works.turn()
    assert (await kept.only_consultation(session)).status is ConsultationStatus.UNKNOWN
    answer = await Poster(carrier.http, role.url)("/twilio/voice", signed.call(provider.dial_phone or ""))
    assert answer.status == 200
