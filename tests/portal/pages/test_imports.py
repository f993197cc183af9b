"""A file of clients, from its choice to the report, and what is said of files that cannot be read."""

import re
from typing import Any

import pytest
from aiohttp import FormData
from sqlalchemy.ext.asyncio import AsyncSession

from people import queries
from people.models import Provider
from people.values import RelationshipState
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.pages.conftest import Accounts, Browser, Seen

HEADER = "First Name,Last Name,Email,Mobile Phone"


@pytest.fixture
async def provider(browser: Browser, accounts: Accounts, world: World) -> Provider:
    """A provider who is signed in."""
    found = await world.provider()
    await accounts.by_cookie(browser, await accounts.of(found))
    return found


async def send(
    browser: Browser, *lines: str, name: str = "clients.csv", body: bytes | None = None, **told: str
) -> Seen:
    form = FormData(told)
    form.add_field("file", body if body is not None else "\n".join(lines).encode(), filename=name)
    return await browser.post("/clients/import", form)


async def test_a_file_is_looked_at_ticked_committed_and_accounted_for(
    browser: Browser, provider: Provider, world: World, works: Worker, mailbox: Mailbox, session: AsyncSession
) -> None:
    known = await world.client(provider, email="known@example.com")
    gone = await world.client(provider, email="gone@example.com")
    await browser.post(f"/clients/{gone.id}/archive")
    looked = await send(
        browser,
        f"{HEADER},Member Id",
        "Canary-Ana,Canary-Bee,ana@example.com,212-555-0142,CANARY-1",
        "Canary-Kim,,kim@example.com,,",
        f"Canary-Other,{known.last_name},known@example.com,,",
        f"{gone.first_name},{gone.last_name},gone@example.com,,",
    )
    assert looked.path.startswith("/clients/import/")
    for said in ("Nothing is imported yet", "Member Id", "The last name is missing.", "fine (1)", "there already (2)"):
        assert said in looked.words
    assert "CANARY-1" not in looked.text  # R65
    assert await queries.client_by_email(session, "ana@example.com") is None
    errors = await browser.get(looked.path, params={"outcome": "error"})
    assert "Canary-Ana" not in errors.words

    ticked = dict(re.findall(r'name="(replace|unarchive)" value="(\d+)"', looked.text))
    begun = await browser.post(looked.path, {**ticked, "invite": "now"})
    assert "are imported." in begun.words
    assert 'hx-trigger="every 2s' in begun.text
    await browser.post(looked.path, {"invite": "later"})  # the same commit
    await works.turn()
    part = await browser.get(looked.path, params={"part": "progress"}, headers={"HX-Request": "true"})
    assert "The import is done." in part.words
    assert "added: 1" in part.words
    assert "replaced: 1" in part.words
    assert "taken back: 1" in part.words
    report = await browser.post(f"{looked.path}/report")
    assert "The last name is missing." in report.text
    assert "added" in report.text
    link = await queries.relationship(session, provider.id, gone.id)
    assert link is not None
    assert link.state is RelationshipState.ACTIVE
    await works.turn()
    assert [one["To"] for one in mailbox.letters()] == ["ana@example.com"]


async def test_r62_columns_that_are_missing_are_named_and_can_be_chosen(browser: Browser, provider: Provider) -> None:
    line = "Canary-Ana,Canary-Bee,ana@example.com"
    refused = await send(browser, "Vorname,Nachname,Post", line)
    assert (refused.status, "Columns are missing: First Name, Last Name, Email." in refused.words) == (422, True)
    assert '<option value="Nachname" translate="no">' in refused.text
    columns: dict[str, Any] = {"column_first_name": "Vorname", "column_last_name": "Nachname", "column_email": "Post"}
    looked = await send(browser, "Vorname,Nachname,Post", line, **columns)
    assert "Canary-Ana Canary-Bee" in looked.words


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("clients.csv", b"", "There is nothing in this file"),
        ("clients.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old format"),
        ("clients.pdf", b"%PDF-1.7", "a file of another kind"),
        ("clients.csv", HEADER.encode(), "There are no clients in this file"),
        ("clients.csv", b"a\x00b", "There are NULs in this file"),
        ("clients.vcf", f"{HEADER}\nA,B,a@example.com,\n".encode(), "does not fit what is in it"),
    ],
)
async def test_a_file_that_cannot_be_read_ends_in_a_sentence(
    browser: Browser, provider: Provider, name: str, body: bytes, said: str
) -> None:
    refused = await send(browser, name=name, body=body)
    assert (refused.status, said in refused.words) == (422, True)
    browser.take("language", "es")
    spanish = await send(browser, name=name, body=body)
    assert said not in spanish.words


async def test_no_file_is_said_beside_the_field(browser: Browser, provider: Provider) -> None:
    refused = await browser.post("/clients/import", {"preset": "plain"})
    assert (refused.status, "Choose a file first." in refused.words) == (422, True)


async def test_f35_anothers_import_is_not_there_and_a_preview_ends_after_a_day(
    browser: Browser, provider: Provider, world: World, accounts: Accounts, clock: Clock
) -> None:
    other = await world.looked_at(await world.provider())
    for tail in ("", "/report"):
        assert (await browser.post(f"/clients/import/{other.id}{tail}")).status == 404
    assert (await browser.get(f"/clients/import/{other.id}")).status == 404
    mine = await world.looked_at(provider)
    clock.forward(hours=24)
    async with world.deps.sessions() as session:
        account = await queries.account_of_provider(session, provider.id)
    assert account is not None
    await accounts.by_cookie(browser, account)
    assert "This preview is over." in (await browser.get(f"/clients/import/{mine.id}")).words
    assert (await browser.post(f"/clients/import/{mine.id}")).status == 409
