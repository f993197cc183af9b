"""The worker role: what is due, what was enqueued, and how the lines are doing.

Rows hold every deadline. A sweep finds what is due by `deps.now()` and enqueues work for now; the queue's
handlers claim their row first, so a job that runs twice has no second effect.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import asyncpg
import structlog
from pgqueuer import QueueManager
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

from bridge import jobs as line
from config.database import UNREACHABLE, driver_url
from config.deps import CarrierUnreachable, Deps
from people import jobs as lists
from people import queries as people
from portal import jobs as letters
from scheduling import actions as calendar_actions
from scheduling import jobs as calendar
from scheduling import queries as calendar_queries
from status import actions as ledger_actions
from status import jobs as ledger
from status import queries as ledger_queries

_log = structlog.get_logger(__name__)

# A claim older than this was left behind by a worker that died.
STALE = timedelta(minutes=5)
RECONCILES_AT = time(3, 30, tzinfo=UTC)

HANDLERS: dict[str, Callable[[Deps, UUID], Awaitable[None]]] = {
    "judge": ledger.judge,
    "lapse": ledger.lapse,
    "end": calendar.end,
    "lapse_offer": calendar.lapse_offer,
    "deliver": letters.deliver,
    "reap": line.reap,
    "request": calendar.expire_request,
    "import": lists.commit_import,
    "read_feed": calendar.read_feed,
    "openings": calendar.openings,
}


async def sweep(deps: Deps) -> None:
    """Enqueue work for everything whose time has come."""
    async with deps.sessions.begin() as session:
        await ledger_actions.enqueue_due(session, now=deps.now(), stale=STALE)
        await calendar_actions.enqueue_due(session, now=deps.now())
    await calendar.refresh_openings(deps)
    await line.enqueue_open_calls(deps)
    await line.judge_lines(deps)
    await lists.enqueue_imports(deps)


async def forget(deps: Deps) -> None:
    """Delete what is older than it may be kept (retention)."""
    now, told = deps.now(), deps.settings
    await line.forget(deps)
    await calendar.forget(deps)
    async with deps.sessions.begin() as session:
        await ledger_queries.delete_settled_notices(session, now - timedelta(days=told.keep_notices_d))
        await people.delete_old_writes(session, now - timedelta(hours=told.keep_api_writes_h))
        await people.delete_old_tries(session, now - timedelta(days=1))
        await people.delete_old_sign_ins(session, now - timedelta(days=30))
        await calendar_queries.delete_old_drafts(session, now - timedelta(hours=told.keep_drafts_h))
        await people.delete_old_imports(session, now)
        await people.delete_old_message_drafts(session, now - timedelta(hours=told.keep_drafts_h))


async def reconcile_yesterday(deps: Deps) -> None:
    """Hold yesterday's calls against the carrier's record (the carriers themselves advise to, telephony 3)."""
    until = datetime.combine(deps.now().date(), time(0), UTC)
    await line.reconcile(deps, until - timedelta(days=1), until)


@asynccontextmanager
async def queue(deps: Deps) -> AsyncIterator[QueueManager]:
    """Open the queue with a handler for every kind of work."""
    async with asyncpg.create_pool(driver_url(deps.settings.database_url), min_size=1, max_size=4) as pool:
        manager = QueueManager(Queries(AsyncpgPoolDriver(pool)))
        for name, handler in HANDLERS.items():
            manager.entrypoint(name)(_job(deps, name, handler))
        yield manager


def _job(deps: Deps, name: str, handler: Callable[[Deps, UUID], Awaitable[None]]) -> Callable[[Job], Awaitable[None]]:
    async def run(job: Job) -> None:
        structlog.contextvars.bind_contextvars(job=name)
        assert job.payload is not None  # noqa: S101 - enqueue() always gives one
        await handler(deps, UUID(job.payload.decode()))

    return run


async def drain(deps: Deps) -> None:
    """Do everything that is enqueued, and return."""
    async with queue(deps) as manager:
        await manager.run(mode=QueueExecutionMode.drain, dequeue_timeout=timedelta(milliseconds=1))


async def run(deps: Deps) -> None:
    """Work until cancelled."""
    async with queue(deps) as manager, asyncio.TaskGroup() as tasks:
        tasks.create_task(manager.run(dequeue_timeout=timedelta(seconds=5)))
        tasks.create_task(_every(deps.settings.sweep_every_s, "sweep", sweep, deps))
        tasks.create_task(_every(deps.settings.probe_every_s, "probe", line.probe, deps))
        tasks.create_task(_every(3600, "forget", forget, deps))
        tasks.create_task(_every(3600, "ask again", lists.ask_again, deps))
        tasks.create_task(_nightly(deps))


async def _every(seconds: float, name: str, work: Callable[[Deps], Awaitable[None]], deps: Deps) -> None:
    while True:
        await _once(name, work, deps)
        await asyncio.sleep(seconds)


async def _nightly(deps: Deps) -> None:
    while True:
        now = deps.now()
        at = datetime.combine(now.date(), RECONCILES_AT)
        at += timedelta(days=1) if at <= now else timedelta()
        await asyncio.sleep((at - now).total_seconds())
        await _once("reconcile", reconcile_yesterday, deps)


async def _once(name: str, work: Callable[[Deps], Awaitable[None]], deps: Deps) -> None:
    """Do a piece of work. A bug in it is logged with its traceback and must not stop the other work.

    In one process with the line (`consultline all`) a worker that died of a bug would take the calls with it.
    """
    try:
        await work(deps)
    except (*UNREACHABLE, CarrierUnreachable) as trouble:
        _log.warning("worker.unreachable", work=name, trouble=type(trouble).__name__)
    except Exception:  # noqa: BLE001 - as said above
        _log.exception("worker.bug", work=name)
