"""Consultations, tasks, notices and history as programs see them."""

import asyncio
from datetime import timedelta

from app import worker
from config.deps import Deps
from tests.builders import World
from tests.clock import Clock
from tests.portal.api.conftest import Api, Program, Reply


async def consultation_of(program: Program, appointment_id: object) -> dict[str, object]:
    found: dict[str, object] = (await program.get(f"/appointments/{appointment_id}")).json["consultation"]
    return found


async def test_a_provider_shares_once_and_no_more(api: Api, world: World, deps: Deps, clock: Clock) -> None:
    provider, _, appointment = await world.consultation()
    me = await api.of(provider)
    path = f"/consultations/{(await consultation_of(me, appointment.id))['id']}/answer"

    early = await me.post(path, {"occurred": True})
    clock.forward(minutes=15)
    shared = await me.post(path, {"occurred": True, "how": "video"})
    again = await me.post(path, {"occurred": False})

    assert (early.status, early.code) == (409, "not_yet")
    assert shared.status == 200
    assert (shared.json["status"], shared.json["decided_by"], shared.json["how"]) == (
        "occurred_manual",
        "portal",
        "video",
    )
    assert shared.json["locked"] is True
    assert (again.status, again.code) == (409, "already_shared")
    assert again.json["facts"] == {"consultation_status": "occurred_manual"}


async def test_a_no_may_have_a_reason_and_a_yes_a_way(api: Api, world: World, clock: Clock) -> None:
    provider, _, appointment = await world.consultation()
    me = await api.of(provider)
    path = f"/consultations/{(await consultation_of(me, appointment.id))['id']}/answer"
    clock.forward(minutes=15)

    for wrong in ({"occurred": True, "reason": "other"}, {"occurred": False, "how": "video"}):
        assert (await me.post(path, wrong)).status == 422
    said_no = await me.post(path, {"occurred": False, "reason": "client_did_not_answer"})

    assert (said_no.json["status"], said_no.json["reason"]) == ("did_not_occur", "client_did_not_answer")


async def test_an_operator_corrects_in_words_that_stay_with_support(
    api: Api, admin: Program, world: World, clock: Clock
) -> None:
    provider, _, appointment = await world.consultation()
    me = await api.of(provider)
    path = f"/consultations/{(await consultation_of(me, appointment.id))['id']}"
    open_one = await admin.post(f"{path}/correct", {"occurred": False, "reason": "It was a voicemail."})
    clock.forward(minutes=15)
    await me.post(f"{path}/answer", {"occurred": True})

    corrected = await admin.post(
        f"{path}/correct", {"occurred": False, "reason": "It was a voicemail.", "kind": "voicemail"}
    )

    assert (open_one.status, open_one.code) == (409, "not_correctable")
    assert (corrected.json["status"], corrected.json["decided_by"]) == ("did_not_occur", "operator")
    assert (await me.post(f"{path}/correct", {"occurred": True, "reason": "No."})).status == 403
    assert (await me.get("/issues")).json["items"] == []
    history = await settled(me, "/events", "consultation:corrected:by_operator")
    assert "It was a voicemail" not in history.text
    assert [one["data"]["reason"] for one in history.json["items"] if "corrected" in one["kind"]] == ["voicemail"]


async def test_the_task_opens_at_the_end_and_the_window_closes_after_three_days(
    api: Api, world: World, deps: Deps, clock: Clock
) -> None:
    provider, _, appointment = await world.consultation()
    me = await api.of(provider)
    assert (await me.get("/tasks")).json["items"] == []

    clock.forward(minutes=15)
    await worker.sweep(deps)
    await worker.drain(deps)
    tasks = (await me.get("/tasks", state="open")).json["items"]

    assert [(one["kind"], one["state"], one["due_at"]) for one in tasks] == [
        ("share_consult_status", "open", "2026-11-27T19:15:00Z")
    ]
    assert tasks[0]["subject_id"] == (await consultation_of(me, appointment.id))["id"]
    assert {one["key"] for one in (await me.get("/notices")).json["items"]} >= {"status_task", "status_text"}

    clock.forward(hours=72)
    late = await me.post(f"/consultations/{tasks[0]['subject_id']}/answer", {"occurred": True})

    assert (late.status, late.code) == (409, "window_closed")


async def test_history_is_followed_with_a_cursor(api: Api, admin: Program, world: World, clock: Clock) -> None:
    provider, _, appointment = await world.consultation(starts_in=timedelta(hours=1))
    me = await api.of(provider)
    first = await settled(me, "/events", "appointment:booked")
    assert [one["kind"] for one in first.json["items"]] == ["referral:opened", "appointment:booked"]
    assert first.json["items"][0]["actor"] == {"kind": "operator", "id": None}

    await me.post(f"/appointments/{appointment.id}/cancel", {"by": "client"})
    rest = await settled(me, "/events", "appointment:cancelled", after=first.json["next"])

    kinds = [one["kind"] for one in rest.json["items"]]
    assert "appointment:booked" not in kinds
    assert "appointment:cancelled" in kinds
    assert {one["actor"]["id"] for one in rest.json["items"]} == {str(provider.id)}
    nothing = await me.get("/events", after=rest.json["next"])
    assert (nothing.json["items"], nothing.json["next"]) == ([], rest.json["next"])
    about = await admin.get("/events", appointment_id=appointment.id)
    assert {one["appointment_id"] for one in about.json["items"]} == {str(appointment.id)}


async def test_a_cursor_that_no_list_has_given_is_refused(admin: Program) -> None:
    for path in ("/events", "/tasks"):
        refused = await admin.get(path, after="bm90IG9uZQ")
        assert (refused.status, refused.code) == (422, "no_such_cursor")


async def settled(program: Program, path: str, kind: str, **query: object) -> Reply:
    """Ask until history shows a kind: a line is held back while any older transaction of the server is open."""
    async with asyncio.timeout(10):
        while True:
            reply = await program.get(path, **query)
            if kind in {one["kind"] for one in reply.json["items"]}:
                return reply
