"""What every web application of the house shares: the frame around each request.

`frame` is the outermost middleware: it reads the clock when the request's headers have arrived, gives the
request an id, writes one canonical log line and counts it. `problems` turns what is raised into problem
details (RFC 9457). Headers that protect are set when a response is prepared, so that none can go without them.
No number, name or raw path reaches a log line or a metric.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from http import HTTPStatus
from time import perf_counter

import asyncpg
import orjson
import structlog
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import Counter, Histogram
from sqlalchemy import exc as sql

from config.deps import Deps
from config.errors import BadInput, Problem, Refused

DEPS: web.AppKey[Deps] = web.AppKey("deps", Deps)
ARRIVED: web.RequestKey[datetime] = web.RequestKey("arrived", datetime)
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)

LARGEST_BODY = 256 * 1024
# What the library raises, in the middle of reading, over a body that is no form at all.
NO_FORM = (ValueError, AssertionError, HttpProcessingError)
PROBLEM_JSON = "application/problem+json"
CLIENT_GONE = 499  # never sent: nobody is there to read it

REQUESTS = Counter("consultline_http_requests", "Requests answered, by canonical route.", ["method", "route", "status"])
SECONDS = Histogram(
    "consultline_http_request_seconds",
    "Seconds from the request's headers to the last byte of the answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2, 5, 10),
)

_log = structlog.get_logger(__name__)
_SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# What a page may override has to be weaker than this, and say so; the API keeps it as it stands.
_PROTECTION = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": ("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ONLY_HTTPS = "max-age=63072000; includeSubDomains"


def application(deps: Deps, *middlewares: Middleware) -> web.Application:
    """Return an application with the frame around it; `middlewares` come inside, and answer errors first."""
    app = web.Application(middlewares=[frame, problems, *middlewares], client_max_size=LARGEST_BODY)
    app[DEPS] = deps
    app.on_response_prepare.append(protect)
    return app


def streamed(handler: Handler) -> Handler:
    """Say of a handler that it reads its body itself, piece by piece, with limits of its own."""
    handler.__dict__["streamed"] = True
    return handler


def is_streamed(request: web.Request) -> bool:
    """Tell whether the handler of a request reads the body itself; nobody else may then."""
    return bool(getattr(request.match_info.handler, "streamed", False))


@web.middleware
async def frame(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Stamp the request with its arrival and its id; log and count it when it has been answered."""
    deps = request.app[DEPS]
    request[ARRIVED] = deps.now()
    request[REQUEST_ID] = sane_id(request.headers.get("X-Request-Id")) or str(deps.new_id())
    structlog.contextvars.clear_contextvars()  # all requests of a connection share one context
    structlog.contextvars.bind_contextvars(request_id=request[REQUEST_ID])
    began, status = perf_counter(), int(HTTPStatus.INTERNAL_SERVER_ERROR)
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as answer:
        status = answer.status
        raise
    except asyncio.CancelledError:
        status = CLIENT_GONE
        raise
    finally:
        _observe(request, status, perf_counter() - began)
    return response


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what is raised as problem details: a refusal as it says, a bug with the request's id only."""
    try:
        return await handler(request)
    except Refused as no:
        return refusal(request, no)
    except BadInput as bad:
        return problem(
            request,
            400,
            "bad_input",
            "Some of what was sent cannot be read. See `errors`.",
            errors=bad.problems,
        )
    except web.HTTPException as no:
        if no.status < HTTPStatus.BAD_REQUEST:
            raise
        return _plain(request, no)
    except Exception as trouble:  # noqa: BLE001 - the last resort: logged with its trace, answered without
        if database_is_away(trouble):
            _log.error("request.database_away", trouble=type(trouble).__name__)
            return _away(request)
        _log.exception("request.bug")
        return problem(request, 500, "bug", "Something went wrong on our side. Support can find it by `request_id`.")


def database_is_away(trouble: Exception) -> bool:
    """Tell whether this says that the database cannot be reached, or not in time: no fault of ours.

    A lost connection shows as OSError, as the driver's own error or as SQLAlchemy's, according to the moment
    at which it was lost; a pool without a free connection as TimeoutError.
    """
    return isinstance(trouble, _AWAY) or (isinstance(trouble, sql.DBAPIError) and trouble.connection_invalidated)


_AWAY = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    sql.TimeoutError,
)


def _away(request: web.Request) -> web.Response:
    return problem(
        request,
        503,
        "service_trouble",
        "The service cannot reach its database just now. Try again in a few seconds.",
        headers={hdrs.RETRY_AFTER: "5"},
    )


def refusal(request: web.Request, no: Refused) -> web.Response:
    """Return a refusal as problem details."""
    return problem(request, no.status, no.code, no.sentence, facts=no.facts)


def problem(
    request: web.Request,
    status: int,
    code: str,
    detail: str,
    *,
    errors: Iterable[Problem] = (),
    facts: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Return problem details (RFC 9457): `code` is for programs and never changes, `detail` is for people."""
    body: dict[str, object] = {
        "type": f"urn:consultline:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request[REQUEST_ID],
        "errors": [{"where": one.where, "sentence": one.sentence} for one in errors],
    }
    if facts:
        body["facts"] = dict(facts)
    json = orjson.dumps(body, default=str, option=orjson.OPT_UTC_Z)  # instants as everywhere in the API
    return web.Response(body=json, status=status, content_type=PROBLEM_JSON, headers=headers)


def sane_id(told: str | None) -> str | None:
    """Return a request id that a caller brought if it is one: up to 64 letters, digits, dots, dashes."""
    return told if told and _SANE_ID.fullmatch(told) else None


def route_of(request: web.Request) -> str:
    """Return the canonical path of the route that a request met; never the path that was sent."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unmatched"


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers that protect, on every response, errors and streams included (on_response_prepare)."""
    for name, value in _PROTECTION.items():
        response.headers.setdefault(name, value)
    if request.match_info.apps[0][DEPS].settings.production:
        response.headers[hdrs.STRICT_TRANSPORT_SECURITY] = _ONLY_HTTPS
    if REQUEST_ID in request:
        response.headers["X-Request-Id"] = request[REQUEST_ID]
    response.headers.popall(hdrs.SERVER, None)  # names the versions of what is running


_SENTENCES = {
    401: "Send a token that is valid, as `Authorization: Bearer …`.",
    403: "This token may not do that.",
    404: "There is nothing here under this id.",
    405: "This address does not take that method; see the Allow header.",
    413: f"A body may have {LARGEST_BODY // 1024} KiB at most.",
    415: "Send the body as application/json.",
}
_CODES = {403: "forbidden", 404: "not_found", 413: "too_large", 415: "not_json"}
_KEPT = (hdrs.ALLOW, hdrs.WWW_AUTHENTICATE, hdrs.RETRY_AFTER)


def _plain(request: web.Request, no: web.HTTPException) -> web.Response:
    """Return an error of aiohttp's own as problem details, without its text, which may repeat what came."""
    phrase = HTTPStatus(no.status).phrase
    code = _CODES.get(no.status, phrase.lower().replace(" ", "_").replace("-", "_"))
    kept = {str(name): no.headers[name] for name in _KEPT if name in no.headers}
    return problem(request, no.status, code, _SENTENCES.get(no.status, f"{phrase}."), headers=kept)


@cache  # of routes, methods and codes there are few, and looking them up takes longer than counting
def _meters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, status), SECONDS.labels(method, route)


def _observe(request: web.Request, status: int, seconds: float) -> None:
    method = request.method if request.method in _METHODS else "OTHER"
    route = route_of(request)
    requests, latencies = _meters(method, route, status)
    requests.inc()
    latencies.observe(seconds)
    _log.info("request", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 1))
