"""Messages by the API: a provider's program writes and reads; the client's side stays the client's."""

from people import actions as people
from people import queries
from status.values import Actor, ActorKind
from tests.builders import World
from tests.portal.api.conftest import Api, Program


async def test_a_provider_writes_to_a_client_and_reads_what_was_answered(
    api: Api, admin: Program, world: World
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    me, path = await api.of(provider), f"/clients/{client.id}/messages"
    assert (await me.get(path)).json == {"items": [], "unread": 0, "next": None}
    made = await me.post(path, {"text": "At nine?"})
    assert (made.status, made.json["number"], made.json["by"]) == (201, 1, "provider")
    async with world.deps.sessions.begin() as session:
        who = Actor(kind=ActorKind.CLIENT, id=client.id)
        await people.write_to_provider(
            session, client.id, provider.id, "At ten.", actor=who, now=world.deps.now(), new_id=world.deps.new_id
        )
    listed = (await me.get(path, limit=1)).json
    assert ([one["text"] for one in listed["items"]], listed["unread"]) == (["At ten."], 1)
    older = (await me.get(path, after=listed["next"])).json
    assert ([one["text"] for one in older["items"]], older["next"]) == (["At nine?"], None)
    unsaid = await admin.get(path)
    assert (unsaid.status, unsaid.code) == (422, "provider_needed")


async def test_r56_an_archived_client_is_written_to_on_an_explicit_yes_only(api: Api, world: World) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    me, path = await api.of(provider), f"/clients/{client.id}/messages"
    await me.post(f"/clients/{client.id}/archive")
    refused = await me.post(path, {"text": "Hello."})
    assert (refused.status, refused.code) == (409, "archived_first")
    assert (await me.post(path, {"text": "Hello.", "unarchive": True})).status == 201
    assert (await me.post(path, {"text": "Again.", "unarchive": True})).status == 201
    async with world.deps.sessions() as session:
        link = await queries.relationship(session, provider.id, client.id)
    assert link is not None
    assert link.state.value == "active"
