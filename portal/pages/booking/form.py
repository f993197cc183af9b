"""Who books, and what they want to say: a code to their address comes next, or for who is signed in the booking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from config.errors import Refused
from portal.pages.booking.openings import Time
from portal.pages.booking.whose import SLUG, Whose, as_client, asked, typed_client, whose
from portal.pages.page import EVERYBODY, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed
from scheduling import actions as scheduling
from scheduling.actions.house import House
from scheduling.models import Request
from scheduling.rules import booking as rules
from scheduling.rules import offers
from scheduling.rules.offers import BadOffer
from scheduling.values import NotBookable, Offer

# A tab that was left open for a day can still say which time it showed; whether that is open is looked up anew.
_TELLS_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The time that was chosen, or others where it is gone.

    `until` is when the offer ends; `decided_by` until when a request for it is answered at the latest.
    """

    time: Time | None
    others: Sequence[Time]
    session_type: str
    until: datetime
    decided_by: datetime | None


async def form(visit: Visit) -> Shown:
    """Show the form for a chosen time; where that is gone, three others, and everything that was typed."""
    found = await whose(visit)
    house = scheduling.house(visit.settings)
    offer = _read(visit, found, house)
    if offer is None:
        return Redirect(found.to("/openings"), done="booking.choose_anew")
    chosen = await _chosen(visit, found, offer, house)
    me = await as_client(visit)
    view = {
        "whose": found,
        "chosen": chosen,
        "me": f"{me.first_name} {me.last_name}" if me else None,
        "asked": asked(visit, found, offer.session_type),
    }
    return View("booking/form.html", view, status=200 if chosen.time else 409)


async def _chosen(visit: Visit, found: Whose, offer: Offer, house: House) -> Chosen:
    others = gone(visit)
    fresh: Offer | None = offer
    if others is None and visit.now >= offer.issued_at + house.offer_lives:
        fresh = await scheduling.renewed(visit.session, offer, house=house, now=visit.now)
        others = None if fresh else await _others(visit, offer, house)
    time = Time(**scheduling.shown(fresh, house)) if fresh and others is None else None
    return Chosen(
        time=time,
        others=others or (),
        session_type=offer.session_type.value,
        until=(fresh or offer).issued_at + house.offer_lives,
        decided_by=decided_by(visit, offer.starts_at, house) if found.asks else None,
    )


def gone(visit: Visit) -> list[Time] | None:
    """Return what is open near a time that was just found to be gone; None where that is not what went wrong."""
    others = visit.trouble.facts.get("alternatives") if visit.trouble else None
    return [Time(**one) for one in others] if isinstance(others, list) else None


async def _others(visit: Visit, offer: Offer, house: House) -> list[Time]:
    found = await scheduling.alternatives(visit.session, offer, house=house, now=visit.now)
    return [Time(**one) for one in found]


def decided_by(visit: Visit, starts_at: datetime, house: House) -> datetime:
    """Return until when a request that is made now is decided (R92)."""
    return rules.expires_at(visit.now, starts_at, ttl=house.accept_ttl, cutoff=house.request_cutoff)


def _read(visit: Visit, found: Whose, house: House) -> Offer | None:
    text = visit.form.get("offer", "") if visit.form is not None else visit.query.get("offer", "")
    offer = read_offer(visit, text or visit.query.get("offer", ""), house)
    return offer if offer is not None and offer.provider_id == found.provider.id else None


def read_offer(visit: Visit, text: str, house: House) -> Offer | None:
    """Return the offer behind a text, also one that has ended; None where it is none of ours, or a payer's."""
    offer = offers.read(text, house.offer_key, now=visit.now, lives=_TELLS_FOR) if text.isascii() else None
    if offer is None or isinstance(offer, BadOffer) or offer.source not in scheduling.BY_CODE:
        return None
    return offer


async def good(visit: Visit, offer: Offer, house: House) -> Offer:
    """Return an offer that counts: one that has ended is made anew, by the notice of now; Refused where it is gone."""
    if visit.now < offer.issued_at + house.offer_lives:
        return offer
    renewed = await scheduling.renewed(visit.session, offer, house=house, now=visit.now)
    if renewed is None:
        raise await scheduling.gone(visit.session, offer, NotBookable.TAKEN, house=house, now=visit.now)
    return renewed


async def book(visit: Visit) -> Shown:
    """Book, ask for, or send a code to whoever books."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    found = await whose(visit)
    if found.own:
        raise Refused("own_page", "This is your own page: only clients book here.", status=422)
    house = scheduling.house(visit.settings)
    offer = _read(visit, found, house)
    if offer is None:
        return Redirect(found.to("/openings"), done="booking.choose_anew")
    me = await as_client(visit)
    client = me or typed_client(visit, asked(visit, found, offer.session_type))
    typed = Typed(visit.form)
    told: dict[str, Any] = {"note": typed.note("note"), "house": house, "now": visit.now, "new_id": visit.new_id}
    typed.finish()
    offer = await good(visit, offer, house)
    if me is None:
        draft = await scheduling.begin_booking(visit.session, offer, client, search_id=found.search_id, **told)
        return Redirect(f"/book/{draft.id}")
    made = await scheduling.book_offer(
        visit.session, offer, client, actor=visit.actor, search_id=found.search_id, proven=True, **told
    )
    asks = isinstance(made, Request)
    appointment_id = made.appointment_id if isinstance(made, Request) else made.id
    return Redirect(
        f"/bookings/{appointment_id}",
        done="booking.requested" if asks else "booking.booked",
        subjects=(appointment_id, made.provider_id, made.client_id),
    )


PAGES = (Page(name="book", path=f"/p/{{slug:{SLUG}}}/book", roles=EVERYBODY, show=form, submit=book),)
