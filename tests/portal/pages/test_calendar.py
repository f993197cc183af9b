"""The calendar and the pop-up: who sees what, and what can be done from there (R28, R32-R42, R50, R110-R118)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from people import actions as people
from people.models import SupportCase
from people.values import Role
from portal.pages import calendar, hours
from scheduling.models import Appointment
from scheduling.values import AppointmentState, BlockKind, SessionType, Source
from status.models import Consultation
from status.values import ConsultationStatus
from tests.builders import World, fresh
from tests.clock import Clock
from tests.fixtures import LINES, Carrier, Worker
from tests.portal.pages.conftest import Accounts, Browser


async def _signed_in(browsers: Callable[[], Browser], accounts: Accounts, who: Any) -> Browser:
    browser = browsers()
    await accounts.by_cookie(browser, await accounts.of(who))
    return browser


async def test_a_calendar_is_its_providers_and_of_those_who_schedule_for_them(
    browsers: Callable[[], Browser], accounts: Accounts, world: World
) -> None:
    practice = await world.practice()
    provider, other = await world.provider(practice=practice), await world.provider()
    row = await world.appointment(provider, starts_in=timedelta(hours=2))
    await world.appointment(other, starts_in=timedelta(hours=2))
    own, stranger = [await _signed_in(browsers, accounts, one) for one in (provider, other)]
    desk = browsers()
    await accounts.by_cookie(desk, await accounts.in_practice(practice, Role.SCHEDULER))

    path = f"/appointments/{row.id}"
    for view in ("day", "week", "list"):
        assert path in (await own.get("/calendar", params={"view": view})).text
        assert path not in (await stranger.get("/calendar", params={"view": view})).text
    assert path in (await desk.get("/")).text  # their start page
    for browser, status in ((own, 200), (desk, 200), (stranger, 404)):
        assert (await browser.get(path)).status == status
        assert (await browser.get("/calendar", params={"provider": str(provider.id)})).status == status
        assert (await browser.post(f"{path}/cancel", {"cancel_message": ""})).status == (422 if status == 200 else 404)
    assert (await desk.get("/calendar", params={"provider": str(other.id)})).status == 404
    assert (await own.get("/calendar", params={"provider": "no-id"})).status == 404
    assert (await own.get("/calendar", params={"day": "2026-11-31", "view": "moon"})).status == 200
    assert (await browsers().get(path)).path == "/sign-in"


async def test_a_provider_who_administers_the_practice_acts_for_its_others_too(
    browser: Browser, accounts: Accounts, world: World, deps: Deps
) -> None:
    practice = await world.practice()
    boss, other = await world.provider(practice=practice), await world.provider(practice=practice)
    account = await accounts.of(boss)
    async with deps.sessions.begin() as session:
        await people.add_member(session, account, practice.id, Role.PRACTICE_ADMIN, now=deps.now())
    await accounts.by_cookie(browser, account)
    for provider in (boss, other):
        row = await world.appointment(provider, starts_in=timedelta(days=1))
        told = {"version": "1", "cancel_message": "Canary words"}
        assert "Cancelled" in (await browser.post(f"/appointments/{row.id}/cancel", told)).words
    saved = await browser.post(
        "/settings/hours", {"provider": str(other.id), "opens_0_0": "09:00", "closes_0_0": "12:00"}
    )
    assert "are saved" in saved.words


async def test_a_referral_is_counted_until_it_is_opened(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, session: AsyncSession
) -> None:
    provider, client, row = await world.consultation(starts_in=timedelta(days=3))
    browser = await _signed_in(browsers, accounts, provider)
    assert "Referrals, 1 new" in (await browser.get("/calendar")).words
    listed = await browser.get("/calendar/referrals")
    assert f"{client.first_name} {client.last_name} Age not given · Session type: Phone consultation" in listed.words
    for link in (f"/messages/with/{client.id}", f"/appointments/{row.id}?open=cancel"):  # R34
        assert f'href="{link}"' in listed.text
    assert '<details class="mb-2" id="cancel" open>' in (await browser.get(f"/appointments/{row.id}?open=cancel")).text
    opened = await browser.post(f"/referrals/{row.referral_id}/open")
    assert opened.path == f"/appointments/{row.id}"
    assert "new" not in (await browser.get("/calendar/referrals")).words.split("Open")[0].split("Referrals")[-1]

    reason = {"which": "match", "match_reason": "acuity", "match_text": "Canary words for support"}
    seen = await browser.post(f"/appointments/{row.id}/not-a-match", reason)
    assert "Support takes over" in seen.words
    assert "988" in seen.words  # acuity shows where help is at once (R42)
    case = (await session.execute(select(SupportCase))).scalar_one()
    assert (case.text, case.facts.get("reason", "acuity")) == ("Canary words for support", "acuity")
    again = await browser.post(f"/appointments/{row.id}/not-a-match", reason)
    assert again.status == 409


async def test_a_cancelled_referral_brings_words_and_a_stale_form_changes_nothing(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, session: AsyncSession
) -> None:
    provider, client, row = await world.consultation(starts_in=timedelta(days=3))
    browser = await _signed_in(browsers, accounts, provider)
    path = f"/appointments/{row.id}"
    shown = await browser.get(path)
    assert "I am sorry, I cannot see you" in shown.words
    for path_of in (f"/clients/{client.id}", f"/messages/with/{client.id}"):
        assert f'href="{path_of}"' in shown.text
        assert (await browser.get(path_of)).status == 200
    empty = await browser.post(f"{path}/cancel", {"which": "cancel", "version": "1", "cancel_message": "  "})
    assert (empty.status, "Write the client a few words" in empty.words) == (422, True)
    told = {"which": "cancel", "version": "7", "cancel_message": "Canary words"}
    stale = await browser.post(f"{path}/cancel", told)
    assert (stale.status, "has changed meanwhile" in stale.words) == (409, True)
    assert "Canary words" in stale.text  # nothing typed is lost
    done = await browser.post(f"{path}/cancel", told | {"version": "1", "cancel_reason": "illness"})
    assert "cancelled by the provider" in done.words
    stands = await fresh(session, Appointment, row.id)
    assert isinstance(stands, Appointment)
    assert (stands.state, stands.cancel_message) == (AppointmentState.CANCELLED_BY_PROVIDER, "Canary words")


async def test_an_appointment_is_moved_to_a_free_time_or_to_any_other(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, session: AsyncSession
) -> None:
    provider, _, row = await world.consultation(starts_in=timedelta(days=3))
    await world.hours(provider)
    browser = await _signed_in(browsers, accounts, provider)
    path = f"/appointments/{row.id}"
    assert "2026-11-25T14:00:00+00:00" in (await browser.get(path)).text  # Wednesday at nine is free
    free = {"which": "reschedule", "version": "1", "free": "2026-11-25T14:00:00+00:00"}
    assert "Moved" in (await browser.post(f"{path}/reschedule", free)).words
    any_other = {"which": "reschedule", "version": "2", "new_day": "2026-11-28", "new_time": "20:00"}
    assert "outside of your working hours" in (await browser.post(f"{path}/reschedule", any_other)).words
    past = await browser.post(f"{path}/reschedule", any_other | {"version": "3", "new_day": "2026-11-20"})
    assert (past.status, "lies ahead" in past.words, "2026-11-20" in past.text) == (422, True, True)
    for never in ("9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "2026-12-01T09:00:00"):
        refused = await browser.post(f"{path}/reschedule", {"version": "3", "free": never})
        assert refused.status == 422
    none = await browser.post(f"{path}/reschedule", {"version": "3", "new_time": "99:99"})
    assert (none.status, "Enter a time" in none.words) == (422, True)
    stands = await fresh(session, Appointment, row.id)
    assert isinstance(stands, Appointment)
    assert (stands.starts_at.isoformat(), stands.version) == ("2026-11-29T01:00:00+00:00", 3)


async def test_a_session_becomes_a_call_or_is_confirmed_when_its_client_is_ready(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, clock: Clock
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    account = await accounts.of(provider)
    told: Any = {"client": client, "session_type": SessionType.FULL_SESSION, "source": Source.BOOKING_LINK}
    switched = await world.appointment(provider, starts_in=timedelta(hours=1), **told)
    held, missed = [await world.appointment(provider, starts_in=timedelta(hours=h), **told) for h in (2, 3)]
    browser = browsers()
    await accounts.by_cookie(browser, account)
    seen = await browser.post(f"/appointments/{switched.id}/switch-to-call", {"version": "1"})
    assert "It is a phone consultation now" in seen.words
    assert f"tel:{LINES[0]}" in seen.text

    clock.to(missed.ends_at)
    await accounts.by_cookie(browser, account)
    path = f"/appointments/{held.id}/confirm-details"
    refused = await browser.post(path, {"version": "1", "which": "confirm"})
    assert refused.status == 409
    assert "Missing: address verified, insurance, billing form, forms" in refused.words
    await world.ready(client)
    assert "details are confirmed" in (await browser.post(path, {"version": "1"})).words
    assert "Marked as a no-show" in (await browser.post(f"/appointments/{missed.id}/no-show", {"version": "1"})).words


async def test_a_status_is_shared_from_the_pop_up_and_an_automatic_one_can_be_doubted(
    service: str,
    carrier: Carrier,
    browsers: Callable[[], Browser],
    accounts: Accounts,
    world: World,
    clock: Clock,
    works: Worker,
    session: AsyncSession,
) -> None:
    provider, client, row = await world.consultation()
    browser, account = browsers(), await accounts.of(provider)
    await accounts.by_cookie(browser, account)
    await carrier.dial(provider, LINES[0], talk_s=300)
    path = f"/appointments/{row.id}"
    assert "This is not right" in (await browser.get(path)).words
    assert (await browser.post(f"{path}/doubt", {"doubt_text": " "})).status == 422
    assert "Support has it" in (await browser.post(f"{path}/doubt", {"doubt_text": "It was a voicemail"})).words
    case = (await session.execute(select(SupportCase))).scalar_one()
    assert case.facts["doubted"]
    clock.to(row.ends_at + timedelta(hours=72) - timedelta(seconds=1))
    await accounts.by_cookie(browser, account)
    assert "This is not right" in (await browser.get(path)).words
    clock.forward(seconds=1)
    assert "This is not right" not in (await browser.get(path)).words
    assert (await browser.post(f"{path}/doubt", {"doubt_text": "too late"})).status == 409

    other = await world.appointment(provider, client=client)
    clock.to(other.ends_at)
    await works.turn()
    await accounts.by_cookie(browser, account)
    path = f"/appointments/{other.id}"
    assert "Did this consultation take place?" in (await browser.get(path, params={"part": "detail"})).words
    assert "The status is shared" in (await browser.post(f"{path}/status", {"occurred": "yes", "how": "video"})).words
    assert (await browser.post(f"{path}/status", {"occurred": "no"})).status == 409
    rows = await session.execute(select(Consultation).where(Consultation.appointment_id == other.id))  # type: ignore[arg-type]
    assert rows.scalar_one().status is ConsultationStatus.OCCURRED_MANUAL


async def test_an_issue_is_reported_through_learn_more(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, session: AsyncSession
) -> None:
    provider, _, row = await world.consultation(starts_in=timedelta(hours=1))
    browser = await _signed_in(browsers, accounts, provider)
    shown = await browser.get(f"/appointments/{row.id}", params={"part": "detail"}, headers={"HX-Request": "true"})
    assert "Learn more" in shown.words
    assert "<html" not in shown.text
    long = await browser.post(f"/appointments/{row.id}/report", {"which": "report", "issue_text": "x" * 4001})
    assert (long.status, "too long" in long.words) == (422, True)
    await browser.post(f"/appointments/{row.id}/report", {"issue_text": "Canary words"})
    assert (await session.execute(select(SupportCase))).scalar_one().text == "Canary words"


async def test_what_is_made_by_hand_is_self_scheduled_and_a_series_saves_what_is_free(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, session: AsyncSession
) -> None:
    practice = await world.practice()
    provider = await world.provider(practice=practice)
    client = await world.client(provider)
    await world.hours(provider, "10:00")
    browser = await _signed_in(browsers, accounts, provider)
    form = {
        "provider": str(provider.id),
        "client": str(client.id),
        "session_type": "phone_consultation",
        "day": "2026-12-01",
        "time": "09:00",
        "do": "save",
    }
    seen = await browser.post("/calendar/new", form)
    assert "outside of your working hours" in seen.words
    assert "You scheduled this yourself: call your client directly" in seen.words
    weekly = form | {"session_type": "full_session", "every": "week", "times": "4"}
    refused = await browser.post("/calendar/new", weekly)
    assert (refused.status, "Save the 3 free ones" in refused.words) == (409, True)
    assert "Tuesday, December 1, 9:00 AM – 9:50 AM EST" in refused.words
    saved = await browser.post("/calendar/new", weekly | {"do": "free_ones"})
    assert "The series is saved" in saved.words
    rows = (await session.execute(select(Appointment).order_by("starts_at"))).scalars().all()
    assert [row.starts_at.day for row in rows] == [1, 8, 15, 22]

    path = f"/appointments/{rows[2].id}"
    both = await browser.post(f"{path}/cancel", {"version": "1", "cancel_scope": "this_and_later"})
    assert "Cancelled" in both.words
    for row in rows:
        await session.refresh(row)
    assert [row.state.given_up for row in rows] == [False, False, True, True]

    desk = browsers()
    await accounts.by_cookie(desk, await accounts.in_practice(practice, Role.PRACTICE_ADMIN))
    assert (await desk.post("/calendar/new", weekly | {"time": "14:00"})).status == 403  # R28
    assert "Saved" in (await desk.post("/calendar/new", form | {"time": "14:00"})).words


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("day", "", "This field is needed"),
        ("day", "1/2/2026", "Enter a day"),
        ("time", "25:00", "Enter a time"),
        ("client", "nobody", "Choose one of the list"),
        ("length", "481", "Enter a whole number"),
        ("session_type", "walk", "Choose one of the list"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(
    browser: Browser, accounts: Accounts, world: World, field: str, value: str, says: str
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    await accounts.by_cookie(browser, await accounts.of(provider))
    form = {"client": str(client.id), "session_type": "full_session", "day": "2026-12-01", "time": "09:00"}
    seen = await browser.post("/calendar/new", form | {field: value})
    assert (seen.status, says in seen.words, f'id="{field}-problem"' in seen.text) == (422, True, True)


async def test_a_day_tells_when_it_is_open_and_when_its_provider_is_elsewhere(
    browser: Browser, accounts: Accounts, world: World, deps: Deps
) -> None:
    provider = await world.provider()
    await world.hours(provider)
    await world.block(provider, day="2026-11-25", opens="12:00", closes="13:00", kind=BlockKind.TIME_OFF)
    await accounts.by_cookie(browser, await accounts.of(provider))
    shown = await browser.get("/calendar", params={"view": "day", "day": "2026-11-25"})
    assert "Open 9:00 AM – 12:00 PM, 1:00 PM – 5:00 PM" in shown.words
    assert "Open" not in (await browser.get("/calendar", params={"view": "day", "day": "2026-11-28"})).words


HOSTILE = ("\x00", "é" * 700, "9" * 30)
FIELDS = (
    "version",
    "free",
    "new_day",
    "new_time",
    "scope",
    "cancel_scope",
    "cancel_reason",
    "cancel_message",
    "issue_text",
    "doubt_text",
    "match_reason",
    "match_text",
    "occurred",
    "how",
    "no_reason",
    "reason",
    "client",
    "session_type",
    "day",
    "time",
    "length",
    "every",
    "times",
    "do",
    "provider",
    "kind",
    "repeats",
    "starts_on",
    "opens",
    "ends_on",
    "closes",
    "until",
    "accept",
    "url",
    "initials",
    "find",
    "opens_0_0",
    "closes_0_0",
)


async def test_nothing_that_is_typed_is_a_bug(browser: Browser, accounts: Accounts, world: World) -> None:
    provider = await world.provider()
    request = await world.request(provider)
    await world.series(provider, times=2)
    row, block = await world.appointment(provider, starts_in=timedelta(days=1)), await world.block(provider)
    feed = await world.busy_feed(provider)
    ids = {
        "appointment_id": row.id,
        "request_id": request.id,
        "referral_id": row.referral_id,
        "block_id": block.id,
        "feed_id": feed.id,
    }
    await accounts.by_cookie(browser, await accounts.of(provider))
    for page in (*calendar.PAGES, *hours.PAGES):
        path = re.sub(r"\{(\w+):[^{}]*(?:\{\d+\}[^{}]*)*\}", lambda found: str(ids[found.group(1)]), page.path)
        for value in HOSTILE:
            query = dict.fromkeys(("provider", "view", "day", "client", "open"), value)
            if page.show is not None:
                assert (await browser.get(path, params=query)).status < 500, (path, value)
            if page.submit is not None:
                form = dict.fromkeys(FIELDS, value)
                assert (await browser.post(path, form | {"provider": ""})).status < 500, (path, value)
