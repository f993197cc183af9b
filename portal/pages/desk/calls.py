"""A call looked up by its number or its time, with everything that was heard of it, and why it was refused.

A number is posted and hashed: none is kept, and none is shown. What was compared is never told, only what came of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bridge import actions as bridge
from bridge import queries
from bridge.models import Call
from bridge.values import Reason
from config.errors import NotFound
from people import actions as people
from portal import views
from portal.pages.booking.openings import day_of
from portal.pages.desk.cases import provider_name
from portal.pages.page import DESK, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed
from scheduling import actions as scheduling
from scheduling import queries as calendar
from scheduling.rules.appointments import state_at
from status import actions as ledger
from status import queries as ledger_queries
from status.models import Event
from status.values import EventKind

SHOWN = 100
NEAR = timedelta(minutes=30)
DAY = timedelta(days=1)
CORRECTIONS = ("wrong_answer", "voicemail", "late_evidence", "other")
_ID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A call in a list: of the number that dialled, its last two digits."""

    id: UUID
    dialled_at: datetime
    line: str
    last2: str | None
    provider: str
    outcome: str | None
    reason: str | None
    talk_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that was heard of a call, by the carrier's clock and by ours."""

    event: str
    source: str
    at: datetime | None
    heard_at: datetime
    duration_s: int | None
    bridged: bool | None


async def form(visit: Visit) -> Shown:
    """Ask for a number or a time."""
    return View("desk/calls.html", {"calls": None, "today": views.local_day(visit.now, visit.timezone)})


async def find(visit: Visit) -> Shown:
    """Find calls by what was typed; that somebody looked is history, the number is not."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    typed = Typed(visit.form)
    number = typed.phone("number")
    span = _span(visit, typed)
    if number is None and span is None:
        typed.wrong("number", "problems.number_or_day")
    typed.finish()
    rows = await queries.calls_lately(
        visit.session,
        caller_key=bridge.caller_key(number, visit.settings),
        lines=visit.settings.lines,
        since=span[0] if span else None,
        until=span[1] if span else None,
        limit=SHOWN,
    )
    await people.note_look(
        visit.session,
        "calls_by_number" if number else "calls_by_time",
        actor=visit.actor,
        now=visit.now,
        new_id=visit.new_id,
    )
    calls = [await _listed(visit, row) for row in rows]
    return View("desk/calls.html", {"calls": calls, "today": views.local_day(visit.now, visit.timezone)})


def _span(visit: Visit, typed: Typed) -> tuple[datetime, datetime] | None:
    """Return the span that was typed: half an hour around a time, or a day as the reader's clock has it."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    on, at = visit.form.get("on", "").strip(), visit.form.get("at", "").strip()
    day = day_of(on)
    if not on:
        return None
    if day is None:
        typed.wrong("on", "problems.day")
        return None
    if not at:
        return views.midnight(day, visit.timezone), views.midnight(day + DAY, visit.timezone)
    try:
        around = datetime.combine(day, time.fromisoformat(at), ZoneInfo(visit.timezone))
    except ValueError:
        typed.wrong("at", "problems.clock")
        return None
    return around - NEAR, around + NEAR


async def _listed(visit: Visit, row: Call) -> Listed:
    return Listed(
        id=row.id,
        dialled_at=row.dialled_at,
        line=row.line,
        last2=row.caller_last2,
        provider=await provider_name(visit, row.provider_id),
        outcome=row.outcome.value if row.outcome else None,
        reason=row.reason.value if row.reason else None,
        talk_s=row.talk_s,
    )


# One call


@dataclass(frozen=True, slots=True)
class Why:
    """What is said of a call: keys of words, and what stands in them."""

    key: str
    told: Mapping[str, object]
    detail: str | None = None


async def call(visit: Visit) -> Shown:
    """Show a call: in a sentence what became of it and why, then every fact in its order."""
    row = await queries.call(visit.session, UUID(visit.path["call_id"]))
    if row is None:
        raise NotFound
    facts = await queries.call_events(visit.session, row.id)
    history = await ledger_queries.events_of_call(visit.session, row.id)
    await people.note_look(
        visit.session,
        "call",
        provider_id=row.provider_id,
        appointment_id=row.appointment_id,
        call_id=row.id,
        actor=visit.actor,
        now=visit.now,
        new_id=visit.new_id,
    )
    return View(
        "desk/call.html",
        {
            "one": await _listed(visit, row),
            "why": why(row, history, visit),
            "attestation": row.attestation.value,
            "appointment_id": row.appointment_id or _appointment(history),
            "facts": [
                Fact(
                    event=one.event.value,
                    source=one.source.value,
                    at=one.at,
                    heard_at=one.heard_at,
                    duration_s=one.duration_s,
                    bridged=one.bridged,
                )
                for one in facts
            ],
            "history": [(one.kind.value, one.at) for one in history],
        },
    )


def why(row: Call, history: list[Event] | Any, visit: Visit) -> Why:
    """Return what became of a call, and for a refused one why: by what history says, not by a new comparison."""
    if row.reason is None:
        became = row.outcome.value if row.outcome else "open"
        minutes = -(-row.talk_s // 60) if row.talk_s else 0
        return Why(f"desk.became_{became}", {"n": minutes})
    refused = next((one for one in history if one.kind is EventKind.CALL_REFUSED), None)
    data = refused.data if refused else {}
    edge, off_by_s, detail = data.get("edge"), data.get("off_by_s"), data.get("detail")
    key = f"desk.why_{row.reason.value}"
    if edge is None or row.reason not in {Reason.TOO_EARLY, Reason.TOO_LATE}:
        return Why(key, {}, detail)
    at = views.day_and_time(datetime.fromisoformat(edge), visit.timezone, visit.language)
    return Why(f"{key}_at", {"at": at, "gap": _gap(abs(int(off_by_s or 0)))}, detail)


def _gap(seconds: int) -> str:
    """Say how far off a call was, as a clock would: hours, minutes and seconds."""
    minutes, left = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def _appointment(history: Any) -> UUID | None:
    return next((one.appointment_id for one in history if one.appointment_id), None)


# The appointment that calls were for


async def appointment(visit: Visit) -> Shown:
    """Show an appointment with its calls and its status, and put that right where it is wrong (R121)."""
    row = await calendar.appointment(visit.session, UUID(visit.path["appointment_id"]))
    if row is None:
        raise NotFound
    became = (await ledger_queries.latest_consultations(visit.session, [row.id])).get(row.id)
    rows = await queries.calls(
        visit.session,
        provider_id=None,
        appointment_id=row.id,
        caller_key=None,
        since=None,
        after=None,
        limit=SHOWN,
    )
    await people.note_look(
        visit.session,
        "appointment",
        provider_id=row.provider_id,
        appointment_id=row.id,
        actor=visit.actor,
        now=visit.now,
        new_id=visit.new_id,
    )
    return View(
        "desk/appointment.html",
        {
            "id": row.id,
            "provider": await provider_name(visit, row.provider_id),
            "session_type": row.session_type.value,
            "starts_at": row.starts_at,
            "ends_at": row.ends_at,
            "state": state_at(row.state, row.ends_at, visit.now).value,
            "line": row.line,
            "consultation_id": became.id if became else None,
            "status": became.status.value if became else None,
            "decided_by": became.decided_by.value if became and became.decided_by else None,
            "settled": became is not None and became.status.locked,
            "corrections": CORRECTIONS,
            "calls": [await _listed(visit, one) for one in sorted(rows, key=lambda one: one.dialled_at)],
        },
    )


async def correct(visit: Visit) -> Shown:
    """Append a correction with its reason; the words stand on a case of support (R121)."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    row = await calendar.appointment(visit.session, UUID(visit.path["appointment_id"]))
    became = (await ledger_queries.latest_consultations(visit.session, [row.id])).get(row.id) if row else None
    if row is None or became is None:
        raise NotFound
    typed = Typed(visit.form)
    occurred = typed.one_of("occurred", ("yes", "no"), needed=True)
    kind = typed.one_of("kind", CORRECTIONS, needed=True)
    explanation = typed.words("explanation", 4000, needed=True)
    typed.finish()
    await scheduling.correct_consultation(
        visit.session,
        became.id,
        occurred=occurred == "yes",
        reason=kind or "other",
        explanation=explanation or "",
        actor=visit.actor,
        policy=ledger.policy(visit.settings),
        now=visit.now,
        new_id=visit.new_id,
    )
    return Redirect(
        f"/desk/appointments/{row.id}", done="desk.corrected", subjects=(row.id, row.provider_id, became.id)
    )


_ONE = f"/desk/appointments/{{appointment_id:{_ID}}}"
PAGES = (
    Page(name="desk_calls", path="/desk/calls", roles=DESK, show=form, submit=find),
    Page(name="desk_call", path=f"/desk/calls/{{call_id:{_ID}}}", roles=DESK, show=call),
    Page(name="desk_appointment", path=_ONE, roles=DESK, show=appointment),
    Page(name="correct", path=f"{_ONE}/correct", roles=DESK, submit=correct, again=appointment),
)
