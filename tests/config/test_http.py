"""The frame around every request, and what operators look at."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer, unused_port
from structlog.testing import capture_logs

from app import deps as real
from config import operations
from config.deps import Deps
from config.http import ARRIVED, application
from config.settings import Settings
from tests.clock import START


async def bug(_: web.Request) -> web.Response:
    msg = "a bug with +12125550142 in it"
    raise RuntimeError(msg)


async def arrived(request: web.Request) -> web.Response:
    return web.json_response({"at": request[ARRIVED].isoformat()})


async def page(_: web.Request) -> web.Response:
    return web.Response(text="page", headers={"Content-Security-Policy": "default-src 'self'"})


async def moved(_: web.Request) -> web.Response:
    raise web.HTTPSeeOther("/page")


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"news")
    return response


async def echo(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


def small(deps: Deps) -> web.Application:
    """Return an application with a route for each way in which a request can end."""
    app = application(deps)
    operations.add_to(app)
    app.router.add_get("/bug", bug)
    app.router.add_get("/arrived/{id}", arrived)
    app.router.add_get("/page", page)
    app.router.add_get("/moved", moved)
    app.router.add_get("/stream", stream)
    app.router.add_post("/echo", echo)
    return app


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    server = TestServer(app)
    await server.start_server(access_log=None)
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.fixture
async def base(deps: Deps) -> AsyncIterator[str]:
    async with served(small(deps)) as url:
        yield url


PROTECTED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/arrived/7", 200),
        ("HEAD", "/arrived/7", 200),
        ("GET", "/page", 200),
        ("GET", "/moved", 303),
        ("GET", "/stream", 200),
        ("GET", "/bug", 500),
        ("GET", "/nothing", 404),
        ("OPTIONS", "/page", 405),
        ("DELETE", "/page", 405),
        ("GET", "/health/live", 200),
        ("GET", "/metrics", 200),
    ],
)
async def test_every_answer_is_protected(http: ClientSession, base: str, method: str, path: str, status: int) -> None:
    async with http.request(method, f"{base}{path}", allow_redirects=False) as response:
        assert response.status == status
        assert {name: response.headers[name] for name in PROTECTED} == PROTECTED
        policy = response.headers["Content-Security-Policy"]
        assert (
            policy == "default-src 'self'" if path == "/page" and status == 200 else "frame-ancestors 'none'" in policy
        )
        assert "Strict-Transport-Security" not in response.headers
        assert "Server" not in response.headers
        assert response.headers["X-Request-Id"]


async def test_in_production_only_https_is_spoken(settings: Settings, http: ClientSession) -> None:
    async with (
        real.connect(settings.model_copy(update={"production": True})) as there,
        served(small(there)) as base,
    ):
        for path in ("/page", "/bug", "/nothing"):
            async with http.get(f"{base}{path}") as response:
                assert response.headers["Strict-Transport-Security"].startswith("max-age=63072000")


async def test_the_clock_is_read_when_the_headers_are_there(http: ClientSession, base: str) -> None:
    async with http.get(f"{base}/arrived/7") as response:
        assert (await response.json())["at"] == START.isoformat()


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("trace-1.A_b", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("a b", False),
        ("", False),
        ("é", False),
        ("-a", False),
    ],
)
async def test_a_sane_request_id_is_kept_and_another_made_anew(
    http: ClientSession, base: str, told: str, kept: bool
) -> None:
    async with http.get(f"{base}/page", headers={"X-Request-Id": told}) as response:
        assert (response.headers["X-Request-Id"] == told) is kept
        assert response.headers["X-Request-Id"]


async def test_one_line_a_request_and_no_path_in_it(http: ClientSession, base: str) -> None:
    with capture_logs() as logs:
        for path in ("/arrived/212-555-0142?q=212-555-0143", "/212-555-0144", "/bug"):
            async with http.get(f"{base}{path}", headers={"X-Request-Id": "r1"}):
                pass

    lines = [one for one in logs if one["event"] == "request"]
    assert [(one["method"], one["route"], one["status"]) for one in lines] == [
        ("GET", "/arrived/{id}", 200),
        ("GET", "unmatched", 404),
        ("GET", "/bug", 500),
    ]
    assert all(one["duration_ms"] >= 0 for one in lines)
    assert "555" not in str(lines)


async def test_a_body_has_its_limit(http: ClientSession, base: str) -> None:
    statuses = []
    for size in (256 * 1024, 256 * 1024 + 1):
        async with http.post(f"{base}/echo", data=b"x" * size) as response:
            statuses.append((response.status, response.content_type))

    assert statuses == [(200, "text/plain"), (413, "application/problem+json")]


async def test_a_bug_tells_nothing(http: ClientSession, base: str) -> None:
    async with http.get(f"{base}/bug") as response:
        problem = await response.json(content_type="application/problem+json")

    assert problem == {
        "type": "urn:consultline:problem:bug",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Something went wrong on our side. Support can find it by `request_id`.",
        "code": "bug",
        "request_id": response.headers["X-Request-Id"],
        "errors": [],
    }


async def test_figures_are_by_canonical_route_and_hold_nobody(http: ClientSession, base: str) -> None:
    async with http.get(f"{base}/arrived/212-555-0142"):
        pass
    async with http.get(f"{base}/212-555-0142"):
        pass
    async with http.get(f"{base}/metrics") as response:
        told = await response.text()

    assert 'consultline_http_requests_total{method="GET",route="/arrived/{id}",status="200"}' in told
    assert 'consultline_http_request_seconds_bucket{le="0.1",method="GET",route="/arrived/{id}"}' in told
    assert 'route="unmatched",status="404"' in told
    labels = re.findall(r"^consultline_\w+\{.*\}", told, re.MULTILINE)
    assert labels
    assert "555" not in "".join(labels)


async def test_everything_that_is_needed_is_named(http: ClientSession, base: str) -> None:
    async with http.get(f"{base}/health/ready") as response:
        told = await response.json()

    assert response.status == 200
    assert told["status"] == "ok"
    assert {name: one["status"] for name, one in told["checks"].items()} == dict.fromkeys(
        ("database", "cache", "jobs"), "ok"
    )
    assert all(one["ms"] >= 0 for one in told["checks"].values())


@pytest.mark.parametrize(
    ("away", "status", "word"),
    [("redis_url", 200, "degraded"), ("database_url", 503, "trouble")],
)
async def test_what_is_away_is_told(settings: Settings, http: ClientSession, away: str, status: int, word: str) -> None:
    nowhere = {
        "redis_url": f"redis://127.0.0.1:{unused_port()}",
        "database_url": f"postgresql://nobody@127.0.0.1:{unused_port()}/none",
    }
    async with (
        real.connect(settings.model_copy(update={away: nowhere[away]})) as there,
        served(small(there)) as base,
        http.get(f"{base}/health/live") as alive,
        http.get(f"{base}/health/ready") as response,
    ):
        told = await response.json()
        assert alive.status == 200
    assert (response.status, told["status"]) == (status, word)


async def test_work_that_nobody_takes_is_told(deps: Deps, http: ClientSession, base: str) -> None:
    async with deps.driver.acquire() as connection:
        await connection.execute(
            "INSERT INTO pgqueuer (priority, entrypoint, status, created, updated, heartbeat, execute_after)"
            " SELECT 0, 'judge', 'queued', at, at, at, at"
            " FROM (SELECT now() - interval '301 seconds' AS at) AS long_ago"
        )

    async with http.get(f"{base}/health/ready") as response:
        told = await response.json()

    assert (response.status, told["status"], told["checks"]["jobs"]["status"]) == (200, "degraded", "trouble")
