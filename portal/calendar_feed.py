"""A provider's appointments as a calendar that their own programs read again and again.

The address is the secret: there is no sign-in, and none that is unknown can be told from one that was ended. A
program that asks is answered 304 where nothing has changed.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from aiohttp import ETag, hdrs, web

from config.deps import Deps
from config.http import ARRIVED, DEPS
from config.settings import Settings
from people import queries as people
from people.models import Provider
from people.values import SeenClient
from portal import entries
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Appointment
from scheduling.rules.entries import feed_file, initials
from scheduling.values import Entry
from status import queries as ledger

# What stands in a feed, around the present.
BACK, AHEAD = timedelta(days=30), timedelta(days=365)
# How often it may be read; the big programs come once a day, whatever is said here.
EVERY = timedelta(hours=1)

_HEADERS = {
    # It may be kept by the program that asked and by nobody between, and is to be asked for again each time.
    hdrs.CACHE_CONTROL: "private, no-cache",
    "X-Robots-Tag": "noindex",
}


def add_to(app: web.Application) -> None:
    """Serve calendars; the name of the route is all that logs and figures tell of an address."""
    app.router.add_get("/calendar/{token}.ics", read)


async def read(request: web.Request) -> web.StreamResponse:
    """Answer a program that reads a calendar."""
    deps, now = request.config_dict[DEPS], request[ARRIVED]
    written = await _written(deps, request.match_info["token"], now)
    if written is None:
        raise web.HTTPNotFound
    etag = sha256(written).hexdigest()[:32]
    known = {one.value for one in request.if_none_match or ()}
    unchanged = bool(known & {etag, "*"})
    answer = web.Response(status=304, headers=_HEADERS) if unchanged else _whole(written)
    answer.etag = ETag(etag)
    return answer


def _whole(written: bytes) -> web.Response:
    answer = web.Response(body=written, headers=_HEADERS, content_type="text/calendar", charset="utf-8")
    answer.headers[hdrs.CONTENT_DISPOSITION] = 'attachment; filename="consultline.ics"'
    return answer


async def _written(deps: Deps, token: str, now: datetime) -> bytes | None:
    """Return the whole calendar; None where the address leads nowhere, or its provider has left."""
    async with deps.sessions() as session:
        feed = await queries.calendar_feed_behind(session, scheduling.calendar_feed_digest(token, deps.settings))
        provider = await people.provider(session, feed.provider_id) if feed else None
        if feed is None or provider is None or not provider.active:
            return None
        rows = await queries.starting_between(session, provider.id, now - BACK, now + AHEAD)
        changed = await ledger.appointments_changed_at(session, provider.id, [row.id for row in rows])
        named = [(provider.id, row.client_id) for row in rows] if feed.initials else []
        clients = await people.seen(session, named, now) if named else {}
    found = _entries(provider, rows, changed, clients, deps.settings)
    # Beside the loop: a calendar of a thousand appointments that nobody has read yet takes half a second to write.
    return await asyncio.to_thread(feed_file, found, name="Consultline", every=EVERY)


def _entries(
    provider: Provider,
    rows: Sequence[Appointment],
    changed: Mapping[UUID, datetime],
    clients: Mapping[tuple[UUID, UUID], SeenClient],
    settings: Settings,
) -> list[Entry]:
    found = []
    for row in rows:
        client = clients.get((provider.id, row.client_id))
        shown = initials(client.name, client.last_name) if client else ""
        stamped_at = changed.get(row.id, row.created_at)
        found.append(entries.for_provider(row, provider, shown, stamped_at=stamped_at, settings=settings))
    return [one for one in found if one is not None]
