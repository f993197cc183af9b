"""What a provider says of themselves for clients to choose by."""

from typing import Any

import pytest
from aiohttp import ClientSession, FormData

from config.deps import Deps
from scheduling.models import Opening
from scheduling.values import SessionType
from tests.builders import World
from tests.fixtures import Worker
from tests.people import pictures
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
    "pronouns": None,
    "ethnicity": None,
    "faith": None,
    "shown": [],
    "statement": None,
    "highlights": [],
    "education": [],
    "photo": None,
    "noindex": False,
    "place": None,
    "complete_percent": 0,
    "missing": ["photo", "statement", "highlights", "specialties", "profession", "languages", "education"],
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
    "pronouns": "she/her",
    "ethnicity": None,
    "faith": "Canary Quaker",
    "shown": ["pronouns"],
    "statement": "I listen first.\n\nThen we look for words.",
    "highlights": ["20 years of work with grief"],
    "education": [{"what": "MSW", "where": "Canary University", "year": 1999}],
    "noindex": True,
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

    complete = {"photo": None, "complete_percent": 85, "missing": ["photo"]}
    assert written.json == {"provider_id": str(provider.id), **WHOLE, **complete, "version": 2}
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

    moved = await admin.patch(f"/providers/{one.id}/profile", {"slug": "canary-pat"})
    left = await admin.patch(f"/providers/{two.id}/profile", {"slug": "canary-lee"})
    back = await admin.patch(f"/providers/{one.id}/profile", {"slug": "canary-lee"})
    assert (moved.status, left.code, back.status) == (200, "slug_taken", 200)


async def test_r72_who_has_read_an_old_profile_writes_over_nothing(api: Api, world: World) -> None:
    provider = await world.provider()
    me, path = await api.of(provider), f"/providers/{provider.id}/profile"

    first = await me.patch(path, {"statement": "Mine.", "version": 1})
    late = await me.patch(path, {"statement": "Another's.", "version": 1})

    assert (first.json["version"], late.status, late.code) == (2, 409, "changed")
    assert (await me.get(path)).json["statement"] == "Mine."


async def test_a_photo_is_shown_under_an_address_of_its_own_and_goes_with_it(
    api: Api, base: str, http: ClientSession, world: World
) -> None:
    provider = await world.provider()
    me, path = await api.of(provider), f"/providers/{provider.id}/photo"

    one = await me.send("PUT", path, data=form(pictures.sideways()))
    assert one.json["complete_percent"] == 14
    async with http.get(f"{base}{one.json['photo']}") as seen:
        assert (seen.status, seen.content_type) == (200, "image/webp")
        assert "immutable" in seen.headers["Cache-Control"]
        assert seen.headers["X-Content-Type-Options"] == "nosniff"
        assert pictures.PLACE not in await seen.read()
    two = await me.send("PUT", path, data=form(pictures.photo(), name="../../canary.svg"))
    odd = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\x00.jpg"\r\n\r\n'
    odd += pictures.photo() + b"\r\n--x--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await me.send("PUT", path, data=odd, headers=kind)).status in {200, 400}
    none = await me.send("PUT", path, data=form(pictures.SVG, name="me.jpg"))
    assert (none.status, none.code) == (422, "photo_not_a_picture")
    assert (await me.get(f"/providers/{provider.id}/profile")).json["photo"] == two.json["photo"] != one.json["photo"]
    gone = await me.delete(path)
    assert gone.json["photo"] is None
    for reply in (one, two):
        async with http.get(f"{base}{reply.json['photo']}") as seen:
            assert seen.status == 404


def form(data: bytes, name: str = "me.jpg") -> FormData:
    made = FormData()
    made.add_field("file", data, filename=name)
    return made


async def test_r84_an_npi_has_a_right_check_digit_and_a_place_to_work_may_have_lines(api: Api, world: World) -> None:
    provider = await world.provider()
    me, path = await api.of(provider), f"/providers/{provider.id}"

    wrong = await me.patch(path, {"npi": "1234567890"})
    done = await me.patch(path, {"npi": "1234567893", "location": "1 Canary Street\nNew York"})

    assert (wrong.status, wrong.code) == (422, "npi_wrong")
    assert (done.json["npi"], done.json["location"]) == ("1234567893", "1 Canary Street\nNew York")


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
        {"shown": ["age"]},
        {"statement": " "},
        {"statement": "x" * 4001},
        {"highlights": ["x"] * 6},
        {"highlights": ["two\nlines"]},
        {"education": [{"what": "MSW"}]},
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
