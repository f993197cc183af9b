from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from people.models import Client
from tests.builders import World
from tests.portal.api.conftest import Api, Program

CLIENT = {"first_name": "Casey", "last_name": "Lee", "email": "casey@example.com", "phone": "212 555 0199"}


async def test_a_provider_adds_a_client_to_their_own_list(api: Api, world: World) -> None:
    provider = await world.provider()
    me = await api.of(provider)

    made = await me.post("/clients", CLIENT)

    assert made.status == 201
    assert made.json["phone"] == "+12125550199"
    assert made.json["relationships"] == [
        {"provider_id": str(provider.id), "state": "active", "since": "2026-11-24T19:00:00Z"}
    ]
    assert (await me.get(f"/clients/{made.json['id']}")).json == made.json


async def test_the_same_address_twice_is_refused(api: Api, world: World) -> None:
    me = await api.of(await world.provider())
    await me.post("/clients", CLIENT)

    again = await me.post("/clients", {**CLIENT, "email": "CASEY@example.com"})

    assert (again.status, again.code) == (409, "already_your_client")


async def test_an_operator_says_for_whom(admin: Program, world: World) -> None:
    provider = await world.provider()

    unsaid = await admin.post("/clients", CLIENT)
    made = await admin.post("/clients", {**CLIENT, "provider_id": str(provider.id)})

    assert (unsaid.status, unsaid.code) == (422, "provider_needed")
    assert made.json["relationships"][0]["provider_id"] == str(provider.id)


async def test_a_client_is_changed_field_by_field(api: Api, world: World) -> None:
    me = await api.of(await world.provider())
    made = (await me.post("/clients", CLIENT)).json
    path = f"/clients/{made['id']}"

    changed = await me.patch(path, {"preferred_name": "Cass", "phone": None})

    assert changed.json == {**made, "preferred_name": "Cass", "phone": None, "version": 2}
    refused = await me.patch(path, {"first_name": None})
    assert (refused.status, refused.json["errors"][0]["where"]) == (400, "first_name")


async def test_an_address_that_somebody_has_is_not_taken_over(api: Api, world: World) -> None:
    me = await api.of(await world.provider())
    await me.post("/clients", CLIENT)
    other = (await me.post("/clients", {**CLIENT, "email": "kim@example.com"})).json

    refused = await me.patch(f"/clients/{other['id']}", {"email": "Casey@example.com"})

    assert (refused.status, refused.code) == (409, "address_taken")


async def test_a_client_who_verified_their_account_changes_it_themselves(
    api: Api, admin: Program, world: World, deps: Deps
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    async with deps.sessions.begin() as session:
        row = await session.get(Client, client.id)
        assert row is not None
        row.verified_at = deps.now()

    refused = await (await api.of(provider)).patch(f"/clients/{client.id}", {"first_name": "Kim"})

    assert (refused.status, refused.code) == (409, "verified_client")
    assert (await admin.patch(f"/clients/{client.id}", {"first_name": "Kim"})).json["first_name"] == "Kim"


async def test_a_client_is_archived_and_taken_back(api: Api, world: World) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    me = await api.of(provider)
    states = []

    for step in ("archive", "unarchive"):
        reply = await me.post(f"/clients/{client.id}/{step}")
        states.append((reply.status, reply.json["relationships"][0]["state"]))

    assert states == [(200, "archived"), (200, "active")]
    again = await me.post(f"/clients/{client.id}/unarchive")
    assert (again.status, again.code) == (409, "not_possible_now")


async def test_a_client_with_an_appointment_ahead_stays(api: Api, world: World) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    appointment = await world.appointment(provider, client=client, starts_in=timedelta(hours=1))

    refused = await (await api.of(provider)).post(f"/clients/{client.id}/archive")

    assert (refused.status, refused.code) == (409, "appointments_ahead")
    assert refused.json["facts"]["appointments"] == [str(appointment.id)]


async def test_each_provider_sees_only_where_they_stand(
    api: Api, admin: Program, world: World, session: AsyncSession
) -> None:
    one, two = await world.provider(), await world.provider()
    client = await world.client(one, email="both@example.com")
    await world.client(two, email="both@example.com")
    await (await api.of(one)).post(f"/clients/{client.id}/archive")

    seen = [(await (await api.of(who)).get(f"/clients/{client.id}")).json["relationships"] for who in (one, two)]

    assert [[(link["provider_id"], link["state"]) for link in links] for links in seen] == [
        [(str(one.id), "archived")],
        [(str(two.id), "active")],
    ]
    assert len((await admin.get(f"/clients/{client.id}")).json["relationships"]) == 2
    unsaid = await admin.post(f"/clients/{client.id}/archive")
    assert (unsaid.status, unsaid.code) == (422, "provider_needed")
    said = await admin.post(f"/clients/{client.id}/archive", {"provider_id": str(two.id)})
    assert said.json["relationships"][0]["state"] == "archived"
