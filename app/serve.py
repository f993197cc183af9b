"""Running the roles: an application on a port, the worker beside it, until the process is told to stop."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from app.trouble import Failed
from config.http import is_streamed

_log = structlog.get_logger(__name__)

# Requests in flight may finish; a carrier that waits longer has given up anyway (F9).
DRAIN_S = 8.0
# A connection that says nothing, or half of a request's head, is cut after this (F33). A proxy in front has to let
# go of its idle connections sooner.
IDLE_S = 9.0
# As long may the rest of a body take; and so long is an answer held out to somebody who is still sending.
BODY_S = 5.0
LINGER_S = 2.0


@asynccontextmanager
async def serving(
    app: web.Application, host: str, port: int, *, idle_s: float = IDLE_S, body_s: float = BODY_S
) -> AsyncIterator[int]:
    """Serve an application while the block runs, and yield its port; afterwards let its requests finish.

    Several processes may share one port, so that a role grows by starting more of them.
    """
    app.middlewares.append(_whole_within(body_s))
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=DRAIN_S, keepalive_timeout=idle_s, lingering_time=LINGER_S
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, reuse_port=True)
        try:
            await site.start()
        except OSError:
            msg = f"Port {port} is taken. Choose another with --port or PORT."
            raise Failed(msg) from None
        _log.info("serving", host=host, port=runner.addresses[0][1])
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def _whole_within(seconds: float) -> Middleware:
    """Let nobody keep a request open by sending its body drop by drop; most bodies are there with their head."""

    @web.middleware
    async def whole(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.content.is_eof() and not is_streamed(request):
            try:
                async with asyncio.timeout(seconds):
                    await request.read()
            except TimeoutError:
                raise web.HTTPRequestTimeout from None
        return await handler(request)

    return whole


async def until_stopped(*work: Awaitable[None]) -> None:
    """Run until SIGTERM or SIGINT, or until one of the works ends, which none should."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    waiting = asyncio.create_task(stop.wait())
    tasks = [asyncio.ensure_future(one) for one in work]
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in (waiting, *tasks):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(waiting, *tasks, return_exceptions=True)
    for task in done:
        if task is not waiting:
            task.result()
