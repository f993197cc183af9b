"""Bookings: an offered time is taken, or asked for, as its source wants it (requirements 1.16).

An operator and a payer vouch for the client, so their booking is made at once. What comes with a provider's token,
the practice's own web site, is completed by the client with a code that went to their address.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from config.errors import Refused
from people.values import Language, TokenRole
from portal.api import access, appointments, requests
from portal.api.appointments import AppointmentShown
from portal.api.fields import Address, BirthDay, Code, Name, Note, Nothing, Phone, Shape, State, Zone
from portal.api.operation import ADMIN_AND_PROVIDER, EVERYBODY, Answer, Ask, Method, Operation, Other
from portal.api.requests import RequestShown
from scheduling import actions as scheduling
from scheduling.models import Appointment, Request
from scheduling.rules import offers
from scheduling.rules.offers import BadOffer
from scheduling.values import BookingClient, Offer, Source

SignedOffer = Annotated[
    str,
    Field(
        min_length=1,
        max_length=400,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="An offer of the list of slots, as it stands there; it is good for ten minutes.",
        json_schema_extra={"format": "offer"},
    ),
]
SixDigits = Annotated[str, Field(pattern=r"^[0-9]{6}$", json_schema_extra={"format": "booking-code"})]


class NewBookingClient(Shape):
    """Who books, as typed. What a verified account says of itself counts more."""

    first_name: Name
    last_name: Name
    preferred_name: Name | None = None
    email: Address
    phone: Phone | None = None
    birth_date: BirthDay | None = None
    state: State | None = None
    plan: Code | None = None
    timezone: Zone | None = None
    language: Language = Language.ENGLISH


class NewBooking(Shape):
    """A booking of an offered time; `search_id` is the search that the provider was found by."""

    offer: SignedOffer
    client: NewBookingClient
    note: Note | None = None
    search_id: UUID | None = None


class BookingCode(Shape):
    """The code that went to the client's address."""

    code: SixDigits


class DraftShown(Shape):
    """A booking that waits for the code; nothing is held meanwhile."""

    id: UUID
    expires_at: datetime


async def create(ask: Ask[NewBooking, Nothing]) -> Answer:
    """Book an offered time, or ask for it, or send a code to whoever books."""
    offer, client = _offer(ask), _client(ask.body.client)
    told: dict[str, Any] = {
        "note": ask.body.note,
        "search_id": ask.body.search_id,
        "house": scheduling.house(ask.settings),
        "now": ask.now,
        "new_id": ask.new_id,
    }
    if ask.caller.role is TokenRole.PROVIDER:
        access.acting_provider(ask, offer.provider_id)
        draft = await scheduling.begin_booking(ask.session, offer, client, **told)
        return Answer(DraftShown(id=draft.id, expires_at=draft.expires_at), status=202)
    if ask.caller.role is TokenRole.PARTNER:
        _see_that_it_is_theirs(ask, offer)
    return await _made(ask, await scheduling.book_offer(ask.session, offer, client, actor=ask.actor, **told))


async def complete(ask: Ask[BookingCode, Nothing]) -> Answer:
    """Complete a booking with the code that went to the client's address."""
    draft = await access.draft(ask, ask.path["draft_id"])
    made = await scheduling.complete_booking(
        ask.session,
        draft.id,
        ask.body.code,
        house=scheduling.house(ask.settings),
        now=ask.now,
        new_id=ask.new_id,
    )
    if isinstance(made, scheduling.WrongCode):
        wrong = Refused("wrong_code", "This is not the code.", status=422, tries_left=made.tries_left)
        return Answer(None, refused=wrong)
    return await _made(ask, made)


def _offer(ask: Ask[NewBooking, Nothing]) -> Offer:
    house = scheduling.house(ask.settings)
    offer = offers.read(ask.body.offer, house.offer_key, now=ask.now, lives=house.offer_lives)
    if isinstance(offer, BadOffer):
        status = 409 if offer is BadOffer.EXPIRED else 422
        raise Refused(f"offer_{offer.value}", _BAD_OFFERS[offer], status=status)
    return offer


_BAD_OFFERS = {
    BadOffer.MALFORMED: "This is no offer. Take one from the list of slots, as it stands there.",
    BadOffer.FORGED: "This offer is not one of ours. Take one from the list of slots, as it stands there.",
    BadOffer.EXPIRED: "This offer has expired. Ask for the list of slots again, and choose anew.",
}


def _see_that_it_is_theirs(ask: Ask[NewBooking, Nothing], offer: Offer) -> None:
    if offer.source is not Source.PAYER:
        raise Refused("forbidden", "A payer books from offers of the source payer.", status=403)
    if offer.payer_id != ask.caller.payer_id:
        raise Refused("forbidden", "This offer was made to another payer.", status=403)


def _client(typed: NewBookingClient) -> BookingClient:
    return BookingClient(
        first_name=typed.first_name,
        last_name=typed.last_name,
        preferred_name=typed.preferred_name,
        email=typed.email,
        phone=typed.phone,
        birth_date=typed.birth_date.isoformat() if typed.birth_date else None,
        state=typed.state,
        plan=typed.plan,
        timezone=typed.timezone,
        language=typed.language,
    )


async def _made(ask: Ask[Any, Any], made: Appointment | Request) -> Answer:
    if isinstance(made, Request):
        shown = await requests.answer(ask, made)
        return Answer(shown.shown, shown.subjects, status=202, at=f"/requests/{made.id}")
    shown = await appointments.answer(ask, made)
    return Answer(shown.shown, shown.subjects, at=f"/appointments/{made.id}")


_OF_A_REQUEST = {
    name: {"request_id": "/id"} for name in ("getRequest", "acceptRequest", "declineRequest", "withdrawRequest")
}

OPERATIONS = (
    Operation(
        name="createBooking",
        method=Method.POST,
        path="/bookings",
        roles=EVERYBODY,
        summary="Book an offered time, or ask for it",
        handler=create,
        body=NewBooking,
        query=Nothing,
        answer=AppointmentShown,
        status=201,
        others={202: Other((RequestShown, DraftShown), links=_OF_A_REQUEST)},
        refuses=frozenset({404}),
        makes="appointment_id",
    ),
    Operation(
        name="completeBooking",
        method=Method.POST,
        path="/bookings/{draft_id}/complete",
        roles=ADMIN_AND_PROVIDER,
        summary="Complete a booking with the code that went to the client",
        handler=complete,
        body=BookingCode,
        query=Nothing,
        answer=AppointmentShown,
        status=201,
        others={202: Other((RequestShown,), links=_OF_A_REQUEST)},
        makes="appointment_id",
    ),
)
