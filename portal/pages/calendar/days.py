"""The calendar: a day, a week, or a list; the list is what everybody can read, the grid a picture of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bridge import queries as bridge
from portal import views
from portal.pages.calendar.whose import Whose, names, whose
from portal.pages.page import Shown, View, Visit
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Appointment
from scheduling.rules.appointments import state_at
from scheduling.values import AppointmentState
from status import queries as ledger
from status.values import ConsultationStatus

MOST = 500
LIST_DAYS = 30
_OPEN = "#dcefe8"  # the colour of open hours in the picture
_STEP = {"day": 1, "week": 7, "list": LIST_DAYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An appointment in a calendar, as its provider calls it."""

    id: UUID
    name: str
    session_type: str
    state: AppointmentState
    status: ConsultationStatus | None
    in_call: bool
    series: bool
    starts_at: datetime
    ends_at: datetime


Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Day:
    """A day with what stands in it."""

    on: date
    entries: tuple[Entry, ...]
    open: tuple[Stretch, ...]
    elsewhere: tuple[Stretch, ...]


async def calendar(visit: Visit) -> Shown:
    """Show a day, a week or a list, of one's own calendar or of another's in the practice."""
    who = await whose(visit)
    today = views.local_day(visit.now, visit.timezone)
    view = visit.query.get("view", "week") if visit.query.get("view") in _STEP else "week"
    day = _day(visit.query.get("day"), today)
    first, days = _range(view, day)
    since, until = views.midnight(first, visit.timezone), views.midnight(first + timedelta(days=days), visit.timezone)
    rows = await queries.appointments_between(visit.session, who.id, since, until, MOST)
    entries = await _entries(visit, who, rows)
    opens, elsewhere = await scheduling.open_hours(visit.session, who.id, since, until)
    shown = [_of_day(first + timedelta(days=n), visit.timezone, entries, opens, elsewhere) for n in range(days)]
    return View(
        "calendar/days.html",
        {
            "who": who,
            "view": view,
            "today": today,
            "first": first,
            "last": first + timedelta(days=days - 1),
            "chosen": day,
            "earlier": first - timedelta(days=_STEP[view]),
            "later": first + timedelta(days=_STEP[view]),
            "days": [one for one in shown if one.entries or view != "list"],
            "nothing": not entries,
            "grid": _grid(entries, opens, visit) if view != "list" else None,
            "outage": bool(await bridge.lines_down(visit.session)),
            "unseen": await ledger.unseen(visit.session, who.id),
            "to_decide": await queries.requests_to_decide(visit.session, who.id, visit.now),
        },
    )


def _day(asked: str | None, today: date) -> date:
    try:
        day = date.fromisoformat(asked) if asked else today
    except ValueError:
        return today
    return day if date(2000, 1, 1) < day < date(2100, 1, 1) else today


def _range(view: str, day: date) -> tuple[date, int]:
    """Return the first day that is shown, and how many there are; a week begins on Monday."""
    return (day - timedelta(days=day.weekday()), 7) if view == "week" else (day, _STEP[view])


def _of_day(
    on: date, zone: str, entries: Sequence[Entry], opens: Sequence[Stretch], elsewhere: Sequence[Stretch]
) -> Day:
    begins, ends = views.midnight(on, zone), views.midnight(on + timedelta(days=1), zone)

    def cut(stretches: Sequence[Stretch]) -> tuple[Stretch, ...]:
        return tuple((max(a, begins), min(b, ends)) for a, b in stretches if a < ends and begins < b)

    return Day(on, tuple(one for one in entries if begins <= one.starts_at < ends), cut(opens), cut(elsewhere))


async def _entries(visit: Visit, who: Whose, rows: Sequence[Appointment]) -> list[Entry]:
    called = await names(visit, who.id, {row.client_id for row in rows})
    became = await ledger.latest_consultations(visit.session, [row.id for row in rows])
    return [
        Entry(
            id=row.id,
            name=called[row.client_id],
            session_type=row.session_type.value,
            state=state_at(row.state, row.ends_at, visit.now),
            status=became[row.id].status if row.id in became else None,
            in_call=row.id in became and became[row.id].live_since is not None,
            series=row.series_id is not None,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
        )
        for row in rows
    ]


def _grid(entries: Sequence[Entry], opens: Sequence[Stretch], visit: Visit) -> str:
    """Return what the picture of a week is drawn from: ids, times on the wall of the reader, and titles."""
    there = ZoneInfo(visit.timezone)

    def on_the_wall(stretch: Stretch) -> dict[str, str]:
        start, end = (at.astimezone(there).strftime("%Y-%m-%dT%H:%M:%S") for at in stretch)
        return {"start": start, "end": end}

    return json.dumps(
        [
            *({"display": "background", "backgroundColor": _OPEN, **on_the_wall(one)} for one in opens),
            *({"id": str(one.id), "title": one.name, **on_the_wall((one.starts_at, one.ends_at))} for one in entries),
        ]
    )
