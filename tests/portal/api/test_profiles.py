"""What a provider says of themselves for clients to choose by."""

from typing import Any

import pytest

from config.deps import Deps
from scheduling.models import Opening
from scheduling.values import SessionType
from tests.builders import World
from tests.fixtures import Worker
from tests.portal.api.conftest import Api, Program

EMPTY: dict[str, Any] = {
    "published": False,
    "listed": False,
    "slug": None,
    "taxonomy": None,
    "focus": [],
    "also": [],
    "languages": [],
    "therapies": [],
    "affirms": [],
    "gender": None,
    "place": None,
    "version": 1,
}
WHOLE = {
    "published": True,
    "listed": True,
    "slug": "canary-lee",
    "taxonomy": "1041C0700X",
    "focus": ["grief", "anxiety"],
    "also": ["sleep"],
    "languages": ["en", "es"],
    "therapies": ["emdr"],
    "affirms": ["veterans"],
    "gender": "woman",
    "place": {"latitude": 40.7128, "longitude": -74.006},
}


async def test_a_profile_begins_as_an_empty_draft(api: Api, world: World) -> None:
    provider = await world.provider()

    shown = await (await api.of(provider)).get(f"/providers/{provider.id}/profile")

    assert shown.json == {"provider_id": str(provider.id), **EMPTY}


async def test_a_profile_is_written_and_a_part_of_it_changed(api: Api, world: World) -> None:
    provider = await world.provider()
    me, path = await api.of(provider), f"/providers/{provider.id}/profile"

    written = await me.patch(path, WHOLE)
    moved = await me.patch(path, {"place": None, "gender": None})

    assert written.json == {"provider_id": str(provider.id), **WHOLE, "version": 2}
    assert moved.json == {**written.json, "place": None, "gender": None, "version": 3}
    assert (await me.get(path)).json == moved.json


async def test_r15_five_are_in_focus_and_none_is_listed_twice(api: Api, world: World) -> None:
    provider = await world.provider()
    me, path = await api.of(provider), f"/providers/{provider.id}/profile"
    five = ["grief", "anxiety", "sleep", "panic", "trauma"]

    six = await me.patch(path, {"focus": [*five, "mood"]})
    done = await me.patch(path, {"focus": five, "also": ["mood", "grief", "mood"]})

    assert six.status == 400
    assert done.json["focus"] == five
    assert done.json["also"] == ["mood"]


async def test_r4_an_address_is_one_persons(api: Api, admin: Program, world: World) -> None:
    one, two = await world.provider(), await world.provider()
    await admin.patch(f"/providers/{one.id}/profile", {"slug": "canary-lee"})

    taken = await admin.patch(f"/providers/{two.id}/profile", {"slug": "canary-lee"})
    kept = await admin.patch(f"/providers/{one.id}/profile", {"slug": "canary-lee"})

    assert (taken.status, taken.code) == (409, "slug_taken")
    assert kept.status == 200


async def test_r10_a_page_needs_an_address_and_a_listing_needs_nothing(admin: Program, world: World) -> None:
    provider = await world.provider()
    path = f"/providers/{provider.id}/profile"

    published = await admin.patch(path, {"published": True})
    listed = await admin.patch(path, {"listed": True})

    assert (published.status, published.code) == (422, "slug_needed")
    assert (listed.status, listed.json["listed"], listed.json["published"]) == (200, True, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "Canary"},
        {"slug": "canary--lee"},
        {"slug": "-canary"},
        {"slug": "ca"},
        {"taxonomy": "363LP0200X"},
        {"focus": ["borderline"]},
        {"languages": ["English"]},
        {"gender": "other"},
        {"place": {"latitude": 40.7}},
        {"place": {"latitude": 40.7, "longitude": 181}},
        {"photo": "x"},
    ],
)
async def test_a_profile_has_the_shared_words_and_nothing_else(
    admin: Program, world: World, wrong: dict[str, Any]
) -> None:
    provider = await world.provider()

    assert (await admin.patch(f"/providers/{provider.id}/profile", wrong)).status == 400


async def test_a_change_is_history_without_a_word_of_it(admin: Program, world: World) -> None:
    provider = await world.provider()
    await admin.patch(f"/providers/{provider.id}/profile", {"focus": ["grief"], "slug": "canary-lee"})

    history = await admin.get("/events", provider_id=provider.id)

    [event] = [one for one in history.json["items"] if one["kind"] == "settings:changed"]
    assert event["data"] == {"profile": "focus,slug"}


async def test_who_is_listed_has_openings_soon(admin: Program, deps: Deps, world: World, works: Worker) -> None:
    provider = await world.provider()
    await world.hours(provider)
    await admin.patch(f"/providers/{provider.id}/profile", {"slug": "canary-lee", "published": True, "listed": True})
    await works.turn()

    async with deps.sessions() as session:
        rows = [await session.get(Opening, (provider.id, kind)) for kind in SessionType]
    assert all(row is not None and row.next_at for row in rows)
