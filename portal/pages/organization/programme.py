"""Organization → Manage Subscription → Client Referral Program (R68-R82)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from config.errors import BadInput, NotFound, Problem
from people import actions as people
from people import queries
from people.models import Practice, Provider
from people.values import EnrolmentEvent, EnrolmentState
from portal.pages.organization import frame
from portal.pages.page import PRACTICE_ADMINS, Page, Redirect, Shown, View, Visit
from scheduling import actions as scheduling
from scheduling import queries as calendar

PATH = "/organization/programme"
STATES = (EnrolmentState.INCOMPLETE, EnrolmentState.COMPLETED, EnrolmentState.DEACTIVATED)
COLUMNS = ("staff", "status", "payers")
MOST_PAYERS = 500
AHEAD = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A provider in the grid."""

    provider_id: UUID
    name: str
    state: EnrolmentState
    needs_attention: bool
    submitted_at: datetime | None
    payers: tuple[tuple[UUID, str], ...]


async def _where(visit: Visit) -> Practice:
    """Return the practice; without the programme there is nothing here (R68)."""
    practice = await frame.where(visit)
    if not practice.programme:
        raise NotFound
    return practice


async def _theirs(visit: Visit) -> tuple[Provider, Practice]:
    """Return a provider of the practice; NotFound where it does not have the programme (R68)."""
    provider, practice = await people.staff_member(visit.session, visit.me, UUID(visit.path["provider_id"]))
    if not practice.programme:
        raise NotFound
    return provider, practice


async def grid(visit: Visit) -> Shown:
    """Show the staff of the programme, filtered and sorted as the address says (R77)."""
    practice = await _where(visit)
    rows = await _rows(visit, practice)
    chosen = {name: visit.query.get(name, "") for name in COLUMNS}
    payers = {payer_id: name for row in rows for payer_id, name in row.payers}
    return View(
        "organization/programme.html",
        {
            **await frame.told(visit, practice),
            "rows": _sorted(_filtered(rows, chosen), visit.query.get("sort", "staff"), visit.query.get("down") == "1"),
            "total": len(rows),
            "chosen": chosen,
            "filters": {
                "staff": sorted(((str(row.provider_id), row.name) for row in rows), key=lambda one: one[1].casefold()),
                "status": [one.value for one in STATES],
                "payers": sorted(((str(one), name) for one, name in payers.items()), key=lambda one: one[1].casefold()),
            },
            "sort": visit.query.get("sort", "staff"),
            "down": visit.query.get("down") == "1",
            "link": lambda **more: _link(visit, practice, chosen, more),
        },
    )


def _link(visit: Visit, practice: Practice, chosen: dict[str, str], more: dict[str, str]) -> str:
    order = {name: visit.query.get(name, "") for name in ("sort", "down")}
    return f"{PATH}{frame.suffix(visit, practice.id, **{**chosen, **order, **more})}"


async def _rows(visit: Visit, practice: Practice) -> list[Row]:
    session = visit.session
    names = {row.id: row.name for row in await queries.payers(session, after=None, limit=MOST_PAYERS)}
    staff = {row.id: row for row in await queries.staff(session, practice.id)}
    return [
        Row(
            provider_id=row.provider_id,
            name=_name(staff[row.provider_id]),
            state=row.state,
            needs_attention=row.needs_attention,
            submitted_at=row.submitted_at,
            payers=tuple(sorted(((one, names.get(one, "")) for one in payer_ids), key=lambda one: one[1].casefold())),
        )
        for row, payer_ids in await queries.enrolments_of(session, practice.id)
        if row.provider_id in staff
    ]


def _name(provider: Provider) -> str:
    return f"{provider.first_name} {provider.last_name}"


def _filtered(rows: Sequence[Row], chosen: dict[str, str]) -> list[Row]:
    staff, payer = frame.row_id(chosen["staff"]), frame.row_id(chosen["payers"])
    state = chosen["status"] if chosen["status"] in set(STATES) else None
    return [
        row
        for row in rows
        if staff in {None, row.provider_id}
        and state in {None, row.state.value}
        and (payer is None or payer in {one for one, _ in row.payers})
    ]


def _sorted(rows: Sequence[Row], by: str, down: bool) -> list[Row]:
    keys: dict[str, Any] = {
        "status": lambda row: (row.state.value, row.name.casefold()),
        "payers": lambda row: ([name.casefold() for _, name in row.payers], row.name.casefold()),
    }
    return sorted(rows, key=keys.get(by, lambda row: row.name.casefold()), reverse=down)


# Add, edit, remind


async def add(visit: Visit) -> Shown:
    """Show who can be added: active, and with no place in the programme, not even one that has ended (R76, R82)."""
    practice = await _where(visit)
    rows = await queries.enrolments_of(visit.session, practice.id)
    placed = {row.provider_id for row, _ in rows}
    staff = [row for row in await queries.staff(visit.session, practice.id) if row.id not in placed]
    return View(
        "organization/add.html",
        {
            **await frame.told(visit, practice),
            "staff": [(str(row.id), _name(row)) for row in staff],
            "payers": await _payers(visit),
            "ended": any(row.state is EnrolmentState.DEACTIVATED for row, _ in rows),
        },
    )


async def _payers(visit: Visit) -> list[tuple[str, str]]:
    rows = [row for row in await queries.payers(visit.session, after=None, limit=MOST_PAYERS) if row.active]
    return sorted(((str(row.id), row.name) for row in rows), key=lambda one: one[1].casefold())


async def enrol(visit: Visit) -> Shown:
    """Take a provider into the programme."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    practice = await _where(visit)
    provider_id = frame.row_id(visit.form.get("staff"))
    wrong = [] if provider_id else [Problem("staff", "problems.missing")]
    payer_ids = _chosen_payers(visit, wrong)
    assert provider_id is not None  # noqa: S101 - else it was wrong
    provider, _ = await people.staff_member(visit.session, visit.me, provider_id)
    if provider.practice_id != practice.id:
        raise NotFound
    await people.enrol(visit.session, provider.id, payer_ids, **_told(visit))
    return _back(visit, practice, provider, "organization.enrolled")


def _chosen_payers(visit: Visit, wrong: list[Problem]) -> set[UUID]:
    assert visit.form is not None  # noqa: S101 - a POST has one
    found = {one for text in visit.form.getall("payers", []) if (one := frame.row_id(text))}
    if not found:
        wrong.append(Problem("payers", "organization.problem_payers"))
    if wrong:
        raise BadInput(*wrong)
    return found


def _told(visit: Visit) -> Any:
    return {"actor": visit.as_practice, "now": visit.now, "new_id": visit.new_id}


def _back(visit: Visit, practice: Practice, provider: Provider, done: str) -> Redirect:
    return Redirect(f"{PATH}{frame.suffix(visit, practice.id)}", done=done, subjects=(practice.id, provider.id))


async def _place(visit: Visit, template: str) -> View:
    provider, practice = await _theirs(visit)
    row = await queries.enrolment(visit.session, provider.id)
    if row is None:
        raise NotFound
    pending = await calendar.pending_by_payers(visit.session, provider.id)
    ahead = await calendar.appointments_ahead(visit.session, provider.id, visit.now, visit.now + AHEAD, 1000)
    return View(
        template,
        {
            **await frame.told(visit, practice),
            "provider": provider,
            "name": _name(provider),
            "state": row.state.value,
            "payers": await _payers(visit),
            "known": [str(one) for one in await queries.payers_of(visit.session, row.id)],
            "pending": len(pending),
            "booked": len(ahead),
        },
    )


async def edit(visit: Visit) -> Shown:
    """Show which payers may send clients to a provider."""
    return await _place(visit, "organization/edit.html")


async def save(visit: Visit) -> Shown:
    """Say which payers may send clients from now on (R79); not none, for that is what Deactivate is for (R70)."""
    provider, practice = await _theirs(visit)
    await people.change_payers(visit.session, provider.id, _chosen_payers(visit, []), **_told(visit))
    return _back(visit, practice, provider, "organization.payers_saved")


async def remind(visit: Visit) -> Shown:
    """Write to a provider once more (R74)."""
    provider, practice = await _theirs(visit)
    await people.remind_to_submit(visit.session, provider.id, **_told(visit))
    return _back(visit, practice, provider, "organization.reminded")


# Delete, deactivate


async def ask_delete(visit: Visit) -> Shown:
    """Ask whether a place that was never completed is to be taken back (R80)."""
    return await _place(visit, "organization/delete.html")


async def delete(visit: Visit) -> Shown:
    """Take back a place that was never completed; they can be added again (R80)."""
    provider, practice = await _theirs(visit)
    await people.move_enrolment(visit.session, provider.id, EnrolmentEvent.DELETE, **_told(visit))
    return _back(visit, practice, provider, "organization.deleted")


async def ask_deactivate(visit: Visit) -> Shown:
    """Say what leaving for good would do, with its counts (R81, R82)."""
    return await _place(visit, "organization/deactivate.html")


async def deactivate(visit: Visit) -> Shown:
    """Take a provider out of the programme for good."""
    provider, practice = await _theirs(visit)
    await scheduling.leave_programme(visit.session, provider.id, house=scheduling.house(visit.settings), **_told(visit))
    return _back(visit, practice, provider, "organization.deactivated")


_ONE = f"{PATH}/{{provider_id:{frame.ID}}}"
PAGES = (
    Page(name="programme", path=PATH, roles=PRACTICE_ADMINS, show=grid),
    Page(name="programme_add", path=f"{PATH}/add", roles=PRACTICE_ADMINS, show=add, submit=enrol),
    Page(name="programme_edit", path=_ONE, roles=PRACTICE_ADMINS, show=edit, submit=save),
    Page(name="programme_remind", path=f"{_ONE}/remind", roles=PRACTICE_ADMINS, submit=remind, again=edit),
    Page(name="programme_delete", path=f"{_ONE}/delete", roles=PRACTICE_ADMINS, show=ask_delete, submit=delete),
    Page(
        name="programme_deactivate",
        path=f"{_ONE}/deactivate",
        roles=PRACTICE_ADMINS,
        show=ask_deactivate,
        submit=deactivate,
    ),
)
