"""Stories of signing in and out, and of those who should not get in (F36, F38)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from people import actions as people
from people.models import Account, SignIn
from people.rules import sign_in as rules
from people.values import LinkPurpose
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.pages.conftest import PASSWORD, Accounts, Browser

COOKIE = "consultline"


@pytest.fixture
async def account(world: World, accounts: Accounts) -> Account:
    return await accounts.of(await world.provider())


async def test_a_provider_signs_in_with_password_and_code(
    browser: Browser, accounts: Accounts, account: Account
) -> None:
    seen = await browser.post("/sign-in", {"email": account.email, "password": PASSWORD})
    assert seen.path == "/sign-in/second"
    assert COOKIE not in browser.cookies()

    await browser.post("/sign-in/second", {"code": accounts.code(account)})

    assert COOKIE in browser.cookies()
    assert "half" not in browser.cookies()
    assert (await browser.get("/sign-in/codes")).status == 200


async def test_without_a_factor_one_is_set_up_first_and_recovery_codes_are_shown_once(
    browser: Browser, accounts: Accounts, world: World, deps: Deps
) -> None:
    account = await accounts.of(await world.provider(), with_factor=False)
    seen = await browser.post("/sign-in", {"email": account.email, "password": PASSWORD})
    assert people.totp_secret(account, deps.settings) in seen.text
    assert "data:image/svg+xml" in seen.text

    seen = await browser.post("/sign-in/second", {"code": accounts.code(account)})
    assert seen.path == "/sign-in/codes"
    codes = [word for word in seen.words.split() if len(word) == 11 and word[5] == "-"]
    assert len(set(codes)) == rules.RECOVERY_CODES

    assert codes[0] not in (await browser.get("/sign-in/codes")).text


async def test_a_recovery_code_stands_in_for_the_app_once(
    browsers: Callable[[], Browser], accounts: Accounts, account: Account, deps: Deps
) -> None:
    async with deps.sessions.begin() as session:
        codes = await people.make_recovery_codes(
            session, account, ["drawn"], settings=deps.settings, now=deps.now(), new_id=deps.new_id
        )
    for works in (True, False):
        browser = browsers()
        await browser.post("/sign-in", {"email": account.email, "password": PASSWORD})
        seen = await browser.post("/sign-in/second", {"code": codes[0].replace("-", " ").upper()})
        assert (COOKIE in browser.cookies()) is works
        assert seen.status == (seen.status if works else 422)


async def test_a_code_is_good_once(browsers: Callable[[], Browser], accounts: Accounts, account: Account) -> None:
    one, two = browsers(), browsers()
    await accounts.sign_in(one, account)
    await accounts.sign_in(two, account)
    assert COOKIE in one.cookies()
    assert COOKIE not in two.cookies()


@pytest.mark.parametrize("steps", [-2, -1, 0, 1, 2])
async def test_a_code_of_a_neighbouring_half_minute_is_taken(
    steps: int, browser: Browser, accounts: Accounts, account: Account, clock: Clock
) -> None:
    await browser.post("/sign-in", {"email": account.email, "password": PASSWORD})
    code = accounts.code(account)
    clock.forward(seconds=30 * steps)
    await browser.post("/sign-in/second", {"code": code})
    assert (COOKIE in browser.cookies()) is (abs(steps) <= 1)


async def test_f38_a_stranger_and_a_wrong_password_get_the_same_answer(browser: Browser, account: Account) -> None:
    wrong = await browser.post("/sign-in", {"email": account.email, "password": "not the password"})
    nobody = await browser.post("/sign-in", {"email": "nobody@example.com", "password": "not the password"})
    assert (wrong.status, wrong.words) == (nobody.status, nobody.words.replace("nobody@example.com", account.email))
    assert "Address or password are not right" in wrong.words
    assert account.email in wrong.text  # nothing typed is lost, but the password
    assert "not the password" not in wrong.text


async def test_f38_guesses_are_slowed_down_and_a_known_browser_is_not(
    browsers: Callable[[], Browser], accounts: Accounts, account: Account, clock: Clock
) -> None:
    owner, attacker = browsers(), browsers()
    await accounts.sign_in(owner, account)
    for _ in range(rules.FREE_TRIES["account"]):
        seen = await attacker.post("/sign-in", {"email": account.email, "password": "a guess"})
        assert "not right" in seen.words
    seen = await attacker.post("/sign-in", {"email": account.email, "password": PASSWORD})
    assert "Too many attempts" in seen.words

    clock.forward(seconds=60)
    assert (await owner.post("/sign-in", {"email": account.email, "password": PASSWORD})).path == "/sign-in/second"
    clock.forward(minutes=15)
    seen = await attacker.post("/sign-in", {"email": account.email, "password": PASSWORD})
    assert seen.path == "/sign-in/second"  # nobody is locked out for good


async def test_f36_a_new_cookie_comes_with_every_sign_in_and_an_old_one_is_worth_nothing(
    browser: Browser, accounts: Accounts, account: Account, clock: Clock
) -> None:
    browser.take(COOKIE, "set-by-somebody-else")
    await accounts.sign_in(browser, account)
    first = browser.cookies()[COOKIE]
    assert first != "set-by-somebody-else"
    await browser.post("/sign-out")
    assert COOKIE not in browser.cookies()
    browser.take(COOKIE, first)
    assert (await browser.get("/sign-in/codes")).path == "/sign-in"

    clock.forward(seconds=60)
    await accounts.sign_in(browser, account)
    assert browser.cookies()[COOKIE] != first


@pytest.mark.parametrize(
    ("minutes", "steps", "in_still"),
    [(59, 1, True), (60, 1, False), (50, 14, True), (50, 15, False)],  # idle for an hour; twelve hours in all
)
async def test_f36_a_session_ends_by_idleness_and_by_age(
    minutes: int, steps: int, in_still: bool, browser: Browser, accounts: Accounts, account: Account, clock: Clock
) -> None:
    await accounts.sign_in(browser, account)
    for _ in range(steps - 1):
        clock.forward(minutes=minutes)
        await browser.get("/sign-in/codes")
    clock.forward(minutes=minutes)
    seen = await browser.get("/sign-in/codes")
    assert (seen.path == "/sign-in/codes") is in_still


async def test_f36_signing_out_everywhere_and_a_disabled_account_end_every_session(
    browsers: Callable[[], Browser], accounts: Accounts, account: Account, deps: Deps, session: AsyncSession
) -> None:
    one, two = browsers(), browsers()
    await accounts.by_cookie(one, account)
    await accounts.by_cookie(two, account)
    await one.post("/sign-out/everywhere")
    assert (await two.get("/sign-in/codes")).path == "/sign-in"
    rows = (await session.execute(select(SignIn))).scalars().all()
    assert all(row.ended_at for row in rows)

    await accounts.by_cookie(two, account)
    async with deps.sessions.begin() as writing:
        await people.disable_account(writing, await writing.merge(account), now=deps.now())
    assert (await two.get("/sign-in/codes")).path == "/sign-in"


async def link_for(deps: Deps, account: Account, purpose: LinkPurpose) -> str:
    async with deps.sessions.begin() as session:
        row = await people.make_link(session, account, purpose, email=account.email, now=deps.now(), new_id=deps.new_id)
    return f"/l/{people.link_token(row, deps.settings)}"


async def test_a_client_signs_in_by_a_link_that_looking_at_does_not_use_up(
    browser: Browser, browsers: Callable[[], Browser], accounts: Accounts, world: World, deps: Deps
) -> None:
    client = await world.client(await world.provider())
    account = await accounts.of_client(client)
    path = await link_for(deps, account, LinkPurpose.SIGN_IN)
    for _ in range(3):  # a scanner of mail
        assert (await browser.get(path)).status == 200
    await browser.post(path)
    assert COOKIE in browser.cookies()

    again = browsers()
    assert (await again.post(path)).status == 404
    assert COOKIE not in again.cookies()


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 404), (1, 404)])
async def test_a_link_is_over_at_its_limit(
    seconds: int, status: int, browser: Browser, accounts: Accounts, world: World, deps: Deps, clock: Clock
) -> None:
    account = await accounts.of_client(await world.client(await world.provider()))
    path = await link_for(deps, account, LinkPurpose.SIGN_IN)
    clock.forward(seconds=rules.LINK_LIVES[LinkPurpose.SIGN_IN].total_seconds() + seconds)
    assert (await browser.get(path)).status == status


async def test_a_newer_link_makes_the_older_one_void(
    browser: Browser, accounts: Accounts, world: World, deps: Deps
) -> None:
    account = await accounts.of_client(await world.client(await world.provider()))
    older = await link_for(deps, account, LinkPurpose.SIGN_IN)
    newer = await link_for(deps, account, LinkPurpose.SIGN_IN)
    assert ((await browser.get(older)).status, (await browser.get(newer)).status) == (404, 200)


async def test_a_reset_sets_a_password_ends_sessions_and_still_asks_for_the_factor(
    browsers: Callable[[], Browser], accounts: Accounts, account: Account, deps: Deps
) -> None:
    elsewhere, browser = browsers(), browsers()
    await accounts.by_cookie(elsewhere, account)
    path = await link_for(deps, account, LinkPurpose.RESET)

    assert "12 characters" in (await browser.post(path, {"password": "short"})).words
    seen = await browser.post(path, {"password": "a quite different sentence"})

    assert seen.path == "/sign-in/second"
    assert COOKIE not in browser.cookies()
    assert (await elsewhere.get("/sign-in/codes")).path == "/sign-in"


@pytest.mark.parametrize("token", ["", "x", "A" * 46, "%00", "a/b"])
async def test_a_link_that_we_did_not_make_is_nothing(browser: Browser, token: str) -> None:
    assert (await browser.get(f"/l/{token}")).status == 404


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("elevenchars", "problems.password_short"),
        ("twelve chars", None),
        ("passwordpassword", "problems.password_common"),
        ("aaaaaaaaaaaaaa", "problems.password_common"),
        ("123456789012345", "problems.password_common"),
        ("qwertyuiop1234", "problems.password_common"),
        ("pat.canary1234", "problems.password_common"),
        ("consultline2026", "problems.password_common"),
        ("correct horse battery staple", None),
        ("x" * 201, "problems.password_long"),
    ],
)
def test_what_a_password_must_be(password: str, problem: str | None) -> None:
    assert rules.password_problem(password, "pat.canary@example.com") == problem


@pytest.mark.parametrize(
    ("failures", "since_last", "wait"),
    [(4, 0, 0), (5, 0, 15), (5, 14, 1), (5, 15, 0), (6, 0, 30), (7, 0, 60), (12, 0, 900), (30, 0, 900)],
)
def test_how_long_to_wait(failures: int, since_last: int, wait: int, clock: Clock) -> None:
    now = clock()
    last = now - timedelta(seconds=since_last)
    tries = [last - timedelta(seconds=10) * n for n in reversed(range(failures))]
    until = rules.wait_until("account", tries, now)
    assert ((until - now).total_seconds() if until else 0) == wait


# Letters about accounts: real SMTP, real links


def link_in(box: Mailbox) -> str:
    """Return the link in the newest letter, as a path."""
    body = box.letters()[-1].get_body(("plain",))
    assert body is not None
    found = re.search(r"http://[^/\s]+(/l/\S+)", body.get_content())
    assert found, body.get_content()
    return found[1]


async def test_a_forgotten_password_is_replaced_by_a_mailed_link(
    browser: Browser, accounts: Accounts, account: Account, works: Worker, mailbox: Mailbox
) -> None:
    asked = await browser.post("/sign-in/forgotten", {"email": account.email})
    stranger = await browser.post("/sign-in/forgotten", {"email": "nobody@example.com"})
    assert (asked.status, asked.words) == (stranger.status, stranger.words)
    await works.turn()
    assert [message["To"] for message in mailbox.letters()] == [account.email]

    await browser.post(link_in(mailbox), {"password": "a quite different sentence"})
    await browser.post("/sign-in/second", {"code": accounts.code(account)})
    assert COOKIE in browser.cookies()


async def test_a_client_asks_for_a_link_and_is_in(
    browser: Browser, accounts: Accounts, world: World, works: Worker, mailbox: Mailbox
) -> None:
    account = await accounts.of_client(await world.client(await world.provider()))
    await browser.post("/sign-in/link", {"email": account.email.upper()})
    await works.turn()
    await browser.post(link_in(mailbox))
    assert COOKIE in browser.cookies()


async def test_an_invitation_leads_to_password_factor_and_portal(
    browser: Browser, accounts: Accounts, world: World, deps: Deps, works: Worker, mailbox: Mailbox
) -> None:
    account = await accounts.of(await world.provider(), password_hash=None, with_factor=False)
    await link_for(deps, account, LinkPurpose.INVITATION)
    await works.turn()
    seen = await browser.post(link_in(mailbox), {"password": "a quite different sentence"})
    assert seen.path == "/sign-in/second"
    assert (await browser.post("/sign-in/second", {"code": accounts.code(account)})).path == "/sign-in/codes"


async def test_a_letter_about_a_link_that_is_used_up_is_not_sent(
    browser: Browser, accounts: Accounts, world: World, deps: Deps, works: Worker, mailbox: Mailbox, clock: Clock
) -> None:
    account = await accounts.of_client(await world.client(await world.provider()))
    clock.forward(minutes=1)  # an account's first browser is no news
    path = await link_for(deps, account, LinkPurpose.SIGN_IN)
    await browser.post(path)
    await works.turn()
    assert [message["Subject"] for message in mailbox.letters()] == ["Your account was used in a new browser"]


async def test_a_new_address_counts_once_it_is_proven_and_both_are_told(
    browser: Browser,
    accounts: Accounts,
    world: World,
    deps: Deps,
    works: Worker,
    mailbox: Mailbox,
    session: AsyncSession,
) -> None:
    account = await accounts.of_client(await world.client(await world.provider()))
    before = account.email
    async with deps.sessions.begin() as writing:
        await people.make_link(
            writing,
            await writing.merge(account),
            LinkPurpose.NEW_ADDRESS,
            email="new@example.com",
            now=deps.now(),
            new_id=deps.new_id,
        )
    await works.turn()
    assert mailbox.letters()[-1]["To"] == "new@example.com"
    assert (await session.get_one(Account, account.id)).email == before

    await browser.post(link_in(mailbox))
    await works.turn()
    told = {message["To"] for message in mailbox.letters() if "was changed" in message["Subject"]}
    assert told == {before, "new@example.com"}


async def test_what_matters_asks_for_the_password_again(browser: Browser, accounts: Accounts, account: Account) -> None:
    await accounts.sign_in(browser, account)
    assert (await browser.post("/prove", {"password": "not it"})).status == 422
    seen = await browser.post("/prove", {"password": PASSWORD, "to": "/sign-in/codes"})
    assert seen.path == "/sign-in/codes"


@pytest.mark.parametrize("kind", ["reset", "link"])
async def test_f38_links_are_mailed_a_few_times_an_hour(
    kind: str,
    browser: Browser,
    accounts: Accounts,
    account: Account,
    works: Worker,
    mailbox: Mailbox,
    clock: Clock,
    world: World,
) -> None:
    client = await accounts.of_client(await world.client(await world.provider()))
    path, whose = {"reset": ("/sign-in/forgotten", account), "link": ("/sign-in/link", client)}[kind]
    for _ in range(8):
        await browser.post(path, {"email": whose.email})
        await works.turn()
        clock.forward(minutes=5)
    assert len(mailbox.letters()) == 5
