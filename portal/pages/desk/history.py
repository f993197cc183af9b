"""The audit log, and what can be taken out of it as files: ids, codes, counts and instants, nobody's data."""

import csv
import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from io import StringIO

from bridge import queries
from bridge.models import Call
from config.errors import BadInput, Problem, Refused
from people import actions as people
from people.values import Role
from portal import views
from portal.pages.booking.openings import day_of
from portal.pages.page import Download, Page, Shown, View, Visit
from portal.pages.typed import opaque
from status import queries as ledger_queries
from status.models import Event
from status.values import EventKind

SHOWN = 100
MOST = 50_000
ADMINS = frozenset({Role.ADMIN})
CALLS = (
    "id",
    "dialled_at",
    "line",
    "outcome",
    "reason",
    "answered_at",
    "ended_at",
    "talk_s",
    "attestation",
    "provider_id",
    "appointment_id",
    "occurrence",
)
EVENTS = (
    "id",
    "at",
    "recorded_at",
    "kind",
    "actor_kind",
    "actor_id",
    "provider_id",
    "appointment_id",
    "consultation_id",
    "call_id",
)


async def log(visit: Visit) -> Shown:
    """Show history, the newest first, of a kind or about somebody."""
    kind, subject = visit.query.get("kind", ""), opaque(visit.query.get("subject"))
    before = visit.query.get("before", "").split("-")
    place = (int(before[0]), int(before[1])) if len(before) == 2 and all(map(_counts, before)) else None
    found = await ledger_queries.log(
        visit.session,
        kind=EventKind(kind) if kind in set(EventKind) else None,
        subject=subject,
        before=place,
        limit=SHOWN + 1,
    )
    rows = found[:SHOWN]
    last = rows[-1] if len(found) > SHOWN else None
    return View(
        "desk/history.html",
        {
            "events": [
                (row.at, row.kind.value, row.actor_kind, row.actor_id, _about(row), json.dumps(row.data))
                for row in rows
            ],
            "kinds": [one.value for one in EventKind],
            "kind": kind,
            "subject": str(subject) if subject else "",
            "before": f"{last.transaction}-{last.sequence}" if last else None,
            "today": views.local_day(visit.now, visit.timezone),
        },
    )


def _counts(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _about(row: Event) -> list[tuple[str, str]]:
    named = ("provider", "appointment", "consultation", "call")
    told = ((name, getattr(row, f"{name}_id")) for name in named)
    return [(name, str(one)) for name, one in told if one]


async def export(visit: Visit) -> Shown:
    """Give calls or history of some days as a .csv; that it was taken is history, too."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    first, last = day_of(visit.form.get("first")), day_of(visit.form.get("last"))
    if first is None or last is None or last < first:
        raise BadInput(Problem("last" if first else "first", "problems.days"))
    since = views.midnight(first, visit.timezone)
    until = views.midnight(last + timedelta(days=1), visit.timezone)
    what = "events" if visit.form.get("what") == "events" else "calls"
    if what == "calls":
        calls: Sequence[Call] = await queries.calls_lately(
            visit.session, caller_key=None, lines=visit.settings.lines, since=since, until=until, limit=MOST + 1
        )
        body = _table(CALLS, calls)
        count = len(calls)
    else:
        events = await ledger_queries.log(
            visit.session, kind=None, subject=None, since=since, until=until, before=None, limit=MOST + 1
        )
        body = _table(EVENTS, events)
        count = len(events)
    if count > MOST:
        raise Refused("export_too_large", "These are too many rows for one file. Choose fewer days.", limit=MOST)
    await people.note_look(visit.session, f"export_{what}", actor=visit.actor, now=visit.now, new_id=visit.new_id)
    return Download(body, f"{what}-{first}-{last}.csv", "text/csv")


def _table(names: Sequence[str], rows: Iterable[object]) -> bytes:
    """Return rows as a .csv; all are ids, codes, numbers and instants, so no cell can be a formula."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(getattr(row, name)) for name in names])
    return text.getvalue().encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    told = getattr(value, "isoformat", None)
    return str(told()) if told else str(getattr(value, "value", value)).removeprefix("+")


PAGES = (
    Page(name="desk_history", path="/desk/history", roles=ADMINS, show=log),
    Page(name="export", path="/desk/export", roles=ADMINS, submit=export, again=log),
)
