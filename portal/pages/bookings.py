"""What a client has booked, asked for and waits for: looked at, moved, given up, and somebody else found (R19, R24)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from config import times
from config.errors import BadInput, NotFound, Problem, Refused
from config.lifecycles import next_state
from people import queries as people_queries
from portal import entries, views
from portal.letters import ClientFacts
from portal.pages.booking.openings import MONTH, WEEK, Day, Time, day_of
from portal.pages.page import CLIENTS, Download, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed
from scheduling import actions as scheduling
from scheduling import queries as calendar
from scheduling.models import Appointment
from scheduling.rules.appointments import state_at, why_not_moved
from scheduling.rules.booking import state_at as request_at
from scheduling.rules.entries import letter_file
from scheduling.rules.waitlist import state_at as wait_at
from scheduling.values import AppointmentFacts, AppointmentState, Method, RequestState, SessionType, Side
from status import queries as ledger_queries
from status.rules.lifecycle import REFERRAL
from status.values import ReferralEvent

SHOWN = 50
_ID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """An appointment as its client sees it: with whom, when, and how it stands. Never a number of the provider's."""

    id: UUID
    provider: str
    page: str | None
    session_type: str
    state: str
    starts_at: datetime
    ends_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Wait:
    """A place on a waitlist."""

    id: UUID
    provider: str
    session_type: str
    state: str
    until: datetime | None


async def bookings(visit: Visit) -> Shown:
    """List what lies ahead, what is waited for, and what has been."""
    session, me = visit.session, visit.client_id
    ahead = await calendar.appointments_of_client(session, me, visit.now, SHOWN)
    past = await calendar.past_of_client(session, me, visit.now, SHOWN)
    waits = await calendar.waits_of_client(session, me)
    who = await _who(visit, {row.provider_id for row in (*ahead, *past)} | {row.provider_id for row in waits})
    return View(
        "bookings/list.html",
        {
            "ahead": [_booking(visit, row, *who[row.provider_id]) for row in ahead],
            "past": [_booking(visit, row, *who[row.provider_id]) for row in past],
            "waits": [
                Wait(
                    row.id,
                    who[row.provider_id][0],
                    row.session_type.value,
                    wait_at(row.state, row.expires_at, visit.now).value,
                    row.expires_at,
                )
                for row in waits
            ],
        },
    )


async def _who(visit: Visit, providers: Collection[UUID]) -> dict[UUID, tuple[str, str | None]]:
    """Return the name of each provider, and their public page, if they have one."""
    found: dict[UUID, tuple[str, str | None]] = {}
    for provider_id in providers:
        provider = await people_queries.provider(visit.session, provider_id)
        profile = await people_queries.profile(visit.session, provider_id)
        name = f"{provider.first_name} {provider.last_name}" if provider else ""
        public = profile is not None and profile.published and provider is not None and provider.active
        found[provider_id] = (name, f"/p/{profile.slug}" if public and profile and profile.slug else None)
    return found


def _booking(visit: Visit, row: Appointment, name: str, page: str | None) -> Booking:
    return Booking(
        id=row.id,
        provider=name,
        page=page,
        session_type=row.session_type.value,
        state=state_at(row.state, row.ends_at, visit.now).value,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        version=row.version,
    )


async def booking(visit: Visit) -> Shown:
    """Show one of them: what happens next, and what can be done."""
    row = await _theirs(visit)
    who = await _who(visit, {row.provider_id})
    shown = _booking(visit, row, *who[row.provider_id])
    client = await people_queries.client(visit.session, visit.client_id)
    request = await calendar.request_of(visit.session, row.id)
    asked = request_at(request.state, expires_at=request.expires_at, now=visit.now) if request else None
    house = scheduling.house(visit.settings)
    booked = shown.state == AppointmentState.BOOKED.value
    stuck = why_not_moved(_facts(row), Side.CLIENT, limit=house.moves_by_client, now=visit.now)
    return View(
        "bookings/one.html",
        {
            "one": shown,
            "request": asked.value if asked else None,
            "decided_by": request.expires_at if request and asked is RequestState.PENDING else None,
            "reason": request.reason if request else None,
            "message": row.cancel_message if row.cancelled_by is Side.PROVIDER else None,
            "last_digits": client.phone[-2:] if client and client.phone else None,
            "over_line": row.session_type is SessionType.PHONE_CONSULTATION,
            "movable": booked and stuck is None,
            "moves_left": house.moves_by_client - row.moves_by_client,
            "cancellable": booked and visit.now < row.starts_at,
            "withdrawable": asked is RequestState.PENDING,
            "another": await _can_find_another(visit, row),
        },
    )


async def _theirs(visit: Visit) -> Appointment:
    row = await calendar.appointment(visit.session, UUID(visit.path["appointment_id"]))
    if row is None or row.client_id != visit.client_id:
        raise NotFound
    return row


def _facts(row: Appointment) -> AppointmentFacts:
    return AppointmentFacts(
        state=row.state,
        session_type=row.session_type,
        source=row.source,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        referred=row.referral_id is not None,
        in_series=row.series_id is not None,
        moves_by_client=row.moves_by_client,
    )


async def _can_find_another(visit: Visit, row: Appointment) -> bool:
    """Tell whether somebody else can be looked for: a referral that has come to nothing, or can be ended (R19, R39)."""
    referral = await ledger_queries.referral(visit.session, row.referral_id) if row.referral_id else None
    if referral is None:
        return False
    return not referral.state.open or next_state(REFERRAL, referral.state, ReferralEvent.FIND_ANOTHER) is not None


def _told(visit: Visit) -> dict[str, Any]:
    house = scheduling.house(visit.settings)
    return {"actor": visit.actor, "house": house, "now": visit.now, "new_id": visit.new_id}


def _subjects(row: Appointment) -> tuple[UUID, ...]:
    return (row.id, row.provider_id, row.client_id)


def _version(visit: Visit) -> int | None:
    text = visit.form.get("version", "") if visit.form is not None else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


# Given up


async def cancel(visit: Visit) -> Shown:
    """Give an appointment up, perhaps with words for the provider."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    row = await _theirs(visit)
    typed = Typed(visit.form)
    message = typed.note("message")
    typed.finish()
    await scheduling.cancel(
        visit.session,
        row.id,
        by=Side.CLIENT,
        reason=None,
        message=message,
        version=_version(visit),
        **_told(visit),
    )
    return Redirect(f"/bookings/{row.id}", done="bookings.cancelled", subjects=_subjects(row))


async def withdraw(visit: Visit) -> Shown:
    """Take a request back."""
    row = await _theirs(visit)
    request = await calendar.request_of(visit.session, row.id)
    if request is None:
        raise NotFound
    await scheduling.withdraw_request(visit.session, request.id, **_told(visit))
    return Redirect("/bookings", done="bookings.withdrawn", subjects=(request.id, *_subjects(row)))


# Moved


async def times_to_move(visit: Visit) -> Shown:
    """Show a week of times that an appointment can be moved to; after a refusal, those that are near."""
    row = await _theirs(visit)
    who = await _who(visit, {row.provider_id})
    house, zone = scheduling.house(visit.settings), visit.timezone
    settings = await calendar.referral_settings(visit.session, row.provider_id)
    today, last = (views.local_day(at, zone) for at in (visit.now, visit.now + timedelta(days=settings.horizon_d)))
    since = min(max(day_of(visit.query.get("from")) or today, today), last)
    spans = await scheduling.movable_to(
        visit.session,
        row,
        since=max(visit.now, views.midnight(since, zone)),
        until=views.midnight(since + WEEK, zone),
        house=house,
        now=visit.now,
    )
    shown = [Time(times.instant(one.start), times.instant(one.end), "") for one in spans]
    shown = [one for one in shown if one.starts_at != row.starts_at]
    near = visit.trouble.facts.get("alternatives") if visit.trouble else None
    return View(
        "bookings/move.html",
        {
            "one": _booking(visit, row, *who[row.provider_id]),
            "days": _by_day(shown, zone),
            "near": [Time(one["starts_at"], one["ends_at"], "") for one in near] if isinstance(near, list) else [],
            "moves_left": house.moves_by_client - row.moves_by_client,
            "earlier": max(today, since - WEEK) if since > today else None,
            "later": since + WEEK if since + WEEK <= last else None,
            "month": since + MONTH if since + MONTH <= last else None,
        },
    )


def _by_day(shown: Sequence[Time], zone: str) -> list[Day]:
    days: dict[Any, list[Time]] = {}
    for one in shown:
        days.setdefault(views.local_day(one.starts_at, zone), []).append(one)
    return [Day(on, some) for on, some in days.items()]


async def move(visit: Visit) -> Shown:
    """Move an appointment to another time: as often and as late as a client may."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    row = await _theirs(visit)
    await scheduling.reschedule(
        visit.session,
        row.id,
        starts_at=_chosen(visit.form.get("starts_at", "")),
        ends_at=None,
        by=Side.CLIENT,
        version=_version(visit),
        **_told(visit),
    )
    return Redirect(f"/bookings/{row.id}", done="bookings.moved", subjects=_subjects(row))


def _chosen(text: str) -> datetime:
    try:
        return times.utc(datetime.fromisoformat(text))
    except ValueError:
        raise BadInput(Problem("starts_at", "problems.time")) from None


# Somebody else


async def find_another(visit: Visit) -> Shown:
    """Look for somebody else with the old answers; the provider learns that, and no reason (R19)."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    row = await _theirs(visit)
    referral = await ledger_queries.referral(visit.session, row.referral_id) if row.referral_id else None
    if referral is None:
        raise Refused("no_search", "This booking came without a search. Make a new one.")
    typed = Typed(visit.form)
    reason = typed.note("why")
    typed.finish()
    if referral.state.open:
        _, found = await scheduling.find_another(visit.session, referral.id, reason=reason, **_told(visit))
        to, done = (f"/find/{found.search_id}", "bookings.looks") if found else ("/find", "bookings.looks_anew")
        return Redirect(to, done=done, subjects=(referral.id, *_subjects(row)))
    if referral.search_id is None or await calendar.search(visit.session, referral.search_id) is None:
        return Redirect("/find", done="bookings.looks_anew")
    told = {name: value for name, value in _told(visit).items() if name != "actor"}
    again = await scheduling.search_for_referred(visit.session, referral.id, **told)
    return Redirect(f"/find/{again.search_id}", done="bookings.looks")


# For a calendar


async def file(visit: Visit) -> Shown:
    """Give the appointment as a file for calendars."""
    row = await _theirs(visit)
    provider = await people_queries.provider(visit.session, row.provider_id)
    client = await people_queries.client(visit.session, visit.client_id)
    facts = ClientFacts(
        portal_url=visit.settings.public_url,
        timezone=visit.timezone,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        provider=f"{provider.first_name} {provider.last_name}" if provider else None,
        session_type=row.session_type,
        can_be_called=client is not None and client.phone is not None,
    )
    entry = entries.for_client(row, facts, visit.language, stamped_at=visit.now)
    if entry is None:
        raise NotFound
    text = letter_file([entry], Method.PUBLISH, entries.organizer(visit.settings))
    return Download(text.encode(), "appointment.ics", "text/calendar")


_ONE = f"/bookings/{{appointment_id:{_ID}}}"
PAGES = (
    Page(name="bookings", path="/bookings", roles=CLIENTS, show=bookings, menu="bookings.menu"),
    Page(name="booking", path=_ONE, roles=CLIENTS, show=booking),
    Page(name="cancel_booking", path=f"{_ONE}/cancel", roles=CLIENTS, submit=cancel, again=booking),
    Page(name="withdraw_booking", path=f"{_ONE}/withdraw", roles=CLIENTS, submit=withdraw, again=booking),
    Page(name="move_booking", path=f"{_ONE}/move", roles=CLIENTS, show=times_to_move, submit=move),
    Page(name="find_another", path=f"{_ONE}/another", roles=CLIENTS, submit=find_another, again=booking),
    Page(name="booking_file", path=f"{_ONE}/calendar.ics", roles=CLIENTS, show=file, file=True),
)
