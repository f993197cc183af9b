"""Unconfirmed appointments: what waits for a yes or a no, what expires soonest first (R90-R96)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from config.errors import NotFound
from portal.pages.calendar.typed import Typed
from portal.pages.calendar.whose import acting, may_see, name_of, names, whose
from portal.pages.page import Redirect, Shown, View, Visit
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Appointment, Request
from scheduling.rules.booking import state_at
from scheduling.values import RequestState

SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A request; `payer` is the payer's name as it was when they asked, where one did (R91)."""

    id: UUID
    appointment_id: UUID
    name: str
    source: str
    payer: str | None
    session_type: str
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime
    note: str | None
    state: RequestState
    version: int


async def unconfirmed(visit: Visit) -> Shown:
    """List what can still be decided."""
    who = await whose(visit)
    found = await queries.requests(
        visit.session, provider_id=who.id, state=RequestState.PENDING, after=None, limit=SHOWN, now=visit.now
    )
    called = await names(visit, who.id, {row.client_id for row, _ in found})
    waiting = [_waiting(row, hold, called[row.client_id], visit.now) for row, hold in found]
    count = await queries.requests_to_decide(visit.session, who.id, visit.now)
    return View("calendar/unconfirmed.html", {"who": who, "waiting": waiting, "to_decide": count})


def _waiting(row: Request, hold: Appointment, name: str, now: datetime) -> Waiting:
    return Waiting(
        id=row.id,
        appointment_id=row.appointment_id,
        name=name,
        source=row.source.value,
        payer=row.source_name,
        session_type=hold.session_type.value,
        starts_at=hold.starts_at,
        ends_at=hold.ends_at,
        expires_at=row.expires_at,
        note=hold.note,
        state=state_at(row.state, expires_at=row.expires_at, now=now),
        version=row.version,
    )


async def _request(visit: Visit) -> Request:
    row = await queries.request(visit.session, UUID(visit.path["request_id"]))
    if row is None:
        raise NotFound
    await may_see(visit, row.provider_id)
    return row


async def asked(visit: Visit) -> Shown:
    """Show one request, with what a yes and a no come to: neither can be undone (R96)."""
    row = await _request(visit)
    hold = await queries.appointment(visit.session, row.appointment_id)
    assert hold is not None  # noqa: S101 - requests keep their hold
    called = await names(visit, row.provider_id, {row.client_id})
    provider = await may_see(visit, row.provider_id)
    own = provider.id == visit.me.provider_id
    return View(
        "calendar/request.html",
        {
            "one": _waiting(row, hold, called[row.client_id], visit.now),
            "provider_name": None if own else name_of(provider),
            "back": "/calendar/unconfirmed" + ("" if own else f"?provider={provider.id}"),
        },
    )


async def confirm(visit: Visit) -> Shown:
    """Say yes (R94)."""
    row = await _request(visit)
    typed = Typed(visit.form) if visit.form is not None else None
    version = typed.whole("version", 1, 10**9) if typed else None
    row = await scheduling.accept_request(
        visit.session,
        row.id,
        version=version,
        actor=acting(visit, row.provider_id),
        house=scheduling.house(visit.settings),
        now=visit.now,
        new_id=visit.new_id,
    )
    return _decided(visit, row, "home.accepted")


async def decline(visit: Visit) -> Shown:
    """Say no, perhaps with words for the client (R95)."""
    row = await _request(visit)
    assert visit.form is not None  # noqa: S101 - a POST has one
    typed = Typed(visit.form)
    version, reason = typed.whole("version", 1, 10**9), typed.note("reason")
    typed.finish()
    row = await scheduling.decline_request(
        visit.session,
        row.id,
        reason=reason,
        version=version,
        actor=acting(visit, row.provider_id),
        house=scheduling.house(visit.settings),
        now=visit.now,
        new_id=visit.new_id,
    )
    return _decided(visit, row, "home.declined")


def _decided(visit: Visit, row: Request, key: str) -> Redirect:
    whose = "" if row.provider_id == visit.me.provider_id else f"?provider={row.provider_id}"
    subjects = (row.id, row.appointment_id, row.provider_id, row.client_id)
    return Redirect(f"/calendar/unconfirmed{whose}", done=key, subjects=subjects)
