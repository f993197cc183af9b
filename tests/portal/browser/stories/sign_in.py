"""The doors."""

from people import actions as people
from people.models import Account
from people.values import LinkPurpose
from tests.portal.browser.stories import Scene, Stage, story
from tests.portal.pages.conftest import PASSWORD


@story("sign_in", "as it is")
async def door(_: Stage) -> Scene:
    return Scene(path="/sign-in")


@story("sign_in", "refused")
async def refused(_: Stage) -> Scene:
    return Scene(path="/sign-in", sent={"email": "nobody@example.com", "password": "not the password"})


@story("sign_in_second", "a code is asked for")
async def second(stage: Stage) -> Scene:
    return _after_the_password(await stage.accounts.of(await stage.world.provider()))


@story("sign_in_second", "an app is set up")
async def set_up(stage: Stage) -> Scene:
    return _after_the_password(await stage.accounts.of(await stage.world.provider(), with_factor=False))


def _after_the_password(account: Account) -> Scene:
    return Scene(path="/sign-in", sent={"email": account.email, "password": PASSWORD})


@story("recovery_codes", "made and shown")
async def codes(stage: Stage) -> Scene:
    return Scene(path="/sign-in/codes", who=await stage.accounts.of(await stage.world.provider()), sent={})


@story("recovery_codes", "there are some")
async def kept(stage: Stage) -> Scene:
    account, deps = await stage.accounts.of(await stage.world.provider()), stage.deps
    async with deps.sessions.begin() as session:
        await people.make_recovery_codes(
            session, account, ["drawn"], settings=deps.settings, now=deps.now(), new_id=deps.new_id
        )
    return Scene(path="/sign-in/codes", who=account)


@story("client_link", "as it is")
async def ask(_: Stage) -> Scene:
    return Scene(path="/sign-in/link")


@story("forgotten", "as it is")
async def forgotten(_: Stage) -> Scene:
    return Scene(path="/sign-in/forgotten")


@story("prove", "a wrong password")
async def prove(stage: Stage) -> Scene:
    return Scene(path="/prove", who=await stage.accounts.of(await stage.world.provider()), sent={"password": "no"})


@story("link", "a password is chosen, and the one that was is easy to guess")
async def link(stage: Stage) -> Scene:
    account = await stage.accounts.of(await stage.world.provider(), password_hash=None)
    return Scene(path=await _link(stage, account, LinkPurpose.INVITATION), sent={"password": "password"})


@story("link", "a client signs in")
async def client(stage: Stage) -> Scene:
    _, booked, _ = await stage.world.consultation()
    return Scene(path=await _link(stage, await stage.accounts.of_client(booked), LinkPurpose.SIGN_IN))


async def _link(stage: Stage, account: Account, purpose: LinkPurpose) -> str:
    deps = stage.deps
    async with deps.sessions.begin() as session:
        row = await people.make_link(session, account, purpose, email=account.email, now=deps.now(), new_id=deps.new_id)
        return f"/l/{people.link_token(row, deps.settings)}"
