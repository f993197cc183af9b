"""The voice role: what answers the carrier, and nothing else; it never loads the portal."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog
from aiohttp import web

from bridge import webhooks
from bridge.standby import Standby
from config import operations
from config.database import UNREACHABLE
from config.deps import Deps
from config.http import application

_log = structlog.get_logger(__name__)

REFRESH_EVERY_S = 5.0
PATIENCE_S = 5.0


def build(deps: Deps, *, refresh_every_s: float = REFRESH_EVERY_S) -> web.Application:
    """Return the application of a voice process."""
    app = application(deps)
    operations.add_to(app)
    add_line(app, deps, refresh_every_s=refresh_every_s)
    return app


def add_line(app: web.Application, deps: Deps, *, refresh_every_s: float = REFRESH_EVERY_S) -> None:
    """Mount the carrier's door, and keep its standby fresh while the application runs."""
    standby = Standby(
        deps.settings.data_dir / "journal",
        max_age=timedelta(seconds=deps.settings.snapshot_max_age_s),
        name=str(deps.new_id()),
    )
    app.add_subapp("/twilio/", webhooks.build(deps, standby))

    async def stand_by(_app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(_keep_fresh(deps, standby, refresh_every_s))
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    app.cleanup_ctx.append(stand_by)


async def _keep_warm(deps: Deps) -> None:
    """Keep a connection open for the next call: opening one may take longer than a call can wait."""
    async with deps.driver.acquire():
        pass


async def _keep_fresh(deps: Deps, standby: Standby, every_s: float) -> None:
    """Take a snapshot every few seconds; after a time without the database, apply the journal first.

    A bug in either is logged and stops neither the other nor the next round.
    """
    ready = False
    while True:
        was_ready, ready = ready, True
        for work in (_keep_warm, standby.drain, standby.refresh):
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await work(deps)
            except UNREACHABLE as trouble:
                ready = False
                _log.warning("standby.database_away", trouble=type(trouble).__name__, waiting=standby.waiting())
            except Exception:  # noqa: BLE001 - logged with its traceback; the line has to stay ready
                ready = False
                _log.exception("standby.bug", work=work.__name__)
        if ready and not was_ready:
            _log.info("standby.ready")
        await asyncio.sleep(every_s)
