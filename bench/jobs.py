"""How many jobs a second go through our way of enqueueing and our worker, beside the engine's own bulk rate.

Ours: enqueued through `config.jobs.enqueue` in a business transaction, as a sweep does, then worked off by the
queue of `app.worker` with a handler that does nothing. The engine's: its own enqueue of the same number at once
and its own loop, on a connection of its own, with the size of batch that we use too.
"""

from datetime import timedelta
from statistics import median
from time import perf_counter
from uuid import UUID, uuid4

import asyncpg
from pgqueuer import QueueManager
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

from app import deps as real
from app import worker
from bench.fill import SMALL
from bench.ground import Ground
from bench.report import Report, spread
from config import database
from config.deps import Deps
from config.jobs import enqueue

TURNS, JOBS, AT_ONCE = 3, 3000, 500
NAME = "bench"


async def run(ground: Ground, report: Report) -> None:
    """Measure in turns, and note the target."""
    ours: list[tuple[float, float]] = []
    engine: list[tuple[float, float]] = []
    async with real.connect(ground.settings(SMALL)) as deps:
        for _ in range(TURNS):
            engine.append(await _engine(ground.small_url))
            ours.append(await _ours(deps))
    report.title(f"Jobs: {JOBS:,} that do nothing, one worker; the median of {TURNS} rounds (lowest–highest)")
    for name, rounds in (("engine", engine), ("ours", ours)):
        into, out = (spread([JOBS / one[part] for one in rounds]) for part in (0, 1))
        both = spread([JOBS / sum(one) for one in rounds])
        report.line(f"{name:7} enqueued {into}/s   worked off {out}/s   both {both}/s")
    ratio = median(sum(theirs) / sum(mine) for theirs, mine in zip(engine, ours, strict=True))
    report.target("jobs, enqueued and worked off ÷ the engine's own rate", ratio, at_least=0.5)


async def _ours(deps: Deps) -> tuple[float, float]:
    done = 0

    async def handle(_deps: Deps, _subject: UUID) -> None:
        nonlocal done
        done += 1

    worker.HANDLERS[NAME] = handle
    began = perf_counter()
    for _ in range(JOBS // AT_ONCE):
        async with deps.sessions.begin() as session:
            await enqueue(session, NAME, *(uuid4() for _ in range(AT_ONCE)))
    enqueued = perf_counter()
    await worker.drain(deps)
    ended = perf_counter()
    del worker.HANDLERS[NAME]
    _check(done)
    return enqueued - began, ended - enqueued


async def _engine(url: str) -> tuple[float, float]:
    done = 0
    connection = await asyncpg.connect(database.driver_url(url))
    try:
        queries = Queries(AsyncpgDriver(connection))
        manager = QueueManager(queries)

        @manager.entrypoint(NAME)
        async def handle(_job: Job) -> None:
            nonlocal done
            done += 1

        began = perf_counter()
        for _ in range(JOBS // AT_ONCE):
            await queries.enqueue([NAME] * AT_ONCE, [str(uuid4()).encode() for _ in range(AT_ONCE)], [0] * AT_ONCE)
        enqueued = perf_counter()
        await manager.run(mode=QueueExecutionMode.drain, dequeue_timeout=timedelta(milliseconds=1))
        ended = perf_counter()
    finally:
        await connection.close()
    _check(done)
    return enqueued - began, ended - enqueued


def _check(done: int) -> None:
    if done != JOBS:
        msg = f"{done} of {JOBS} jobs were done"
        raise RuntimeError(msg)
