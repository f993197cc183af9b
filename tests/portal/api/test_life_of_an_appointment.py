"""An appointment after its booking: moved, given up, over, confirmed; requirements 4.3 as stories."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from bridge.models import Call
from bridge.values import Reason
from people.values import AccountStep
from scheduling.values import SessionType, Source
from status.models import Task
from status.values import TaskKind
from tests.builders import World
from tests.clock import Clock
from tests.faults.kept import rows
from tests.fixtures import Carrier, Worker
from tests.portal.api.conftest import Api, Program
from tests.portal.api.test_appointments import said

HOUR = timedelta(hours=1)
SESSION: dict[str, Any] = {"session_type": SessionType.FULL_SESSION, "length": timedelta(minutes=50)}


async def test_r50_details_wait_for_the_client_and_only_then_are_confirmed(
    api: Api, world: World, clock: Clock, works: Worker
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    session = await world.appointment(provider, client=client, starts_in=HOUR, source=Source.BOOKING_LINK, **SESSION)
    me = await api.of(provider)
    early = await me.post(f"/appointments/{session.id}/confirm-details")
    assert (early.status, early.code, early.json["facts"]["state"]) == (409, "not_possible_now", "booked")
    clock.to(session.ends_at)
    assert (await me.get(f"/appointments/{session.id}")).json["state"] == "ended"  # before any sweep
    await works.turn()
    async with world.deps.sessions() as reading:
        kinds = [task.kind for task in await rows(reading, Task)]
    assert TaskKind.CONFIRM_SESSION_DETAILS in kinds

    waiting = await me.post(f"/appointments/{session.id}/confirm-details")
    assert (waiting.status, waiting.code) == (409, "client_not_ready")
    assert waiting.json["facts"]["missing"] == ["verify", "insurance", "billing", "forms"]
    await world.ready(client, but=frozenset({AccountStep.BILLING}))
    waiting = await me.post(f"/appointments/{session.id}/confirm-details")
    assert waiting.json["facts"]["missing"] == ["billing"]
    assert "Missing: billing form." in waiting.json["detail"]
    await world.ready(client)

    confirmed = await me.post(f"/appointments/{session.id}/confirm-details")

    assert (confirmed.status, confirmed.json["state"]) == (200, "details_confirmed")
    referral = (await me.get(f"/referrals/{confirmed.json['referral_id']}")).json
    assert referral["state"] == "engaged"
    again = await me.patch(f"/appointments/{session.id}", {"starts_at": said(clock() + HOUR)})
    assert (again.status, again.json["facts"]["state"]) == (409, "details_confirmed")


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 409), (1, 409)])
async def test_a_no_show_is_marked_within_seven_days(
    api: Api, world: World, clock: Clock, seconds: int, status: int
) -> None:
    provider = await world.provider()
    session = await world.appointment(provider, starts_in=HOUR, **SESSION)
    me = await api.of(provider)
    clock.to(session.ends_at + timedelta(days=7, seconds=seconds))

    assert (await me.post(f"/appointments/{session.id}/no-show")).status == status


async def test_an_ended_consultation_is_still_told_to_be_too_late_after_the_sweep(
    service: str, carrier: Carrier, api: Api, world: World, clock: Clock, works: Worker
) -> None:
    provider, _, appointment = await world.consultation()
    clock.to(appointment.ends_at)
    await works.turn()

    call = await carrier.dial(provider)

    me = await api.of(provider)
    assert not call.rang
    async with world.deps.sessions() as reading:
        assert [one.reason for one in await rows(reading, Call)] == [Reason.TOO_LATE]
    shown = (await me.get(f"/appointments/{appointment.id}")).json
    assert (shown["state"], shown["contact"]["kind"], shown["contact"]["reason"]) == ("ended", "none", "window_over")
    moved = await me.patch(f"/appointments/{appointment.id}", {"starts_at": said(clock() + HOUR)})
    assert (moved.status, moved.json["state"], moved.json["occurrence"]) == (200, "booked", 2)


async def test_r24_a_client_moves_by_the_notice_and_twice(admin: Program, api: Api, world: World, clock: Clock) -> None:
    provider = await world.provider()
    await world.hours(provider, "00:00", "24:00", weekdays=range(7))
    session = await world.appointment(provider, starts_in=5 * 24 * HOUR, source=Source.BOOKING_LINK, **SESSION)
    at = f"/appointments/{session.id}"

    soon = await admin.patch(at, {"starts_at": said(clock() + 48 * HOUR - timedelta(minutes=15)), "by": "client"})
    assert (soon.status, soon.code) == (409, "too_soon")
    assert len(soon.json["facts"]["alternatives"]) == 3
    for days in (2, 3):
        moved = await admin.patch(at, {"starts_at": said(clock() + days * 24 * HOUR), "by": "client"})
        assert (moved.status, moved.json["moves_by_client"]) == (200, days - 1)
    third = await admin.patch(at, {"starts_at": said(clock() + 4 * 24 * HOUR), "by": "client"})
    assert (third.status, third.code) == (409, "moves_used_up")
    me = await api.of(provider)
    by_provider = await me.patch(at, {"starts_at": said(clock() + HOUR)})
    assert by_provider.status == 200


async def test_a_provider_is_warned_outside_their_hours_and_not_refused(api: Api, world: World, clock: Clock) -> None:
    provider = await world.provider()
    await world.hours(provider)
    session = await world.appointment(provider, starts_in=HOUR, **SESSION)
    me = await api.of(provider)

    night = await me.patch(f"/appointments/{session.id}", {"starts_at": "2026-11-25T03:00:00Z"})
    day = await me.patch(f"/appointments/{session.id}", {"starts_at": "2026-11-25T15:00:00Z"})

    assert (night.status, night.json["cautions"]) == (200, ["outside_hours"])
    assert (day.status, day.json["cautions"]) == (200, [])


@pytest.mark.parametrize(("ahead", "late"), [(timedelta(hours=24), False), (timedelta(hours=24, seconds=-1), True)])
async def test_a_client_who_cancels_late_is_marked_so(
    admin: Program, world: World, ahead: timedelta, late: bool
) -> None:
    provider = await world.provider()
    session = await world.appointment(provider, starts_in=ahead, **SESSION)

    cancelled = await admin.post(f"/appointments/{session.id}/cancel", {"by": "client", "reason": "illness"})

    assert (cancelled.status, cancelled.json["cancelled_late"]) == (200, late)


async def test_r39_a_provider_writes_to_whom_came_by_a_referral(api: Api, world: World) -> None:
    provider = await world.provider()
    session = await world.appointment(provider, starts_in=HOUR, source=Source.BOOKING_LINK, **SESSION)
    me = await api.of(provider)

    silent = await me.post(f"/appointments/{session.id}/cancel", {"by": "provider"})
    told = await me.post(f"/appointments/{session.id}/cancel", {"by": "provider", "message": "I am ill."})

    assert (silent.status, silent.code) == (422, "message_needed")
    assert told.status == 200


async def test_r34_what_was_decided_by_an_old_look_is_refused(api: Api, world: World, clock: Clock) -> None:
    provider = await world.provider()
    session = await world.appointment(provider, starts_in=HOUR, **SESSION)
    me = await api.of(provider)
    await me.patch(f"/appointments/{session.id}", {"starts_at": said(clock() + 2 * HOUR), "version": 1})

    stale = await me.post(f"/appointments/{session.id}/cancel", {"by": "client", "version": 1})

    assert (stale.status, stale.code, stale.json["facts"]["version"]) == (409, "changed", 2)


async def test_r51_archiving_cancels_what_lies_ahead_only_when_told(api: Api, world: World) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    series = await world.series(provider, client=client)
    await world.request(provider, client=client)
    await world.waits(provider, client=client)
    me = await api.of(provider)

    refused = await me.post(f"/clients/{client.id}/archive")
    assert (refused.status, refused.code) == (409, "appointments_ahead")
    assert (len(refused.json["facts"]["appointments"]), len(refused.json["facts"]["requests"])) == (5, 1)
    archived = await me.post(f"/clients/{client.id}/archive", {"cancel_ahead": True, "message": "Farewell."})

    assert (archived.status, archived.json["relationships"][0]["state"]) == (200, "archived")
    assert {one["state"] for one in (await me.get(f"/series/{series.id}")).json["appointments"]} == {"cancelled_p"}
    assert (await me.get(f"/providers/{provider.id}/waitlist")).json["items"] == []


async def test_reschedules_into_one_time_leave_one_there(admin: Program, world: World, clock: Clock) -> None:
    provider = await world.provider()
    made = [await world.appointment(provider, starts_in=n * HOUR, **SESSION) for n in range(1, 11)]

    replies = await asyncio.gather(
        *(admin.patch(f"/appointments/{one.id}", {"starts_at": said(clock() + 48 * HOUR)}) for one in made)
    )

    assert Counter(reply.status for reply in replies) == {200: 1, 409: 9}


async def test_cancelling_and_moving_at_once_come_to_one_order(admin: Program, world: World, clock: Clock) -> None:
    provider = await world.provider()
    for n in range(5):
        one = await world.appointment(provider, starts_in=(n + 1) * HOUR, **SESSION)
        cancelled, moved = await asyncio.gather(
            admin.post(f"/appointments/{one.id}/cancel", {"by": "client"}),
            admin.patch(f"/appointments/{one.id}", {"starts_at": said(clock() + (50 + n) * HOUR)}),
        )
        assert (cancelled.status, moved.status) in {(200, 409), (200, 200)}
        assert (await admin.get(f"/appointments/{one.id}")).json["state"] == "cancelled_c"


async def test_archiving_and_booking_at_once_come_to_one_or_the_other(api: Api, world: World, clock: Clock) -> None:
    provider = await world.provider()
    me = await api.of(provider)
    for n in range(5):
        client = await world.client(provider)
        new = {
            "client_id": str(client.id),
            "session_type": "full_session",
            "starts_at": said(clock() + (2 * n + 1) * HOUR),
            "ends_at": said(clock() + (2 * n + 2) * HOUR),
        }
        archived, booked = await asyncio.gather(me.post(f"/clients/{client.id}/archive"), me.post("/appointments", new))
        assert (archived.status, booked.status) in {(200, 409), (409, 201)}
