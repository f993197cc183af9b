"""A client's own account."""

from datetime import timedelta

from people.models import Account, Client
from people.values import AccountStep
from tests.portal.browser.stories import Scene, Stage, story


async def _me(stage: Stage, *, ready: bool = False) -> tuple[Client, Account]:
    client = await stage.world.client(await stage.world.provider())
    await stage.world.ready(client, but=frozenset() if ready else frozenset(AccountStep))
    return client, await stage.accounts.of_client(client)


@story("account", "everything is missing, and somebody has added them")
async def missing(stage: Stage) -> Scene:
    client, account = await _me(stage)
    await stage.world.client(await stage.world.provider(), email=client.email)
    return Scene(path="/account", who=account)


@story("account", "everything is there")
async def ready(stage: Stage) -> Scene:
    return Scene(path="/account", who=(await _me(stage, ready=True))[1])


@story("account_details", "refused")
async def details(stage: Stage) -> Scene:
    return Scene(path="/account/details", who=(await _me(stage))[1], sent={"phone": "1", "timezone": "no"})


@story("account_address", "refused")
async def address(stage: Stage) -> Scene:
    return Scene(path="/account/address", who=(await _me(stage))[1], sent={"email": "no"})


@story("account_insurance", "as it is kept")
async def insurance(stage: Stage) -> Scene:
    return Scene(path="/account/insurance", who=(await _me(stage, ready=True))[1])


@story("account_forms", "to be read")
async def forms(stage: Stage) -> Scene:
    return Scene(path="/account/forms", who=(await _me(stage))[1])


@story("account_forms", "acknowledged")
async def acknowledged(stage: Stage) -> Scene:
    return Scene(path="/account/forms", who=(await _me(stage, ready=True))[1])


@story("account_billing", "with a card")
async def billing(stage: Stage) -> Scene:
    return Scene(path="/account/billing", who=(await _me(stage, ready=True))[1])


@story("account_billing_back", "a card to be confirmed")
async def back(stage: Stage) -> Scene:
    return Scene(path="/account/billing/back?result=x", who=(await _me(stage))[1])


@story("sandbox_card", "as it is")
async def sandbox(stage: Stage) -> Scene:
    return Scene(path="/sandbox/card?ticket=x&back=/account/billing/back", who=(await _me(stage))[1])


@story("account_close", "an appointment lies ahead")
async def close(stage: Stage) -> Scene:
    _, client, _ = await stage.world.consultation(starts_in=timedelta(hours=30))
    return Scene(path="/account/close", who=await stage.accounts.of_client(client), sent={})
