from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config.deps import Deps
from people import actions as people
from people import queries
from people.models import Client, Provider
from people.values import AccountState
from status.models import Event
from status.values import Actor, ActorKind, EventKind
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox
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

    assert changed.json == {**made, "preferred_name": "Cass", "phone": None, "version": made["version"] + 1}
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
        row.verified_at, row.account = deps.now(), AccountState.VERIFIED

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
        [(str(two.id), "proposed")],
    ]
    assert len((await admin.get(f"/clients/{client.id}")).json["relationships"]) == 2
    unsaid = await admin.post(f"/clients/{client.id}/archive")
    assert (unsaid.status, unsaid.code) == (422, "provider_needed")
    said = await admin.post(f"/clients/{client.id}/archive", {"provider_id": str(two.id)})
    assert said.json["relationships"][0]["state"] == "archived"


async def two_providers_of_one_client(world: World) -> tuple[Provider, Provider, Client]:
    """Return who has a client, who only has typed their address, and the client as their account stands."""
    one, two = await world.provider(), await world.provider()
    client = await world.client(one, email="shared@example.com")
    return one, two, client


TYPED = {"first_name": "Canary-Typed", "last_name": "Canary-Words", "email": "Shared@Example.com", "phone": None}


async def test_r46_until_a_proposed_client_accepts_their_provider_sees_what_they_typed(
    api: Api, world: World, clock: Clock, deps: Deps
) -> None:
    _, two, client = await two_providers_of_one_client(world)
    async with deps.sessions.begin() as session:
        account = await session.merge(client)
        account.preferred_name, account.verified_at, account.version = "Canary-Own", deps.now(), 7
        account.account = AccountState.VERIFIED
    clock.forward(hours=1)
    me = await api.of(two)

    made = await me.post("/clients", TYPED)

    wanted = {
        **TYPED,
        "email": "Shared@example.com",
        "id": str(client.id),
        "preferred_name": None,
        "account": "invited",
        "missing": ["verify", "insurance", "billing", "forms"],
        "verified_at": None,
        "created_at": "2026-11-24T20:00:00Z",
        "version": 1,
        "relationships": [{"provider_id": str(two.id), "state": "proposed", "since": "2026-11-24T20:00:00Z"}],
    }
    assert (made.status, made.json) == (201, wanted)
    assert (await me.get(f"/clients/{client.id}")).json == wanted
    archived = await me.post(f"/clients/{client.id}/archive")
    back = await me.post(f"/clients/{client.id}/unarchive")
    for reply, state in ((archived, "archived"), (back, "proposed")):
        assert reply.json.pop("relationships")[0]["state"] == state
        assert reply.json == {name: value for name, value in wanted.items() if name != "relationships"}


async def test_r46_what_was_typed_can_be_changed_and_the_account_stays(api: Api, world: World, deps: Deps) -> None:
    _, two, client = await two_providers_of_one_client(world)
    me = await api.of(two)
    await me.post("/clients", TYPED)

    changed = await me.patch(f"/clients/{client.id}", {"last_name": "Canary-Other", "phone": "212 555 0177"})
    refused = [
        await me.patch(f"/clients/{client.id}", {name: value})
        for name, value in (("email", "else@example.com"), ("preferred_name", "Canary-Nick"))
    ]

    assert (changed.json["last_name"], changed.json["phone"]) == ("Canary-Other", "+12125550177")
    assert {(reply.status, reply.code) for reply in refused} == {(409, "not_accepted_yet")}
    async with deps.sessions() as session:
        account = await session.get(Client, client.id)
        assert account is not None
        assert (account.last_name, account.phone, account.version) == (client.last_name, client.phone, 1)


async def test_r46_an_operator_and_the_first_provider_see_the_account(api: Api, admin: Program, world: World) -> None:
    one, two, client = await two_providers_of_one_client(world)
    await (await api.of(two)).post("/clients", TYPED)

    for program in (admin, await api.of(one)):
        shown = (await program.get(f"/clients/{client.id}")).json
        assert (shown["first_name"], shown["phone"]) == (client.first_name, client.phone)


async def test_r46_with_their_yes_the_account_is_shown(api: Api, world: World, deps: Deps) -> None:
    _, two, client = await two_providers_of_one_client(world)
    me = await api.of(two)
    await me.post("/clients", TYPED)

    async with deps.sessions.begin() as session:
        link = await queries.relationship(session, two.id, client.id)
        assert link is not None
        who = Actor(kind=ActorKind.CLIENT, id=client.id)
        await people.accept_provider(session, link, actor=who, now=deps.now(), new_id=deps.new_id)

    shown = (await me.get(f"/clients/{client.id}")).json
    assert (shown["first_name"], shown["phone"]) == (client.first_name, client.phone)
    assert shown["relationships"][0]["state"] == "active"
    async with deps.sessions() as session:
        told = (await session.execute(select(Event).where(col(Event.kind) == EventKind.CLIENT_ACCEPTED))).scalar_one()
    assert (told.provider_id, told.actor_kind, told.actor_id) == (two.id, "client", client.id)


@pytest.mark.parametrize(
    ("source", "kind", "status", "state"),
    [
        ("provider_made", "full_session", 201, "proposed"),
        ("provider_made", "phone_consultation", 409, "proposed"),
        ("booking_link", "phone_consultation", 201, "active"),
        ("client_portal", "full_session", 201, "active"),
    ],
)
async def test_r46_a_client_accepts_by_booking_themselves_and_no_call_is_booked_for_them(
    api: Api, admin: Program, world: World, source: str, kind: str, status: int, state: str
) -> None:
    """What is dialled for a call would be the number of the account."""
    _, two, client = await two_providers_of_one_client(world)
    me = await api.of(two)
    await me.post("/clients", TYPED)

    booked = await admin.post(
        "/appointments",
        {
            "provider_id": str(two.id),
            "client_id": str(client.id),
            "session_type": kind,
            "source": source,
            "starts_at": "2026-12-01T10:00:00Z",
            "ends_at": "2026-12-01T10:15:00Z",
        },
    )

    assert booked.status == status
    assert (await me.get(f"/clients/{client.id}")).json["relationships"][0]["state"] == state


async def test_r46_archiving_and_taking_back_does_not_open_an_account(api: Api, world: World) -> None:
    _, two, client = await two_providers_of_one_client(world)
    me = await api.of(two)
    await me.post("/clients", TYPED)
    await me.post(f"/clients/{client.id}/archive")

    new = {
        "client_id": str(client.id),
        "session_type": "phone_consultation",
        "starts_at": "2026-12-01T10:00:00Z",
        "ends_at": "2026-12-01T10:15:00Z",
    }

    archived = await me.post("/appointments", new)
    await me.post(f"/clients/{client.id}/unarchive")
    taken_back = await me.post("/appointments", new)

    assert (archived.status, archived.code) == (409, "client_archived")
    assert (taken_back.status, taken_back.code) == (409, "not_accepted_yet")


async def test_a_client_is_invited_on_being_added_or_when_their_provider_says_so(
    api: Api, world: World, works: Worker, mailbox: Mailbox
) -> None:
    me = await api.of(await world.provider())
    held = await me.post("/clients", {**CLIENT, "invite": False})
    await works.turn()
    assert (held.json["account"], mailbox.letters()) == ("invited", [])
    sent = await me.post(f"/clients/{held.json['id']}/invite")
    await works.turn()
    assert sent.status == 200
    assert [one["To"] for one in mailbox.letters()] == ["casey@example.com"]
    await me.post("/clients", {**CLIENT, "email": "kim@example.com"})
    await works.turn()
    assert mailbox.letters()[-1]["To"] == "kim@example.com"


async def test_r46_who_has_an_account_is_told_who_has_added_them(
    api: Api, world: World, works: Worker, mailbox: Mailbox
) -> None:
    _, two, client = await two_providers_of_one_client(world)
    me = await api.of(two)
    await me.post("/clients", TYPED)
    await me.post(f"/clients/{client.id}/invite")  # once a week at most
    await works.turn()
    letter = mailbox.letter()
    assert (letter["To"], letter["Subject"]) == (client.email, f"{two.first_name} {two.last_name} has added you")


async def test_r47_an_insurance_is_told_by_its_provider_until_its_client_has_verified(
    api: Api, admin: Program, world: World, deps: Deps
) -> None:
    me = await api.of(await world.provider())
    insurance = {"company": "Canary Health", "member_id": "CANARY 4711", "birth_date": "1990-02-28"}
    made = await me.post("/clients", {**CLIENT, "insurance": {**insurance, "member_id": None}})
    path = f"/clients/{made.json['id']}"
    assert "insurance" in made.json["missing"]  # two of three are a draft
    kept = await me.put(f"{path}/insurance", insurance)
    assert kept.json["missing"] == ["verify", "billing", "forms"]
    assert "4711" not in str(kept.json)
    async with deps.sessions() as session:
        row = await queries.client(session, UUID(made.json["id"]))
    assert row is not None
    await world.ready(row)
    refused = await me.put(f"{path}/insurance", insurance)
    assert (refused.status, refused.code) == (409, "verified_client")
    assert (await admin.put(f"{path}/insurance", insurance)).json["account"] == "ready"
    card = {"reference": "pm_new", "label": "Visa 4242", "expires_on": "2026-11-23"}
    assert (await admin.put(f"{path}/billing", card)).json["missing"] == ["billing"]  # it ended yesterday
    number = await admin.put(f"{path}/billing", {**card, "reference": "4242424242424242"})
    assert (number.status, number.json["errors"][0]["where"]) == (400, "reference")
    proposed = await api.of(await world.provider())
    await proposed.post("/clients", CLIENT)
    theirs = await proposed.put(f"{path}/insurance", insurance)
    assert (theirs.status, theirs.code) == (409, "not_accepted_yet")
