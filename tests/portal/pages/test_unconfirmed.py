"""Unconfirmed appointments: what waits, who may answer, and that an answer is final (R90-R96)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from people.values import Role
from scheduling.models import Appointment, Request
from scheduling.values import AppointmentState, RequestState
from tests.builders import World, fresh
from tests.clock import Clock
from tests.portal.pages.conftest import Accounts, Browser


async def test_requests_are_told_with_their_source_and_the_time_that_is_left_and_decided_once(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, clock: Clock, session: AsyncSession
) -> None:
    practice = await world.practice()
    provider = await world.provider(practice=practice)
    payer = await world.payer(provider)
    later = await world.request(provider, note="Canary words")
    sooner = await world.request(provider, payer=payer, starts_in=timedelta(hours=10))
    own, desk, stranger = browsers(), browsers(), browsers()
    await accounts.by_cookie(own, await accounts.of(provider))
    await accounts.by_cookie(desk, await accounts.in_practice(practice, Role.SCHEDULER))
    await accounts.by_cookie(stranger, await accounts.of(await world.provider()))

    assert "Unconfirmed Appointments (2)" in (await own.get("/calendar")).words
    listed = await own.get("/calendar/unconfirmed")
    assert listed.text.index(str(sooner.id)) < listed.text.index(str(later.id))
    assert payer.name in listed.words
    assert "Client portal 48 h 0 min" in listed.words
    assert "Nothing waits" in (await stranger.get("/calendar/unconfirmed")).words

    one = await desk.get(f"/requests/{sooner.id}")
    assert "cannot be undone" in one.words
    for browser in (stranger, browsers()):
        assert (await browser.post(f"/requests/{sooner.id}/confirm")).status in {404, 200}
        await session.rollback()
        assert (await fresh(session, Request, sooner.id)).state is RequestState.PENDING  # type: ignore[attr-defined]
    assert (await desk.post(f"/requests/{sooner.id}/confirm", {"version": "9"})).status == 409
    assert "Confirmed" in (await desk.post(f"/requests/{sooner.id}/confirm", {"version": "1"})).words
    assert (await own.post(f"/requests/{sooner.id}/decline", {"reason": "no"})).status == 409
    declined = await own.post(f"/requests/{later.id}/decline", {"version": "1", "reason": "Canary words"})
    assert "Declined" in declined.words
    await session.rollback()
    states = [
        (await fresh(session, Appointment, one.appointment_id)).state  # type: ignore[attr-defined]
        for one in (sooner, later)
    ]
    assert states == [AppointmentState.BOOKED, AppointmentState.RELEASED]


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 409), (1, 409)])
async def test_r93_nothing_is_decided_when_its_time_is_over(
    seconds: int, status: int, browser: Browser, accounts: Accounts, world: World, clock: Clock
) -> None:
    provider = await world.provider()
    row = await world.request(provider)
    clock.to(row.expires_at + timedelta(seconds=seconds))
    await accounts.by_cookie(browser, await accounts.of(provider))
    assert ("Confirm or decline" in (await browser.get("/calendar/unconfirmed")).words) is (status == 200)
    assert (await browser.post(f"/requests/{row.id}/confirm")).status == status
