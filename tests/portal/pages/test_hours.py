"""Working hours, blocks, imported calendars and the calendar's address, as forms (R18, R21, R25, R30, R31)."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from people import actions as people
from people.values import EnrolmentEvent, Role
from scheduling.models import Block, BusyFeed, WorkingHours
from tests.builders import OPERATOR, World
from tests.portal.pages.conftest import Accounts, Browser


async def test_a_week_is_replaced_at_once_and_a_refused_one_is_shown_as_it_was_typed(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, session: AsyncSession
) -> None:
    practice = await world.practice()
    provider = await world.provider(practice=practice, timezone="America/Chicago")
    other = await world.provider()
    own, desk, stranger = browsers(), browsers(), browsers()
    await accounts.by_cookie(own, await accounts.of(provider))
    await accounts.by_cookie(desk, await accounts.in_practice(practice, Role.SCHEDULER))
    await accounts.by_cookie(stranger, await accounts.of(other))
    week = {"opens_0_0": "09:00", "closes_0_0": "12:00", "opens_0_1": "13:00", "closes_0_1": "17:00"}
    night = {"opens_4_0": "20:00", "closes_4_0": "00:00", "opens_5_0": "00:00", "closes_5_0": "02:00"}

    assert "Your working hours are saved" in (await own.post("/settings/hours", week | night)).words
    rows = (await session.execute(select(WorkingHours).order_by("weekday", "opens_m"))).scalars().all()
    assert [(row.weekday, row.opens_m, row.closes_m) for row in rows] == [
        (0, 540, 720),
        (0, 780, 1020),
        (4, 1200, 1440),
        (5, 0, 120),
    ]
    assert {row.timezone for row in rows} == {"America/Chicago"}
    shown = await desk.get("/settings/hours")
    assert 'name="opens_0_1" value="13:00"' in shown.text
    assert 'name="closes_4_0" value="00:00"' in shown.text

    refused = await desk.post("/settings/hours", week | {"provider": str(provider.id), "opens_0_1": "11:59"})
    assert (refused.status, "overlap" in refused.words, 'value="11:59"' in refused.text) == (422, True, True)
    half = await own.post("/settings/hours", {"opens_2_0": "09:00"})
    assert (half.status, 'id="closes_2_0-problem"' in half.text) == (422, True)
    assert (await stranger.post("/settings/hours", {"provider": str(provider.id)})).status == 404
    await session.rollback()
    assert len((await session.execute(select(WorkingHours))).scalars().all()) == 4


async def test_r30_the_toggle_is_shown_only_while_enrolled_and_kept_all_the_same(
    browser: Browser, accounts: Accounts, world: World, session: AsyncSession, deps: Deps
) -> None:
    provider = await world.provider()
    await accounts.by_cookie(browser, await accounts.of(provider))
    new = "/settings/hours/blocks/new"
    form = {"kind": "open", "starts_on": "2026-12-05", "opens": "09:00", "closes": "12:00", "repeats": "weekly"}
    assert "External" not in (await browser.get(new)).words
    await browser.post(new, form | {"accept": "yes"})
    row = (await session.execute(select(Block))).scalar_one()
    assert row.accept_external is False

    await world.payer(provider)
    assert "Accept External Appointments" in (await browser.get(new)).words
    path = f"/settings/hours/blocks/{row.id}"
    await browser.post(path, form | {"accept": "yes", "closes": "13:00"})
    await session.refresh(row)
    assert (row.accept_external, row.ends_m) == (True, 780)
    assert "accepts external appointments" in (await browser.get("/settings/hours")).words
    await session.rollback()

    async with deps.sessions.begin() as writing:
        await people.move_enrolment(
            writing, provider.id, EnrolmentEvent.DEACTIVATE, actor=OPERATOR, now=deps.now(), new_id=deps.new_id
        )
    await browser.post(path, form | {"closes": "14:00"})
    await session.refresh(row)
    assert (row.accept_external, row.ends_m) == (True, 840)
    await session.rollback()
    assert "The block is deleted" in (await browser.post(f"{path}/delete")).words


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"closes": "08:59"}, "has to end after it starts"),
        ({"ends_on": "2026-12-20", "repeats": "weekly"}, "may not last longer"),
        ({"repeats": "weekly", "until": "2026-12-01"}, "lies before the first day"),
        ({"starts_on": ""}, "This field is needed"),
        ({"kind": "closed"}, "Choose one of the list"),
    ],
)
async def test_a_block_that_cannot_be_is_refused_in_words(
    browser: Browser, accounts: Accounts, world: World, changed: dict[str, str], says: str
) -> None:
    await accounts.by_cookie(browser, await accounts.of(await world.provider()))
    form = {"kind": "open", "starts_on": "2026-12-05", "opens": "09:00", "closes": "12:00", "repeats": "never"}
    seen = await browser.post("/settings/hours/blocks/new", form | changed)
    assert (seen.status, says in seen.words, 'value="2026-12-05"' in seen.text or "starts_on" in changed) == (
        422,
        True,
        True,
    )


async def test_calendars_are_imported_and_removed_and_only_their_host_is_shown(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, session: AsyncSession
) -> None:
    provider, other = await world.provider(), await world.provider()
    own, stranger = browsers(), browsers()
    await accounts.by_cookie(own, await accounts.of(provider))
    await accounts.by_cookie(stranger, await accounts.of(other))
    wrong = await own.post("/settings/hours/calendars", {"url": "ftp://calendar.example.com"})
    assert (wrong.status, "ftp://calendar.example.com" in wrong.text) == (422, True)
    url = "https://calendar.example.com/secret.ics"
    seen = await own.post("/settings/hours/calendars", {"url": url})
    assert ("calendar.example.com" in seen.words, "secret.ics" in seen.words) == (True, False)
    row = (await session.execute(select(BusyFeed))).scalar_one()
    assert (await own.post("/settings/hours/calendars", {"url": url})).status == 409
    assert (await stranger.post(f"/settings/hours/calendars/{row.id}/remove")).status == 404
    assert "is removed" in (await own.post(f"/settings/hours/calendars/{row.id}/remove")).words


async def test_the_address_of_a_calendar_is_shown_once_and_ends_when_it_is_told_to(
    browser: Browser, accounts: Accounts, world: World, deps: Deps
) -> None:
    await accounts.by_cookie(browser, await accounts.of(await world.provider()))
    made = await browser.post("/settings/calendar-feed", {"do": "make", "initials": "yes"})
    url = made.text.split('id="feed-url" value="')[1].split('"')[0]
    path = url.removeprefix(deps.settings.public_url.rstrip("/"))
    assert (await browser.get(path)).status == 200
    assert url not in (await browser.get("/settings/calendar-feed")).text
    assert "initials" in (await browser.get("/settings/calendar-feed")).words
    assert "has ended" in (await browser.post("/settings/calendar-feed", {"do": "revoke"})).words
    assert (await browser.get(path)).status == 404
