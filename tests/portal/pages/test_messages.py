"""Messages: between a provider and a client, with support, from a public page; and what blocking and archiving do."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from aiohttp import FormData
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from people import actions as people
from people import queries
from people.models import Client, MessageDraft, Provider
from people.rules import messages as rules
from people.values import AccountState, MessageSide, RelationshipState, Role
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.pages.conftest import Accounts, Browser

P, C = MessageSide.PROVIDER, MessageSide.CLIENT
S = RelationshipState


@pytest.mark.parametrize(
    ("side", "state", "why"),
    [
        (P, S.ACTIVE, None),
        (P, S.PROSPECT, None),
        (P, S.ARCHIVED, "archived_first"),
        (P, S.BLOCKED, "you_blocked_them"),
        (P, S.PROPOSED, "no_messages_yet"),
        (C, S.ACTIVE, None),
        (C, S.PROSPECT, None),
        (C, S.ARCHIVED, None),
        (C, S.BLOCKED, "not_writable"),
        (C, S.PROPOSED, "answer_first"),
    ],
)
def test_who_may_write_as_the_two_stand(side: MessageSide, state: RelationshipState, why: str | None) -> None:
    assert rules.why_not(side, state) == why


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  a\r\nb\rc\n ", "a\nb\nc"),
        ("a\u202eb\x07c\u2028d", "abcd"),
        ("\u2066\x00 \n", ""),
        ("¿Qué tal? 🙂", "¿Qué tal? 🙂"),
    ],
)
def test_a_message_is_plain_text(typed: str, kept: str) -> None:
    assert rules.plain(typed) == kept


class Two:
    """A provider and a client of theirs, each with a browser."""

    def __init__(self, provider: Provider, client: Client, his: Browser, hers: Browser) -> None:
        self.provider, self.client, self.his, self.hers = provider, client, his, hers


@pytest.fixture
async def two(browsers: Callable[[], Browser], accounts: Accounts, world: World) -> Two:
    provider = await world.provider()
    client = await world.client(provider)
    his, hers = browsers(), browsers()
    await accounts.by_cookie(his, await accounts.of(provider))
    await accounts.by_cookie(hers, await accounts.of_client(client))
    return Two(provider, client, his, hers)


async def test_r41_both_write_both_read_and_mail_says_only_that_there_is_something(
    two: Two, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    sent = await two.his.post(f"/messages/with/{two.client.id}", {"text": "Canary-secret: see you at nine."})
    assert (sent.status, "Canary-secret" in sent.words) == (200, True)
    await two.his.post(sent.path, {"text": "And bring the letter."})
    clock.forward(minutes=1)
    await works.turn()
    letter = mailbox.letter()  # one for both
    assert (letter["To"], letter["Subject"]) == (two.client.email, "You have a new message")
    assert "Canary" not in letter.as_string().replace(two.client.email, "")
    assert f"{sent.path}\n" in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # where it is read

    assert "You have 2 new messages" in (await two.hers.get("/")).words
    listed = await two.hers.get("/messages")
    assert "2 new" in listed.words
    seen = await two.hers.get(sent.path)
    assert "And bring the letter." in seen.words
    assert " new" not in (await two.hers.get("/messages", params={"part": "list"}, headers={"HX-Request": "1"})).words
    await two.hers.post(sent.path, {"text": "I will."})
    part = await two.his.get(sent.path, params={"part": "written"}, headers={"HX-Request": "true"})
    assert "I will." in part.words  # read at once: no mail about it
    clock.forward(minutes=1)
    await works.turn()
    assert len(mailbox.letters()) == 1


async def test_what_is_empty_too_long_or_has_a_file_is_refused_with_nothing_lost(two: Two) -> None:
    page = f"/messages/with/{two.client.id}"
    empty = await two.his.post(page, {"text": "  "})
    assert (empty.status, "Write something first" in empty.words) == (422, True)
    long = await two.his.post(page, {"text": "x" * 4001})
    assert (long.status, "at most 4,000" in long.words, "x" * 4001 in long.text) == (422, True, True)
    form = FormData({"text": "See this."})
    form.add_field("file", b"%PDF", filename="letter.pdf")
    refused = await two.his.post(page, form)
    assert (refused.status, "Files cannot be sent here" in refused.words) == (422, True)


async def test_r56_an_archived_client_is_read_and_written_to_on_an_explicit_yes_only(
    two: Two, world: World, session: AsyncSession
) -> None:
    sent = await two.hers.post(f"/messages/with/{two.provider.id}", {"text": "Hello."})
    await two.his.post(f"/clients/{two.client.id}/archive")
    assert "Hello." in (await two.his.get(sent.path)).words
    refused = await two.his.post(sent.path, {"text": "Are you there?"})
    assert (refused.status, "This client is archived" in refused.words) == (409, True)
    again = await two.hers.post(sent.path, {"text": "Still here."})  # whoever was archived may write
    assert again.status == 200
    link = await queries.relationship(session, two.provider.id, two.client.id)
    assert link is not None
    before = link.state
    await two.his.post(sent.path, {"text": "Welcome back.", "unarchive": "yes"})
    await session.refresh(link)
    assert (before, link.state) == (RelationshipState.ARCHIVED, RelationshipState.ACTIVE)


async def test_who_is_blocked_cannot_write_and_is_not_told_so(two: Two) -> None:
    await two.his.post(f"/clients/{two.client.id}/block")
    refused = await two.hers.post(f"/messages/with/{two.provider.id}", {"text": "Hello?"})
    assert (refused.status, "This message cannot be sent" in refused.words) == (409, True)
    assert "block" not in refused.words.lower()
    mine = await two.his.post(f"/messages/with/{two.client.id}", {"text": "Hello?"})
    assert (mine.status, "You have blocked this client" in mine.words) == (409, True)


async def test_nobody_writes_without_end(two: Two, clock: Clock) -> None:
    sent = await two.his.post(f"/messages/with/{two.client.id}", {"text": "0"})
    for n in range(1, rules.AN_HOUR):
        assert (await two.his.post(sent.path, {"text": str(n)})).status == 200
    refused = await two.his.post(sent.path, {"text": "one more"})
    assert (refused.status, "Wait a little" in refused.words) == (409, True)
    clock.forward(hours=1)
    assert (await two.his.post(sent.path, {"text": "one more"})).status == 200


async def test_f35_a_thread_is_its_two_sides_and_support_has_its_own(
    two: Two, browsers: Callable[[], Browser], accounts: Accounts, world: World
) -> None:
    sent = await two.his.post(f"/messages/with/{two.client.id}", {"text": "Between us."})
    asked = await two.hers.post("/messages/support", {"text": "My card does not work."})
    other, desk = browsers(), browsers()
    await accounts.by_cookie(other, await accounts.of(await world.provider()))
    await accounts.by_cookie(desk, await accounts.of(operator=Role.SUPPORT))
    for one in (sent.path, f"/messages/{uuid4()}"):
        assert (await desk.get(one)).status == 404
        assert (await other.get(one)).status == 404
        assert (await other.post(one, {"text": "me too"})).status == 404
    assert (await other.get(f"/messages/with/{two.client.id}")).status == 404
    seen = await desk.get("/messages")
    assert "My card does not work." in seen.words
    assert "Between us." not in seen.words
    await desk.post(asked.path, {"text": "We look into it."})
    assert "We look into it." in (await two.hers.get(asked.path)).words
    assert (await two.his.get(asked.path)).status == 404


async def test_r44_a_visitor_proves_the_address_and_becomes_a_prospect(
    browser: Browser, two: Two, world: World, works: Worker, mailbox: Mailbox, session: AsyncSession
) -> None:
    page = f"/write/{two.provider.id}"
    assert (await browser.get(page)).status == 404  # nothing is published yet
    await world.published(two.provider)
    told = {"first_name": "Canary-Vi", "last_name": "Canary-Sitor", "email": "vi@example.com", "text": "May I ask?"}
    assert (await browser.post(page, {**told, "email": "vi"})).status == 422
    asks = await browser.post(page, told)
    assert asks.path.startswith("/write/code/")
    assert await queries.client_by_email(session, "vi@example.com") is None  # nothing is made before the proof
    await works.turn()
    letter = mailbox.letter()
    assert "May I ask?" not in letter.as_string()
    found = re.search(r"\b(\d{6})\b", letter.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert found is not None
    wrong = await browser.post(asks.path, {"code": "000000" if found[1] != "000000" else "000001"})
    assert wrong.status == 422
    done = await browser.post(asks.path, {"code": found[1]})
    assert "Your message is on its way" in done.words
    assert (await browser.post(asks.path, {"code": found[1]})).status == 404
    client = await queries.client_by_email(session, "vi@example.com")
    assert client is not None
    link = await queries.relationship(session, two.provider.id, client.id)
    assert link is not None
    assert (client.account, link.state) == (AccountState.VERIFIED, RelationshipState.PROSPECT)
    assert "May I ask?" in (await two.his.get("/messages")).words
    assert "Canary-Vi Canary-Sitor" in (await two.his.get("/clients?wrote=1")).words

    await browser.post("/sign-in/link", {"email": "vi@example.com"})
    await works.turn()
    link = mailbox.letters()[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    way_in = re.search(r"/l/[A-Za-z0-9_-]+", link)
    assert way_in is not None
    await browser.post(way_in[0])
    assert "May I ask?" in (await browser.get("/messages")).words

    signed_in = await two.hers.get(page)
    assert signed_in.path == f"/messages/with/{two.provider.id}"


async def test_a_code_ends_after_ten_minutes_and_five_tries(
    browser: Browser, world: World, clock: Clock, session: AsyncSession, deps_code: Callable[[MessageDraft], str]
) -> None:
    provider = await world.provider()
    await world.published(provider)
    page = f"/write/{provider.id}"
    told = {"first_name": "Canary-Vi", "last_name": "Canary-Sitor", "email": "vi@example.com", "text": "May I ask?"}
    late, tried = await browser.post(page, told), await browser.post(page, told)
    rows = {str(one.id): deps_code(one) for one in (await session.execute(select(MessageDraft))).scalars()}
    right = rows[tried.path.rpartition("/")[2]]
    for _ in range(rules.CODE_TRIES):
        await browser.post(tried.path, {"code": "x"})
    assert "has ended" in (await browser.post(tried.path, {"code": right})).words
    clock.forward(minutes=10)
    assert "has ended" in (await browser.post(late.path, {"code": rows[late.path.rpartition("/")[2]]})).words
    for _ in range(rules.CODES_AN_HOUR - 2):
        await browser.post(page, told)
    assert "Too many codes" in (await browser.post(page, told)).words


@pytest.fixture
def deps_code(world: World) -> Callable[[MessageDraft], str]:
    return lambda row: people.message_code(row.id, world.deps.settings)
