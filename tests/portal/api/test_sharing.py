"""What a provider sees of the factor on sharing: the numbers, and when each miss drops out (R122)."""

from datetime import timedelta

from config.deps import Deps
from status import actions as ledger
from status.queries import latest_consultations
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.portal.api.conftest import Api, Program


async def answered(me: Program, appointment_id: object, *, occurred: bool) -> None:
    consultation = (await me.get(f"/appointments/{appointment_id}")).json["consultation"]
    reply = await me.post(f"/consultations/{consultation['id']}/answer", {"occurred": occurred})
    assert reply.status == 200


async def test_r122_a_newcomer_has_nothing_to_lose(api: Api, world: World) -> None:
    provider = await world.provider()

    shown = await (await api.of(provider)).get(f"/providers/{provider.id}/sharing")

    assert shown.json == {"shared": 0, "missed": 0, "factor": 1.0, "since": "2026-08-26T19:00:00Z", "misses": []}


async def test_r122_the_numbers_are_shown_with_when_each_miss_drops_out(
    api: Api, world: World, deps: Deps, clock: Clock, works: Worker
) -> None:
    provider = await world.provider()
    me = await api.of(provider)
    hour = timedelta(hours=1)
    missed = [await world.appointment(provider, starts_in=n * hour) for n in range(3)]
    excused = await world.appointment(provider, starts_in=3 * hour)
    yes, no = [await world.appointment(provider, starts_in=n * hour) for n in (4, 5)]
    await world.appointment(provider, starts_in=6 * hour)  # may still be told about
    async with deps.sessions.begin() as session:
        row = (await latest_consultations(session, [excused.id]))[excused.id]
        await ledger.excuse(session, row, now=deps.now(), new_id=deps.new_id)
    clock.to(no.ends_at)
    await works.turn()
    await answered(me, yes.id, occurred=True)
    await answered(me, no.id, occurred=False)
    clock.to(excused.ends_at + timedelta(hours=72))
    await works.turn()

    shown = (await me.get(f"/providers/{provider.id}/sharing")).json

    assert (shown["shared"], shown["missed"]) == (2, 3)
    assert shown["factor"] == 1 - 0.3 * (3 / 10 - 0.2)
    assert [one["appointment_id"] for one in shown["misses"]] == [str(row.id) for row in missed]
    assert shown["misses"][0]["ended_at"] == "2026-11-24T19:15:00Z"
    assert shown["misses"][0]["drops_out_at"] == "2027-02-22T19:15:00Z"

    clock.to(missed[0].ends_at + timedelta(days=90, seconds=-1))
    assert (await me.get(f"/providers/{provider.id}/sharing")).json["missed"] == 3
    clock.forward(seconds=1)
    gone = (await me.get(f"/providers/{provider.id}/sharing")).json
    assert (gone["missed"], [one["appointment_id"] for one in gone["misses"]]) == (2, [str(r.id) for r in missed[1:]])


async def test_what_an_operator_corrected_counts_as_told(
    api: Api, admin: Program, world: World, clock: Clock, works: Worker
) -> None:
    provider, _, appointment = await world.consultation()
    me = await api.of(provider)
    clock.to(appointment.ends_at + timedelta(hours=72))
    await works.turn()
    assert (await me.get(f"/providers/{provider.id}/sharing")).json["missed"] == 1
    consultation = (await me.get(f"/appointments/{appointment.id}")).json["consultation"]

    await admin.post(f"/consultations/{consultation['id']}/correct", {"occurred": True, "reason": "Late evidence."})

    shown = (await me.get(f"/providers/{provider.id}/sharing")).json
    assert (shown["shared"], shown["missed"]) == (1, 0)
