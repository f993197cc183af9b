"""Hints to open pages: something that is yours has changed, look again. Never a fact, and none is missed for long.

One subscription per process hears the channel of `config.live`; each open page has a queue of one hint. A page also
looks every 15 seconds by itself, so a hint that is lost costs seconds.
"""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import structlog
from aiohttp import web
from redis.exceptions import RedisError

from config.deps import Deps
from config.http import ARRIVED, DEPS
from config.live import CHANNEL
from people.values import Person, Role
from portal import session as sessions

PATH = "/live"
BEAT_S = 15.0
AGAIN_S = 1.0

_log = structlog.get_logger(__name__)


class Hub:
    """Passes on what is published to the pages that are open in this process."""

    def __init__(self) -> None:
        self._open: dict[asyncio.Event, frozenset[str] | None] = {}

    def open(self, ids: frozenset[str] | None) -> asyncio.Event:
        """Begin to listen for news about these ids; about everything where None."""
        heard = asyncio.Event()
        self._open[heard] = ids
        return heard

    def close(self, heard: asyncio.Event) -> None:
        """Stop to listen."""
        self._open.pop(heard, None)

    def hear(self, ids: frozenset[str]) -> None:
        """Take in one publication."""
        for event, wanted in self._open.items():
            if wanted is None or wanted & ids:
                event.set()

    def stir(self) -> None:
        """Let every page look again: the channel was away, and nobody knows what was said meanwhile."""
        for event in self._open:
            event.set()


HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)


def add_to(app: web.Application) -> None:
    """Mount the stream, and hear the channel while the application runs."""
    app[HUB] = Hub()
    app.router.add_get(PATH, stream)
    app.cleanup_ctx.append(_heard)


async def stream(request: web.Request) -> web.StreamResponse:
    """Send a hint whenever something of theirs has changed, and a comment now and then to keep the line open."""
    deps = request.config_dict[DEPS]
    token = request.cookies.get(sessions.cookie_name(deps.settings))
    person = await sessions.recognise(deps, token, request[ARRIVED])
    if person is None:
        raise web.HTTPNoContent  # tells a browser not to come back
    hub = request.config_dict[HUB]
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    heard = hub.open(subjects_of(person))
    try:
        await response.write(b"retry: 2000\n\n")
        while True:
            try:
                async with asyncio.timeout(BEAT_S):
                    await heard.wait()
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            heard.clear()
            await response.write(b"event: changed\ndata: \n\n")
    except ConnectionError:
        return response
    finally:
        hub.close(heard)


def subjects_of(person: Person) -> frozenset[str] | None:
    """Return whose news somebody gets: their own; everybody's at the support desk."""
    if person.roles & {Role.SUPPORT, Role.ADMIN}:
        return None
    ids: tuple[UUID | None, ...] = (
        person.account_id,
        person.provider_id,
        person.client_id,
        *(practice_id for practice_id, _ in person.practices),
    )
    return frozenset(str(one) for one in ids if one is not None)


async def _heard(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(_listen(app[DEPS], app[HUB]))
    yield
    while not task.done():  # a client of the cache may swallow a cancellation that meets it while it connects
        task.cancel()
        await asyncio.wait([task], timeout=0.1)


async def _listen(deps: Deps, hub: Hub) -> None:
    """Hear the channel for as long as the process runs; while it is away, pages look by themselves."""
    while True:
        try:
            async with deps.redis.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                hub.stir()
                while True:
                    said = await channel.get_message(ignore_subscribe_messages=True, timeout=BEAT_S)
                    if said is not None:
                        hub.hear(frozenset(str(said["data"]).split()))
        except (RedisError, OSError) as trouble:
            _log.warning("live.deaf", trouble=type(trouble).__name__)
            await asyncio.sleep(AGAIN_S)
