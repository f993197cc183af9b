"""The house with its wires exposed: a proxy before the database, another before the cache.

The service goes through them. What a test reads or prepares for itself (`world`, `session`) does not.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app import deps as real
from app import voice
from app.serve import serving
from bridge.standby import STANDBY, Standby
from config.deps import Deps
from config.settings import Settings
from tests.builders import World
from tests.clock import Clock
from tests.faults.proxy import Proxy, before
from tests.faults.signed import Poster

Wired = tuple[Proxy, str]
# What stories relax, faults are about.
REAL_LIMITS = {name: Settings.model_fields[name].default for name in ("statement_s", "answer_s")}


async def until(what: Callable[[], Awaitable[object]], *, within_s: float = 10.0) -> None:
    """Wait for a condition; fail where it has not come about in time."""
    async with asyncio.timeout(within_s):
        while not await what():  # noqa: ASYNC110 - what is waited for happens in a database or another process
            await asyncio.sleep(0.01)


@pytest.fixture
async def database_wire(database_url: str) -> AsyncIterator[Wired]:
    async with before(database_url) as found:
        yield found


@pytest.fixture
async def cache_wire(redis_url: str) -> AsyncIterator[Wired]:
    async with before(redis_url) as found:
        yield found


@pytest.fixture
def database(database_wire: Wired) -> Proxy:
    """Return what stands before the database."""
    return database_wire[0]


@pytest.fixture
def cache(cache_wire: Wired) -> Proxy:
    """Return what stands before the cache."""
    return cache_wire[0]


@pytest.fixture
async def direct(plain: Settings, clock: Clock) -> AsyncIterator[Deps]:
    """Return a way past the proxies."""
    async with real.connect(plain, now=clock) as found:
        yield found


@pytest.fixture
def plain(settings: Settings, database_url: str, redis_url: str) -> Settings:
    return settings.model_copy(update={"database_url": database_url, "redis_url": redis_url})


@pytest.fixture
def settings(settings: Settings, database_wire: Wired, cache_wire: Wired) -> Settings:
    return settings.model_copy(update={"database_url": database_wire[1], "redis_url": cache_wire[1], **REAL_LIMITS})


@pytest.fixture
def world(direct: Deps) -> World:
    return World(direct)


@pytest.fixture
async def session(direct: Deps) -> AsyncIterator[AsyncSession]:
    async with direct.sessions() as found:
        yield found


@dataclass(frozen=True)
class Voice:
    """A voice role that runs, and what it has in store for the time without a database."""

    url: str
    standby: Standby
    deps: Deps

    async def knows(self) -> None:
        """Take a snapshot now."""
        await self.standby.refresh(self.deps)

    async def catches_up(self) -> None:
        """Wait until everything that was kept has been applied."""

        async def nothing_waits() -> bool:
            return self.standby.waiting() == 0

        await until(nothing_waits)


@asynccontextmanager
async def running(deps: Deps) -> AsyncIterator[Voice]:
    """Run the voice role as its process does, but with less patience between two looks at the database."""
    app = voice.build(deps, refresh_every_s=0.05)
    standby = next(sub[STANDBY] for sub in app._subapps if STANDBY in sub)
    async with serving(app, deps.settings.host, deps.settings.port):
        yield Voice(deps.settings.public_url, standby, deps)


@pytest.fixture
async def role(deps: Deps, database: Proxy, cache: Proxy) -> AsyncIterator[Voice]:
    async with running(deps) as found:
        yield found
        database.heal()  # or it would take its time to end
        cache.heal()


@pytest.fixture
def service(role: Voice) -> str:
    return role.url


@pytest.fixture
async def post(service: str, http: aiohttp.ClientSession) -> Poster:
    """Return what posts signed requests."""
    return Poster(http, service)
