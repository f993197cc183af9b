"""Hours, blocks and settings through the API: replaced, changed, refused with a sentence, and written down."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from config.deps import Deps
from people.models import Provider
from scheduling.models import Appointment
from status.models import Event
from status.values import EventKind
from tests.builders import World
from tests.portal.api.conftest import Api, Program

WEEK = {
    "hours": [
        {"weekday": 3, "opens": "13:00", "closes": "24:00"},
        {"weekday": 0, "opens": "09:00", "closes": "17:00"},
        {"weekday": 3, "opens": "00:00", "closes": "12:00"},
    ]
}


@pytest.fixture
async def provider(world: World) -> Provider:
    return await world.provider()


@pytest.fixture
async def me(api: Api, provider: Provider) -> Program:
    return await api.of(provider)


async def history(deps: Deps, kind: EventKind) -> list[Event]:
    async with deps.sessions() as session:
        found = await session.execute(select(Event).where(col(Event.kind) == kind).order_by(col(Event.sequence)))
        return list(found.scalars())


async def waiting(deps: Deps) -> list[tuple[str, str]]:
    """Return the work that is enqueued, as (kind, subject)."""
    async with deps.sessions() as session:
        found = await session.execute(text("SELECT entrypoint, payload FROM pgqueuer ORDER BY id"))
        return [(kind, payload.decode()) for kind, payload in found]


# Working hours


async def test_a_week_is_set_shown_in_order_and_replaced(me: Program, provider: Provider) -> None:
    path = f"/providers/{provider.id}/hours"
    assert (await me.get(path)).json == {"timezone": "America/New_York", "hours": []}

    made = await me.put(path, WEEK)

    assert (made.status, made.json["timezone"]) == (200, "America/New_York")
    assert [(one["weekday"], one["opens"], one["closes"]) for one in made.json["hours"]] == [
        (0, "09:00", "17:00"),
        (3, "00:00", "12:00"),
        (3, "13:00", "24:00"),
    ]
    assert (await me.get(path)).json == made.json
    other = {"timezone": "Europe/Berlin", "hours": [{"weekday": 6, "opens": "08:30", "closes": "08:31"}]}
    assert (await me.put(path, other)).json == other
    assert (await me.put(path, {"hours": []})).json == {"timezone": "America/New_York", "hours": []}


@pytest.mark.parametrize(
    ("hours", "code", "sentence"),
    [
        (
            [{"weekday": 1, "opens": "22:00", "closes": "06:00"}],
            "closes_before_it_opens",
            "Tuesday 22:00–06:00 closes before it opens. A night is two: until 24:00, and from 00:00 of the next day.",
        ),
        (
            [{"weekday": 4, "opens": "09:00", "closes": "12:01"}, {"weekday": 4, "opens": "12:00", "closes": "13:00"}],
            "hours_overlap",
            "Friday 09:00–12:01 and Friday 12:00–13:00 overlap. Make one of the two.",
        ),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_changes(
    me: Program, provider: Provider, hours: list[dict[str, Any]], code: str, sentence: str
) -> None:
    path = f"/providers/{provider.id}/hours"
    before = (await me.put(path, WEEK)).json

    refused = await me.put(path, {"hours": hours})

    assert (refused.status, refused.code, refused.json["detail"]) == (422, code, sentence)
    assert (await me.get(path)).json == before


async def test_everything_that_cannot_be_read_is_told_at_once(me: Program, provider: Provider) -> None:
    wrong = {"weekday": 7, "opens": "9:00", "closes": "24:01"}

    refused = await me.put(f"/providers/{provider.id}/hours", {"timezone": "Mars/Base", "hours": [wrong]})

    assert refused.status == 400
    assert {one["where"] for one in refused.json["errors"]} == {
        "timezone",
        "hours.0.weekday",
        "hours.0.opens",
        "hours.0.closes",
    }


async def test_of_weeks_that_are_set_at_once_one_remains_whole(me: Program, provider: Provider) -> None:
    path = f"/providers/{provider.id}/hours"
    weeks = [[{"weekday": day, "opens": f"{9 + n:02d}:00", "closes": "17:00"} for day in range(5)] for n in range(6)]

    replies = await asyncio.gather(*(me.put(path, {"hours": week}) for week in weeks))

    assert {reply.status for reply in replies} == {200}
    assert (await me.get(path)).json["hours"] in weeks


# Blocks


async def test_a_block_is_added_changed_and_deleted(me: Program, provider: Provider) -> None:
    path = f"/providers/{provider.id}/blocks"
    made = await me.post(path, {"starts_on": "2026-12-05", "opens": "09:00", "closes": "12:00"})

    assert made.status == 201
    assert made.headers["Location"] == f"/api/v1{path}/{made.json['id']}"
    assert {name: made.json[name] for name in ("kind", "ends_on", "timezone", "repeats", "accept_external")} == {
        "kind": "open",
        "ends_on": "2026-12-05",
        "timezone": "America/New_York",
        "repeats": "never",
        "accept_external": False,
    }

    one = f"{path}/{made.json['id']}"
    changed = await me.patch(one, {"accept_external": True, "repeats": "weekly", "repeats_until": "2027-03-06"})

    assert changed.json == {
        **made.json,
        "accept_external": True,
        "repeats": "weekly",
        "repeats_until": "2027-03-06",
        "version": 2,
    }
    assert (await me.get(path)).json == {"items": [changed.json], "next": None}
    assert (await me.delete(one)).status == 204
    assert (await me.delete(one)).status == 404
    assert (await me.get(path)).json["items"] == []


async def test_a_block_keeps_its_days_when_its_first_one_moves(me: Program, provider: Provider) -> None:
    path = f"/providers/{provider.id}/blocks"
    trip = {"kind": "time_off", "starts_on": "2026-12-24", "opens": "12:00", "ends_on": "2027-01-02", "closes": "24:00"}
    made = (await me.post(path, trip)).json

    moved = await me.patch(f"{path}/{made['id']}", {"starts_on": "2026-12-26"})

    assert (moved.json["starts_on"], moved.json["ends_on"]) == ("2026-12-26", "2027-01-04")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"opens": "12:00", "closes": "12:00"}, "ends_before_it_starts"),
        ({"ends_on": "2026-12-04"}, "ends_before_it_starts"),
        ({"ends_on": "2027-12-07"}, "too_long"),
        ({"ends_on": "2026-12-12", "closes": "10:00", "repeats": "weekly"}, "longer_than_its_period"),
        ({"repeats_until": "2026-12-12"}, "until_without_repeats"),
        ({"repeats": "weekly", "repeats_until": "2026-12-04"}, "until_before_start"),
        ({"kind": "time_off", "accept_external": True}, "time_off_is_not_open"),
    ],
)
async def test_a_block_that_cannot_be_is_refused(
    me: Program, provider: Provider, body: dict[str, Any], code: str
) -> None:
    path = f"/providers/{provider.id}/blocks"
    fine = {"starts_on": "2026-12-05", "opens": "09:00", "closes": "12:00"}

    refused = await me.post(path, {**fine, **body})

    assert (refused.status, refused.code) == (422, code)
    made = (await me.post(path, fine)).json
    changed = await me.patch(f"{path}/{made['id']}", body)
    assert (changed.status, changed.code) == (422, code)
    assert (await me.get(path)).json["items"] == [made]


async def test_blocks_that_are_over_make_room_for_others(
    me: Program, provider: Provider, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduling.actions.availability.MOST_BLOCKS", 2)
    for day in ("2026-11-20", "2026-11-23", "2026-12-05"):
        await world.block(provider, day)

    refused = await me.post(
        f"/providers/{provider.id}/blocks", {"starts_on": "2026-12-06", "opens": "09:00", "closes": "12:00"}
    )

    assert (refused.status, refused.code) == (409, "too_many_blocks")
    assert len((await me.get(f"/providers/{provider.id}/blocks", limit=2)).json["items"]) == 2


async def test_a_block_is_found_under_its_own_provider_only(
    api: Api, admin: Program, me: Program, provider: Provider, world: World
) -> None:
    other = await world.provider()
    theirs = await world.block(other)

    for program in (me, admin):
        missed = await program.delete(f"/providers/{provider.id}/blocks/{theirs.id}")
        nobodys = await program.delete(f"/providers/{provider.id}/blocks/{uuid4()}")
        assert (missed.status, nobodys.status) == (404, 404)
    assert [one["id"] for one in (await (await api.of(other)).get(f"/providers/{other.id}/blocks")).json["items"]] == [
        str(theirs.id)
    ]


# Settings

DEFAULTS = {
    "accepting": True,
    "paused_until": None,
    "urgent": False,
    "urgent_notice_h": 2,
    "session_types": ["full_session", "phone_consultation"],
    "by_source": {
        "platform_search": None,
        "booking_link": None,
        "colleague": None,
        "payer": None,
        "client_portal": None,
    },
    "modalities": ["telehealth"],
    "plans": [],
    "states": [],
    "not_treated": [],
    "youngest": 18,
    "oldest": 120,
    "step_m": 15,
    "session_length_m": 50,
    "buffer_before_m": 0,
    "buffer_after_m": 0,
    "horizon_d": 60,
    "per_day": None,
}


async def test_r25_without_a_word_the_defaults_hold_and_urgent_referrals_are_off(
    me: Program, provider: Provider
) -> None:
    shown = await me.get(f"/providers/{provider.id}/referral-settings")

    assert shown.json == {**DEFAULTS, "provider_id": str(provider.id), "version": 1}


async def test_settings_are_changed_one_by_one(me: Program, provider: Provider) -> None:
    path = f"/providers/{provider.id}/referral-settings"

    first = await me.patch(path, {"urgent": True, "states": ["NY", "NJ", "NY"], "plans": ["aetna", "cigna"]})
    second = await me.patch(path, {"paused_until": "2026-12-24T00:00:00-05:00", "by_source": {"payer": []}})

    assert first.json["states"] == ["NJ", "NY"]
    assert second.json == {
        **first.json,
        "paused_until": "2026-12-24T05:00:00Z",
        "by_source": {**DEFAULTS["by_source"], "payer": []},  # type: ignore[dict-item]
        "version": first.json["version"] + 1,
    }
    assert (await me.patch(path, {"paused_until": None})).json["paused_until"] is None
    assert (await me.get(path)).json["by_source"]["payer"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"urgent_notice_h": 0},
        {"urgent_notice_h": 48},
        {"step_m": 4},
        {"session_length_m": 481},
        {"horizon_d": 366},
        {"per_day": 0},
        {"session_types": ["group_session"]},
        {"by_source": {"provider_made": []}},
        {"states": ["XX"]},
        {"plans": ["elm"]},
        {"not_treated": ["borderline"]},
        {"youngest": 121},
        {"urgent": None},
    ],
)
async def test_settings_have_bounds(me: Program, provider: Provider, body: dict[str, Any]) -> None:
    refused = await me.patch(f"/providers/{provider.id}/referral-settings", body)

    assert (refused.status, refused.code) == (400, "bad_input")


async def test_ages_are_a_range(me: Program, provider: Provider) -> None:
    path = f"/providers/{provider.id}/referral-settings"

    refused = await me.patch(path, {"oldest": 17})

    assert (refused.status, refused.code) == (422, "ages")
    assert (await me.patch(path, {"oldest": 17, "youngest": 17})).status == 200


# What every change leaves behind

CHANGES: dict[str, tuple[Callable[[Program, str], Any], EventKind]] = {
    "hours": (lambda me, at: me.put(f"{at}/hours", WEEK), EventKind.AVAILABILITY_CHANGED),
    "a block": (
        lambda me, at: me.post(f"{at}/blocks", {"starts_on": "2026-12-05", "opens": "09:00", "closes": "12:00"}),
        EventKind.AVAILABILITY_CHANGED,
    ),
    "settings": (lambda me, at: me.patch(f"{at}/referral-settings", {"urgent": False}), EventKind.SETTINGS_CHANGED),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_r25_a_change_is_history_touches_no_appointment_and_has_the_openings_computed_anew(
    what: str, me: Program, provider: Provider, world: World, deps: Deps
) -> None:
    change, kind = CHANGES[what]
    booked = await world.appointment(provider)
    already = await waiting(deps)

    assert (await change(me, f"/providers/{provider.id}")).status in {200, 201}

    (event,) = await history(deps, kind)
    assert (event.actor_kind, event.actor_id, event.provider_id) == ("provider", provider.id, provider.id)
    assert (await waiting(deps))[len(already) :] == [("openings", str(provider.id))]
    async with deps.sessions() as session:
        row = await session.get(Appointment, booked.id)
    assert row is not None
    assert (row.state, row.starts_at, row.version) == (booked.state, booked.starts_at, booked.version)


async def test_a_change_that_is_refused_leaves_nothing(me: Program, provider: Provider, deps: Deps) -> None:
    already = await waiting(deps)

    await me.patch(f"/providers/{provider.id}/referral-settings", {"oldest": 17})

    assert await history(deps, EventKind.SETTINGS_CHANGED) == []
    assert await waiting(deps) == already
