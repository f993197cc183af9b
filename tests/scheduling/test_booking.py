"""Booking from an offer, source by source (requirements 1.16): what comes of it, whose word counts, who is refused."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from app import worker
from config.errors import Refused
from people import actions as people
from people import queries as people_queries
from people.models import Client, Practice, Provider, Relationship
from people.values import AccountState, EnrolmentEvent, RelationshipEvent, RelationshipState
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Appointment, BookingDraft, Request, Search
from scheduling.values import (
    Acceptance,
    AppointmentState,
    BookingClient,
    DraftState,
    Offer,
    RequestState,
    SessionType,
    Side,
    Source,
)
from status.models import Event, Notice, Referral
from status.values import Channel, EventKind, NoticeKey, ReferralState
from tests.builders import OPERATOR, World, present
from tests.clock import Clock
from tests.faults.conftest import until
from tests.faults.kept import rows, somebody_waits
from tests.fixtures import LINES, Worker
from tests.mailbox import Mailbox

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)

# Ten o'clock of a Monday in New York, six days ahead.
MONDAY = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)
KIM = BookingClient(
    first_name="Canary-Kim",
    last_name="Canary-Roe",
    email="kim@example.com",
    phone="+12125550177",
    timezone="Asia/Tokyo",
)


def offered(
    world: World, provider: Provider, *, starts_at: datetime = MONDAY, source: Source = Source.BOOKING_LINK, **told: Any
) -> Offer:
    """Return a time as it would be listed now."""
    kind = told.pop("session_type", SessionType.FULL_SESSION)
    length = timedelta(minutes=50 if kind is SessionType.FULL_SESSION else 15)
    return Offer(
        provider_id=provider.id,
        session_type=kind,
        source=source,
        starts_at=starts_at,
        ends_at=starts_at + length,
        issued_at=world.deps.now(),
        **told,
    )


async def book(
    world: World, offer: Offer, who: BookingClient = KIM, *, note: str | None = None, **told: Any
) -> Appointment | Request:
    async with world.deps.sessions.begin() as session:
        return await scheduling.book_offer(
            session,
            offer,
            who,
            note=note,
            actor=OPERATOR,
            house=scheduling.house(world.deps.settings),
            now=world.deps.now(),
            new_id=world.deps.new_id,
            **told,
        )


async def open_provider(world: World, **settings: object) -> Provider:
    provider = await world.provider()
    await world.hours(provider)
    if settings:
        await world.settings(provider, **settings)
    return provider


async def asks_for(world: World, provider: Provider, source: Source, acceptance: Acceptance) -> None:
    async with world.deps.sessions.begin() as session:
        await queries.set_practice_acceptance(session, provider.practice_id, source, acceptance)


async def known_as(world: World, provider: Provider, state: RelationshipState) -> Client:
    """Let Kim stand with a provider in some way before they book."""
    client = await world.client(provider, email=KIM.email)
    moved = {
        RelationshipState.ARCHIVED: RelationshipEvent.ARCHIVED,
        RelationshipState.BLOCKED: RelationshipEvent.BLOCKED,
    }.get(state)
    async with world.deps.sessions.begin() as writing:
        link = await people_queries.relationship(writing, provider.id, client.id)
        assert link
        if moved:
            await people.move_relationship(writing, link, moved, now=world.deps.now())
        else:
            link.state = state
    return client


async def told(session: AsyncSession) -> set[tuple[NoticeKey, Channel, str]]:
    keys = {NoticeKey.NEW_REFERRAL, NoticeKey.BOOKING_MADE, NoticeKey.REQUEST_TO_DECIDE}
    return {(one.key, one.channel, one.recipient.value) for one in await rows(session, Notice) if one.key in keys}


BOOKED = {
    (NoticeKey.NEW_REFERRAL, Channel.MAIL, "provider"),
    (NoticeKey.NEW_REFERRAL, Channel.PORTAL, "provider"),
    (NoticeKey.BOOKING_MADE, Channel.MAIL, "client"),
}
ASKED = {
    (NoticeKey.REQUEST_TO_DECIDE, Channel.MAIL, "provider"),
    (NoticeKey.REQUEST_TO_DECIDE, Channel.PORTAL, "provider"),
}


# By source


@pytest.mark.parametrize("source", [Source.PLATFORM_SEARCH, Source.BOOKING_LINK, Source.COLLEAGUE])
async def test_what_needs_no_yes_stands_at_once(world: World, session: AsyncSession, source: Source) -> None:
    """R36, R38: booked, active, a new referral, and letters to both."""
    provider = await open_provider(world)

    made = await book(world, offered(world, provider, source=source, label="directory"), note="Canary words")

    assert isinstance(made, Appointment)
    (row,) = await rows(session, Appointment)
    assert (row.state, row.source, row.label, row.note) == (
        AppointmentState.BOOKED,
        source,
        "directory",
        "Canary words",
    )
    (client,) = await rows(session, Client)
    assert (client.first_name, client.email, client.phone, client.timezone) == (
        "Canary-Kim",
        "kim@example.com",
        "+12125550177",
        "Asia/Tokyo",
    )
    assert client.verified_at is None  # an operator vouches for the person, and has not seen the address
    (link,) = await rows(session, Relationship)
    assert (link.client_id, link.state) == (client.id, RelationshipState.ACTIVE)
    (referral,) = await rows(session, Referral)
    assert (referral.id, referral.state, referral.source) == (row.referral_id, ReferralState.NEW, source.value)
    assert await told(session) == BOOKED


async def test_a_booked_consultation_has_a_line(world: World) -> None:
    provider = await open_provider(world)

    made = await book(world, offered(world, provider, session_type=SessionType.PHONE_CONSULTATION))

    assert isinstance(made, Appointment)
    assert (made.tracked, made.line in LINES) == (True, True)


async def test_a_payer_asks(world: World, session: AsyncSession) -> None:
    """R92, R94: pending with the payer's name, a prospect, and the provider is asked."""
    provider = await open_provider(world)
    await world.block(provider, "2026-11-30", "10:00", "12:00", accept_external=True)
    payer = await world.payer(provider)

    made = await book(world, offered(world, provider, source=Source.PAYER, payer_id=payer.id))

    assert isinstance(made, Request)
    assert (made.state, made.payer_id, made.source_name) == (RequestState.PENDING, payer.id, payer.name)
    assert made.expires_at == world.deps.now() + 48 * HOUR
    (link,) = await rows(session, Relationship)
    assert link.state is RelationshipState.PROSPECT
    assert await told(session) == ASKED


@pytest.mark.parametrize(
    ("instant", "practice_asks", "stands"),
    [
        (False, None, False),
        (False, Acceptance.NONE, False),
        (True, None, False),
        (True, Acceptance.REQUIRED, False),
        (True, Acceptance.NONE, True),
    ],
)
async def test_a_payers_clients_are_booked_at_once_where_both_want_it(
    world: World, instant: bool, practice_asks: Acceptance | None, stands: bool
) -> None:
    provider = await open_provider(world)
    await world.block(provider, "2026-11-30", "10:00", "12:00", accept_external=True)
    payer = await world.payer(provider, instant=instant)
    if practice_asks:
        await asks_for(world, provider, Source.PAYER, practice_asks)

    made = await book(world, offered(world, provider, source=Source.PAYER, payer_id=payer.id))

    assert isinstance(made, Appointment) is stands


@pytest.mark.parametrize("source", [Source.PLATFORM_SEARCH, Source.BOOKING_LINK, Source.COLLEAGUE])
async def test_a_practice_may_want_to_be_asked(world: World, session: AsyncSession, source: Source) -> None:
    provider = await open_provider(world)
    await asks_for(world, provider, source, Acceptance.REQUIRED)

    made = await book(world, offered(world, provider, source=source))

    assert isinstance(made, Request)
    assert await told(session) == ASKED


@pytest.mark.parametrize("state", list(RelationshipState))
async def test_the_portal_is_for_who_is_known(world: World, state: RelationshipState) -> None:
    provider = await open_provider(world)
    if state is RelationshipState.PROPOSED:
        await world.client(await world.provider(), email=KIM.email)
        await world.client(provider, email=KIM.email)
    else:
        await known_as(world, provider, state)
    offer = offered(world, provider, source=Source.CLIENT_PORTAL)

    if state in {RelationshipState.ACTIVE, RelationshipState.ARCHIVED, RelationshipState.PROPOSED}:
        assert isinstance(await book(world, offer), Request)
    else:
        with pytest.raises(Refused) as no:
            await book(world, offer)
        assert no.value.code == ("not_bookable" if state is RelationshipState.BLOCKED else "not_a_client")


async def test_a_practice_may_let_its_own_clients_book_at_once(world: World, session: AsyncSession) -> None:
    provider = await open_provider(world)
    await known_as(world, provider, RelationshipState.ACTIVE)
    await asks_for(world, provider, Source.CLIENT_PORTAL, Acceptance.NONE)

    made = await book(world, offered(world, provider, source=Source.CLIENT_PORTAL))

    assert isinstance(made, Appointment)
    assert made.referral_id is None
    assert await told(session) == {
        (NoticeKey.BOOKING_MADE, Channel.MAIL, "provider"),
        (NoticeKey.BOOKING_MADE, Channel.PORTAL, "provider"),
        (NoticeKey.BOOKING_MADE, Channel.MAIL, "client"),
    }


@pytest.mark.parametrize("source", [Source.PROVIDER_MADE, Source.WAITLIST_OFFER])
async def test_other_sources_have_doors_of_their_own(world: World, source: Source) -> None:
    provider = await open_provider(world)

    with pytest.raises(Refused) as no:
        await book(world, offered(world, provider, source=source))

    assert (no.value.code, no.value.status) == ("not_by_offer", 422)


# The programme's gate


@pytest.mark.parametrize(
    "flaw",
    ["none", "not enrolled", "incomplete", "other payer", "payer left", "no programme", "deactivated", "deleted"],
)
async def test_a_payer_books_only_with_whom_it_may(world: World, session: AsyncSession, flaw: str) -> None:
    """R30, R68-R71: strict, and asked again when it is booked."""
    provider = await open_provider(world)
    await world.block(provider, "2026-11-30", "10:00", "12:00", accept_external=True)
    payer = await world.payer()
    deps = world.deps
    told: dict[str, Any] = {"actor": OPERATOR, "now": deps.now(), "new_id": deps.new_id}
    async with deps.sessions.begin() as writing:
        practice = await writing.get(Practice, provider.practice_id)
        assert practice
        practice.programme = True
        named = (await world.payer()).id if flaw == "other payer" else payer.id
        if flaw != "not enrolled":
            await people.enrol(writing, provider.id, [named], **told)
        if flaw == "deleted":
            await people.move_enrolment(writing, provider.id, EnrolmentEvent.DELETE, **told)
        elif flaw not in {"incomplete", "not enrolled"}:
            await present(writing, provider.id, deps.now())
            await people.move_enrolment(writing, provider.id, EnrolmentEvent.SUBMIT, **told)
        if flaw == "deactivated":
            await people.move_enrolment(writing, provider.id, EnrolmentEvent.DEACTIVATE, **told)
        practice.programme = flaw != "no programme"
        (await writing.merge(payer)).active = flaw != "payer left"
    offer = offered(world, provider, source=Source.PAYER, payer_id=payer.id)

    if flaw == "none":
        assert isinstance(await book(world, offer), Request)
        return
    with pytest.raises(Refused) as no:
        await book(world, offer)
    assert (no.value.code, no.value.status) == ("not_in_programme", 409)


# Gates, again


@pytest.mark.parametrize(
    ("changed", "who", "gate"),
    [
        ({"accepting": False}, {}, "accepting"),
        ({"paused_until": MONDAY}, {}, "accepting"),
        ({"session_types": []}, {}, "session_type"),
        ({"youngest": 21}, {"birth_date": "2005-11-25"}, "age"),
        ({"youngest": 21}, {"birth_date": "2005-11-24"}, None),  # their birthday, in the provider's place
        ({"youngest": 21}, {}, None),
        ({"states": ["NJ"]}, {"state": "NY"}, "licensed"),
        ({"states": ["NJ"]}, {}, None),
        ({"plans": ["elm_health"]}, {"plan": "oak_health"}, "plan"),
        ({"plans": ["elm_health"]}, {}, None),
    ],
)
async def test_what_was_listed_is_asked_again(
    world: World, changed: Mapping[str, object], who: Mapping[str, Any], gate: str | None
) -> None:
    """R18: a setting that changes while a list is open counts when the slot is booked."""
    provider = await open_provider(world)
    offer = offered(world, provider)
    await world.settings(provider, **changed)

    if gate is None:
        await book(world, offer, replace(KIM, **who))
        return
    with pytest.raises(Refused) as no:
        await book(world, offer, replace(KIM, **who))
    assert gate in {no.value.code, *no.value.facts.get("gates", ())}  # type: ignore[misc]


async def test_the_problems_of_a_search_are_asked_again(world: World, session: AsyncSession) -> None:
    provider = await open_provider(world)
    async with world.deps.sessions.begin() as writing:
        search = Search(
            id=world.deps.new_id(),
            at=world.deps.now(),
            version=1,
            seed="seed",
            answers={"state": "NY", "age": 40, "session_type": "full_session", "problems": ["psychosis"]},
        )
        writing.add(search)
    await book(world, offered(world, provider, source=Source.PLATFORM_SEARCH), search_id=search.id)
    (referral,) = await rows(session, Referral)
    assert referral.search_id == search.id
    await world.settings(provider, not_treated=["psychosis"])
    again = offered(world, provider, source=Source.PLATFORM_SEARCH, starts_at=MONDAY + 2 * HOUR)

    with pytest.raises(Refused, match="does not treat this problem"):
        await book(world, again, search_id=search.id)
    with pytest.raises(Refused) as no:
        await book(world, again, search_id=world.deps.new_id())
    assert (no.value.code, no.value.status) == ("no_such_search", 422)


async def test_a_provider_who_has_left_is_not_booked(world: World) -> None:
    provider = await open_provider(world)
    offer = offered(world, provider)
    async with world.deps.sessions.begin() as writing:
        (await writing.merge(provider)).active = False

    with pytest.raises(Refused) as no:
        await book(world, offer)

    assert no.value.code == "provider_left"


# Whose word counts


@pytest.mark.parametrize(
    ("account", "proven", "phone", "plan", "verified"),
    [
        ("new", True, "+12125550177", "elm_health", True),
        ("new", False, "+12125550177", "elm_health", False),
        ("unverified", True, "+12125550177", "elm_health", True),
        ("unverified", False, "+12125550111", "elm_health", False),  # only what was empty is filled
        ("verified", True, "+12125550111", None, True),
        ("verified", False, "+12125550111", None, True),
    ],
)
async def test_nobody_books_with_somebody_elses_number(
    world: World, session: AsyncSession, account: str, proven: bool, phone: str, plan: str | None, verified: bool
) -> None:
    provider = await open_provider(world, plans=["elm_health"])
    if account != "new":
        known = await world.client(await world.provider(), phone="+12125550111", email="Kim@Example.com")
        async with world.deps.sessions.begin() as writing:
            row = await writing.merge(known)
            row.verified_at = world.deps.now() if account == "verified" else None
            row.account = AccountState.VERIFIED if account == "verified" else AccountState.INVITED

    made = await book(world, offered(world, provider), replace(KIM, plan="elm_health"), proven=proven)

    (client,) = [one for one in await rows(session, Client) if one.id == made.client_id]
    assert (client.phone, client.plan, client.verified_at is not None) == (phone, plan, verified)
    verifications = [one for one in await rows(session, Event) if one.kind is EventKind.CLIENT_VERIFIED]
    assert len(verifications) == (proven and account != "verified")


async def test_gates_are_asked_of_the_data_that_count(world: World) -> None:
    """A verified account's own state counts; one that is typed neither helps nor hinders."""
    provider = await open_provider(world, states=["NY"])
    client = await world.client(await world.provider(), email=KIM.email)
    async with world.deps.sessions.begin() as writing:
        row = await writing.merge(client)
        row.verified_at, row.lives_in, row.account = world.deps.now(), "CT", AccountState.VERIFIED

    with pytest.raises(Refused, match="not licensed"):
        await book(world, offered(world, provider), replace(KIM, state="NY"))


# Where the two stand


async def test_whoever_was_archived_is_asked_for(world: World, session: AsyncSession) -> None:
    """4.6: they book again, and the provider is asked first, whatever the source."""
    provider = await open_provider(world)
    await known_as(world, provider, RelationshipState.ARCHIVED)

    made = await book(world, offered(world, provider))

    assert isinstance(made, Request)
    (link,) = await rows(session, Relationship)
    assert link.state is RelationshipState.ARCHIVED


async def test_whoever_was_archived_cannot_ask_for_what_nobody_could_answer(
    world: World, session: AsyncSession
) -> None:
    """R92: the list did not know that somebody would have to be asked; four hours have to be left for it."""
    provider = await open_provider(world, urgent=True)
    await world.hours(provider, "00:00", "24:00", weekdays=range(7))
    await known_as(world, provider, RelationshipState.ARCHIVED)
    now = world.deps.now()

    with pytest.raises(Refused) as no:
        await book(world, offered(world, provider, starts_at=now + 6 * HOUR - 15 * MINUTE))
    made = await book(world, offered(world, provider, starts_at=now + 6 * HOUR))

    assert no.value.code == "too_soon"
    assert isinstance(made, Request)
    assert made.expires_at == now + 4 * HOUR


async def test_whoever_is_blocked_is_refused_in_words_that_do_not_say_so(world: World, session: AsyncSession) -> None:
    provider = await open_provider(world)
    await known_as(world, provider, RelationshipState.BLOCKED)

    with pytest.raises(Refused) as no:
        await book(world, offered(world, provider))

    assert no.value.code == "not_bookable"
    assert "block" not in no.value.sentence


async def test_a_prospect_becomes_active_by_booking(world: World, session: AsyncSession) -> None:
    provider = await open_provider(world)
    await world.prospect(provider, email=KIM.email)

    await book(world, offered(world, provider))

    (link,) = await rows(session, Relationship)
    assert link.state is RelationshipState.ACTIVE


# How many


async def test_three_bookings_ahead_are_enough(world: World, clock: Clock) -> None:
    """R20: over all providers; what is over, given up, or made by a provider does not count."""
    one, two = await open_provider(world), await open_provider(world)
    made = [await book(world, offered(world, one, starts_at=MONDAY + n * HOUR)) for n in range(2)]
    made.append(await book(world, offered(world, two)))
    client = await world.client(await world.provider())
    assert client.id != made[0].client_id
    fourth = offered(world, two, starts_at=MONDAY + 3 * HOUR)

    with pytest.raises(Refused) as no:
        await book(world, fourth)
    assert (no.value.code, no.value.facts) == ("too_many_bookings", {"limit": 3})

    async with world.deps.sessions.begin() as writing:
        await scheduling.cancel(
            writing,
            made[0].id,
            by=Side.CLIENT,
            reason=None,
            message=None,
            actor=OPERATOR,
            house=scheduling.house(world.deps.settings),
            now=clock(),
            new_id=world.deps.new_id,
        )
    await book(world, fourth)
    clock.to(MONDAY + HOUR)  # the second has begun, the third is over
    await book(world, offered(world, one, starts_at=MONDAY + timedelta(days=4)))


async def test_what_a_provider_makes_does_not_count(world: World, session: AsyncSession) -> None:
    provider = await open_provider(world)
    client = await known_as(world, provider, RelationshipState.ACTIVE)
    for n in range(3):
        starts_at = MONDAY + (n + 2) * HOUR
        await world.appointment(provider, client=client, starts_at=starts_at, source=Source.PROVIDER_MADE)

    assert isinstance(await book(world, offered(world, provider)), Appointment)


async def test_two_requests_at_a_time_are_enough(world: World, session: AsyncSession, clock: Clock) -> None:
    """1.16: over all providers; one whose time has passed does not count, swept or not."""
    one, two = await open_provider(world), await open_provider(world)
    for provider in (one, two):
        await known_as(world, provider, RelationshipState.ARCHIVED)
        await asks_for(world, provider, Source.BOOKING_LINK, Acceptance.REQUIRED)
    first = await book(world, offered(world, one))
    await book(world, offered(world, two))

    with pytest.raises(Refused) as no:
        await book(world, offered(world, one, starts_at=MONDAY + 2 * HOUR))
    assert (no.value.code, no.value.facts) == ("too_many_requests", {"limit": 2})

    assert isinstance(first, Request)
    clock.to(first.expires_at)
    await book(world, offered(world, one, starts_at=MONDAY + timedelta(days=2)))


# Time


async def test_a_time_that_is_taken_comes_with_the_three_nearest(world: World) -> None:
    provider = await open_provider(world, step_m=60)
    await book(world, offered(world, provider))

    with pytest.raises(Refused) as no:
        await book(world, offered(world, provider), replace(KIM, email="lee@example.com"))

    assert (no.value.code, no.value.status) == ("taken", 409)
    near = no.value.facts["alternatives"]
    assert isinstance(near, list)
    assert [one["starts_at"] for one in near] == [MONDAY - HOUR, MONDAY + HOUR, MONDAY + 2 * HOUR]


async def test_whoever_is_refused_leaves_nothing_behind(world: World, session: AsyncSession) -> None:
    provider = await open_provider(world)
    await world.appointment(provider, starts_at=MONDAY)
    clients = len(await rows(session, Client))

    with pytest.raises(Refused):
        await book(world, offered(world, provider))

    assert len(await rows(session, Client)) == clients


async def test_a_door_that_takes_no_turns_is_met_by_the_database(world: World, session: AsyncSession) -> None:
    """The constraint has the last word; what it refuses is said as politely."""
    provider = await open_provider(world, step_m=60)
    client = await world.client(provider)

    async with world.deps.sessions.begin() as other:
        other.add(
            Appointment(
                id=world.deps.new_id(),
                provider_id=provider.id,
                client_id=client.id,
                session_type=SessionType.FULL_SESSION,
                source=Source.PROVIDER_MADE,
                tracked=False,
                state=AppointmentState.BOOKED,
                starts_at=MONDAY,
                ends_at=MONDAY + HOUR,
                created_at=world.deps.now(),
            )
        )
        await other.flush()
        booking = asyncio.create_task(book(world, offered(world, provider)))
        await until(lambda: somebody_waits(session))

    with pytest.raises(Refused) as no:
        await booking
    assert no.value.code == "taken"
    near = no.value.facts["alternatives"]
    assert isinstance(near, list)
    assert len(near) == 3


# With a code


async def begin(world: World, offer: Offer, who: BookingClient = KIM, **told: Any) -> BookingDraft:
    async with world.deps.sessions.begin() as session:
        return await scheduling.begin_booking(
            session,
            offer,
            who,
            note=told.pop("note", None),
            house=scheduling.house(world.deps.settings),
            now=world.deps.now(),
            new_id=world.deps.new_id,
            **told,
        )


async def complete(world: World, draft: BookingDraft, code: str) -> Appointment | Request | scheduling.WrongCode:
    async with world.deps.sessions.begin() as session:
        return await scheduling.complete_booking(
            session,
            draft.id,
            code,
            house=scheduling.house(world.deps.settings),
            now=world.deps.now(),
            new_id=world.deps.new_id,
        )


def right(world: World, draft: BookingDraft) -> str:
    return scheduling.booking_code(draft.id, world.deps.settings)


def wrong(world: World, draft: BookingDraft) -> str:
    return f"{(int(right(world, draft)) + 1) % 1_000_000:06d}"


async def test_who_has_the_code_books(
    world: World, session: AsyncSession, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    """1.16: nothing is held and nobody is known before the address is proven; the code is in the letter."""
    provider = await open_provider(world)
    draft = await begin(world, offered(world, provider, label="directory"), note="Canary words")
    assert (await rows(session, Appointment), await rows(session, Client)) == ([], [])
    await works.turn()
    (letter,) = mailbox.letters()
    assert letter["To"] == KIM.email
    (code,) = set(re.findall(r"\b[0-9]{6}\b", letter.get_body(("plain",)).get_content()))  # type: ignore[union-attr]
    clock.forward(minutes=9, seconds=59)

    made = await complete(world, draft, code)

    assert isinstance(made, Appointment)
    assert (made.state, made.label, made.note) == (AppointmentState.BOOKED, "directory", "Canary words")
    (client,) = await rows(session, Client)
    assert (client.phone, client.verified_at) == (KIM.phone, clock())
    (kept,) = await rows(session, BookingDraft)
    assert (kept.state, kept.appointment_id) == (DraftState.COMPLETED, made.id)
    done = [one for one in await rows(session, Event) if one.kind is EventKind.BOOKING_COMPLETED]
    assert [(one.actor_kind, one.actor_id) for one in done] == [("client", client.id)]
    assert await told(session) == BOOKED


async def test_where_a_yes_is_needed_the_code_makes_the_request(world: World, session: AsyncSession) -> None:
    provider = await open_provider(world)
    await asks_for(world, provider, Source.BOOKING_LINK, Acceptance.REQUIRED)
    draft = await begin(world, offered(world, provider))
    assert await rows(session, Request) == []

    made = await complete(world, draft, right(world, draft))

    assert isinstance(made, Request)
    (kept,) = await rows(session, BookingDraft)
    assert kept.appointment_id == made.appointment_id


async def test_the_notice_counts_from_the_offer(world: World, clock: Clock) -> None:
    """R23: shown 48 hours ahead to the second, and completed nine minutes later."""
    provider = await open_provider(world)
    await world.hours(provider, "00:00", "24:00", weekdays=range(7))
    draft = await begin(world, offered(world, provider, starts_at=clock() + 48 * HOUR))
    clock.forward(minutes=9)

    assert isinstance(await complete(world, draft, right(world, draft)), Appointment)


@pytest.mark.parametrize("known", [False, True])
async def test_beginning_tells_nothing_about_an_address(
    world: World, session: AsyncSession, known: bool, works: Worker, mailbox: Mailbox
) -> None:
    """The same statements, the same letter, the same answer, whether the address has an account or not."""
    provider = await open_provider(world)
    if known:
        await known_as(world, provider, RelationshipState.BLOCKED)
    asked: list[str] = []
    engine = world.deps.sessions.kw["bind"].sync_engine
    event.listen(engine, "before_cursor_execute", lambda *seen: asked.append(seen[2]))

    draft = await begin(world, offered(world, provider))

    assert not [one for one in asked if re.search(r"\b(clients|relationships|accounts)\b", one)]
    assert draft.state is DraftState.AWAITING_CODE
    await works.turn()
    assert [str(one["To"]) for one in mailbox.letters()] == [KIM.email]


async def test_a_code_is_tried_five_times(world: World, session: AsyncSession) -> None:
    provider = await open_provider(world)
    draft = await begin(world, offered(world, provider))

    left = [await complete(world, draft, wrong(world, draft)) for _ in range(5)]

    assert left == [scheduling.WrongCode(n) for n in (4, 3, 2, 1, 0)]
    with pytest.raises(Refused) as no:
        await complete(world, draft, right(world, draft))
    assert no.value.code == "too_many_tries"
    assert await rows(session, Appointment) == []


async def test_the_fifth_try_still_counts(world: World) -> None:
    provider = await open_provider(world)
    draft = await begin(world, offered(world, provider))
    for _ in range(4):
        await complete(world, draft, wrong(world, draft))

    assert isinstance(await complete(world, draft, right(world, draft)), Appointment)


async def test_a_code_is_good_for_ten_minutes_and_once(world: World, clock: Clock) -> None:
    provider = await open_provider(world)
    late = await begin(world, offered(world, provider))
    draft = await begin(world, offered(world, provider, starts_at=MONDAY + 2 * HOUR))
    await complete(world, draft, right(world, draft))

    with pytest.raises(Refused) as used:
        await complete(world, draft, right(world, draft))
    clock.forward(minutes=10)
    with pytest.raises(Refused) as expired:
        await complete(world, late, right(world, late))

    assert (used.value.code, expired.value.code) == ("code_used", "code_expired")


async def test_nothing_is_held_for_who_has_not_typed_the_code(world: World) -> None:
    provider = await open_provider(world)
    draft = await begin(world, offered(world, provider))
    await book(world, offered(world, provider), replace(KIM, email="lee@example.com"))

    with pytest.raises(Refused) as no:
        await complete(world, draft, right(world, draft))

    assert no.value.code == "taken"


async def test_five_codes_an_hour_go_to_an_address(world: World, clock: Clock) -> None:
    """A rate that rows keep, in any spelling of the address."""
    provider = await open_provider(world)
    for n in range(5):
        await begin(world, offered(world, provider), replace(KIM, email="KIM@example.com" if n % 2 else KIM.email))

    with pytest.raises(Refused) as no:
        await begin(world, offered(world, provider))
    await begin(world, offered(world, provider), replace(KIM, email="lee@example.com"))
    clock.forward(hours=1)
    await begin(world, offered(world, provider))

    assert no.value.code == "too_many_codes"


async def test_a_payers_offer_needs_no_code_and_gets_none(world: World) -> None:
    provider = await open_provider(world)

    with pytest.raises(Refused) as no:
        await begin(world, offered(world, provider, source=Source.PAYER))

    assert (no.value.code, no.value.status) == ("not_by_code", 422)


async def test_who_began_to_book_is_forgotten_after_a_day(world: World, session: AsyncSession, clock: Clock) -> None:
    provider = await open_provider(world)
    draft = await begin(world, offered(world, provider))
    await complete(world, draft, right(world, draft))
    clock.forward(hours=24, seconds=-1)
    await worker.forget(world.deps)
    assert len(await rows(session, BookingDraft)) == 1

    clock.forward(seconds=2)
    await worker.forget(world.deps)

    assert await rows(session, BookingDraft) == []
    assert len(await rows(session, Appointment)) == 1
