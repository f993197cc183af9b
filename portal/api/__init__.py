"""The JSON API: one file per noun.

Each operation is a value that says its path, its roles, what is sent and what is answered; routes, checks,
authorisation and the description at `openapi.json` are all made from these values (docs/decisions/0003).
"""

from functools import cache
from typing import Any

import orjson
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from config.deps import Deps
from config.http import DEPS, streamed
from portal.api import (
    appointments,
    blocks,
    bookings,
    busy_feeds,
    calendar_feeds,
    calls,
    clients,
    consultations,
    enrolments,
    events,
    hours,
    imports,
    issues,
    line,
    messages,
    notices,
    openapi,
    payer_feeds,
    payers,
    policies,
    practices,
    profiles,
    providers,
    psychiatric,
    referral_settings,
    referrals,
    requests,
    searches,
    series,
    serving,
    sharing,
    slots,
    tasks,
    vocabulary,
    waitlist,
)
from portal.api.operation import PREFIX, Operation

__all__ = ["OPERATIONS", "PREFIX", "build"]

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    *practices.OPERATIONS,
    *policies.OPERATIONS,
    *providers.OPERATIONS,
    *payers.OPERATIONS,
    *enrolments.OPERATIONS,
    *payer_feeds.OPERATIONS,
    *profiles.OPERATIONS,
    *hours.OPERATIONS,
    *blocks.OPERATIONS,
    *busy_feeds.OPERATIONS,
    *referral_settings.OPERATIONS,
    *slots.OPERATIONS,
    *clients.OPERATIONS,
    *messages.OPERATIONS,
    *imports.OPERATIONS,
    *appointments.OPERATIONS,
    *series.OPERATIONS,
    *waitlist.OPERATIONS,
    *calendar_feeds.OPERATIONS,
    *bookings.OPERATIONS,
    *requests.OPERATIONS,
    *calls.OPERATIONS,
    *consultations.OPERATIONS,
    *referrals.OPERATIONS,
    *psychiatric.OPERATIONS,
    *sharing.OPERATIONS,
    *tasks.OPERATIONS,
    *notices.OPERATIONS,
    *events.OPERATIONS,
    *issues.OPERATIONS,
    *line.OPERATIONS,
    *vocabulary.OPERATIONS,
    *searches.OPERATIONS,
)

# What is no id has no route: it is a 404 like an id that nobody has.
_ID = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"


def build(deps: Deps) -> web.Application:
    """Return the application to be mounted at `/api/v1`, inside one made by `config.http.application`."""
    app = web.Application()
    app[DEPS] = deps
    for operation in OPERATIONS:
        path = operation.path.replace("_id}", f"_id:{_ID}}}")
        app.router.add_route(operation.method, path, _served(operation))
        if not operation.writes:
            app.router.add_route(hdrs.METH_HEAD, path, _served(operation))
    app.router.add_get("/openapi.json", _described)
    return app


def _served(operation: Operation[Any, Any]) -> Handler:
    async def served(request: web.Request) -> web.StreamResponse:
        return await serving.serve(operation, request)

    return streamed(served) if operation.bring else served


async def _described(_: web.Request) -> web.StreamResponse:
    return web.Response(body=_description(), content_type="application/json")


@cache
def _description() -> bytes:
    """Return the description as it is sent; made when somebody first asks, since it takes a third of a second."""
    return orjson.dumps(openapi.document(OPERATIONS))
