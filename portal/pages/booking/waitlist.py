"""Waiting for a time that somebody gives back: joined from a public page, and an offered time taken or let go (R21)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from config.errors import NotFound, Refused
from people import queries as people_queries
from portal.pages.booking.whose import SLUG, as_client, asked, session_type, typed_client, whose
from portal.pages.page import CLIENTS, EVERYBODY, Page, Redirect, Shown, View, Visit
from scheduling import actions as scheduling
from scheduling import queries as calendar
from scheduling.models import WaitlistEntry
from scheduling.rules.waitlist import state_at
from scheduling.values import WaitlistState

_ID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"


async def join(visit: Visit) -> Shown:
    """Show what waiting means, and ask who waits."""
    found = await whose(visit)
    what = session_type(visit, found)
    if what is None or not found.accepting:
        return Redirect(found.to("/openings"))
    me = await as_client(visit)
    return View(
        "booking/waitlist.html",
        {
            "whose": found,
            "type": what.value,
            "me": f"{me.first_name} {me.last_name}" if me else None,
            "asked": asked(visit, found, what),
            "hold_h": visit.settings.waitlist_hold_h,
        },
    )


async def put_down(visit: Visit) -> Shown:
    """Put somebody on the waitlist: whoever is not signed in proves their address first."""
    found = await whose(visit)
    what = session_type(visit, found)
    if what is None or not found.accepting:
        raise Refused("accepting", "This provider takes no new clients at the moment.")
    if found.own:
        raise Refused("own_page", "This is your own page: only clients wait here.", status=422)
    me = await as_client(visit)
    told: dict[str, Any] = {"search_id": found.search_id, "now": visit.now, "new_id": visit.new_id}
    if me is not None:
        entry = await scheduling.wait(
            visit.session, found.provider.id, what, found.source, me, actor=visit.actor, **told
        )
        return Redirect(f"/waitlist/{entry.id}", done="booking.waits")
    client = typed_client(visit, asked(visit, found, what))
    draft = await scheduling.begin_waiting(
        visit.session, found.provider.id, what, found.source, client, label=found.label, **told
    )
    return Redirect(f"/book/{draft.id}")


# A place in line, and what is offered there


async def place(visit: Visit) -> Shown:
    """Show somebody's place in line; while a time is offered, until when it is held for them."""
    row = await _theirs(visit)
    provider = await people_queries.provider(visit.session, row.provider_id)
    assert provider is not None  # noqa: S101 - entries keep their provider
    state = state_at(row.state, row.expires_at, visit.now)
    hold = await calendar.appointment(visit.session, row.appointment_id) if row.appointment_id else None
    told: dict[str, datetime | str | UUID | None] = {
        "id": row.id,
        "state": state.value,
        "with": f"{provider.first_name} {provider.last_name}",
        "session_type": row.session_type.value,
        "since": row.since,
        "starts_at": hold.starts_at if hold else None,
        "ends_at": hold.ends_at if hold else None,
        "until": row.expires_at,
        "appointment_id": row.appointment_id if state is WaitlistState.BOOKED else None,
    }
    return View("booking/place.html", told)


async def answer(visit: Visit) -> Shown:
    """Take the offered time, let it go, or wait no longer."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    row = await _theirs(visit)
    told: dict[str, Any] = {
        "actor": visit.actor,
        "house": scheduling.house(visit.settings),
        "now": visit.now,
        "new_id": visit.new_id,
    }
    held = row.appointment_id
    subjects = (row.id, row.provider_id, row.client_id, *((held,) if held else ()))
    match visit.form.get("decision"):
        case "accept":
            await scheduling.accept_offer(visit.session, row.id, **told)
            return Redirect(f"/bookings/{held}", done="booking.booked", subjects=subjects)
        case "decline":
            await scheduling.decline_offer(visit.session, row.id, **told)
            return Redirect(f"/waitlist/{row.id}", done="booking.let_go", subjects=subjects)
        case _:
            await scheduling.leave_waitlist(visit.session, row.id, **told)
            return Redirect("/bookings", done="booking.left", subjects=subjects)


async def _theirs(visit: Visit) -> WaitlistEntry:
    row = await calendar.waitlist_entry(visit.session, UUID(visit.path["entry_id"]))
    if row is None or row.client_id != visit.client_id:
        raise NotFound
    return row


PAGES = (
    Page(name="join_waitlist", path=f"/p/{{slug:{SLUG}}}/waitlist", roles=EVERYBODY, show=join, submit=put_down),
    Page(name="waitlist_place", path=f"/waitlist/{{entry_id:{_ID}}}", roles=CLIENTS, show=place, submit=answer),
)
