"""A provider's calendar under its secret address, read as calendar programs read: again and again, asking what is new.

Real HTTP, real tokens, two readers of what comes.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession
from sqlalchemy import select
from sqlmodel import col

from config.deps import Deps
from people.models import Client, Provider
from people.values import Language
from portal.calendar_feed import AHEAD, BACK
from scheduling import actions as scheduling
from scheduling.models import Appointment, CalendarFeed
from scheduling.values import SessionType, Side, Source
from status.models import Event
from status.values import EventKind
from tests.builders import OPERATOR, World
from tests.calendars import Read, read
from tests.clock import Clock
from tests.portal.api.conftest import Api

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Page:
    """What an address answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def entries(self) -> list[Read]:
        return read(self.body.decode())


@dataclass
class Subscriber:
    """A calendar program that keeps an address and what it was last told under it."""

    http: ClientSession
    url: str

    async def poll(self, method: str = "GET", **headers: str) -> Page:
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, self.url, headers=told) as response:
            return Page(response.status, response.headers, await response.read())

    async def entries(self) -> list[Read]:
        page = await self.poll()
        assert page.status == 200
        return page.entries


async def subscribe(api: Api, http: ClientSession, provider: Provider, *, initials: bool = False) -> Subscriber:
    made = await (await api.of(provider)).post(
        f"/providers/{provider.id}/calendar-feed", {"initials": True} if initials else None
    )
    assert made.status == 201
    public = api.deps.settings.public_url
    assert made.json["url"].startswith(f"{public}/calendar/")
    return Subscriber(http, made.json["url"].replace(public, api.base))


async def change(deps: Deps, appointment: Appointment, *, cancel: bool = False, to: timedelta = DAY) -> None:
    told: dict[str, Any] = {
        "actor": OPERATOR,
        "house": scheduling.house(deps.settings),
        "now": deps.now(),
        "new_id": deps.new_id,
    }
    async with deps.sessions.begin() as session:
        if cancel:
            await scheduling.cancel(
                session, appointment.id, by=Side.CLIENT, reason=None, message="Canary words", **told
            )
        else:
            await scheduling.reschedule(
                session, appointment.id, starts_at=appointment.starts_at + to, ends_at=None, **told
            )


# What stands in it


async def test_a_feed_shows_what_lies_ahead_without_saying_with_whom(
    api: Api, http: ClientSession, world: World, clock: Clock
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    call = await world.appointment(provider, client=client, starts_in=DAY)
    session = await world.appointment(
        provider, client=client, starts_in=2 * DAY, length=timedelta(minutes=50), session_type=SessionType.FULL_SESSION
    )
    feed = await subscribe(api, http, provider)
    page = await feed.poll()
    first, second = page.entries
    assert (first.uid, first.title, first.status) == (str(call.id), "Phone consultation", "CONFIRMED")
    assert (first.starts_at, first.ends_at, first.sequence) == (call.starts_at, call.ends_at, 0)
    assert first.stamped_at == clock()
    assert first.description == (
        f"Call +1 212-555-0100; the line works from 1:59 PM until 2:15 PM EST.\n{world.deps.settings.public_url}/"
    )
    assert (second.uid, second.title, second.ends_at) == (str(session.id), "Session", session.ends_at)
    assert second.description == f"{world.deps.settings.public_url}/"
    assert page.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert page.headers["Cache-Control"] == "private, no-cache"
    said = page.body.decode().replace("\r\n ", "")
    for private in (client.first_name, client.last_name, client.email, client.phone, provider.dial_phone, "Canary"):
        assert private
        assert private not in said


async def test_initials_stand_in_titles_where_the_provider_wants_them(
    api: Api, http: ClientSession, world: World
) -> None:
    provider = await world.provider(language=Language.SPANISH)
    client = await world.client(provider)
    await world.appointment(provider, client=client, starts_in=DAY)
    async with world.deps.sessions.begin() as session:
        (await session.get_one(Client, client.id)).preferred_name = "Ángel Canary"
    (entry,) = await (await subscribe(api, http, provider, initials=True)).entries()
    assert entry.title == "Consulta telefónica, Á. C."


async def test_r46_of_a_proposed_client_the_initials_are_those_that_were_typed(
    api: Api, http: ClientSession, world: World
) -> None:
    one, two = await world.provider(), await world.provider()
    client = await world.client(one, email="shared@example.com")
    typed = {"first_name": "Typed", "last_name": "Words", "email": "shared@example.com"}
    assert (await (await api.of(two)).post("/clients", typed)).status == 201
    await world.appointment(
        two, client=client, starts_in=DAY, source=Source.PROVIDER_MADE, session_type=SessionType.FULL_SESSION
    )

    (entry,) = await (await subscribe(api, http, two, initials=True)).entries()

    assert entry.title == "Session, T. W."


async def test_what_a_provider_made_themselves_shows_no_line(api: Api, http: ClientSession, world: World) -> None:
    """Such a call is not held over the line (R101), so its number would mislead."""
    provider = await world.provider()
    await world.appointment(provider, starts_in=DAY, source=Source.PROVIDER_MADE)
    (entry,) = await (await subscribe(api, http, provider)).entries()
    assert "212-555" not in entry.description


async def test_a_moved_one_keeps_its_id_and_raises_its_sequence(
    api: Api, http: ClientSession, world: World, clock: Clock
) -> None:
    provider = await world.provider()
    appointment = await world.appointment(provider, starts_in=2 * DAY)
    feed = await subscribe(api, http, provider)
    (before,) = await feed.entries()
    clock.forward(hours=1)
    await change(world.deps, appointment)
    (after,) = await feed.entries()
    assert (after.uid, after.starts_at) == (before.uid, before.starts_at + DAY)
    assert after.sequence > before.sequence
    assert after.stamped_at == clock() == before.stamped_at + HOUR


async def test_a_cancelled_one_is_told_as_such_so_that_calendars_drop_it(
    api: Api, http: ClientSession, world: World
) -> None:
    provider = await world.provider()
    appointment = await world.appointment(provider, starts_in=2 * DAY)
    feed = await subscribe(api, http, provider)
    (before,) = await feed.entries()
    await change(world.deps, appointment, cancel=True)
    page = await feed.poll()
    (after,) = page.entries
    assert (after.uid, after.status) == (before.uid, "CANCELLED")
    assert after.sequence > before.sequence
    assert b"Canary" not in page.body
    assert "212-555" not in after.description


async def test_a_hold_is_tentative_and_one_that_was_let_go_is_gone(api: Api, http: ClientSession, world: World) -> None:
    deps, provider = world.deps, await world.provider()
    client = await world.client(provider)
    starts_at = deps.now() + 2 * DAY
    told: dict[str, Any] = {"actor": OPERATOR, "now": deps.now(), "new_id": deps.new_id}
    async with deps.sessions.begin() as session:
        row = await scheduling.book(
            session,
            provider_id=provider.id,
            client_id=client.id,
            session_type=SessionType.FULL_SESSION,
            source=Source.PAYER,
            original_source=None,
            starts_at=starts_at,
            ends_at=starts_at + HOUR,
            house=scheduling.house(deps.settings),
            held=True,
            **told,
        )
    feed = await subscribe(api, http, provider)
    assert [entry.status for entry in await feed.entries()] == ["TENTATIVE"]
    async with deps.sessions.begin() as session:
        await scheduling.let_go(session, row.id, **told)
    assert await feed.entries() == []


async def test_a_feed_reaches_thirty_days_back_and_a_year_ahead(
    api: Api, http: ClientSession, world: World, clock: Clock
) -> None:
    provider, other = await world.provider(), await world.provider()
    first = await world.appointment(provider, starts_in=DAY)
    last = await world.appointment(provider, starts_at=first.starts_at + BACK + AHEAD - timedelta(seconds=1))
    await world.appointment(provider, starts_at=first.starts_at + BACK + AHEAD + HOUR)
    await world.appointment(other, starts_in=DAY)
    feed = await subscribe(api, http, provider)
    clock.to(first.starts_at + BACK)
    assert [entry.uid for entry in await feed.entries()] == [str(first.id), str(last.id)]
    clock.forward(seconds=1)
    assert [entry.uid for entry in await feed.entries()] == [str(last.id)]


# Read again and again


async def test_who_asks_for_what_is_new_is_told_when_there_is_nothing(
    api: Api, http: ClientSession, world: World, clock: Clock
) -> None:
    provider = await world.provider()
    appointment = await world.appointment(provider, starts_in=2 * DAY)
    feed = await subscribe(api, http, provider)
    first = await feed.poll()
    clock.forward(hours=6)
    again = await feed.poll(If_None_Match=first.headers["ETag"])
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert (await feed.poll(If_None_Match=f'W/{first.headers["ETag"]}, "other"')).status == 304
    await change(world.deps, appointment)
    changed = await feed.poll(If_None_Match=first.headers["ETag"])
    assert changed.status == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


async def test_a_head_is_answered_like_a_get_without_the_calendar(api: Api, http: ClientSession, world: World) -> None:
    provider = await world.provider()
    await world.appointment(provider, starts_in=DAY)
    feed = await subscribe(api, http, provider)
    whole, head = await feed.poll(), await feed.poll("HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]


async def test_nothing_can_be_written_there(api: Api, http: ClientSession, world: World) -> None:
    feed = await subscribe(api, http, await world.provider())
    for method in ("POST", "PUT", "DELETE", "PROPFIND"):
        assert (await feed.poll(method)).status == 405


# The address is the secret


async def test_unknown_and_ended_addresses_are_answered_alike(api: Api, http: ClientSession, world: World) -> None:
    provider = await world.provider()
    me = await api.of(provider)
    feed = await subscribe(api, http, provider)
    assert (await me.post(f"/providers/{provider.id}/calendar-feed/revoke")).status == 204
    ended = await feed.poll(X_Request_Id="same")
    nowhere = Subscriber(http, feed.url.replace("cl_calendar_", "cl_calendar_0"))
    unknown = await nowhere.poll(X_Request_Id="same")
    assert ended.status == unknown.status == 404
    assert ended.body == unknown.body
    assert {*ended.headers} == {*unknown.headers}
    assert (await me.post(f"/providers/{provider.id}/calendar-feed/revoke")).status == 204  # twice is as good as once


async def test_a_new_address_ends_the_one_before_it(api: Api, http: ClientSession, world: World) -> None:
    provider = await world.provider()
    before = await subscribe(api, http, provider)
    after = await subscribe(api, http, provider, initials=True)
    assert (await before.poll()).status == 404
    assert (await after.poll()).status == 200
    told = (await (await api.of(provider)).get(f"/providers/{provider.id}/calendar-feed")).json
    assert (told["live"], told["initials"]) == (True, True)
    assert "url" not in told


async def test_who_has_left_has_no_calendar(api: Api, http: ClientSession, world: World) -> None:
    provider = await world.provider()
    feed = await subscribe(api, http, provider)
    async with world.deps.sessions.begin() as session:
        (await session.get_one(Provider, provider.id)).active = False
    assert (await feed.poll()).status == 404


async def test_an_address_is_kept_as_a_hash_and_said_nowhere(
    api: Api, http: ClientSession, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """What logs and figures tell is the name of the route; the canaries of the run look for the token as well."""
    provider = await world.provider()
    with caplog.at_level(logging.DEBUG):
        feed = await subscribe(api, http, provider)
        await feed.poll()
        await Subscriber(http, f"{feed.url}x").poll()
        async with http.get(f"{feed.url.partition('/calendar/')[0]}/metrics") as response:
            figures = await response.text()
    token = feed.url.rpartition("/")[2].removesuffix(".ics")
    assert token not in caplog.text
    assert token not in figures
    assert 'route="/calendar/{token}.ics"' in figures
    async with world.deps.sessions() as session:
        (row,) = (await session.execute(select(CalendarFeed))).scalars()
        told = (
            await session.execute(select(Event).where(col(Event.kind) == EventKind.CALENDAR_FEED_MADE))
        ).scalar_one()
    assert token not in row.digest
    assert told.data == {"feed": str(row.id), "initials": False}
    assert isinstance(told.provider_id, UUID)


async def test_the_answer_that_shows_an_address_is_not_kept_for_a_repeated_key(api: Api, world: World) -> None:
    provider = await world.provider()
    me = await api.of(provider)
    first = await me.post(f"/providers/{provider.id}/calendar-feed", key="one")
    again = await me.post(f"/providers/{provider.id}/calendar-feed", key="one")
    assert first.status == 201
    assert first.json["url"] not in again.text


async def test_of_two_addresses_made_at_once_one_works(api: Api, http: ClientSession, world: World) -> None:
    provider = await world.provider()
    made = await asyncio.gather(*(subscribe(api, http, provider) for _ in range(4)))
    assert sorted([(await one.poll()).status for one in made]) == [200, 404, 404, 404]
