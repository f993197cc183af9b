"""A provider proves their number, changes it, and chooses a PIN, as they meet it in the portal (R104, R114)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select

from people import actions as people
from people.actions.credentials import CODES_AN_HOUR
from people.models import Account, FormerNumber, Provider
from people.values import PracticeKind
from status.models import Notice
from status.values import NoticeKey, NoticeState
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Carrier, Worker
from tests.mailbox import Mailbox
from tests.portal.pages.conftest import PASSWORD, Accounts, Browser

NEW = "+12125550177"


def texts_to(carrier: Carrier, number: str) -> list[str]:
    return [one.body for one in carrier.simulator.book.messages.values() if one.to == number]


async def test_r104_a_code_is_texted_to_the_number_at_night_too_and_typed_into_the_portal(
    world: World, accounts: Accounts, browser: Browser, carrier: Carrier, works: Worker, clock: Clock
) -> None:
    clock.forward(hours=17)  # near midnight where they live
    provider = await world.provider(verified=False)
    assert provider.dial_phone
    await accounts.sign_in(browser, await accounts.of(provider))

    sent = await browser.post("/settings/number/text")
    await works.turn()
    [text] = texts_to(carrier, provider.dial_phone)
    [code] = re.findall(r"\b\d{6}\b", text)
    wrong = await browser.post("/settings/number/typed", {"code": f"{(int(code) + 1) % 1_000_000:06d}"})
    right = await browser.post("/settings/number/typed", {"code": code})

    assert (sent.status, sent.path) == (200, "/settings/number")
    assert (wrong.status, "This is not the code." in wrong.words) == (422, True)
    assert "Your number is verified." in right.words
    again = await browser.post("/settings/number/typed", {"code": code})
    assert again.status == 409


@pytest.mark.parametrize(("wait", "tries"), [(timedelta(minutes=10), 0), (timedelta(0), people.CODE_TRIES)])
async def test_r104_a_texted_code_ends_with_its_time_and_its_tries(
    world: World,
    accounts: Accounts,
    browser: Browser,
    carrier: Carrier,
    works: Worker,
    clock: Clock,
    wait: timedelta,
    tries: int,
) -> None:
    provider = await world.provider(verified=False)
    assert provider.dial_phone
    await accounts.sign_in(browser, await accounts.of(provider))
    await browser.post("/settings/number/text")
    await works.turn()
    [code] = re.findall(r"\b\d{6}\b", texts_to(carrier, provider.dial_phone)[0])
    for _ in range(tries):
        assert (await browser.post("/settings/number/typed", {"code": "x" + code[1:]})).status == 422
    clock.forward(seconds=wait.total_seconds())

    assert (await browser.post("/settings/number/typed", {"code": code})).status == 409


async def test_r104_what_is_shown_is_not_typed_and_a_few_texts_an_hour_are_enough(
    world: World, accounts: Accounts, browser: Browser
) -> None:
    """A code on the page proves nothing about the number until it is keyed from there."""
    await accounts.sign_in(browser, await accounts.of(await world.provider(verified=False)))

    shown = await browser.post("/settings/number/code")
    [code] = re.findall(r'id="shown-code">(\d{6})<', shown.text)
    assert (await browser.post("/settings/number/typed", {"code": code})).status == 409

    sent = [(await browser.post("/settings/number/text")).status for _ in range(CODES_AN_HOUR + 1)]
    assert sent == [200] * CODES_AN_HOUR + [409]


async def test_r104_another_number_asks_for_the_password_and_is_told_to_the_old_one(
    world: World,
    accounts: Accounts,
    browser: Browser,
    carrier: Carrier,
    works: Worker,
    clock: Clock,
    mailbox: Mailbox,
) -> None:
    provider = await world.provider()
    assert provider.dial_phone
    await accounts.sign_in(browser, await accounts.of(provider))
    clock.forward(minutes=16)
    asked = await browser.get("/settings/number/change")
    assert asked.path == "/prove"
    await browser.post("/prove", {"password": PASSWORD, "to": "/settings/number/change"})

    bad = await browser.post("/settings/number/change", {"number": "12"})
    done = await browser.post("/settings/number/change", {"number": "(212) 555-0177"})
    await works.turn()

    assert (bad.status, 'value="12"' in bad.text) == (422, True)
    assert "Your number was changed." in done.words
    assert "not verified yet" in done.words
    assert len(texts_to(carrier, provider.dial_phone)) == 1
    assert NEW not in texts_to(carrier, provider.dial_phone)[0]
    assert texts_to(carrier, NEW) == []
    assert len(mailbox.taken) == 1
    async with world.deps.sessions() as session:
        row = await session.get_one(Provider, provider.id)
        assert (row.dial_phone, row.dial_phone_verified_at) == (NEW, None)


async def test_r104_a_number_that_was_never_proven_is_told_nothing(
    world: World, accounts: Accounts, browser: Browser, carrier: Carrier, works: Worker, mailbox: Mailbox
) -> None:
    """It may be anybody's: somebody has mistyped their own."""
    provider = await world.provider(verified=False)
    assert provider.dial_phone
    await accounts.sign_in(browser, await accounts.of(provider))

    await browser.post("/settings/number/change", {"number": NEW})
    await works.turn()

    assert texts_to(carrier, provider.dial_phone) == []
    assert len(mailbox.taken) == 1
    async with world.deps.sessions() as session:
        assert (await session.scalars(select(FormerNumber))).all() == []


async def test_a_former_number_that_takes_no_texts_leaves_a_visible_fate(
    world: World, accounts: Accounts, browser: Browser, carrier: Carrier, works: Worker, mailbox: Mailbox
) -> None:
    provider = await world.provider(dial_phone="+442079460018")
    await accounts.sign_in(browser, await accounts.of(provider))

    await browser.post("/settings/number/change", {"number": NEW})
    await works.turn()

    assert not carrier.simulator.book.messages
    assert len(mailbox.taken) == 1
    async with world.deps.sessions() as session:
        found = await session.scalars(
            select(Notice).where(Notice.key == NoticeKey.DIAL_NUMBER_CHANGED, Notice.channel == "text")  # type: ignore[arg-type]
        )
        assert [one.state for one in found] == [NoticeState.SKIPPED]


async def test_r114_a_pin_is_chosen_once_in_a_practice(
    world: World, accounts: Accounts, browsers: Callable[[], Browser]
) -> None:
    practice = await world.practice(kind=PracticeKind.GROUP)
    one, two = browsers(), browsers()
    for browser in (one, two):
        await accounts.sign_in(browser, await accounts.of(await world.provider(practice=practice)))

    assert "You have no PIN yet." in (await one.get("/settings/number")).words
    assert (await one.post("/settings/number/pin", {"pin": "27491"})).status == 422
    assert "Your PIN is set." in (await one.post("/settings/number/pin", {"pin": "274913"})).words
    taken = await two.post("/settings/number/pin", {"pin": "274913"})
    assert (taken.status, "274913" in taken.text) == (409, False)


# The account


async def test_f36_a_new_password_ends_every_other_session_and_opens_the_door(
    world: World, accounts: Accounts, browsers: Callable[[], Browser]
) -> None:
    account = await accounts.of(await world.provider())
    here, elsewhere = browsers(), browsers()
    for browser in (here, elsewhere):
        await accounts.by_cookie(browser, account)
    before = here.cookies()

    weak = await here.post("/settings/security/password", {"password": "short"})
    done = await here.post("/settings/security/password", {"password": "quiet rivers carry lamps"})

    assert weak.status == 422
    assert (done.path, "Your password was changed." in done.words) == ("/settings/security", True)
    assert here.cookies() != before
    assert (await elsewhere.get("/settings/security")).path == "/sign-in"
    assert (await here.get("/settings/security")).status == 200


async def test_another_app_takes_over_once_its_code_was_seen(
    world: World, accounts: Accounts, browser: Browser, clock: Clock
) -> None:
    account = await accounts.of(await world.provider())
    await accounts.by_cookie(browser, account)
    shown = await browser.get("/settings/security/factor")
    [secret] = re.findall(r'id="secret" value="([A-Z2-7]+)"', shown.text)
    clock.forward(minutes=1)

    old = await browser.post("/settings/security/factor", {"code": accounts.code(account)})
    new = await browser.post("/settings/security/factor", {"code": pyotp.TOTP(secret).at(clock())})

    assert old.status == 422
    assert "Your new app is in use." in new.words
    async with world.deps.sessions() as session:
        row = await session.get_one(Account, account.id)
        assert people.totp_secret(row, world.deps.settings) == secret
