"""Running the roles: an application on a port, the worker beside it, until the process is told to stop."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress

import structlog
from aiohttp import web

from app.trouble import Failed

_log = structlog.get_logger(__name__)

# Requests in flight may finish; a carrier that waits longer has given up anyway (F9).
DRAIN_S = 8.0


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve an application while the block runs, and yield its port; afterwards let its requests finish.

    Several processes may share one port, so that a role grows by starting more of them.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN_S, keepalive_timeout=30)
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
