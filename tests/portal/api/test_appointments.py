import asyncio
from collections import Counter
from datetime import datetime, timedelta

import pytest

from bridge import actions as bridge
from config.deps import Deps
from scheduling.values import SessionType, Source
from tests.builders import OPERATOR, World
from tests.clock import Clock
from tests.portal.api.conftest import Api, Program

HOUR = timedelta(hours=1)


def said(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


async def test_a_tracked_consultation_shows_the_line_and_what_is_to_be_shared(
    admin: Program, world: World, clock: Clock
) -> None:
    provider = await world.provider()
    client = await world.client(provider)

    made = await admin.post(
        "/appointments",
        {
            "provider_id": str(provider.id),
            "client_id": str(client.id),
            "session_type": "phone_consultation",
            "source": "platform_search",
            "starts_at": "2026-11-24T16:00:00-05:00",
            "ends_at": "2026-11-24T16:15:00-05:00",
        },
    )

    assert made.status == 201
    assert made.headers["Location"] == f"/api/v1/appointments/{made.json['id']}"
    assert made.json["starts_at"] == "2026-11-24T21:00:00Z"
    assert (made.json["state"], made.json["tracked"], made.json["occurrence"]) == ("booked", True, 1)
    assert made.json["contact"] == {
        "kind": "line",
        "number": "+12125550100",
        "reason": None,
        "opens_at": "2026-11-24T20:59:00Z",
        "closes_at": "2026-11-24T21:15:00Z",
    }
    consultation = made.json["consultation"]
    assert (consultation["status"], consultation["decided_by"], consultation["locked"]) == ("scheduled", None, False)
    assert consultation["share_by"] == "2026-11-27T21:15:00Z"
    assert (await admin.get(f"/appointments/{made.json['id']}")).json == made.json


async def test_a_provider_makes_appointments_for_themselves_and_dials_the_client(
    api: Api, world: World, clock: Clock
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    me = await api.of(provider)
    new = {
        "client_id": str(client.id),
        "session_type": "phone_consultation",
        "starts_at": said(clock() + HOUR),
        "ends_at": said(clock() + 2 * HOUR),
    }

    made = await me.post("/appointments", new)

    assert (made.status, made.json["source"], made.json["tracked"]) == (201, "provider_made", False)
    assert made.json["contact"]["kind"] == "direct"
    assert made.json["contact"]["reason"] == "self_scheduled"
    assert made.json["contact"]["number"] == client.phone
    assert made.json["consultation"] is None
    as_search = await me.post("/appointments", {**new, "source": "platform_search"})
    assert (as_search.status, as_search.code) == (403, "not_your_source")
    past = await me.post("/appointments", {**new, "starts_at": said(clock() - HOUR), "ends_at": said(clock() + HOUR)})
    assert (past.status, past.code) == (422, "in_the_past")


@pytest.mark.parametrize("source", list(Source))
async def test_an_operator_makes_any_source_at_any_time(
    admin: Program, world: World, clock: Clock, source: Source
) -> None:
    provider = await world.provider()
    client = await world.client(provider)

    made = await admin.post(
        "/appointments",
        {
            "provider_id": str(provider.id),
            "client_id": str(client.id),
            "session_type": "phone_consultation",
            "source": source.value,
            "starts_at": said(clock() - timedelta(days=30)),
            "ends_at": said(clock() - timedelta(days=30) + HOUR),
        },
    )

    assert (made.status, made.json["source"]) == (201, source.value)


@pytest.mark.parametrize(
    ("starts_in", "length", "code"),
    [
        (HOUR, timedelta(0), "bad_span"),
        (HOUR, -HOUR, "bad_span"),
        (HOUR, timedelta(hours=24, seconds=1), "bad_span"),
        (HOUR, timedelta(hours=24), None),
    ],
)
async def test_a_time_ends_after_it_starts_and_within_a_day(
    admin: Program, world: World, clock: Clock, starts_in: timedelta, length: timedelta, code: str | None
) -> None:
    provider = await world.provider()
    client = await world.client(provider)

    reply = await admin.post(
        "/appointments",
        {
            "provider_id": str(provider.id),
            "client_id": str(client.id),
            "session_type": "full_session",
            "source": "client_portal",
            "starts_at": said(clock() + starts_in),
            "ends_at": said(clock() + starts_in + length),
        },
    )

    assert (reply.status, reply.json.get("code")) == ((422, code) if code else (201, None))


@pytest.mark.parametrize(
    "instant", ["2026-11-24T21:00:00", "2026-11-24", "21:00", 1764018000, None, "2026-02-30T10:00:00Z"]
)
async def test_an_instant_without_its_offset_is_refused(admin: Program, world: World, instant: object) -> None:
    provider = await world.provider()
    client = await world.client(provider)

    reply = await admin.post(
        "/appointments",
        {
            "provider_id": str(provider.id),
            "client_id": str(client.id),
            "session_type": "full_session",
            "source": "client_portal",
            "starts_at": instant,
            "ends_at": "2026-11-24T22:00:00Z",
        },
    )

    assert (reply.status, [one["where"] for one in reply.json["errors"]]) == (400, ["starts_at"])


async def test_an_overlap_is_refused_for_everyone(admin: Program, world: World, clock: Clock) -> None:
    provider = await world.provider()
    there = await world.appointment(provider, starts_in=HOUR)
    new = {
        "provider_id": str(provider.id),
        "client_id": str(there.client_id),
        "session_type": "full_session",
        "source": "client_portal",
        "starts_at": said(there.ends_at - timedelta(seconds=1)),
        "ends_at": said(there.ends_at + HOUR),
    }

    refused = await admin.post("/appointments", new)
    beside = await admin.post("/appointments", {**new, "starts_at": said(there.ends_at)})

    assert (refused.status, refused.code) == (409, "overlap")
    assert beside.status == 201


async def test_of_many_at_once_one_gets_the_time(admin: Program, world: World, clock: Clock) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    new = {
        "provider_id": str(provider.id),
        "client_id": str(client.id),
        "session_type": "phone_consultation",
        "source": "booking_link",
        "starts_at": said(clock() + HOUR),
        "ends_at": said(clock() + 2 * HOUR),
    }

    replies = await asyncio.gather(*(admin.post("/appointments", new) for _ in range(20)))

    assert Counter(reply.status for reply in replies) == {201: 1, 409: 19}


async def test_a_reschedule_keeps_the_length_and_begins_a_new_occurrence(api: Api, world: World, clock: Clock) -> None:
    provider, _, appointment = await world.consultation(starts_in=HOUR)
    me = await api.of(provider)
    before = (await me.get(f"/appointments/{appointment.id}")).json

    moved = await me.patch(f"/appointments/{appointment.id}", {"starts_at": said(clock() + 5 * HOUR)})

    assert moved.status == 200
    assert moved.json["starts_at"] == said(clock() + 5 * HOUR)
    assert moved.json["ends_at"] == said(clock() + 5 * HOUR + timedelta(minutes=15))
    assert (moved.json["occurrence"], moved.json["version"], moved.json["source"]) == (2, 2, "platform_search")
    assert moved.json["consultation"]["id"] != before["consultation"]["id"]
    old = await me.get(f"/consultations/{before['consultation']['id']}")
    assert (old.json["status"], old.json["decided_by"], old.json["locked"]) == ("void_rescheduled", "reschedule", True)


async def test_a_cancelled_appointment_has_nothing_to_dial_or_to_share(api: Api, world: World) -> None:
    provider, _, appointment = await world.consultation(starts_in=HOUR)
    me = await api.of(provider)

    cancelled = await me.post(
        f"/appointments/{appointment.id}/cancel", {"by": "provider", "reason": "illness", "message": "I am ill.\n"}
    )

    assert cancelled.status == 200
    assert (cancelled.json["state"], cancelled.json["cancelled_by"]) == ("cancelled_p", "provider")
    assert (cancelled.json["cancel_reason"], cancelled.json["cancel_message"]) == ("illness", "I am ill.")
    assert (cancelled.json["contact"]["kind"], cancelled.json["contact"]["reason"]) == ("none", "cancelled")
    assert cancelled.json["consultation"]["status"] == "not_applicable"
    again = await me.post(f"/appointments/{appointment.id}/cancel", {"by": "provider"})
    assert (again.status, again.code) == (409, "not_possible_now")


async def test_a_session_is_switched_to_a_call(api: Api, world: World) -> None:
    provider = await world.provider()
    session = await world.appointment(
        provider,
        starts_in=HOUR,
        length=timedelta(minutes=50),
        source=Source.BOOKING_LINK,
        session_type=SessionType.FULL_SESSION,
    )
    me = await api.of(provider)
    assert (await me.get(f"/appointments/{session.id}")).json["contact"]["reason"] == "not_a_call"

    switched = await me.post(f"/appointments/{session.id}/switch-to-call")

    assert switched.status == 200
    assert (switched.json["session_type"], switched.json["tracked"]) == ("phone_consultation", True)
    assert switched.json["contact"]["kind"] == "line"
    assert switched.json["consultation"]["status"] == "scheduled"
    again = await me.post(f"/appointments/{session.id}/switch-to-call")
    assert (again.status, again.code) == (409, "already_a_call")


async def test_an_outage_lays_the_number_open_and_says_so_in_history(
    api: Api, admin: Program, world: World, deps: Deps
) -> None:
    provider, client, appointment = await world.consultation(starts_in=HOUR)
    me = await api.of(provider)
    assert (await me.get(f"/appointments/{appointment.id}")).json["contact"]["kind"] == "line"

    async with deps.sessions.begin() as session:
        await bridge.declare_outage(
            session,
            lines=deps.settings.lines,
            reason=None,
            actor=OPERATOR,
            settings=deps.settings,
            now=deps.now(),
            new_id=deps.new_id,
        )

    shown = (await me.get("/appointments")).json["items"][0]["contact"]
    assert (shown["kind"], shown["reason"], shown["number"]) == ("direct", "outage", client.phone)


async def test_a_list_is_by_provider_and_by_span(admin: Program, api: Api, world: World, clock: Clock) -> None:
    one, two = await world.provider(), await world.provider()
    early = await world.appointment(one, starts_in=HOUR)
    late = await world.appointment(one, starts_in=10 * HOUR)
    await world.appointment(two, starts_in=HOUR)
    me = await api.of(one)

    def ids(reply: object) -> set[str]:
        return {item["id"] for item in reply.json["items"]}  # type: ignore[attr-defined]

    assert ids(await me.get("/appointments")) == {str(early.id), str(late.id)}
    assert ids(await admin.get("/appointments", provider_id=one.id)) == {str(early.id), str(late.id)}
    assert len((await admin.get("/appointments")).json["items"]) == 3
    assert ids(await me.get("/appointments", since=said(early.ends_at))) == {str(late.id)}
    assert ids(await me.get("/appointments", until=said(late.starts_at))) == {str(early.id)}
    first = await me.get("/appointments", limit=1)
    second = await me.get("/appointments", limit=1, after=first.json["next"])
    assert ids(first) | ids(second) == {str(early.id), str(late.id)}
    assert second.json["next"] is None


async def test_a_reschedule_onto_another_appointment_is_refused(api: Api, world: World, clock: Clock) -> None:
    provider, client, there = await world.consultation(starts_in=HOUR)
    other = await world.appointment(provider, client=client, starts_in=5 * HOUR)
    me = await api.of(provider)

    refused = await me.patch(f"/appointments/{other.id}", {"starts_at": said(there.starts_at)})

    assert (refused.status, refused.code) == (409, "overlap")
    assert (await me.get(f"/appointments/{other.id}")).json["starts_at"] == said(other.starts_at)
