"""Series: made by providers, stepped on the wall, changed in part or as a whole (R28)."""

from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from config.deps import Deps
from status.models import Notice
from status.values import Channel, NoticeKey
from tests.builders import World
from tests.portal.api.conftest import Api, Program, Reply

TUESDAYS = {
    "session_type": "full_session",
    "starts_on": "2026-12-01",
    "starts_at_local": "09:00",
    "every": "week",
    "times": 4,
}


def times(reply: Reply) -> list[str]:
    return [one["starts_at"] for one in reply.json["appointments"] if one["state"] == "booked"]


async def letters(deps: Deps, key: NoticeKey) -> int:
    async with deps.sessions() as session:
        found = await session.execute(select(Notice).where(col(Notice.key) == key, col(Notice.channel) == Channel.MAIL))
        return len(found.scalars().all())


async def test_r28_a_series_stays_at_nine_when_the_clocks_change(api: Api, world: World) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    me = await api.of(provider)

    made = await me.post("/series", {**TUESDAYS, "client_id": str(client.id), "starts_on": "2027-03-02", "times": 3})

    assert made.status == 201
    assert times(made) == ["2027-03-02T14:00:00Z", "2027-03-09T14:00:00Z", "2027-03-16T13:00:00Z"]
    assert [one["series_place"] for one in made.json["appointments"]] == [1, 2, 3]
    assert {one["source"] for one in made.json["appointments"]} == {"provider_made"}
    assert (await me.get(f"/series/{made.json['id']}")).json["appointments"] == made.json["appointments"]


async def test_r28_nobody_but_its_provider_makes_a_series(api: Api, admin: Program, world: World) -> None:
    provider = await world.provider()
    client = await world.client(provider)

    for program in (admin, await api.partner()):
        refused = await program.post("/series", {**TUESDAYS, "client_id": str(client.id)})
        assert (refused.status, refused.code) == (403, "forbidden")


async def test_r28_conflicts_are_listed_before_anything_is_saved(api: Api, world: World) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    me = await api.of(provider)
    await me.post("/series", {**TUESDAYS, "client_id": str(client.id), "every": "two_weeks", "times": 2})

    refused = await me.post("/series", {**TUESDAYS, "client_id": str(client.id)})

    assert (refused.status, refused.code, refused.json["facts"]["free"]) == (409, "conflicts", 2)
    assert [one["place"] for one in refused.json["facts"]["conflicts"]] == [1, 3]
    saved = await me.post("/series", {**TUESDAYS, "client_id": str(client.id), "save": "free_ones"})
    assert saved.status == 201
    assert times(saved) == ["2026-12-08T14:00:00Z", "2026-12-22T14:00:00Z"]
    assert [one["place"] for one in saved.json["conflicts"]] == [1, 3]


async def test_r28_later_ones_move_by_the_same_step_and_exceptions_are_kept(api: Api, world: World, deps: Deps) -> None:
    provider = await world.provider()
    series = await world.series(provider)
    me = await api.of(provider)
    first, second, third, fourth = (await me.get(f"/series/{series.id}")).json["appointments"]
    moved = await me.patch(f"/appointments/{third['id']}", {"starts_at": "2026-12-16T20:00:00Z"})
    assert moved.json["series_id"] == str(series.id)

    reply = await me.patch(
        f"/appointments/{second['id']}", {"starts_at": "2026-12-09T15:30:00Z", "scope": "this_and_later"}
    )

    assert reply.status == 200
    assert times(await me.get(f"/series/{series.id}")) == [
        "2026-12-01T14:00:00Z",
        "2026-12-09T15:30:00Z",
        "2026-12-16T20:00:00Z",
        "2026-12-23T15:30:00Z",
    ]
    assert await letters(deps, NoticeKey.SERIES_CHANGED) == 1
    assert [first["occurrence"], fourth["occurrence"]] == [1, 1]


async def test_r28_a_week_later_is_no_conflict_with_itself(api: Api, world: World) -> None:
    provider = await world.provider()
    series = await world.series(provider)
    me = await api.of(provider)
    first = (await me.get(f"/series/{series.id}")).json["appointments"][0]

    reply = await me.patch(f"/appointments/{first['id']}", {"starts_at": "2026-12-08T14:00:00Z", "scope": "all"})

    assert reply.status == 200
    assert times(await me.get(f"/series/{series.id}"))[-1] == "2026-12-29T14:00:00Z"


async def test_r28_a_series_is_given_up_in_part_or_as_a_whole_with_one_letter(
    api: Api, world: World, deps: Deps
) -> None:
    provider = await world.provider()
    series = await world.series(provider)
    me = await api.of(provider)
    rows = (await me.get(f"/series/{series.id}")).json["appointments"]

    later = await me.post(f"/appointments/{rows[2]['id']}/cancel", {"by": "provider", "scope": "this_and_later"})
    assert (later.status, later.json["state"]) == (200, "cancelled_p")
    assert times(await me.get(f"/series/{series.id}")) == ["2026-12-01T14:00:00Z", "2026-12-08T14:00:00Z"]
    assert await letters(deps, NoticeKey.SERIES_CHANGED) == 1
    every = await me.post(f"/appointments/{rows[0]['id']}/cancel", {"by": "provider", "scope": "all"})
    assert every.status == 200
    assert times(await me.get(f"/series/{series.id}")) == []
    assert await letters(deps, NoticeKey.CANCELLED_BY_PROVIDER) == 0
    alone = await world.appointment(provider, starts_in=timedelta(hours=30))
    refused = await me.post(f"/appointments/{alone.id}/cancel", {"by": "provider", "scope": "all", "message": "No."})
    assert (refused.status, refused.code) == (422, "not_in_a_series")
