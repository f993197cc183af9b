"""The waitlist: a freed time is held for whoever is first in line, and goes on from there (issue 3, point 10)."""

import asyncio
from datetime import timedelta

from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.portal.api.conftest import Api, Program

DAY = timedelta(days=1)


async def test_a_cancelled_time_is_held_for_the_first_in_line(
    admin: Program, api: Api, world: World, clock: Clock
) -> None:
    provider = await world.provider()
    me = await api.of(provider)
    appointment = await world.appointment(provider, starts_in=3 * DAY, length=timedelta(minutes=50))
    clients = [await world.client(provider) for _ in range(2)]
    new = {"session_type": "phone_consultation", "original_source": "platform_search"}
    at = f"/providers/{provider.id}/waitlist"
    for client in clients:
        assert (await admin.post(at, {**new, "client_id": str(client.id)})).status == 201
        clock.forward(seconds=1)
    again = await admin.post(at, {**new, "client_id": str(clients[0].id)})
    assert (again.status, again.code) == (409, "waits_already")

    await me.post(f"/appointments/{appointment.id}/cancel", {"by": "client"})

    first, second = (await me.get(f"/providers/{provider.id}/waitlist")).json["items"]
    assert [first["client_id"], second["client_id"]] == [str(one.id) for one in clients]
    assert (first["state"], second["state"]) == ("offered", "waiting")
    held = (await me.get(f"/appointments/{first['appointment_id']}")).json
    assert (held["state"], held["source"], held["original_source"]) == ("held", "waitlist_offer", "platform_search")
    accepted = await admin.post(f"/waitlist/{first['id']}/accept")
    assert (accepted.status, accepted.json["state"]) == (200, "booked")
    booked = (await me.get(f"/appointments/{first['appointment_id']}")).json
    assert (booked["state"], booked["tracked"]) == ("booked", True)
    assert booked["referral_id"] is not None
    assert booked["consultation"]["status"] == "scheduled"


async def test_who_does_not_answer_in_time_keeps_the_place_and_the_next_is_asked(
    admin: Program, world: World, clock: Clock, works: Worker
) -> None:
    provider = await world.provider()
    one = await world.waits(provider)
    clock.forward(seconds=1)
    two = await world.waits(provider)
    offered = await world.freed(provider)
    assert offered is not None
    assert offered.id == one.id
    clock.forward(hours=2)

    late = await admin.post(f"/waitlist/{one.id}/accept")
    assert (late.status, late.code) == (409, "offer_over")
    await works.turn()

    found = (await admin.get(f"/providers/{provider.id}/waitlist")).json["items"]
    assert [(row["id"], row["state"]) for row in found] == [(str(one.id), "waiting"), (str(two.id), "offered")]
    declined = await admin.post(f"/waitlist/{two.id}/decline")
    assert (declined.status, declined.json["state"]) == (200, "waiting")
    found = (await admin.get(f"/providers/{provider.id}/waitlist")).json["items"]
    assert {row["state"] for row in found} == {"waiting"}  # both have let this very time go
    left = await admin.post(f"/waitlist/{one.id}/leave")
    assert (left.status, left.json["state"]) == (200, "left")


async def test_what_is_too_near_or_too_short_is_offered_to_nobody(world: World) -> None:
    provider = await world.provider()
    await world.waits(provider)

    assert await world.freed(provider, starts_in=timedelta(minutes=74)) is None
    assert await world.freed(provider, length=timedelta(minutes=49)) is None
    offered = await world.freed(provider, starts_in=timedelta(minutes=75))
    assert offered is not None
    assert offered.expires_at == world.deps.now() + timedelta(minutes=15)  # an hour before the start


async def test_accepting_and_leaving_at_once_come_to_one_or_the_other(admin: Program, world: World) -> None:
    provider = await world.provider()
    for n in range(6):
        entry = await world.waits(provider)
        await world.freed(provider, starts_in=timedelta(days=3, hours=n))

        replies = await asyncio.gather(
            *(admin.post(f"/waitlist/{entry.id}/{verb}") for verb in ("accept", "leave", "accept", "leave"))
        )

        assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
