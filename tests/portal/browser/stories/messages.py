"""Messages, and the first one of a visitor."""

from people import actions as people
from people import queries as people_queries
from people.models import Account, Client, Provider, Thread
from people.values import Language, RelationshipEvent, Role
from tests.builders import as_client, as_provider
from tests.portal.browser.stories import Scene, Stage, story


async def _two(stage: Stage) -> tuple[Provider, Client, Account, Account]:
    provider = await stage.world.provider()
    client = await stage.world.client(provider)
    return provider, client, await stage.accounts.of(provider), await stage.accounts.of_client(client)


async def _writes(stage: Stage, provider: Provider, client: Client) -> Thread:
    now, new_id = stage.deps.now(), stage.deps.new_id
    his, hers = as_provider(provider.id), as_client(client.id)
    async with stage.deps.sessions.begin() as session:
        await people.write_to_client(
            session, provider.id, client.id, "Canary: 9:15?\nKim", actor=his, now=now, new_id=new_id
        )
        return await people.write_to_provider(
            session, client.id, provider.id, "Canary: 9:30.", actor=hers, now=now, new_id=new_id
        )


@story("messages", "nothing yet")
async def nothing(stage: Stage) -> Scene:
    *_, hers = await _two(stage)
    return Scene(path="/messages", who=hers)


@story("messages", "one that is not read")
async def unread(stage: Stage) -> Scene:
    provider, client, his, _ = await _two(stage)
    await _writes(stage, provider, client)
    return Scene(path="/messages", who=his)


@story("messages", "at the support desk")
async def desk(stage: Stage) -> Scene:
    provider, *_ = await _two(stage)
    async with stage.deps.sessions.begin() as session:
        await people.write_to_support(
            session,
            "Canary?",
            provider_id=provider.id,
            actor=as_provider(provider.id),
            now=stage.deps.now(),
            new_id=stage.deps.new_id,
        )
    return Scene(path="/messages", who=await stage.accounts.of(operator=Role.SUPPORT, email="desk.m@example.com"))


@story("thread", "something empty is refused")
async def thread(stage: Stage) -> Scene:
    provider, client, his, _ = await _two(stage)
    row = await _writes(stage, provider, client)
    return Scene(path=f"/messages/{row.id}", who=his, sent={"text": " "})


@story("thread", "with somebody who is archived")
async def archived(stage: Stage) -> Scene:
    provider, client, his, _ = await _two(stage)
    row = await _writes(stage, provider, client)
    async with stage.deps.sessions.begin() as session:
        link = await people_queries.relationship(session, provider.id, client.id)
        assert link is not None
        await people.move_relationship(session, link, RelationshipEvent.ARCHIVED, now=stage.deps.now())
    return Scene(path=f"/messages/{row.id}", who=his)


@story("message_with", "nothing is written yet")
async def first(stage: Stage) -> Scene:
    provider, _, _, hers = await _two(stage)
    return Scene(path=f"/messages/with/{provider.id}", who=hers)


@story("message_support", "nothing is written yet")
async def support(stage: Stage) -> Scene:
    *_, hers = await _two(stage)
    return Scene(path="/messages/support", who=hers)


@story("write", "a visitor's form, refused")
async def write(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    await stage.world.published(provider)
    return Scene(path=f"/write/{provider.id}", sent={"first_name": "Canary", "email": "no"})


@story("write_code", "a wrong code")
async def code(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    await stage.world.published(provider)
    async with stage.deps.sessions.begin() as session:
        row = await people.begin_message(
            session,
            provider.id,
            "Canary?",
            first_name="Canary-Vi",
            last_name="Canary-Sitor",
            email="vi.sitor@example.com",
            language=Language.ENGLISH,
            timezone=None,
            now=stage.deps.now(),
            new_id=stage.deps.new_id,
        )
    return Scene(path=f"/write/code/{row.id}", sent={"code": "x"})
