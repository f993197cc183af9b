"""A client's own account: the invitation opened, the four steps done, providers answered, the account closed."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from people import queries
from people.models import Client, Provider
from people.values import AccountState, Language, RelationshipState
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.pages.conftest import Accounts, Browser


@pytest.fixture
async def provider(world: World) -> Provider:
    return await world.provider()


@pytest.fixture
async def client(browser: Browser, accounts: Accounts, world: World, provider: Provider) -> Client:
    """A client who is signed in and has proven the address."""
    found = await world.client(provider)
    await world.ready(found)
    await accounts.by_cookie(browser, await accounts.of_client(found))
    return found


async def test_r49_from_the_invitation_to_an_account_that_is_ready(
    browsers: Callable[[], Browser],
    accounts: Accounts,
    provider: Provider,
    works: Worker,
    mailbox: Mailbox,
    session: AsyncSession,
) -> None:
    his, hers = browsers(), browsers()
    await accounts.by_cookie(his, await accounts.of(provider))
    row = {"first_1": "Canary-Ana", "last_1": "Canary-Bee", "email_1": "ana@example.com", "phone_1": "212 555 0161"}
    await his.post("/clients/add", row)
    await works.turn()
    link = re.search(r"/l/[A-Za-z0-9_-]+", mailbox.letter().get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert link is not None

    for _ in range(2):  # a scanner of mail looks first
        assert (await hers.get(link[0])).status == 200
    opened = await hers.post(link[0])
    assert opened.path == "/account"
    assert "Your account still needs: insurance, billing form, acknowledged forms." in (await hers.get("/")).words
    assert (await browsers().get(link[0])).status == 404
    seen = await hers.get("/account")
    assert seen.words.count("missing") == 3
    draft = await hers.post("/account/insurance", {"company": "Canary Health", "member_id": "CANARY-77"})
    assert "Something is still missing" in draft.words
    half = await hers.get("/account/insurance")
    assert 'value="CANARY-77"' in half.text
    whole = {"company": "Canary Health", "member_id": "CANARY-77", "birth_date": "1990-02-28"}
    assert "Your insurance is saved" in (await hers.post("/account/insurance", whole)).words

    forms = await hers.get("/account/forms")
    versions = dict(re.findall(r'name="(version_\w+)" value="(\d+)"', forms.text))
    await hers.post("/account/forms", {**versions, "billing": "yes", "privacy": "yes"})
    assert "You acknowledged it on" in (await hers.get("/account/forms")).words

    door = re.search(r'href="(/sandbox/card\?[^"]+)"', (await hers.get("/account/billing")).text)
    assert door is not None
    page = await hers.get(door[1].replace("&amp;", "&"))
    fields = dict(re.findall(r'name="(ticket|back)" value="([^"]+)"', page.text))
    declined = await hers.post("/sandbox/card", {**fields, "card": "declined"})
    refused = await hers.post(declined.path, {"result": "declined"})
    assert (refused.status, "has not taken this card" in refused.words) == (422, True)
    chosen = await hers.post("/sandbox/card", {**fields, "card": "visa"})
    result = re.search(r'name="result" value="([^"]+)"', chosen.text)
    assert result is not None
    stranger = browsers()
    await accounts.by_cookie(stranger, await accounts.of_client(await _other(provider, accounts, session)))
    assert (await stranger.post(chosen.path, {"result": result[1]})).status == 422  # another's card is nobody's
    done = await hers.post(chosen.path, {"result": result[1]})
    assert "Everything is there" in done.words
    ana = await queries.client_by_email(session, "ana@example.com")
    assert ana is not None
    assert ana.account is AccountState.READY
    method = await queries.billing_method(session, ana.id)
    assert method is not None
    assert (method.reference, method.label) == ("sandbox-visa", "Visa 4242")
    assert "ready" in (await his.get(f"/clients/{ana.id}")).words
    assert "CANARY-77" not in (await his.get(f"/clients/{ana.id}")).text


async def _other(provider: Provider, accounts: Accounts, session: AsyncSession) -> Client:
    world = World(accounts.deps)
    found = await world.client(provider, email="stranger@example.com", phone=None)
    await world.ready(found)
    return found


async def test_r57_a_client_changes_what_is_theirs_and_only_they(
    browser: Browser, client: Client, session: AsyncSession
) -> None:
    wrong = {"first_name": "", "last_name": "Canary-Lee", "language": "en", "timezone": "Mars/Base", "phone": "1"}
    refused = await browser.post("/account/details", wrong)
    assert refused.status == 422
    for name in ("first_name", "timezone", "phone"):
        assert f'id="{name}-problem"' in refused.text
    right = {**wrong, "first_name": "Canary-Kim", "preferred_name": "Canary-K", "phone": "(212) 555-0177"}
    await browser.post("/account/details", {**right, "language": "es", "timezone": "America/Chicago"})
    row = await queries.client(session, client.id)
    assert row is not None
    assert (row.first_name, row.preferred_name, row.phone) == ("Canary-Kim", "Canary-K", "+12125550177")
    assert (row.language, row.timezone) == (Language.SPANISH, "America/Chicago")
    assert "Mi cuenta" in (await browser.get("/account")).words


async def test_consent_to_texts_is_given_for_a_number_and_ends_with_it(
    browser: Browser, client: Client, session: AsyncSession
) -> None:
    form = {"first_name": "Canary-Kim", "last_name": "Canary-Lee", "language": "en", "timezone": "America/New_York"}
    refused = await browser.post("/account/details", {**form, "phone": "", "texts": "yes"})
    assert (refused.status, "Enter your number first" in refused.words) == (422, True)
    await browser.post("/account/details", {**form, "phone": "212 555 0171", "texts": "yes"})
    assert await queries.consent(session, client.id, "+12125550171") is not None
    assert "checked" in (await browser.get("/account/details")).text
    await browser.post("/account/details", {**form, "phone": "212 555 0172"})
    for number in ("+12125550171", "+12125550172"):
        assert await queries.consent(session, client.id, number) is None


async def test_r46_a_client_says_yes_or_no_to_who_has_added_them(
    browser: Browser, client: Client, world: World, session: AsyncSession
) -> None:
    for answer, state in (("accept", RelationshipState.ACTIVE), ("decline", RelationshipState.ARCHIVED)):
        other = await world.provider()
        await world.client(other, email=client.email)
        seen = await browser.get("/account")
        assert f"{other.first_name} {other.last_name} has added you as a client." in seen.words
        done = await browser.post(f"/account/providers/{other.id}/{answer}")
        assert "has added you" not in done.words
        link = await queries.relationship(session, other.id, client.id)
        assert link is not None
        assert link.state is state
        assert (link.typed_email is None) is (answer == "accept")
        again = await browser.post(f"/account/providers/{other.id}/decline")
        assert again.status == 409


async def test_a_new_address_counts_once_its_link_was_used(
    browser: Browser, client: Client, world: World, works: Worker, mailbox: Mailbox, session: AsyncSession
) -> None:
    taken = await world.client(await world.provider(), email="taken@example.com")
    told = [await browser.post("/account/address", {"email": one}) for one in ("new@example.com", taken.email)]
    assert told[0].words.replace("new@", "") == told[1].words.replace("taken@", "")
    await works.turn()
    letter = next(one for one in mailbox.letters() if one["To"] == "new@example.com")
    link = re.search(r"/l/[A-Za-z0-9_-]+", letter.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert link is not None
    before = len(mailbox.letters())
    await browser.post(link[0])
    await works.turn()
    row = await queries.client(session, client.id)
    assert row is not None
    assert (row.email, row.account) == ("new@example.com", AccountState.READY)
    told_of_it = {one["To"] for one in mailbox.letters()[before:] if "changed" in one["Subject"]}
    assert told_of_it == {client.email, "new@example.com"}


async def test_an_account_is_closed_once_nothing_lies_ahead_or_all_of_it_is_cancelled(
    browser: Browser, client: Client, provider: Provider, world: World, clock: Clock, session: AsyncSession
) -> None:
    await world.appointment(provider, client=client, starts_in=timedelta(hours=30))
    assert "One appointment lies ahead" in (await browser.get("/account/close")).words
    refused = await browser.post("/account/close")
    assert (refused.status, "Cancel them first" in refused.words) == (409, True)
    done = await browser.post("/account/close", {"cancel": "yes"})
    assert "Your account is closed" in done.words
    assert (await browser.get("/account")).path == "/sign-in"
    row = await queries.client(session, client.id)
    assert row is not None
    assert (row.account, row.phone) == (AccountState.CLOSED, None)
    assert client.email not in row.email
