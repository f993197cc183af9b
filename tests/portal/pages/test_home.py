"""The start page: a provider's day, told as it goes; a client's appointments; and nothing of another's."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from scheduling.values import SessionType
from status.models import Consultation
from status.values import ConsultationStatus
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import LINES, Carrier, Worker
from tests.portal.pages.conftest import Accounts, Browser


async def test_the_card_tells_of_the_line_of_the_call_and_of_its_end(
    portal_base: str, browser: Browser, accounts: Accounts, world: World, clock: Clock
) -> None:
    provider, client, appointment = await world.consultation(starts_in=timedelta(minutes=30))
    await accounts.by_cookie(browser, await accounts.of(provider))
    seen = await browser.get("/")
    assert f"{client.first_name} {client.last_name}" in seen.words
    assert f'href="tel:{appointment.line}"' in seen.text
    assert "It opens in" in seen.words
    assert client.phone is not None
    assert client.phone not in seen.text
    assert "EST" in seen.words

    clock.to(appointment.ends_at)
    assert "Nothing is booked" in (await browser.get("/")).words


async def test_held_over_the_line_is_told_by_the_card(
    service: str, carrier: Carrier, portal_base: str, browser: Browser, accounts: Accounts, world: World
) -> None:
    provider, _, _ = await world.consultation()
    await accounts.by_cookie(browser, await accounts.of(provider))
    await carrier.dial(provider, LINES[0], talk_s=120)
    part = await browser.get("/", params={"part": "today"}, headers={"HX-Request": "true"})
    assert "shared automatically" in part.words
    assert "<html" not in part.text  # a part, for the page that is open already


async def test_a_task_is_answered_once_from_the_start_page(
    browser: Browser, accounts: Accounts, world: World, clock: Clock, works: Worker, session: AsyncSession
) -> None:
    provider, _, appointment = await world.consultation()
    clock.to(appointment.ends_at)
    await works.turn()
    await accounts.by_cookie(browser, await accounts.of(provider))
    consultation = (await session.execute(select(Consultation))).scalar_one()
    answer = f"/consultations/{consultation.id}/answer"
    assert answer in (await browser.get("/")).text

    seen = await browser.post(answer, {"occurred": "no", "reason": "client_did_not_answer"})
    assert "The status is shared" in seen.words
    again = await browser.post(answer, {"occurred": "yes"})
    assert (again.status, "already been shared" in again.words) == (409, True)
    await session.refresh(consultation)
    assert consultation.status is ConsultationStatus.DID_NOT_OCCUR


async def test_r50_a_session_that_is_over_waits_for_its_details_on_the_start_page(
    browser: Browser, accounts: Accounts, world: World, clock: Clock, works: Worker
) -> None:
    provider = await world.provider()
    made = await world.appointment(provider, starts_in=timedelta(hours=1), session_type=SessionType.FULL_SESSION)
    link = f'<a class="btn btn-primary btn-sm" href="/appointments/{made.id}">'
    clock.to(made.ends_at - timedelta(seconds=1))
    await works.turn()
    await accounts.by_cookie(browser, await accounts.of(provider))
    assert link not in (await browser.get("/")).text

    clock.to(made.ends_at)
    await works.turn()
    assert link in (await browser.get("/")).text
    await browser.post(f"/appointments/{made.id}/no-show")
    assert link not in (await browser.get("/")).text


async def test_f35_anothers_task_is_not_there(
    browser: Browser, accounts: Accounts, world: World, clock: Clock, works: Worker, session: AsyncSession
) -> None:
    _, _, appointment = await world.consultation()
    clock.to(appointment.ends_at)
    await works.turn()
    consultation = (await session.execute(select(Consultation))).scalar_one()
    await accounts.by_cookie(browser, await accounts.of(await world.provider()))
    theirs = await browser.post(f"/consultations/{consultation.id}/answer", {"occurred": "yes"})
    nobodys = await browser.post(f"/consultations/{uuid4()}/answer", {"occurred": "yes"})
    assert (theirs.status, nobodys.status) == (404, 404)
    await session.refresh(consultation)
    assert consultation.status is ConsultationStatus.AWAITING_STATUS


async def test_a_client_sees_their_appointments_and_no_line(browser: Browser, accounts: Accounts, world: World) -> None:
    provider, client, _ = await world.consultation(starts_in=timedelta(hours=3))
    await accounts.by_cookie(browser, await accounts.of_client(client))
    seen = await browser.get("/")
    assert provider.last_name in seen.words
    assert "555" not in seen.words


@pytest.mark.parametrize(("language", "word"), [("en", "Sign in"), ("es", "Iniciar sesión")])
async def test_who_is_not_signed_in_finds_the_door(browser: Browser, language: str, word: str) -> None:
    seen = await browser.get("/", headers={"Accept-Language": language})
    assert word in seen.words
    assert (await browser.get("/contact")).status == 200
