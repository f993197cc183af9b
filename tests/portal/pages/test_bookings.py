"""What a client has booked: moved within their own limits, given up, and somebody else found with the old answers."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from people.models import SupportCase
from scheduling import actions as scheduling
from scheduling.models import Appointment, Search
from scheduling.values import AppointmentState, BookingClient, Offer, SessionType, Side, Source
from status import actions as ledger
from status.models import Referral
from status.values import ReferralEvent, ReferralState
from tests.builders import OPERATOR, World
from tests.clock import Clock
from tests.portal.pages.conftest import Accounts, Browser, Seen
from tests.portal.pages.test_find import ASKED, listed


def starts(seen: Seen) -> list[str]:
    return re.findall(r'name="starts_at" value="([^"]+)"', seen.text)


async def test_a_client_moves_twice_and_then_cancels(
    browser: Browser, accounts: Accounts, world: World, session: AsyncSession
) -> None:
    provider = await world.provider()
    await world.hours(provider)
    client = await world.client(provider)
    row = await world.appointment(
        provider,
        client=client,
        starts_in=timedelta(days=3),
        length=timedelta(minutes=50),
        session_type=SessionType.FULL_SESSION,
    )
    await accounts.by_cookie(browser, await accounts.of_client(client))
    page = f"/bookings/{row.id}"
    assert "2 times" in (await browser.get(page)).words
    times = starts(await browser.get(f"{page}/move"))
    assert row.starts_at.isoformat() not in times

    late = await browser.post(f"{page}/move", {"starts_at": "2026-11-24T15:00:00+00:00", "version": "1"})
    assert (late.status, len(starts(late)) >= 3) == (409, True)
    odd = await browser.post(f"{page}/move", {"starts_at": "soon"})
    assert odd.status == 422
    moved = await browser.post(f"{page}/move", {"starts_at": times[0], "version": "1"})
    assert (moved.path, "was moved" in moved.words) == (page, True)
    stale = await browser.post(f"{page}/move", {"starts_at": times[1], "version": "1"})
    assert (stale.status, "changed meanwhile" in stale.words) == (409, True)
    await browser.post(f"{page}/move", {"starts_at": times[1], "version": "2"})
    third = await browser.post(f"{page}/move", {"starts_at": times[2], "version": "3"})
    assert (third.status, "as often as it can be" in third.words) == (409, True)

    gone = await browser.post(f"{page}/cancel", {"message": "Canary words", "version": "3"})
    assert "cancelled by you" in gone.words
    now = (await session.execute(select(Appointment))).scalar_one()
    assert (now.state, now.cancelled_by) == (AppointmentState.CANCELLED_BY_CLIENT, Side.CLIENT)
    assert "cancelled by you" in (await browser.get("/bookings")).words


async def test_f35_anothers_booking_is_not_there(browser: Browser, accounts: Accounts, world: World) -> None:
    provider, _, row = await world.consultation(starts_in=timedelta(days=3))
    await accounts.by_cookie(browser, await accounts.of_client(await world.client(provider)))
    for below in ("", "/move", "/calendar.ics"):
        assert (await browser.get(f"/bookings/{row.id}{below}")).status == 404
    for below in ("/cancel", "/move", "/withdraw", "/another"):
        assert (await browser.post(f"/bookings/{row.id}{below}", {"starts_at": "2026-12-01"})).status == 404


async def test_r19_somebody_else_is_found_with_the_old_answers_and_without_whom_they_moved_on_from(
    browser: Browser, accounts: Accounts, world: World, deps: Deps, session: AsyncSession, clock: Clock
) -> None:
    first = await listed(world, deps, "first", {})
    other = await listed(world, deps, "other", {})
    found = await browser.post("/find", {**ASKED, "session_type": "phone_consultation", "problems": "sleep"})
    search_id = found.path.rpartition("/")[2]
    client = await world.client(await world.provider())
    starts_at = deps.now().replace(hour=15) + timedelta(days=6)
    offer = Offer(
        provider_id=first.id,
        session_type=SessionType.PHONE_CONSULTATION,
        source=Source.PLATFORM_SEARCH,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=15),
        issued_at=deps.now(),
    )
    told: dict[str, Any] = {"actor": OPERATOR, "now": deps.now(), "new_id": deps.new_id}
    who = BookingClient(first_name="Canary-Kim", last_name="Canary-Roe", email=client.email)
    async with deps.sessions.begin() as writing:
        search = await writing.get(Search, UUID(search_id))
        assert search
        row = await scheduling.book_offer(
            writing,
            offer,
            who,
            note=None,
            house=scheduling.house(deps.settings),
            search_id=search.id,
            proven=True,
            **told,
        )
        row_id, referral_id = row.id, row.referral_id
    assert referral_id is not None
    clock.forward(days=6)
    clock.forward(minutes=40)
    await accounts.by_cookie(browser, await accounts.of_client(client))
    page = f"/bookings/{row_id}"
    assert "Find someone else" not in (await browser.get(page)).words  # it is new: nobody has been met yet
    async with deps.sessions.begin() as writing:
        opened = {**told, "now": deps.now()}
        await ledger.move_referral(writing, referral_id, ReferralEvent.OPENED, **opened)
    seen = await browser.post(f"{page}/another", {"why": "Canary words"})
    assert re.fullmatch(r"/find/[0-9a-f-]{36}", seen.path), seen.words
    assert other.last_name in seen.words
    assert first.last_name not in seen.words
    referral = (await session.execute(select(Referral))).scalar_one()
    assert referral.state is ReferralState.REMATCH_BY_CLIENT
    assert (await session.execute(select(SupportCase))).scalar_one().text == "Canary words"
