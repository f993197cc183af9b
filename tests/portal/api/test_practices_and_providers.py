from datetime import timedelta

from people.values import PracticeKind
from tests.builders import World
from tests.clock import Clock
from tests.portal.api.conftest import Api, Program

PRACTICE = {"name": "Elm Street", "kind": "group", "timezone": "America/New_York"}
PROVIDER = {
    "first_name": "Ana",
    "last_name": "Diaz",
    "email": "ana@example.com",
    "dial_phone": "(212) 555-0142",
    "timezone": "America/New_York",
}


async def test_a_group_starts_with_its_line_off_and_has_it_switched_on(admin: Program) -> None:
    made = await admin.post("/practices", PRACTICE)

    assert (made.status, made.json["line_enabled"]) == (201, False)
    assert made.headers["Location"] == f"/api/v1/practices/{made.json['id']}"

    path = f"/practices/{made.json['id']}"
    changed = await admin.patch(path, {"line_enabled": True})

    assert (changed.status, changed.json["line_enabled"]) == (200, True)
    assert (await admin.get(path)).json == changed.json == {**made.json, "line_enabled": True}


async def test_a_solo_practice_cannot_lose_the_line(admin: Program) -> None:
    made = await admin.post("/practices", {**PRACTICE, "kind": "solo"})

    refused = await admin.patch(f"/practices/{made.json['id']}", {"line_enabled": False})

    assert (refused.status, refused.code) == (409, "solo_has_the_line")
    assert (await admin.get(f"/practices/{made.json['id']}")).json["line_enabled"] is True


async def test_a_provider_is_added_changed_and_listed(admin: Program, api: Api, world: World) -> None:
    practice = await world.practice()
    made = await admin.post("/providers", {**PROVIDER, "practice_id": str(practice.id)})

    assert made.status == 201
    assert made.json["dial_phone"] == "+12125550142"
    assert made.json["dial_phone_verified_at"] is None
    assert (made.json["language"], made.json["active"], made.json["version"]) == ("en", True, 1)

    path = f"/providers/{made.json['id']}"
    changed = await admin.patch(path, {"last_name": " Diaz-Lee ", "office_phone": "212-555-0143", "language": "es"})

    assert changed.json == {
        **made.json,
        "last_name": "Diaz-Lee",
        "office_phone": "+12125550143",
        "language": "es",
        "version": 2,
    }
    assert (await admin.patch(path, {"office_phone": None})).json["office_phone"] is None
    assert (await admin.patch(path, {})).json["version"] == 3
    assert [one["id"] for one in (await admin.get("/providers", practice_id=practice.id)).json["items"]] == [
        made.json["id"]
    ]


async def test_an_operator_vouches_for_a_number_and_a_new_number_is_unverified(
    admin: Program, world: World, clock: Clock
) -> None:
    practice = await world.practice()
    made = await admin.post("/providers", {**PROVIDER, "practice_id": str(practice.id), "dial_phone_verified": True})
    path = f"/providers/{made.json['id']}"

    assert made.json["dial_phone_verified_at"] == "2026-11-24T19:00:00Z"
    assert (await admin.patch(path, {"dial_phone": "+12125550150"})).json["dial_phone_verified_at"] is None
    clock.forward(hours=1)
    vouched = await admin.patch(path, {"dial_phone_verified": True})
    assert vouched.json["dial_phone_verified_at"] == "2026-11-24T20:00:00Z"
    told = await admin.get("/notices", provider_id=made.json["id"])
    assert {(one["key"], one["channel"]) for one in told.json["items"]} == {
        ("dial_number_changed", "mail"),
        ("dial_number_changed", "portal"),
        ("dial_number_changed", "text"),  # to the number that was theirs until then
    }


async def test_a_provider_cannot_vouch_for_their_own_number(api: Api, world: World) -> None:
    provider = await world.provider(verified=False)
    me = await api.of(provider)

    refused = await me.patch(f"/providers/{provider.id}", {"dial_phone_verified": True})

    assert (refused.status, refused.code) == (403, "forbidden")
    assert (await me.get(f"/providers/{provider.id}")).json["dial_phone_verified_at"] is None


async def test_a_provider_sees_themselves_and_their_practice_only(api: Api, world: World) -> None:
    provider, other = await world.provider(), await world.provider()
    me = await api.of(provider)

    assert [one["id"] for one in (await me.get("/providers")).json["items"]] == [str(provider.id)]
    assert (await me.get("/providers", practice_id=other.practice_id)).json["items"] == []
    assert (await me.get(f"/practices/{provider.practice_id}")).status == 200
    assert (await me.get(f"/practices/{other.practice_id}")).status == 404


async def test_a_list_is_paged_without_gap_or_repetition(admin: Program, world: World) -> None:
    practice = await world.practice()
    made = {str((await world.provider(practice=practice)).id) for _ in range(5)}

    seen: list[str] = []
    after: dict[str, object] = {}
    while True:
        page = (await admin.get("/providers", limit=2, **after)).json
        assert len(page["items"]) <= 2
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}

    assert seen == sorted(made)


async def test_a_pin_is_written_and_never_read(api: Api, world: World) -> None:
    practice = await world.practice(kind=PracticeKind.GROUP)
    one, two = await world.provider(practice=practice), await world.provider(practice=practice)

    assert (await (await api.of(one)).put(f"/providers/{one.id}/pin", {"pin": "274913"})).status == 204
    same = await (await api.of(two)).put(f"/providers/{two.id}/pin", {"pin": "274913"})

    assert (same.status, same.code) == (409, "pin_not_usable")
    assert "274913" not in (await (await api.of(one)).get(f"/providers/{one.id}")).text
    short = await (await api.of(one)).put(f"/providers/{one.id}/pin", {"pin": "27491"})
    assert (short.status, short.json["errors"][0]["where"]) == (400, "pin")


async def test_a_number_is_verified_by_a_code_that_lives_ten_minutes(api: Api, world: World, clock: Clock) -> None:
    provider = await world.provider(verified=False)

    begun = await (await api.of(provider)).post(f"/providers/{provider.id}/dial-phone/verify")

    assert begun.status == 201
    assert len(begun.json["code"]) == 6
    assert begun.json["lines"] == ["+12125550100", "+12125550101", "+12125550102"]
    assert begun.json["expires_at"] == (clock() + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")


async def test_without_a_number_there_is_nothing_to_verify(api: Api, world: World) -> None:
    provider = await world.provider(dial_phone=None)

    refused = await (await api.of(provider)).post(f"/providers/{provider.id}/dial-phone/verify")

    assert (refused.status, refused.code) == (422, "no_dial_phone")


async def test_a_provider_of_no_practice_is_refused(admin: Program) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"

    refused = await admin.post("/providers", {**PROVIDER, "practice_id": unknown})

    assert (refused.status, refused.code) == (422, "no_such_practice")
