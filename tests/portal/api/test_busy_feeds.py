"""Imported calendars, told as stories: a real server somewhere, the worker's turns, and what providers see of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from config.deps import Deps
from config.settings import Settings
from people.models import Provider
from scheduling import actions, jobs, queries
from scheduling.models import BusyFeed
from scheduling.values import FeedTrouble
from status.values import EventKind
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.portal.api.conftest import Api, Program
from tests.portal.api.test_hours import history, waiting

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"busy_feed_loopback": True})


def ics(*events: str) -> bytes:
    """Return a calendar with an event for each "day from to", such as "20261127 1000 1200"."""
    told = [one.split() for one in events]
    parts = [
        f"BEGIN:VEVENT\r\nUID:{day}{start}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Canary dentist\r\n"
        f"DTSTART;TZID=America/New_York:{day}T{start}00\r\nDTEND;TZID=America/New_York:{day}T{end}00\r\nEND:VEVENT\r\n"
        for day, start, end in told
    ]
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{''.join(parts)}END:VCALENDAR\r\n".encode()


@dataclass
class Elsewhere:
    """Somebody else's calendar server; it knows its files by their names."""

    url: str
    body: bytes
    status: int = 200
    etag: str | None = None
    location: str | None = None
    asked: list[str | None] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        asked = request.headers.get("If-None-Match")
        self.asked.append(asked)
        if self.etag and asked == self.etag:
            return web.Response(status=304)
        told = {"ETag": self.etag, "Location": self.location}
        return web.Response(body=self.body, status=self.status, headers={k: v for k, v in told.items() if v})


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    found = Elsewhere("", ics("20261127 1000 1200"))
    app = web.Application()
    app.router.add_get("/Canary-secret.ics", found.answer)
    server = TestServer(app)
    await server.start_server(access_log=None)
    found.url = str(server.make_url("/Canary-secret.ics"))
    yield found
    await server.close()


@pytest.fixture
async def provider(world: World) -> Provider:
    found = await world.provider()
    await world.hours(found)
    return found


@pytest.fixture
async def me(api: Api, provider: Provider) -> Program:
    return await api.of(provider)


async def friday(me: Program, provider: Provider) -> list[str]:
    """Return the hours of Friday, the 27th, at which a consultation can begin on the hour."""
    reply = await me.get(
        f"/providers/{provider.id}/slots",
        session_type="phone_consultation",
        **{"from": "2026-11-27T00:00:00-05:00", "to": "2026-11-28T00:00:00-05:00"},
    )
    begun = [datetime.fromisoformat(one["starts_at"]).astimezone(NEW_YORK) for one in reply.json["items"]]
    return [f"{one:%H}" for one in begun if one.minute == 0]


ALL_DAY = ["09", "10", "11", "12", "13", "14", "15", "16"]


async def shown(me: Program, provider: Provider) -> dict[str, Any]:
    (found,) = (await me.get(f"/providers/{provider.id}/busy-feeds")).json["items"]
    return dict(found)


async def test_a_calendar_is_imported_read_and_removed(
    me: Program, provider: Provider, elsewhere: Elsewhere, works: Worker, deps: Deps
) -> None:
    path = f"/providers/{provider.id}/busy-feeds"
    made = await me.post(path, {"url": elsewhere.url})

    assert made.status == 201
    assert (made.json["host"], made.json["good_at"], made.json["trouble"]) == ("127.0.0.1", None, None)
    assert await friday(me, provider) == ALL_DAY
    await works.turn()
    assert await friday(me, provider) == ["09", "12", "13", "14", "15", "16"]
    assert (await shown(me, provider))["good_at"] == "2026-11-24T19:00:00Z"
    assert "secret" not in (await me.get(path)).text

    assert (await me.delete(f"{path}/{made.json['id']}")).status == 204

    assert await friday(me, provider) == ALL_DAY
    assert await waiting(deps) == [("openings", str(provider.id))]
    assert (await me.get(path)).json == {"items": [], "next": None}
    for kind in (EventKind.BUSY_FEED_ADDED, EventKind.BUSY_FEED_REMOVED):
        (event,) = await history(deps, kind)
        assert event.data == {"feed": made.json["id"], "trouble": None}


async def test_a_calendar_is_read_again_every_quarter_of_an_hour(
    me: Program, provider: Provider, elsewhere: Elsewhere, works: Worker, world: World, clock: Clock
) -> None:
    await world.busy_feed(provider, elsewhere.url)
    await works.turn()
    elsewhere.body = ics("20261127 1400 1500")

    clock.forward(minutes=15, seconds=-1)
    await works.turn()
    assert (len(elsewhere.asked), await friday(me, provider)) == (1, ["09", "12", "13", "14", "15", "16"])
    clock.forward(seconds=1)
    await works.turn()

    assert (len(elsewhere.asked), await friday(me, provider)) == (2, ["09", "10", "11", "12", "13", "15", "16"])


async def test_what_has_not_changed_is_neither_sent_nor_read_until_it_reaches_no_further(
    provider: Provider, elsewhere: Elsewhere, works: Worker, world: World, deps: Deps, clock: Clock
) -> None:
    elsewhere.etag = '"1"'
    feed = await world.busy_feed(provider, elsewhere.url)
    await works.turn()
    read_at = clock()

    clock.forward(minutes=15)
    await works.turn()
    row = await fresh(deps, feed)
    assert (elsewhere.asked, row.good_at, row.read_at) == ([None, '"1"'], clock(), read_at)

    clock.forward(days=1)
    await works.turn()
    row = await fresh(deps, feed)
    assert (elsewhere.asked[2], row.read_at) == (None, clock())


async def test_a_server_that_stamps_each_answer_anew_costs_no_reading(
    provider: Provider, elsewhere: Elsewhere, works: Worker, world: World, deps: Deps, clock: Clock
) -> None:
    feed = await world.busy_feed(provider, elsewhere.url)
    await works.turn()
    read_at = clock()
    elsewhere.body = elsewhere.body.replace(b"DTSTAMP:20260101", b"DTSTAMP:20260102")

    clock.forward(minutes=15)
    await works.turn()

    row = await fresh(deps, feed)
    assert (row.good_at, row.read_at) == (clock(), read_at)


async def test_a_calendar_that_leads_into_the_house_is_not_read(
    me: Program, provider: Provider, elsewhere: Elsewhere, works: Worker, world: World
) -> None:
    await world.busy_feed(provider, elsewhere.url)
    elsewhere.status, elsewhere.location = 302, "https://10.0.0.1/inside.ics"

    await works.turn()

    seen = await shown(me, provider)
    assert (seen["trouble"], seen["good_at"]) == ("not_public", None)
    assert await friday(me, provider) == ALL_DAY


async def fresh(deps: Deps, feed: BusyFeed) -> BusyFeed:
    async with deps.sessions() as session:
        row = await queries.busy_feed(session, feed.id)
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (404, b"gone", "refused"),
        (503, b"down", "unreachable"),
        (200, b"<html>Sign in</html>", "not_a_calendar"),
        (200, b"x" * (2 * 1024 * 1024 + 1), "too_large"),
    ],
)
async def test_the_last_good_copy_counts_while_the_calendar_cannot_be_read(
    me: Program,
    provider: Provider,
    elsewhere: Elsewhere,
    works: Worker,
    world: World,
    deps: Deps,
    clock: Clock,
    status: int,
    body: bytes,
    trouble: str,
) -> None:
    await world.busy_feed(provider, elsewhere.url)
    await works.turn()
    good = elsewhere.body
    elsewhere.status, elsewhere.body = status, body

    for _ in range(2):
        clock.forward(hours=1)
        await works.turn()

    seen = await shown(me, provider)
    assert (seen["trouble"], seen["good_at"], seen["tried_at"]) == (
        trouble,
        "2026-11-24T19:00:00Z",
        "2026-11-24T21:00:00Z",
    )
    assert await friday(me, provider) == ["09", "12", "13", "14", "15", "16"]
    (event,) = await history(deps, EventKind.BUSY_FEED_TROUBLE)  # once, however long it lasts
    assert event.data["trouble"] == trouble

    elsewhere.status, elsewhere.body = 200, good
    clock.forward(hours=4)
    await works.turn()
    seen = await shown(me, provider)
    assert (seen["trouble"], seen["good_at"]) == (None, "2026-11-25T01:00:00Z")


async def test_a_calendar_that_cannot_be_read_is_tried_less_and_less_often(
    provider: Provider, elsewhere: Elsewhere, works: Worker, world: World, deps: Deps, clock: Clock
) -> None:
    elsewhere.status = 500
    feed = await world.busy_feed(provider, elsewhere.url)
    waits = []
    for _ in range(6):
        await works.turn()
        row = await fresh(deps, feed)
        waits.append((row.due_at - clock()) / timedelta(minutes=1))
        clock.at = row.due_at

    assert waits == [30, 60, 120, 240, 240, 240]


async def test_a_claim_that_was_left_behind_is_taken_over_and_its_late_result_is_dropped(
    provider: Provider, elsewhere: Elsewhere, world: World, deps: Deps, clock: Clock
) -> None:
    feed = await world.busy_feed(provider, elsewhere.url)
    async with deps.sessions.begin() as session:
        first = await actions.claim_feed(session, feed.id, now=clock())
    async with deps.sessions.begin() as session:
        assert first is not None
        assert await actions.claim_feed(session, feed.id, now=clock()) is None

    clock.forward(seconds=actions.CLAIM_LASTS.total_seconds())
    await jobs.read_feed(deps, feed.id)
    async with deps.sessions.begin() as session:
        late = await actions.note_feed(
            session,
            first,
            FeedTrouble.UNREACHABLE,
            every=timedelta(minutes=15),
            now=clock(),
            new_id=deps.new_id,
        )

    assert late is None
    assert (await fresh(deps, feed)).trouble is None


async def test_a_calendar_that_was_removed_meanwhile_is_forgotten(
    me: Program, provider: Provider, elsewhere: Elsewhere, world: World, deps: Deps, clock: Clock
) -> None:
    feed = await world.busy_feed(provider, elsewhere.url)
    async with deps.sessions.begin() as session:
        claim = await actions.claim_feed(session, feed.id, now=clock())
    assert claim is not None

    assert (await me.delete(f"/providers/{provider.id}/busy-feeds/{feed.id}")).status == 204
    async with deps.sessions.begin() as session:
        told: Any = {"every": timedelta(minutes=15), "now": clock(), "new_id": deps.new_id}
        noted = await actions.note_feed(session, claim, FeedTrouble.REFUSED, **told)

    assert noted is None
    await jobs.read_feed(deps, feed.id)
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("https://calendar.example.com/a.ics", 201, None),
        ("HTTPS://calendar.example.com/a.ics", 201, None),
        ("webcal://calendar.example.com/a.ics", 201, None),
        ("http://calendar.example.com/a.ics", 422, "not_https"),
        ("https://me:word@calendar.example.com/a.ics", 400, "bad_input"),
        ("ftp://calendar.example.com/a.ics", 400, "bad_input"),
        ("https:///a.ics", 400, "bad_input"),
        ("https://calendar.example.com/a b.ics", 400, "bad_input"),
    ],
)
async def test_which_addresses_are_taken(
    me: Program, provider: Provider, url: str, status: int, code: str | None
) -> None:
    reply = await me.post(f"/providers/{provider.id}/busy-feeds", {"url": url})

    assert reply.status == status
    if code:
        assert reply.code == code
    else:
        assert reply.json["host"] == "calendar.example.com"


async def test_an_address_is_imported_once_and_only_so_many(
    me: Program, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduling.actions.feeds.MOST_FEEDS", 2)
    path = f"/providers/{provider.id}/busy-feeds"
    assert (await me.post(path, {"url": "webcal://calendar.example.com/a.ics"})).status == 201

    again = await me.post(path, {"url": "https://calendar.example.com/a.ics"})
    assert (again.status, again.code) == (409, "feed_known")
    assert (await me.post(path, {"url": "https://calendar.example.com/b.ics"})).status == 201
    third = await me.post(path, {"url": "https://calendar.example.com/c.ics"})
    assert (third.status, third.code) == (409, "too_many_feeds")
