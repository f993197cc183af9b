"""The ledger of notices: everything that a provider was told, what became of it, and what they do without."""

import re
from datetime import timedelta

from people import queries
from status.values import Channel, NoticeKey
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.pages.conftest import Accounts, Browser


async def test_a_provider_sees_each_letter_with_its_fate_and_chooses_what_to_do_without(
    browser: Browser, accounts: Accounts, world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    provider = await world.provider()
    await accounts.by_cookie(browser, await accounts.of(provider))
    assert "Nothing yet" in (await browser.get("/settings/notices")).words
    await world.request(provider)
    await works.turn()
    seen = await browser.get("/settings/notices")
    assert re.search(r"A request to decide by mail sent", seen.words)
    assert "A request to decide in the portal delivered" in seen.words
    assert "A request that ends soon by mail waits for its time" in seen.words

    values = re.findall(r'name="wanted" value="([^"]+)"', seen.text)
    assert "new_message.mail" in values
    kept = [("wanted", one) for one in values if one != "new_message.mail"]
    saved = await browser.post("/settings/notices", kept)
    assert saved.text.count(" checked") == len(kept)
    async with world.deps.sessions() as session:
        off = await queries.notice_choices(session, provider.id)
    assert off == {(NoticeKey.NEW_MESSAGE, Channel.MAIL)}


async def test_f35_anothers_letters_are_not_there_and_older_ones_are_on_further_pages(
    browser: Browser, accounts: Accounts, world: World
) -> None:
    other = await world.provider()
    await world.request(other)
    provider = await world.provider()
    for n in range(18):
        await world.request(provider, starts_in=timedelta(days=3, hours=n))  # three letters each
    await accounts.by_cookie(browser, await accounts.of(provider))
    first = await browser.get("/settings/notices")
    after = re.search(r'href="(/settings/notices\?after=[0-9a-f-]+)"', first.text)
    assert after is not None
    second = await browser.get(after[1])
    rows = first.text.count('<th scope="row"') + second.text.count('<th scope="row"')
    assert rows == 18 * 3


async def test_a_provider_whose_server_refuses_our_mail_is_told_and_lets_us_try_again(
    browser: Browser, accounts: Accounts, world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    provider = await world.provider()
    await accounts.by_cookie(browser, await accounts.of(provider))
    mailbox.rcpt = "550 Blocked"
    await world.request(provider)
    await works.turn()
    mailbox.rcpt = "250 OK"
    assert "Your mail server refuses our mail" in (await browser.get("/")).words
    await world.request(provider, starts_in=timedelta(days=4))
    await works.turn()
    assert mailbox.letters() == []
    assert "not sent: your address refuses mail" in (await browser.get("/settings/notices")).words
    again = await browser.post("/settings/notices/again")
    assert "We mail you again from now on." in again.words
    await world.request(provider, starts_in=timedelta(days=5))
    await works.turn()
    assert [one["To"] for one in mailbox.letters()] == [provider.email]
