"""Bookings over HTTP: from the list of slots to an appointment or a request, for every kind of token."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from people.models import Client, Provider
from people.values import TokenRole
from scheduling.models import Appointment, BookingDraft
from tests.builders import World
from tests.clock import Clock
from tests.faults.kept import rows
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.api.conftest import Api, Program, Reply, new_token

KIM = {
    "first_name": "Canary-Kim",
    "last_name": "Canary-Roe",
    "email": "kim@example.com",
    "phone": "(212) 555-0177",
    "birth_date": "1990-02-28",
}


async def open_provider(world: World, **changed: object) -> Provider:
    provider = await world.provider()
    await world.hours(provider)
    await world.settings(provider, step_m=60, **changed)
    return provider


async def slots(program: Program, provider: Provider, **query: str) -> list[dict[str, Any]]:
    """Return the open slots of next Monday, six days ahead."""
    range_ = {"from": "2026-11-30T05:00:00Z", "to": "2026-12-01T05:00:00Z"}
    asked = {"session_type": "full_session", **range_, **query}
    reply = await program.get(f"/providers/{provider.id}/slots", **asked)
    assert reply.status == 200, reply.text
    found: list[dict[str, Any]] = reply.json["items"]
    return found


async def book(program: Program, slot: dict[str, Any], who: object = KIM, **more: object) -> Reply:
    return await program.post("/bookings", {"offer": slot["offer"], "client": who, **more})


# An operator


async def test_an_operator_books_from_the_list(admin: Program, world: World) -> None:
    provider = await open_provider(world)
    first, *_ = await slots(admin, provider, session_type="phone_consultation")

    made = await book(admin, first, note="Canary words")

    assert made.status == 201, made.text
    assert made.headers["Location"] == f"/api/v1/appointments/{made.json['id']}"
    assert (made.json["starts_at"], made.json["source"]) == (first["starts_at"], "booking_link")
    assert (made.json["state"], made.json["contact"]["kind"]) == ("booked", "line")
    assert (await admin.get(f"/appointments/{made.json['id']}")).json == made.json
    assert first not in await slots(admin, provider, session_type="phone_consultation")


async def test_a_time_that_is_gone_comes_with_three_others_that_can_be_booked(admin: Program, world: World) -> None:
    provider = await open_provider(world)
    first, *_ = await slots(admin, provider)
    await book(admin, first)

    refused = await book(admin, first, {**KIM, "email": "lee@example.com"})

    assert (refused.status, refused.code) == (409, "taken")
    near = refused.json["facts"]["alternatives"]
    assert len(near) == 3
    taken = await book(admin, near[0], {**KIM, "email": "lee@example.com"})
    assert (taken.status, taken.json["starts_at"]) == (201, near[0]["starts_at"])


async def test_a_practice_that_wants_to_be_asked_gets_a_request(admin: Program, world: World) -> None:
    provider = await open_provider(world)
    policies = f"/practices/{provider.practice_id}/policies"
    await admin.put(policies, {"source": "booking_link", "acceptance": "required"})
    first, *_ = await slots(admin, provider)

    made = await book(admin, first, note="Canary words")

    assert made.status == 202, made.text
    assert made.headers["Location"] == f"/api/v1/requests/{made.json['id']}"
    assert (made.json["state"], made.json["source_name"]) == ("pending", "Booking link")
    assert (made.json["note"], made.json["remaining_s"]) == ("Canary words", 48 * 3600)
    assert (await admin.get(f"/requests/{made.json['id']}")).json == made.json
    hold = await admin.get(f"/appointments/{made.json['appointment_id']}")
    assert hold.json["state"] == "held"


async def test_the_same_booking_sent_twice_is_made_once(admin: Program, world: World, session: AsyncSession) -> None:
    provider = await open_provider(world)
    await admin.put(f"/practices/{provider.practice_id}/policies", {"source": "booking_link", "acceptance": "required"})
    first, *_ = await slots(admin, provider)

    made = [await admin.post("/bookings", {"offer": first["offer"], "client": KIM}, key="once") for _ in range(2)]

    assert [one.status for one in made] == [202, 202]
    assert made[0].text == made[1].text
    assert made[0].headers["Location"] == made[1].headers["Location"]
    assert made[1].headers["Idempotency-Replayed"] == "true"
    assert len(await rows(session, Appointment)) == 1


async def test_a_name_that_somebody_goes_by_is_kept_from_the_first_booking_on(
    admin: Program, world: World, session: AsyncSession
) -> None:
    provider = await open_provider(world)
    first, *_ = await slots(admin, provider)
    made = await book(admin, first, {**KIM, "preferred_name": "Canary-Kay"})
    assert made.status == 201, made.text
    client = await session.get_one(Client, UUID(made.json["client_id"]))
    assert (client.first_name, client.preferred_name) == (KIM["first_name"], "Canary-Kay")


# Offers


async def test_an_offer_is_good_for_ten_minutes(admin: Program, world: World, clock: Clock) -> None:
    provider = await open_provider(world)
    first, second, *_ = await slots(admin, provider)

    clock.forward(minutes=9, seconds=59)
    assert (await book(admin, first)).status == 201
    clock.forward(seconds=1)
    late = await book(admin, second, {**KIM, "email": "lee@example.com"})
    assert (late.status, late.code) == (409, "offer_expired")


@pytest.mark.parametrize("flaw", ["cut", "changed", "invented"])
async def test_nobody_makes_up_an_offer(admin: Program, world: World, flaw: str) -> None:
    provider = await open_provider(world)
    first, *_ = await slots(admin, provider)
    offer = first["offer"]
    false = {"cut": offer[:-4], "changed": f"{'B' if offer[40] != 'B' else 'C'}".join([offer[:40], offer[41:]])}

    refused = await book(admin, {"offer": false.get(flaw, "an-offer")})

    assert refused.status == 422
    assert refused.code in {"offer_malformed", "offer_forged"}


# A payer


async def payers_world(api: Api, world: World, **told: Any) -> tuple[Program, Provider]:
    """Return a payer's program, and a provider whom it may send clients to on Monday morning."""
    provider = await open_provider(world)
    await world.block(provider, "2026-11-30", "09:00", "12:00", accept_external=True)
    payer = await world.payer(provider, **told)
    token, row = await new_token(api.deps, TokenRole.PARTNER, payer.id)
    return Program(api.http, f"{api.base}/api/v1", token, row), provider


async def test_a_payer_asks_and_the_provider_decides(api: Api, world: World) -> None:
    """R90-R94, from the payer's token to the provider's list and the yes."""
    payer, provider = await payers_world(api, world)
    first, *_ = await slots(payer, provider)
    made = await book(payer, first)
    assert (made.status, made.json["source"]) == (202, "payer")

    me = await api.of(provider)
    (listed,) = (await me.get("/requests", state="pending")).json["items"]
    assert listed == made.json
    assert listed["source_name"].startswith("Canary Health")
    accepted = await me.post(f"/requests/{listed['id']}/accept", {"version": listed["version"]})

    assert (accepted.status, accepted.json["state"], accepted.json["decided_by"]) == (200, "accepted", "provider")
    assert (await me.get("/requests", state="pending")).json["items"] == []
    assert (await me.get(f"/appointments/{listed['appointment_id']}")).json["state"] == "booked"
    again = await me.post(f"/requests/{listed['id']}/decline")
    assert (again.status, again.code) == (409, "already_decided")
    assert again.json["facts"]["decided_by"] == "provider"


async def test_a_payer_books_from_its_own_offers_only(api: Api, admin: Program, world: World) -> None:
    payer, provider = await payers_world(api, world)
    other, _ = await payers_world(api, world)
    own, *_ = await slots(payer, provider)
    link, *_ = await slots(admin, provider)

    from_link = await book(payer, link)
    anothers = await book(other, own)

    assert (from_link.status, from_link.code) == (403, "forbidden")
    assert (anothers.status, anothers.code) == (403, "forbidden")


async def test_a_payer_does_not_learn_a_number_that_it_did_not_bring(api: Api, world: World, admin: Program) -> None:
    """An account's own data count, and are no answer to who typed an address."""
    payer, provider = await payers_world(api, world, instant=True)
    await admin.put(f"/practices/{provider.practice_id}/policies", {"source": "payer", "acceptance": "none"})
    known = await world.client(await world.provider(), email="kim@example.com")
    assert known.phone
    first, *_ = await slots(payer, provider, session_type="phone_consultation")

    made = await book(payer, first)

    assert made.status == 201, made.text
    assert made.json["contact"] == {
        "kind": "none",
        "number": None,
        "reason": None,
        "opens_at": None,
        "closes_at": None,
    }
    assert known.phone[-4:] not in made.text


# The practice's own site


async def test_the_practices_own_site_books_with_a_code(
    api: Api, world: World, session: AsyncSession, works: Worker, mailbox: Mailbox
) -> None:
    provider = await open_provider(world)
    site = await api.of(provider)
    first, *_ = await slots(site, provider)

    begun = await book(site, first)

    assert begun.status == 202, begun.text
    assert begun.json == {"id": begun.json["id"], "expires_at": "2026-11-24T19:10:00Z"}
    assert "Location" not in begun.headers
    assert await rows(session, Appointment) == []
    await works.turn()
    (letter,) = mailbox.letters()
    (code,) = set(re.findall(r"\b[0-9]{6}\b", letter.get_body(("plain",)).get_content()))  # type: ignore[union-attr]
    made = await site.post(f"/bookings/{begun.json['id']}/complete", {"code": code})
    assert made.status == 201, made.text
    assert made.headers["Location"] == f"/api/v1/appointments/{made.json['id']}"
    assert (made.json["starts_at"], made.json["state"]) == (first["starts_at"], "booked")
    (client,) = await rows(session, Client)
    assert (client.email, client.phone, client.birth_date) == ("kim@example.com", "+12125550177", "1990-02-28")
    assert client.verified_at is not None


async def test_tries_are_counted_though_they_are_refused(api: Api, world: World, session: AsyncSession) -> None:
    """A no that has left something behind: the counted try stays, with and without an Idempotency-Key."""
    provider = await open_provider(world)
    site = await api.of(provider)
    first, *_ = await slots(site, provider)
    draft = (await book(site, first)).json["id"]
    path = f"/bookings/{draft}/complete"

    answers = [await site.post(path, {"code": "000000"}, key="k" if n % 2 else None) for n in range(5)]

    assert [(one.status, one.code) for one in answers] == [(422, "wrong_code")] * 5
    assert [one.json["facts"]["tries_left"] for one in answers] == [4, 3, 2, 1, 0]
    (kept,) = await rows(session, BookingDraft)
    assert kept.tries == 5
    last = await site.post(path, {"code": "000000"})
    assert (last.status, last.code) == (409, "too_many_tries")


async def test_the_answer_is_the_same_whether_an_address_is_known_or_not(api: Api, world: World) -> None:
    provider = await open_provider(world)
    site = await api.of(provider)
    await world.client(provider, email="known@example.com")
    first, *_ = await slots(site, provider)

    replies = [await book(site, first, {**KIM, "email": f"{who}@example.com"}) for who in ("known", "unknown")]

    assert [one.status for one in replies] == [202, 202]
    assert [{**one.json, "id": None} for one in replies] == [{"id": None, "expires_at": "2026-11-24T19:10:00Z"}] * 2
    assert {*replies[0].headers} == {*replies[1].headers}


async def test_a_site_books_with_its_own_provider_and_completes_its_own(api: Api, world: World) -> None:
    one, two = await open_provider(world), await open_provider(world)
    mine, theirs = await api.of(one), await api.of(two)
    slot, *_ = await slots(theirs, two)
    draft = (await book(theirs, slot)).json["id"]

    assert (await book(mine, slot)).status == 404
    assert (await mine.post(f"/bookings/{draft}/complete", {"code": "000000"})).status == 404
    assert (await mine.post(f"/bookings/{uuid4()}/complete", {"code": "000000"})).status == 404


# What can be sent


@pytest.mark.parametrize(
    ("who", "where"),
    [
        ({"birth_date": "1990-02-30"}, "client.birth_date"),
        ({"birth_date": "28.02.1990"}, "client.birth_date"),
        ({"state": "XX"}, "client.state"),
        ({"phone": "12"}, "client.phone"),
        ({"email": "nobody"}, "client.email"),
        ({"timezone": "Mars"}, "client.timezone"),
        ({"recurring": "weekly"}, "client.recurring"),
    ],
)
async def test_what_cannot_be_read_is_told_where_it_stands(
    admin: Program, world: World, who: dict[str, str], where: str
) -> None:
    provider = await open_provider(world)
    first, *_ = await slots(admin, provider)

    refused = await book(admin, first, {**KIM, **who})

    assert (refused.status, [one["where"] for one in refused.json["errors"]]) == (400, [where])


@pytest.mark.parametrize("field", ["recurrence", "series", "every", "times"])
async def test_no_client_makes_a_series(admin: Program, world: World, field: str) -> None:
    """R28: there is no field for it, in any spelling."""
    provider = await open_provider(world)
    first, *_ = await slots(admin, provider)

    refused = await book(admin, first, **{field: "week"})

    assert (refused.status, [one["where"] for one in refused.json["errors"]]) == (400, [field])
