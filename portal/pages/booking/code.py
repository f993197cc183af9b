"""The code that completes what was begun: it proves the address, and signs in whoever it belongs to (1.16).

The page knows an opaque id and shows nothing that was typed: with whom and when, and no name, address or note.
"""

import re
from dataclasses import replace
from uuid import UUID

from config.errors import BadInput, NotFound, Problem
from people import actions as people
from people import queries as people_queries
from portal.pages import sign_in
from portal.pages.booking.form import decided_by, gone, read_offer
from portal.pages.booking.openings import Time
from portal.pages.page import EVERYBODY, Page, Redirect, Shown, View, Visit
from scheduling import actions as scheduling
from scheduling import queries as calendar
from scheduling.models import BookingDraft, Request
from scheduling.rules.policy import policy_for
from scheduling.values import Acceptance, DraftState, Offer

_ID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


async def code(visit: Visit) -> Shown:
    """Ask for the code, or say what became of it."""
    return await _shown(visit)


async def _shown(visit: Visit, tries_left: int | None = None) -> View:
    row = await _draft(visit)
    provider = await people_queries.provider(visit.session, row.provider_id)
    profile = await people_queries.profile(visit.session, row.provider_id)
    assert provider is not None  # noqa: S101 - drafts keep their provider
    house = scheduling.house(visit.settings)
    asked = (await calendar.practice_acceptance(visit.session, provider.practice_id)).get(row.source)
    asks = policy_for(row.source, asked).acceptance is Acceptance.REQUIRED
    told = {
        "id": row.id,
        "with": f"{provider.first_name} {provider.last_name}",
        "page": f"/p/{profile.slug}" if profile and profile.published and profile.slug else None,
        "session_type": row.session_type.value,
        "time": Time(row.starts_at, row.ends_at, "") if row.starts_at and row.ends_at else None,
        "decided_by": decided_by(visit, row.starts_at, house) if asks and row.starts_at else None,
        "others": gone(visit),
        "until": row.expires_at,
        "open": row.state is DraftState.AWAITING_CODE and visit.now < row.expires_at,
        "completed": row.state is DraftState.COMPLETED,
        "tries_left": tries_left,
        "gates": visit.trouble.facts.get("gates", ()) if visit.trouble else (),
    }
    return View("booking/code.html", told, status=200 if tries_left is None else 422)


async def _draft(visit: Visit) -> BookingDraft:
    row = await calendar.draft(visit.session, UUID(visit.path["draft_id"]))
    if row is None:
        raise NotFound
    return row


async def complete(visit: Visit) -> Shown:
    """Take the code: book, ask, or wait; a wrong one is a try that counts."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    row = await _draft(visit)
    typed = re.sub(r"[\s-]", "", visit.form.get("code", ""))
    if not _CODE.fullmatch(typed):
        raise BadInput(Problem("code", "problems.six_digits"))
    if not scheduling.books(row):
        return await _wait(visit, row, typed)
    made = await scheduling.complete_booking(
        visit.session,
        row.id,
        typed,
        offer=_other(visit),
        house=scheduling.house(visit.settings),
        now=visit.now,
        new_id=visit.new_id,
    )
    if isinstance(made, scheduling.WrongCode):
        return await _shown(visit, made.tries_left)
    asks = isinstance(made, Request)
    appointment_id = made.appointment_id if isinstance(made, Request) else made.id
    done = "booking.requested" if asks else "booking.booked"
    shown = await _signed_in(visit, row, made.client_id, f"/bookings/{appointment_id}", done)
    return replace(shown, subjects=(appointment_id, made.provider_id))


def _other(visit: Visit) -> Offer | None:
    """Return the time that was chosen in place of one that was gone."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    return read_offer(visit, visit.form.get("offer", ""), scheduling.house(visit.settings))


async def _wait(visit: Visit, row: BookingDraft, typed: str) -> Shown:
    entry = await scheduling.complete_waiting(
        visit.session,
        row.id,
        typed,
        house=scheduling.house(visit.settings),
        now=visit.now,
        new_id=visit.new_id,
    )
    if isinstance(entry, scheduling.WrongCode):
        return await _shown(visit, entry.tries_left)
    return await _signed_in(visit, row, entry.client_id, f"/waitlist/{entry.id}", "booking.waits")


async def _signed_in(visit: Visit, row: BookingDraft, client_id: UUID, to: str, done: str) -> Redirect:
    """Sign in whoever has shown that the address is theirs; a browser that somebody else is signed in to stays so."""
    if visit.person is not None and visit.person.client_id == client_id:
        return Redirect(to, done=done)
    client = await people_queries.client(visit.session, client_id)
    assert client is not None  # noqa: S101 - what was made is theirs
    account = await people.account_for(visit.session, client, now=visit.now, new_id=visit.new_id)
    if visit.person is not None or account is None or account.disabled_at is not None:
        return Redirect(f"/book/{row.id}", done=done)
    return await sign_in.begin_session(visit, account, to, done=done)


async def again(visit: Visit) -> Shown:
    """Send another code for what was typed, perhaps with another time in place of one that is gone."""
    row = await scheduling.send_another_code(
        visit.session,
        UUID(visit.path["draft_id"]),
        offer=_other(visit),
        house=scheduling.house(visit.settings),
        now=visit.now,
        new_id=visit.new_id,
    )
    return Redirect(f"/book/{row.id}", done="booking.sent_again")


PAGES = (
    Page(name="code", path=f"/book/{{draft_id:{_ID}}}", roles=EVERYBODY, show=code, submit=complete),
    Page(name="another_code", path=f"/book/{{draft_id:{_ID}}}/again", roles=EVERYBODY, submit=again, again=code),
)
