"""Clients as their provider meets them: the list, one of them, added, corrected, archived; and nobody else's."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import web
from config.deps import Deps
from people import queries
from people.models import Client, Provider, SupportCase
from people.values import CaseKind, RelationshipState
from scheduling.values import SessionType, Source
from status.models import PsychiatricReferral
from status.values import PsychiatricState
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import LINES, Carrier, Worker
from tests.mailbox import Mailbox
from tests.portal.pages.conftest import Accounts, Browser

FULL = SessionType.FULL_SESSION
ROW = {
    "first_1": "Canary-Ana",
    "last_1": "Canary-Bee",
    "email_1": "ana.bee@example.com",
    "phone_1": "212 555 0161",
    "invite": "now",
}


@pytest.fixture
async def provider(browser: Browser, accounts: Accounts, world: World) -> Provider:
    """A provider who is signed in."""
    found = await world.provider()
    await accounts.by_cookie(browser, await accounts.of(found))
    return found


async def client_of(session: AsyncSession, email: str) -> Client:
    found = await queries.client_by_email(session, email)
    assert found is not None
    await session.refresh(found)
    return found


async def test_r45_one_is_added_and_invited_and_a_second_press_adds_nobody(
    browser: Browser, provider: Provider, works: Worker, mailbox: Mailbox, session: AsyncSession
) -> None:
    assert "Nobody is here yet" in (await browser.get("/clients")).words
    wrong = await browser.post("/clients/add", {**ROW, "last_1": " ", "email_1": "ana.bee", "phone_1": "12"})
    assert wrong.status == 422
    assert 'value="Canary-Ana"' in wrong.text
    for id_ in ("last_1-problem", "email_1-problem", "phone_1-problem"):
        assert f'id="{id_}"' in wrong.text

    seen = await browser.post("/clients/add", ROW)
    assert "The invitation is on its way." in seen.words
    assert "212-555-0161" in seen.words  # R106: in the row itself
    again = await browser.post("/clients/add", ROW)
    assert (again.status, again.words.count("Canary-Ana Canary-Bee")) == (200, 1)
    await works.turn()
    assert mailbox.letter()["To"] == "ana.bee@example.com"
    other = await browser.post("/clients/add", {**ROW, "first_1": "Canary-Else"})
    assert (other.status, "You have a client with this mail address already" in other.words) == (409, True)


async def test_r45_several_are_added_at_once_or_nobody(
    browser: Browser, provider: Provider, session: AsyncSession
) -> None:
    second = {"first_2": "Canary-Kim", "last_2": "Canary-Roe", "invite": "later", "rows": "5"}
    twice = await browser.post("/clients/add", {**ROW, **second, "email_2": "Ana.Bee@example.com"})
    assert (twice.status, "This address stands in another row" in twice.words) == (422, True)
    await browser.post("/clients/add", {**ROW, **second, "email_2": "kim@example.com", "company_2": "Canary Health"})
    kim = await client_of(session, "kim@example.com")
    kept = await queries.insurance(session, kim.id)
    assert kept is not None
    assert (kim.invited_until, kept.company) == (None, "Canary Health")
    assert "not invited yet" in (await browser.get("/clients")).words


async def test_r54_what_was_typed_is_corrected_until_the_client_has_verified(
    browser: Browser, provider: Provider, world: World, works: Worker, mailbox: Mailbox, session: AsyncSession
) -> None:
    await browser.post("/clients/add", ROW)
    ana = await client_of(session, "ana.bee@example.com")
    await works.turn()
    fields = {"first_name": "Canary-Anna", "last_name": "Canary-Bee", "email": "anna@example.com", "phone": ""}
    saved = await browser.post(f"/clients/{ana.id}/edit", {**fields, "preferred_name": "Canary-Nan"})
    assert "Canary-Nan Canary-Bee" in saved.words  # R57: preferred in lists, legal beside it
    assert "Canary-Anna Canary-Bee" in saved.words
    await works.turn()
    assert mailbox.letters()[-1]["To"] == "anna@example.com"

    form = await browser.get(f"/clients/{ana.id}/edit")
    assert form.status == 200
    await world.ready(ana)  # meanwhile
    late = await browser.post(f"/clients/{ana.id}/edit", {**fields, "first_name": "Canary-Late"})
    assert (late.status, "only they can change it" in late.words) == (409, True)
    assert (await browser.get(f"/clients/{ana.id}/edit")).status == 409
    assert "/edit" not in (await browser.get(f"/clients/{ana.id}")).text
    assert (await client_of(session, "anna@example.com")).first_name == "Canary-Anna"


async def test_r50_the_page_names_what_is_missing_and_sends_the_invitation_again(
    browser: Browser,
    accounts: Accounts,
    provider: Provider,
    world: World,
    works: Worker,
    mailbox: Mailbox,
    clock: Clock,
    session: AsyncSession,
) -> None:
    await browser.post("/clients/add", ROW)
    ana = await client_of(session, "ana.bee@example.com")
    seen = await browser.get(f"/clients/{ana.id}")
    assert "verified address: missing" in seen.words
    assert "The invitation is good until" in seen.words
    clock.forward(days=14)
    async with world.deps.sessions() as reading:
        mine = await queries.account_of_provider(reading, provider.id)
    assert mine is not None
    await accounts.by_cookie(browser, mine)
    assert "invitation is over" in (await browser.get(f"/clients/{ana.id}")).words
    assert "The invitation is on its way" in (await browser.post(f"/clients/{ana.id}/invite")).words
    await works.turn()
    assert [one["To"] for one in mailbox.letters()] == ["ana.bee@example.com"]  # the first one was over by then
    await browser.post(f"/clients/{ana.id}/support")
    case = (await session.execute(select(SupportCase))).scalar_one()
    assert (case.kind, case.text, case.facts) == (
        CaseKind.CLIENT_ACCOUNT,
        "",
        {"client": str(ana.id), "account": "invited"},
    )


async def test_r46_of_who_has_yet_to_accept_the_page_shows_what_was_typed(
    browser: Browser, provider: Provider, world: World
) -> None:
    client = await world.client(await world.provider(), email="shared@example.com")
    await browser.post("/clients/add", {**ROW, "email_1": client.email, "phone_1": ""})
    seen = await browser.get(f"/clients/{client.id}")
    assert "Canary-Ana Canary-Bee" in seen.words
    assert "You see the account once the client has accepted you" in seen.words
    assert client.phone is not None
    for theirs in (client.first_name, client.phone, "/messages/with"):
        assert theirs not in seen.text
    saved = await browser.post(
        f"/clients/{client.id}/edit", {"first_name": "Canary-New", "last_name": "Canary-Bee", "phone": ""}
    )
    assert "Canary-New Canary-Bee" in saved.words


async def test_r51_archived_only_once_what_lies_ahead_is_given_up_and_taken_back(
    browser: Browser, provider: Provider, world: World, session: AsyncSession
) -> None:
    client = await world.client(provider)
    await world.appointment(provider, client=client, starts_in=timedelta(hours=3))
    page = f"/clients/{client.id}/archive"
    assert "One appointment or request lies ahead" in (await browser.get(page)).words
    refused = await browser.post(page)
    assert (refused.status, "Cancel them first" in refused.words) == (409, True)
    done = await browser.post(page, {"cancel": "yes", "message": "I am sorry."})
    assert "Archived." in done.words
    assert client.last_name not in done.words
    assert client.last_name in (await browser.get("/clients?archived=1")).words
    thread = await queries.thread_between(session, provider.id, client.id)
    assert thread is not None
    [left] = await queries.messages(session, thread.id, before=None, limit=9)
    assert left.text == "I am sorry."  # R39: what was written stands in the thread as well
    back = await browser.post(f"/clients/{client.id}/unarchive")
    assert "in your list again" in back.words


async def test_searches_are_posted_find_by_name_address_and_number_and_pages_go_on(
    browser: Browser, provider: Provider, world: World
) -> None:
    rows = [await world.client(provider) for _ in range(53)]
    some = rows[30]
    assert some.phone is not None
    for q in (some.last_name.upper(), some.email, some.phone[-7:], f"{some.first_name} {some.last_name}"):
        found = await browser.post("/clients", {"q": q})
        assert (found.path, some.last_name in found.words) == ("/clients", True)
    assert "Nobody fits" in (await browser.post("/clients", {"q": "100%_"})).words
    first = await browser.get("/clients")
    following = re.search(r'href="(/clients\?after=[0-9a-f-]+)"', first.text)
    assert following is not None
    second = await browser.get(following[1])
    names = re.findall(r"Canary-Client\d+", first.text + second.text)
    assert {one.last_name for one in rows} == set(names)
    assert "next page" not in second.words.lower()


async def test_who_wrote_first_stands_under_a_filter_of_their_own_and_can_be_blocked(
    browser: Browser, provider: Provider, world: World, session: AsyncSession
) -> None:
    prospect = await world.prospect(provider)
    assert prospect.last_name not in (await browser.get("/clients")).words
    assert prospect.last_name in (await browser.get("/clients?wrote=1")).words
    other = await world.prospect(provider)
    taken = await browser.post(f"/clients/{other.id}/take")
    assert "in your list now" in taken.words
    assert other.last_name in (await browser.get("/clients")).words
    booked = await world.prospect(provider)
    await world.appointment(
        provider, client=booked, starts_in=timedelta(hours=2), source=Source.PROVIDER_MADE, session_type=FULL
    )
    assert booked.last_name in (await browser.get("/clients")).words  # by being booked as well (4.6)
    await browser.post(f"/clients/{prospect.id}/block")
    link = await queries.relationship(session, provider.id, prospect.id)
    assert link is not None
    assert link.state is RelationshipState.BLOCKED


async def test_the_history_tells_when_and_how_long_and_the_list_is_taken_home(
    service: str, carrier: Carrier, portal_base: str, browser: Browser, provider: Provider, world: World
) -> None:
    client = await world.client(provider)
    await world.appointment(provider, client=client)
    await world.appointment(provider, client=client, starts_in=timedelta(days=2), session_type=SessionType.FULL_SESSION)
    await carrier.dial(provider, LINES[0], talk_s=120)
    seen = await browser.get(f"/clients/{client.id}")
    assert "held over the line" in seen.words
    assert "connected, 120 s of talk" in seen.words
    assert "booked" in seen.words
    file = await browser.post("/clients/export.csv")
    assert client.email in file.text
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with browser.http.post(f"{browser.base}/clients/export.xlsx", headers=headers) as reply:
        assert (await reply.read())[:2] == b"PK"


async def test_r43_a_client_is_referred_with_their_consent_and_not_by_who_prescribes(
    browser: Browser, provider: Provider, world: World, session: AsyncSession
) -> None:
    client = await world.client(provider)
    page = f"/clients/{client.id}/refer"
    assert "Refer" in (await browser.get(f"/clients/{client.id}")).words
    unread = await browser.post(page, {"step": "consent", "by": "client"})
    assert (unread.status, "Tick this to go on" in unread.words) == (422, True)
    await browser.post(page, {"step": "consent", "by": "client", "agreed": "yes"})
    row = (await session.execute(select(PsychiatricReferral))).scalar_one()
    assert row.state is PsychiatricState.CONSENTED
    found = await browser.post(page, {"step": "find", "state": "NY", "age": "34"})
    assert "Nobody fits just now" in found.words
    taken_back = await browser.post(page, {"step": "withdraw"})
    assert "Withdrawn." in taken_back.words


async def test_f35_anothers_client_is_like_nobodys(browser: Browser, provider: Provider, world: World) -> None:
    theirs = (await world.client(await world.provider())).id
    for one in (theirs, uuid4()):
        for tail in ("", "/edit", "/archive", "/refer"):
            assert (await browser.get(f"/clients/{one}{tail}")).status == 404
        for tail in ("/edit", "/invite", "/archive", "/unarchive", "/block", "/support"):
            data: dict[str, Any] = {"first_name": "A", "last_name": "B", "email": "a@example.com"}
            assert (await browser.post(f"/clients/{one}{tail}", data)).status == 404


async def test_spanish_speakers_read_spanish(browser: Browser, provider: Provider, world: World) -> None:
    client = await world.client(provider)
    browser.take("language", "es")
    assert "Añadir clientes" in (await browser.get("/clients")).words
    assert "Archivar cliente" in (await browser.get(f"/clients/{client.id}")).words


async def test_r53_an_insurance_is_corrected_by_its_provider_only_where_the_house_lets_them(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, deps: Deps, session: AsyncSession
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    await world.ready(client)
    page, told = f"/clients/{client.id}/insurance", {"company": "Canary Other", "member_id": "C-2"}
    account = await accounts.of(provider)
    for lets in (False, True):
        house = replace(deps, settings=deps.settings.model_copy(update={"provider_may_edit_insurance": lets}))
        server = TestServer(web.build(house))
        await server.start_server(access_log=None)
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
            browser = Browser(str(server.make_url("")).rstrip("/"), http)
            await accounts.by_cookie(browser, account)
            assert ("/insurance" in (await browser.get(f"/clients/{client.id}")).text) is lets
            assert ((await browser.get(page)).path == page) is lets
            assert (await browser.post(page, told)).status == (200 if lets else 404)
        await server.close()
    kept = await queries.insurance(session, client.id)
    assert kept is not None
    assert kept.company == "Canary Other"
