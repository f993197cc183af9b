"""The line: how each number is doing, the operator's switch, and what became of the calls of the last days."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from bridge import actions as bridge
from bridge import queries
from bridge.queries import DayOfCalls
from bridge.values import LineState, Outcome
from config.errors import BadInput, Problem
from portal import charts, views, words
from portal.charts import Chart
from portal.pages.page import DESK, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed
from scheduling import queries as calendar
from scheduling.values import SessionType

DAYS = 14
# Bars in this order from below; a call that has not ended is its own kind.
KINDS = (*(one.value for one in Outcome), "open")
# Whole days until somebody can be seen, up to the last that is told apart.
SPANS = (("three", 3), ("week", 7), ("fortnight", 14), ("month", 31))
ALL_SPANS = (*(name for name, _ in SPANS), "later", "never")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A number of the pool, and how it is judged."""

    number: str
    state: str
    since: datetime | None
    reason: str | None
    declared_at: datetime | None
    declared_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The calls of a day: how many ended how; of those that were let through, how many per cent were connected."""

    on: date
    counts: Mapping[str, int]
    rate: int | None
    talk_m: int
    mean_s: int | None


async def line(visit: Visit) -> Shown:
    """Show the numbers, the switch, and the last two weeks."""
    zone = visit.timezone
    today = views.local_day(visit.now, zone)
    since = views.midnight(today - timedelta(days=DAYS - 1), zone)
    lines = visit.settings.lines
    counted = await queries.calls_by_day(
        visit.session, lines=lines, since=since, until=visit.now + timedelta(days=1), timezone=zone
    )
    days = _days(counted, [today - timedelta(days=n) for n in reversed(range(DAYS))])
    openings = _openings(await calendar.until_first_opening(visit.session, visit.now))
    return View(
        "desk/line.html",
        {
            "lines": await _lines(visit),
            "days": days,
            "kinds": [kind for kind in KINDS if any(day.counts.get(kind) for day in days)],
            "calls": _chart(days, lambda day: day.counts, KINDS),
            "rates": _chart(days, lambda day: {"connected": day.rate or 0}, ("connected",)),
            "talk": _chart(days, lambda day: {"talk": day.talk_m}, ("talk",)),
            "refusals": [
                (reason.value, count)
                for reason, count in await queries.refusals(
                    visit.session, lines=lines, since=since, until=visit.now + timedelta(days=1)
                )
            ],
            "openings": openings,
            "first_openings": _first_openings(visit, openings),
            "types": [one.value for one in SessionType],
            "spans": ALL_SPANS,
        },
    )


async def _lines(visit: Visit) -> list[Line]:
    judged = {row.line: row for row in await queries.line_statuses(visit.session)}
    told = [(number, judged.get(number)) for number in visit.settings.lines]
    return [
        Line(
            number=number,
            state=(row.state if row else LineState.UP).value,
            since=row.since if row else None,
            reason=row.reason.value if row and row.reason else None,
            declared_at=row.declared_at if row else None,
            declared_reason=row.declared_reason if row else None,
        )
        for number, row in told
    ]


def _days(counted: Sequence[DayOfCalls], on: Sequence[date]) -> list[Day]:
    by_day: dict[str, list[DayOfCalls]] = defaultdict(list)
    for row in counted:
        by_day[row.day].append(row)
    return [_day(one, by_day[one.isoformat()]) for one in on]


def _day(on: date, rows: Sequence[DayOfCalls]) -> Day:
    counts = {row.outcome.value if row.outcome else "open": row.calls for row in rows}
    let_through = sum(n for kind, n in counts.items() if kind not in {Outcome.REFUSED.value, "open"})
    talked, talk_s = sum(row.talked for row in rows), sum(row.talk_s for row in rows)
    return Day(
        on=on,
        counts=counts,
        rate=round(100 * counts.get(Outcome.CONNECTED.value, 0) / let_through) if let_through else None,
        talk_m=round(talk_s / 60),
        mean_s=round(talk_s / talked) if talked else None,
    )


def _chart(days: Sequence[Day], parts: Callable[[Day], Mapping[str, int]], kinds: Sequence[str]) -> Chart:
    return charts.columns([(f"{day.on.month}/{day.on.day}", parts(day)) for day in days], kinds)


def _openings(rows: Sequence[tuple[SessionType, int, int]]) -> list[tuple[str, Mapping[str, int]]]:
    """Return how many of those who are listed can be seen within which time, by session type."""
    found: dict[str, dict[str, int]] = {one.value: defaultdict(int) for one in SessionType}
    for kind, days, count in rows:
        name = "never" if days < 0 else next((span for span, most in SPANS if days < most), "later")
        found[kind.value][name] += count
    return list(found.items())


def _first_openings(visit: Visit, openings: Sequence[tuple[str, Mapping[str, int]]]) -> Chart:
    """Return how many can be seen within which time, the session types on each other."""
    told = [
        (
            words.plain(f"desk.within_{span}", visit.language),
            {kind: counts.get(span, 0) for kind, counts in openings},
        )
        for span in ALL_SPANS
    ]
    return charts.columns(told, [one.value for one in SessionType])


async def switch(visit: Visit) -> Shown:
    """Call lines down, or take that back; a line that its own signs call down stays down (R111)."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    typed = Typed(visit.form)
    lines = typed.some_of("lines", visit.settings.lines, most=len(visit.settings.lines))
    reason = typed.line("reason", 200, needed=visit.form.get("switch") != "restore")
    typed.finish()
    if not lines:
        raise BadInput(Problem("lines", "problems.missing"))
    if visit.form.get("switch") == "restore":
        await bridge.restore(
            visit.session,
            lines=lines,
            actor=visit.actor,
            settings=visit.settings,
            now=visit.now,
            new_id=visit.new_id,
        )
        return Redirect("/desk/line", done="desk.restored", subjects=await _concerned(visit, lines))
    await bridge.declare_outage(
        visit.session,
        lines=lines,
        reason=reason,
        actor=visit.actor,
        settings=visit.settings,
        now=visit.now,
        new_id=visit.new_id,
    )
    return Redirect("/desk/line", done="desk.declared", subjects=await _concerned(visit, lines))


async def _concerned(visit: Visit, lines: Sequence[str]) -> tuple[UUID, ...]:
    return tuple(await bridge.concerned(visit.session, lines, settings=visit.settings, now=visit.now))


PAGES = (Page(name="desk_line", path="/desk/line", roles=DESK, show=line, submit=switch),)
