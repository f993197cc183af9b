"""When a provider can be seen: sessions and phone consultations apart, as lists of times, a heading each day (R27)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from config import times
from portal import views
from portal.pages.booking.whose import SLUG, Whose, session_type, whose
from portal.pages.page import EVERYBODY, Page, Redirect, Shown, View, Visit
from scheduling import actions as scheduling
from scheduling import queries as calendar
from scheduling.values import SessionType

WEEK = timedelta(days=7)
MONTH = 4 * WEEK


@dataclass(frozen=True, slots=True)
class Time:
    """A time that is open, and what books it."""

    starts_at: datetime
    ends_at: datetime
    offer: str


@dataclass(frozen=True, slots=True)
class Day:
    """The times of one day, by the clock of who looks."""

    on: date
    times: Sequence[Time]


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """A week of open times, and where to go from there; None where there is nothing that way."""

    days: Sequence[Day]
    since: date
    earlier: date | None
    later: date | None
    month: date | None
    next_at: datetime | None
    offered_until: datetime


async def openings(visit: Visit) -> Shown:
    """Show the openings of a week; without a word on which, of the first one that has any."""
    found = await whose(visit)
    if visit.path["slug"] != found.profile.slug:  # an address that the page once had leads there for good (R4)
        asked = f"?{urlencode(visit.query)}" if visit.query else ""
        return Redirect(f"{found.path}/openings{asked}", moved=True)
    what = session_type(visit, found)
    told: dict[str, object] = {"whose": found, "type": what.value if what else None, "openings": None, "grid": None}
    if what is not None and found.accepting:
        shown = await week(visit, found, what)
        told |= {"openings": shown, "grid": _grid(shown.days, visit)}
    return View("booking/openings.html", told)


async def week(visit: Visit, found: Whose, what: SessionType) -> Openings:
    """Return a week of openings from the asked day on."""
    house, zone = scheduling.house(visit.settings), visit.timezone
    settings = await calendar.referral_settings(visit.session, found.provider.id)
    today = views.local_day(visit.now, zone)
    last = views.local_day(visit.now + timedelta(days=settings.horizon_d), zone)
    asked = day_of(visit.query.get("from"))
    since = min(max(asked or today, today), last)
    days = await _days(visit, found, what, since)
    next_at = None
    if not days:
        span = await scheduling.next_opening(
            visit.session,
            found.provider.id,
            session_type=what,
            source=found.source,
            after=max(visit.now, views.midnight(since, zone)),
            house=house,
            now=visit.now,
        )
        next_at = times.instant(span.start) if span else None
        if next_at is not None and asked is None:
            since, next_at = views.local_day(next_at, zone), None
            days = await _days(visit, found, what, since)
    return Openings(
        days=days,
        since=since,
        earlier=max(today, since - WEEK) if since > today else None,
        later=since + WEEK if since + WEEK <= last else None,
        month=since + MONTH if since + MONTH <= last else None,
        next_at=next_at,
        offered_until=visit.now + house.offer_lives,
    )


async def _days(visit: Visit, found: Whose, what: SessionType, since: date) -> Sequence[Day]:
    house, zone = scheduling.house(visit.settings), visit.timezone
    offers = await scheduling.list_slots(
        visit.session,
        found.provider.id,
        session_type=what,
        source=found.source,
        since=max(visit.now, views.midnight(since, zone)),
        until=views.midnight(since + WEEK, zone),
        label=found.label,
        house=house,
        now=visit.now,
    )
    shown = [Time(**scheduling.shown(one, house)) for one in offers]
    return [Day(on, list(some)) for on, some in groupby(shown, lambda one: views.local_day(one.starts_at, zone))]


def _grid(days: Sequence[Day], visit: Visit) -> str:
    """Return what the picture of a week is drawn from: the places of the radios, and times on the reader's wall.

    A time reaches to the next one at most: they overlap where one can begin every quarter of an hour.
    """
    there = ZoneInfo(visit.timezone)

    def on_the_wall(at: datetime) -> str:
        return at.astimezone(there).strftime("%Y-%m-%dT%H:%M:%S")

    return json.dumps(
        [
            {"id": f"{n}-{m}", "title": "", "start": on_the_wall(one.starts_at), "end": on_the_wall(until)}
            for n, day in enumerate(days, 1)
            for m, (one, until) in enumerate(_to_the_next(day.times), 1)
        ]
    )


def _to_the_next(told: Sequence[Time]) -> list[tuple[Time, datetime]]:
    following = [one.starts_at for one in told[1:]]
    return [(one, min([one.ends_at, *following[n : n + 1]])) for n, one in enumerate(told)]


def day_of(text: str | None) -> date | None:
    """Return the day that stands in an address, or None where it is none."""
    try:
        return date.fromisoformat(text) if text and len(text) == len("2026-11-24") else None
    except ValueError:
        return None


PAGES = (Page(name="openings", path=f"/p/{{slug:{SLUG}}}/openings", roles=EVERYBODY, show=openings),)
