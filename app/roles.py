"""The roles as processes: `consultline voice`, `web`, `worker`, and `all`."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

import structlog

from app import deps as real
from app.embedded import RunFacts, Tuning, engines, forget_run, keep_secret, write_run
from app.serve import serving, until_stopped
from app.trouble import Failed
from config import database, logging
from config.deps import Deps
from config.settings import Settings, data_dir, load, set_in_environment

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Deps]:
    """Set up logs, check that the pools fit into the database, and open everything."""
    logging.configure(production=settings.production)
    await _check_room(settings)
    async with real.connect(settings) as deps:
        yield deps


# What a worker's queue takes besides the two pools.
QUEUE = 4


async def _check_room(settings: Settings) -> None:
    """See that this process's pools fit into what the database has left beside the processes that run already.

    A database that is away is no reason not to start: the line serves what it can (F1).
    """
    needed = settings.database_pool + settings.voice_pool + QUEUE
    try:
        free = await database.free_connections(settings.database_url)
    except database.UNREACHABLE as trouble:
        _log.warning("start.database_away", trouble=type(trouble).__name__)
        return
    if needed > free:
        msg = (
            f"This process may open {needed} connections and the database has {free} left. Raise its max_connections, "
            "or lower CONSULTLINE_DATABASE_POOL and CONSULTLINE_VOICE_POOL."
        )
        raise Failed(msg)


async def voice(_told: argparse.Namespace) -> int:
    """Run the voice role; it loads no portal."""
    from app import voice as role  # noqa: PLC0415 - each role loads what it needs and no more

    async with connected(load()) as deps, serving(role.build(deps), deps.settings.host, deps.settings.port):
        await until_stopped()
    return 0


async def web(_told: argparse.Namespace) -> int:
    """Run the web role."""
    role = import_module("app.web")
    async with connected(load()) as deps, serving(role.build(deps), deps.settings.host, deps.settings.port):
        await until_stopped()
    return 0


async def worker(_told: argparse.Namespace) -> int:
    """Run the worker role."""
    role = import_module("app.worker")
    async with connected(load()) as deps:
        await until_stopped(role.run(deps))
    return 0


async def everything(_told: argparse.Namespace) -> int:
    """Run all roles in one process, on embedded engines where no address is set."""
    if set_in_environment("database_url", "redis_url"):
        await _all(load())
    else:
        await _embedded(data_dir().resolve())
    return 0


async def _embedded(data: Path) -> None:
    async with engines(data, tuning=Tuning.SERVICE) as addresses:
        known: dict[str, object] = {
            "database_url": addresses.database_url,
            "redis_url": addresses.redis_url,
            "data_dir": str(data),
            "secret_key": keep_secret(data, "secret_key"),
        }
        settings = load(**known)
        await database.migrate(settings.database_url)
        facts = RunFacts.model_validate({**known, "pid": real.pid(), "started_at": real.now(), "port": settings.port})
        write_run(data, facts)
        try:
            await _all(settings)
        finally:
            forget_run(data)


async def _all(settings: Settings) -> None:
    web_role, worker_role = import_module("app.web"), import_module("app.worker")
    async with connected(settings) as deps, serving(web_role.build(deps), settings.host, settings.port):
        await until_stopped(worker_role.run(deps))
