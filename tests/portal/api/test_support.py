"""Calls, issues and the line, as support and providers see them."""

from datetime import datetime

from bridge import actions as bridge
from bridge.models import Call
from bridge.values import Attestation, CarrierName, Outcome, Reason
from config.deps import Deps
from people.models import Provider
from scheduling.models import Appointment
from tests.builders import World
from tests.portal.api.conftest import Api, Program


async def call(
    deps: Deps, provider: Provider | None, appointment: Appointment | None, *, number: str, at: datetime
) -> Call:
    """Write down a call as the line does."""
    row = Call(
        id=deps.new_id(),
        carrier=CarrierName.SIMULATOR,
        sid=f"CA{deps.new_id().hex}",
        line=deps.settings.lines[0],
        caller_key=bridge.caller_key(number, deps.settings),
        caller_last2=number[-2:],
        attestation=Attestation.PASSED_A,
        dialled_at=at,
        provider_id=provider.id if provider else None,
        appointment_id=appointment.id if appointment else None,
        occurrence=1 if appointment else None,
        outcome=Outcome.CONNECTED if appointment else Outcome.REFUSED,
        reason=None if appointment else Reason.UNKNOWN_CALLER,
        answered_at=at if appointment else None,
        ended_at=at if appointment else None,
        talk_s=840 if appointment else None,
        settled_at=at,
    )
    async with deps.sessions.begin() as session:
        session.add(row)
    return row


async def test_a_provider_sees_what_became_of_their_calls(api: Api, world: World, deps: Deps) -> None:
    provider, _, appointment = await world.consultation()
    assert provider.dial_phone
    made = await call(deps, provider, appointment, number=provider.dial_phone, at=deps.now())

    shown = await (await api.of(provider)).get(f"/appointments/{appointment.id}/calls")

    assert shown.json == {
        "items": [
            {
                "id": str(made.id),
                "occurrence": 1,
                "dialled_at": "2026-11-24T19:00:00Z",
                "outcome": "connected",
                "reason": None,
                "answered_at": "2026-11-24T19:00:00Z",
                "ended_at": "2026-11-24T19:00:00Z",
                "talk_s": 840,
            }
        ],
        "next": None,
    }


async def test_support_finds_calls_by_a_number_that_nobody_keeps(
    api: Api, admin: Program, world: World, deps: Deps
) -> None:
    provider, _, appointment = await world.consultation()
    assert provider.dial_phone
    known = await call(deps, provider, appointment, number=provider.dial_phone, at=deps.now())
    unknown = await call(deps, None, None, number="+12125550198", at=deps.now())

    by_number = await admin.post("/calls/search", {"number": "212-555-0198"})
    listed = await admin.get("/calls", provider_id=provider.id)

    assert [(one["id"], one["reason"]) for one in by_number.json["items"]] == [(str(unknown.id), "unknown_caller")]
    assert by_number.json["items"][0]["caller_last2"] == "98"
    assert "5550198" not in by_number.text
    assert [one["id"] for one in listed.json["items"]] == [str(known.id)]
    assert (await admin.get(f"/calls/{known.id}/facts")).json == {"items": [], "next": None}
    assert (await admin.get(f"/calls/{deps.new_id()}/facts")).status == 404
    assert (await (await api.of(provider)).get("/calls")).status == 403


async def test_an_issue_carries_the_facts_and_is_acknowledged(api: Api, world: World, deps: Deps) -> None:
    provider, _, appointment = await world.consultation()
    assert provider.dial_phone
    made = await call(deps, provider, appointment, number=provider.dial_phone, at=deps.now())
    me = await api.of(provider)

    reported = await me.post("/issues", {"appointment_id": str(appointment.id), "text": "  It cut off.\r\nTwice. "})

    assert (reported.status, reported.json["state"]) == (201, "open")
    assert reported.json["text"] == "It cut off.\r\nTwice."
    assert [one["id"] for one in reported.json["facts"]["calls"]] == [str(made.id)]
    assert (await me.get("/issues")).json["items"] == [reported.json]
    assert {one["key"] for one in (await me.get("/notices")).json["items"]} >= {"issue_received"}
    assert (await (await api.of(await world.provider())).get("/issues")).json["items"] == []


async def test_an_operator_calls_one_line_down_and_up_again(api: Api, admin: Program, world: World, deps: Deps) -> None:
    provider, client, appointment = await world.consultation()
    me = await api.of(provider)
    before = (await me.get("/line")).json["items"]
    assert [(one["line"], one["state"]) for one in before] == [(line, "up") for line in deps.settings.lines]

    down = await admin.post("/line/outage", {"lines": [appointment.line], "reason": "The carrier is away."})

    assert [one["state"] for one in down.json["items"]] == ["down", "up", "up"]
    assert down.json["items"][0]["declared_reason"] == "The carrier is away."
    assert (await me.get("/line")).json["items"][0]["declared_reason"] is None
    contact = (await me.get(f"/appointments/{appointment.id}")).json["contact"]
    assert (contact["kind"], contact["reason"], contact["number"]) == ("direct", "outage", client.phone)
    assert (await admin.post("/line/restore")).status == 200
    assert (await me.post("/line/outage")).status == 403
    foreign = await admin.post("/line/outage", {"lines": ["+12125550177"]})
    assert (foreign.status, foreign.code) == (422, "no_such_line")


async def test_without_a_name_all_lines_are_meant(admin: Program) -> None:
    assert [one["state"] for one in (await admin.post("/line/outage")).json["items"]] == ["down"] * 3
