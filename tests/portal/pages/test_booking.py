"""Booking from a public page, as somebody without script does it: times, form, code, and what comes of it."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from people.models import Account, Client, Consent, Provider, Relationship
from people.values import Language, RelationshipState
from scheduling import actions as scheduling
from scheduling.models import Appointment, BookingDraft, Request, WaitlistEntry
from scheduling.rules import offers as signed
from scheduling.values import AppointmentState, SessionType, Source, WaitlistState
from tests.builders import OPERATOR, World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.pages.conftest import Accounts, Browser, Seen

KIM = {
    "first_name": "Canary-Kim",
    "last_name": "Canary-Roe",
    "preferred_name": "Canary-Kay",
    "email": "kim@example.com",
    "phone": "(212) 555-0177",
    "birth_date": "1990-02-28",
    "state": "NY",
    "note": "Canary words\nCanary lines",
}


async def open_page(world: World, deps: Deps, slug: str = "pat-one", **changed: object) -> Provider:
    """Return a provider with open weeks and a public page."""
    provider = await world.provider()
    await world.hours(provider)
    await world.settings(provider, step_m=60, states=["NY"], **changed)
    async with deps.sessions.begin() as session:
        await scheduling.change_profile(
            session,
            provider.id,
            {"slug": slug, "published": True},
            actor=OPERATOR,
            now=deps.now(),
            new_id=deps.new_id,
        )
    return provider


def offers(seen: Seen) -> list[str]:
    return re.findall(r'name="offer" value="([\w-]+)"', seen.text)


async def code_of(session: AsyncSession, deps: Deps, seen: Seen) -> str:
    draft = (await session.execute(select(BookingDraft).order_by(BookingDraft.created_at.desc()))).scalars().first()  # type: ignore[attr-defined]
    assert draft is not None
    assert seen.path == f"/book/{draft.id}"
    return scheduling.booking_code(draft.id, deps.settings)


@pytest.mark.parametrize("language", ["en", "es"])
async def test_somebody_books_from_a_public_page_with_a_code_that_signs_them_in(
    browser: Browser,
    world: World,
    deps: Deps,
    session: AsyncSession,
    mailbox: Mailbox,
    works: Worker,
    language: str,
) -> None:
    provider = await open_page(world, deps)
    browser.take("zone", "America/Denver")
    browser.take("language", language)
    seen = await browser.get("/p/Pat-One/openings", params={"type": "phone_consultation", "src": "directory"})
    assert (seen.status, seen.path) == (200, "/p/pat-one/openings")
    assert "MST" in seen.words  # told in the zone of who looks
    assert "America/Denver" in seen.words

    form = await browser.get("/p/pat-one/book", params={"offer": offers(seen)[0], "src": "directory"})
    assert form.status == 200
    assert 'name="phone" value="" autocomplete="tel" required' in form.text
    assert 'name="texts" value="yes" id="texts-yes">' in form.text  # not ticked by us
    wrong = await browser.post("/p/pat-one/book?src=directory", {"offer": offers(form)[0], **KIM, "email": "kim"})
    assert wrong.status == 422
    assert 'id="email-problem"' in wrong.text
    assert "Canary words" in wrong.text
    ask = await browser.post("/p/pat-one/book?src=directory", {"offer": offers(wrong)[0], **KIM, "texts": "yes"})
    assert ask.status == 200, ask.words
    assert "Canary" not in ask.words.replace(f"{provider.first_name} {provider.last_name}", "")
    assert "kim@" not in ask.text

    await works.turn()
    code = await code_of(session, deps, ask)
    assert code in mailbox.letter().as_string()
    assert (await browser.post(ask.path, {"code": "no"})).status == 422
    other = f"{(int(code) + 1) % 1_000_000:06d}"
    tried = await browser.post(ask.path, {"code": other})
    assert (tried.status, "4" in tried.words) == (422, True)

    done = await browser.post(ask.path, {"code": f"{code[:3]} {code[3:]}"})
    row = (await session.execute(select(Appointment))).scalar_one()
    assert (done.status, done.path) == (200, f"/bookings/{row.id}")
    assert (row.state, row.source, row.label) == (AppointmentState.BOOKED, Source.BOOKING_LINK, "directory")
    assert row.note == KIM["note"]
    client = (await session.execute(select(Client))).scalar_one()
    assert (client.preferred_name, client.lives_in, client.timezone) == ("Canary-Kay", "NY", "America/Denver")
    assert client.language is Language(language)
    consent = (await session.execute(select(Consent))).scalar_one()
    assert (consent.client_id, consent.number, consent.withdrawn_at) == (client.id, client.phone, None)
    assert "77" in done.words  # the number that is called, by its last digits
    file = await browser.get(f"{done.path}/calendar.ics")
    assert file.text.startswith("BEGIN:VCALENDAR")
    listed = await browser.get("/bookings")
    assert provider.last_name in listed.words
    used = await browser.post(ask.path, {"code": code})
    assert used.status == 409


async def test_a_time_that_was_just_taken_comes_back_as_three_others_with_everything_typed(
    browser: Browser, browsers: Callable[[], Browser], world: World, deps: Deps, session: AsyncSession, clock: Clock
) -> None:
    provider = await open_page(world, deps)
    first = offers(await browser.get("/p/pat-one/openings"))[0]
    ask = await browser.post("/p/pat-one/book", {"offer": first, **KIM})
    taken = await booked_first(world, deps, provider, first)

    late = await browsers().post("/p/pat-one/book", {"offer": first, **KIM, "email": "lee@example.com"})
    assert (late.status, len(offers(late))) == (409, 3)
    assert "lee@example.com" in late.text
    assert 'type="hidden" name="offer"' not in late.text
    code = await code_of(session, deps, ask)
    gone = await browser.post(ask.path, {"code": code})
    assert (gone.status, len(offers(gone))) == (409, 3)

    # An address that ran out meanwhile is looked up anew, at either door.
    clock.forward(minutes=9)
    done = await browser.post(ask.path, {"code": code, "offer": offers(gone)[1]})
    assert (done.status, done.path.startswith("/bookings/")) == (200, True)
    rows = (await session.execute(select(Appointment).where(Appointment.id != taken.id))).scalars().all()  # type: ignore[arg-type]
    assert len(rows) == 1
    other = await browsers().post("/p/pat-one/book", {"offer": offers(late)[2], **KIM, "email": "lee@example.com"})
    assert other.path.startswith("/book/")


async def booked_first(world: World, deps: Deps, provider: Provider, offer: str) -> Appointment:
    house = scheduling.house(deps.settings)
    read = signed.read(offer, house.offer_key, now=deps.now(), lives=house.offer_lives)
    return await world.appointment(
        provider,
        starts_at=read.starts_at,  # type: ignore[union-attr]
        length=timedelta(minutes=50),
        session_type=SessionType.FULL_SESSION,
    )


async def test_an_offer_that_has_ended_is_renewed_and_nothing_is_lost(
    browser: Browser, world: World, deps: Deps, session: AsyncSession, clock: Clock
) -> None:
    await open_page(world, deps)
    first = offers(await browser.get("/p/pat-one/openings"))[3]
    clock.forward(minutes=11)
    ask = await browser.post("/p/pat-one/book", {"offer": first, **KIM})
    assert ask.path.startswith("/book/")
    code = await code_of(session, deps, ask)
    clock.forward(minutes=10)
    over = await browser.post(ask.path, {"code": code})
    assert over.status == 409
    again = await browser.post(f"{ask.path}/again")
    assert again.path != ask.path
    done = await browser.post(again.path, {"code": await code_of(session, deps, again)})
    assert done.path.startswith("/bookings/")


async def test_texts_are_for_the_number_that_was_typed_and_not_for_another_of_the_account(
    browser: Browser, world: World, deps: Deps, session: AsyncSession
) -> None:
    provider = await open_page(world, deps)
    client = await world.client(provider)
    await world.ready(client)
    first = offers(await browser.get("/p/pat-one/openings"))[0]
    told = {"offer": first, **KIM, "email": client.email, "texts": "yes"}
    silent = await browser.post("/p/pat-one/book", {**told, "phone": ""})
    assert (silent.status, 'id="texts-problem"' in silent.text) == (422, True)
    ask = await browser.post("/p/pat-one/book", told)
    done = await browser.post(ask.path, {"code": await code_of(session, deps, ask)})
    assert done.path.startswith("/bookings/")
    assert (await session.execute(select(Consent))).scalars().all() == []


@pytest.mark.parametrize(("seconds", "status"), [(599, 200), (600, 409), (601, 409)])
async def test_r23_notice_is_judged_as_it_was_offered_for_ten_minutes_and_as_of_now_after_them(
    browser: Browser, world: World, deps: Deps, clock: Clock, seconds: int, status: int
) -> None:
    await open_page(world, deps)
    nearest = offers(await browser.get("/p/pat-one/openings"))[0]  # 48 hours ahead, to the second
    clock.forward(seconds=seconds)
    ask = await browser.post("/p/pat-one/book", {"offer": nearest, **KIM})
    assert (ask.status, "kim@example.com" in ask.text) == (status, status == 409)  # what was typed is kept


async def test_an_offer_that_was_made_to_somebody_else_books_nothing(
    browser: Browser, accounts: Accounts, world: World, deps: Deps, session: AsyncSession
) -> None:
    provider = await open_page(world, deps)
    other = await open_page(world, deps, slug="other-one")
    client = await world.client(provider)
    payer = await world.payer(provider)
    await accounts.by_cookie(browser, await accounts.of_client(client))
    house = scheduling.house(deps.settings)
    first = offers(await browser.get("/p/other-one/openings"))[0]
    at = signed.read(first, house.offer_key, now=deps.now(), lives=house.offer_lives)
    assert not isinstance(at, signed.BadOffer)
    payers = replace(at, provider_id=provider.id, source=Source.PAYER, payer_id=payer.id)
    for text in (first, signed.sign(payers, house.offer_key), f"{first[:-2]}AA", "nonsense", "ñ", ""):
        seen = await browser.post("/p/pat-one/book", {"offer": text})
        assert seen.path == "/p/pat-one/openings"
    assert other.id != provider.id
    assert (await session.execute(select(Appointment))).scalars().all() == []


async def test_two_presses_at_once_book_once_and_one_time_goes_to_one(
    browsers: Callable[[], Browser], world: World, deps: Deps, session: AsyncSession
) -> None:
    await open_page(world, deps)
    first, second, *_ = offers(await browsers().get("/p/pat-one/openings"))
    impatient = browsers()
    ask = await impatient.post("/p/pat-one/book", {"offer": first, **KIM})
    code = await code_of(session, deps, ask)
    pressed = await asyncio.gather(*(impatient.post(ask.path, {"code": code}) for _ in range(4)))
    assert sorted(one.status for one in pressed) == [200, 409, 409, 409]
    assert len((await session.execute(select(Account))).scalars().all()) == 1

    people = [browsers() for _ in range(4)]
    asks = [
        await one.post("/p/pat-one/book", {"offer": second, **KIM, "email": f"kim{n}@example.com"})
        for n, one in enumerate(people)
    ]
    drafts = [UUID(one.path.rpartition("/")[2]) for one in asks]
    codes = [scheduling.booking_code(one, deps.settings) for one in drafts]
    ends = await asyncio.gather(
        *(one.post(ask.path, {"code": code}) for one, ask, code in zip(people, asks, codes, strict=True))
    )
    assert sorted((one.status, len(offers(one))) for one in ends) == [(200, 0), (409, 3), (409, 3), (409, 3)]
    assert len((await session.execute(select(Appointment))).scalars().all()) == 2


async def test_gates_are_named_where_somebody_does_not_fit(
    browser: Browser, world: World, deps: Deps, session: AsyncSession
) -> None:
    await open_page(world, deps, youngest=40)
    first = offers(await browser.get("/p/pat-one/openings"))[0]
    ask = await browser.post("/p/pat-one/book", {"offer": first, **KIM, "state": "NJ"})
    seen = await browser.post(ask.path, {"code": await code_of(session, deps, ask)})
    assert seen.status == 409
    assert "People of this age are not seen here" in seen.words
    assert "license for the state" in seen.words


async def test_a_request_says_that_it_is_one_and_can_be_taken_back(
    browser: Browser, accounts: Accounts, world: World, deps: Deps, session: AsyncSession
) -> None:
    provider = await open_page(world, deps)
    client = await world.client(provider)
    await accounts.by_cookie(browser, await accounts.of_client(client))
    seen = await browser.get("/p/pat-one/openings")
    assert "is a request" in seen.words
    form = await browser.get("/p/pat-one/book", params={"offer": offers(seen)[-1]})
    assert "decides by" in form.words
    assert client.last_name in form.words
    asked = await browser.post("/p/pat-one/book", {"offer": offers(form)[0], "note": "Canary words"})
    request = (await session.execute(select(Request))).scalar_one()
    assert asked.path == f"/bookings/{request.appointment_id}"
    assert request.source is Source.CLIENT_PORTAL
    taken_back = await browser.post(f"{asked.path}/withdraw")
    assert "taken back" in taken_back.words
    assert (await browser.post(f"{asked.path}/withdraw")).status == 409


async def test_who_finds_no_opening_waits_and_takes_what_is_given_back(
    browser: Browser, world: World, deps: Deps, session: AsyncSession, clock: Clock
) -> None:
    provider = await world.provider()
    await world.settings(provider, states=["NY"])
    async with deps.sessions.begin() as writing:
        told: dict[str, Any] = {"actor": OPERATOR, "now": deps.now(), "new_id": deps.new_id}
        await scheduling.change_profile(writing, provider.id, {"slug": "no-hours", "published": True}, **told)
    seen = await browser.get("/p/no-hours/openings")
    assert (seen.status, "No openings" in seen.words) == (200, True)
    assert "/p/no-hours/waitlist?type=full_session" in unescape(seen.text)
    ask = await browser.post("/p/no-hours/waitlist?type=full_session", KIM)
    place = await browser.post(ask.path, {"code": await code_of(session, deps, ask)})
    entry = (await session.execute(select(WaitlistEntry))).scalar_one()
    assert (place.path, entry.state) == (f"/waitlist/{entry.id}", WaitlistState.WAITING)
    link = (await session.execute(select(Relationship))).scalar_one()
    assert link.state is RelationshipState.PROSPECT
    assert (await browser.post("/p/no-hours/waitlist?type=full_session")).status == 409  # waits already

    await world.freed(provider)
    assert "held for you until" in (await browser.get("/bookings")).words
    let_go = await browser.post(place.path, {"decision": "decline"})
    assert "keep your place" in let_go.words
    await world.freed(provider, starts_in=timedelta(days=4))
    clock.forward(minutes=20)
    taken = await browser.post(place.path, {"decision": "accept"})
    assert taken.path.startswith("/bookings/")
    assert "It is booked" in taken.words
    await session.refresh(entry)
    assert entry.state is WaitlistState.BOOKED


async def test_r4_what_is_not_public_is_not_there_and_r7_ones_own_page_books_nothing(
    browser: Browser, accounts: Accounts, world: World, deps: Deps
) -> None:
    provider = await open_page(world, deps)
    assert (await browser.get("/p/nobody/openings")).status == 404
    await accounts.by_cookie(browser, await accounts.of(provider))
    seen = await browser.get("/p/pat-one/openings")
    assert "your own page" in seen.words
    own = await browser.post("/p/pat-one/book", {"offer": offers(seen)[0], **KIM})
    assert own.status == 422
    async with deps.sessions.begin() as session:
        told: dict[str, Any] = {"actor": OPERATOR, "now": deps.now(), "new_id": deps.new_id}
        await scheduling.change_profile(session, provider.id, {"published": False}, **told)
    assert (await browser.get("/p/pat-one/openings")).status == 404


async def test_r18_a_provider_who_takes_nobody_new_says_so(browser: Browser, world: World, deps: Deps) -> None:
    await open_page(world, deps, accepting=False)
    seen = await browser.get("/p/pat-one/openings")
    assert (seen.status, offers(seen)) == (200, [])
    assert "No bookings at the moment" in seen.words
    assert (await browser.post("/p/pat-one/waitlist?type=full_session", KIM)).path == "/p/pat-one/openings"


async def test_a_code_does_not_take_a_browser_from_who_is_signed_in(
    browser: Browser, accounts: Accounts, world: World, deps: Deps, session: AsyncSession
) -> None:
    await open_page(world, deps)
    other = await world.provider()
    await accounts.by_cookie(browser, await accounts.of(other))
    first = offers(await browser.get("/p/pat-one/openings"))[0]
    ask = await browser.post("/p/pat-one/book", {"offer": first, **KIM})
    done = await browser.post(ask.path, {"code": await code_of(session, deps, ask)})
    assert (done.path, "The booking is complete" in done.words) == (ask.path, True)
    accounts_now = (await session.execute(select(Account).where(Account.client_id.is_not(None)))).scalars().all()  # type: ignore[union-attr]
    assert len(accounts_now) == 1
