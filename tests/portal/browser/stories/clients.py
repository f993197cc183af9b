"""Clients as their provider sees them."""

from datetime import timedelta
from typing import Any

from people import actions as people
from people.models import Account, Client, Provider
from people.values import RelationshipEvent, RelationshipState
from scheduling import actions as scheduling
from scheduling.values import SessionType
from status.values import ConsentBy
from tests.builders import OPERATOR
from tests.portal.browser.stories import Scene, Stage, story


async def _somebody(stage: Stage) -> tuple[Provider, Client, Account]:
    provider = await stage.world.provider()
    return provider, await stage.world.client(provider), await stage.accounts.of(provider)


@story("clients", "nobody is there yet")
async def nobody(stage: Stage) -> Scene:
    return Scene(path="/clients", who=await stage.accounts.of(await stage.world.provider()))


@story("clients", "more than a page of them, some without a number, one archived")
async def many(stage: Stage) -> Scene:
    provider, _, account = await _somebody(stage)
    for _ in range(51):
        await stage.world.client(provider, phone=None)
    async with stage.deps.sessions.begin() as session:
        link = await people.begin_relationship(
            session,
            provider.id,
            (await stage.world.client(await stage.world.provider())).id,
            RelationshipState.ACTIVE,
            now=stage.deps.now(),
            new_id=stage.deps.new_id,
        )
        await people.move_relationship(session, link, RelationshipEvent.ARCHIVED, now=stage.deps.now())
    return Scene(path="/clients?archived=1", who=account)


@story("clients", "a search that finds nobody")
async def searched(stage: Stage) -> Scene:
    _, _, account = await _somebody(stage)
    return Scene(path="/clients", who=account, sent={"q": "nobody of this name"})


@story("clients", "who wrote first")
async def wrote(stage: Stage) -> Scene:
    provider, _, account = await _somebody(stage)
    await stage.world.prospect(provider)
    return Scene(path="/clients?wrote=1", who=account)


@story("clients_add", "several, refused with a reason beside each field")
async def add(stage: Stage) -> Scene:
    _, _, account = await _somebody(stage)
    wrong = {"rows": "2", "first_1": "Canary-Ana", "email_1": "no address", "phone_2": "1", "born_2": "2200-01-01"}
    return Scene(path="/clients/add", who=account, sent=wrong)


@story("clients_add", "as it is")
async def blank(stage: Stage) -> Scene:
    _, _, account = await _somebody(stage)
    return Scene(path="/clients/add", who=account)


@story("client", "with a history, invited")
async def one(stage: Stage) -> Scene:
    provider, client, account = await _somebody(stage)
    await stage.world.appointment(provider, client=client, starts_in=timedelta(days=1))
    await stage.world.appointment(
        provider, client=client, starts_in=timedelta(days=2), session_type=SessionType.FULL_SESSION
    )
    async with stage.deps.sessions.begin() as session:
        row = await session.merge(client)
        await people.invite(session, row, provider.id, actor=OPERATOR, now=stage.deps.now(), new_id=stage.deps.new_id)
    return Scene(path=f"/clients/{client.id}", who=account)


@story("client", "yet to accept, of whom only what was typed is shown")
async def proposed(stage: Stage) -> Scene:
    client = await stage.world.client(await stage.world.provider())
    provider, _, account = await _somebody(stage)
    await stage.world.client(provider, email=client.email)
    return Scene(path=f"/clients/{client.id}", who=account)


@story("client_edit", "refused")
async def edit(stage: Stage) -> Scene:
    _, client, account = await _somebody(stage)
    return Scene(path=f"/clients/{client.id}/edit", who=account, sent={"first_name": "Canary", "email": "no"})


@story("client_insurance", "not the provider's to correct: the client's page")
async def insurance(stage: Stage) -> Scene:
    _, client, account = await _somebody(stage)
    await stage.world.ready(client)
    return Scene(path=f"/clients/{client.id}/insurance", who=account)


@story("client_archive", "appointments lie ahead, and nothing is ticked")
async def archive(stage: Stage) -> Scene:
    provider, client, account = await _somebody(stage)
    await stage.world.appointment(provider, client=client, starts_in=timedelta(days=1))
    return Scene(path=f"/clients/{client.id}/archive", who=account, sent={})


@story("client_refer", "the consent is asked for")
async def refer(stage: Stage) -> Scene:
    _, client, account = await _somebody(stage)
    return Scene(path=f"/clients/{client.id}/refer", who=account, sent={"step": "consent", "by": "client"})


@story("client_refer", "nobody fits")
async def nobody_fits(stage: Stage) -> Scene:
    provider, client, account = await _somebody(stage)
    told: dict[str, Any] = {"actor": OPERATOR, "now": stage.deps.now(), "new_id": stage.deps.new_id}
    async with stage.deps.sessions.begin() as session:
        row = await scheduling.refer_to_prescriber(session, provider.id, client.id, **told)
        given = scheduling.Consent(by=ConsentBy.CLIENT, statement=1)
        await scheduling.record_consent(session, row.id, given, **told)
    sent = {"step": "find", "state": "NY", "age": "34"}
    return Scene(path=f"/clients/{client.id}/refer", who=account, sent=sent)
