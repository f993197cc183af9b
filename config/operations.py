"""What operators look at: is the process alive, is everything there that it needs, and its figures."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter

import asyncpg
import orjson
import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from config.deps import Deps
from config.http import DEPS

PATIENCE_S = 2.0
# Far beyond the 30 s of the sweep: work that has waited that long shows that no worker takes any.
WAITS_AT_MOST_S = 300

_log = structlog.get_logger(__name__)


def add_to(app: web.Application) -> None:
    """Mount `/health/live`, `/health/ready` and `/metrics`."""
    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)
    app.router.add_get("/metrics", metrics)


async def live(request: web.Request) -> web.Response:  # noqa: ARG001 - a handler takes a request
    """Answer that the process runs and its loop turns; it asks nobody."""
    return _json({"status": "ok"}, 200)


async def ready(request: web.Request) -> web.Response:
    """Name each thing that the service needs: 503 without the database, degraded but 200 without another."""
    deps = request.config_dict[DEPS]
    checks = {"database": _database, "cache": _cache, "jobs": _jobs}
    found = dict(zip(checks, await asyncio.gather(*(_timed(n, c, deps) for n, c in checks.items())), strict=True))
    troubled = [name for name, (fine, _) in found.items() if not fine]
    status = "ok" if not troubled else "trouble" if "database" in troubled else "degraded"
    named = {name: {"status": "ok" if fine else "trouble", "ms": ms} for name, (fine, ms) in found.items()}
    return _json({"status": status, "checks": named}, 503 if status == "trouble" else 200)


async def metrics(request: web.Request) -> web.Response:  # noqa: ARG001
    """Answer in the words of Prometheus; labels are canonical routes, methods and codes."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _timed(name: str, check: Callable[[Deps], Awaitable[bool]], deps: Deps) -> tuple[bool, float]:
    began, fine = perf_counter(), False
    try:
        async with asyncio.timeout(PATIENCE_S):
            fine = await check(deps)
    except (OSError, TimeoutError, RedisError, SQLAlchemyError, asyncpg.PostgresError) as trouble:
        _log.warning("health.trouble", check=name, trouble=type(trouble).__name__)
    return fine, round((perf_counter() - began) * 1000, 1)


async def _database(deps: Deps) -> bool:
    async with deps.sessions() as session:
        await session.execute(text("SELECT 1"))
    return True


async def _cache(deps: Deps) -> bool:
    await deps.redis.exists("health")  # whatever it says: it answers
    return True


async def _jobs(deps: Deps) -> bool:
    """Tell whether a worker takes what is due; the queue's times are by the database's clock."""
    async with deps.sessions() as session:
        found = await session.execute(
            text(
                "SELECT coalesce(extract(epoch FROM now() - min(execute_after)), 0) "
                "FROM pgqueuer WHERE status = 'queued'"
            )
        )
        return float(found.scalar_one()) <= WAITS_AT_MOST_S


def _json(body: dict[str, object], status: int) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
