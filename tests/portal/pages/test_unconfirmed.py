"""Unconfirmed appointments: what waits, who may answer, and that an answer is final (R90-R96)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from people.values import Role
from scheduling import actions as scheduling
from scheduling.models import Appointment, Request
from scheduling.values import AppointmentState, RequestState
from tests.builders import OPERATOR, World, fresh
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox
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
    assert "48 h 0 min Client portal" in listed.words
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


async def test_who_schedules_for_the_practice_is_told_and_a_decided_request_asks_nobody(
    accounts: Accounts, world: World, works: Worker, mailbox: Mailbox, deps: Deps
) -> None:
    practice = await world.practice()
    provider = await world.provider(practice=practice)
    await accounts.in_practice(practice, Role.SCHEDULER, email="front.canary@example.com")
    row, _ = await world.request(provider), await world.request(await world.provider())
    await works.turn()
    told = [one for one in mailbox.letters() if "front.canary" in str(one["To"])]
    assert [str(one["Subject"]) for one in told] == ["A request waits for a decision in your practice"]
    assert "Canary" not in told[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]

    undone = await world.request(provider, starts_in=timedelta(days=8))
    async with deps.sessions.begin() as session:
        await scheduling.accept_request(
            session,
            undone.id,
            actor=OPERATOR,
            house=scheduling.house(deps.settings),
            now=deps.now(),
            new_id=deps.new_id,
        )
    await works.turn()
    assert len([one for one in mailbox.letters() if "front.canary" in str(one["To"])]) == 1
    assert row.state is RequestState.PENDING


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
