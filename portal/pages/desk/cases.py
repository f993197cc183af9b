"""What people wrote to support: issues to be answered, clients handed back or moved on, corrections."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bridge import queries as bridge_queries
from bridge.values import LineState
from config.errors import NotFound
from people import actions as people
from people import queries as people_queries
from people.models import Client, SupportCase
from people.values import CaseKind, CaseState
from portal import words
from portal.pages.page import DESK, PROVIDERS, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed, opaque
from scheduling import actions as scheduling

SHOWN = 50
LONGEST = 4000
_ID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
# Whose client support takes care of, and so has to be able to write to.
_OF_A_CLIENT = frozenset({CaseKind.HANDED_BACK, CaseKind.REMATCH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A case in a list."""

    id: UUID
    kind: str
    state: str
    provider: str
    created_at: datetime


async def overview(visit: Visit) -> Shown:
    """Show how much waits, and how the line is doing."""
    waiting = await people_queries.open_cases(visit.session)
    judged = {row.line: row.state for row in await bridge_queries.line_statuses(visit.session)}
    lines = [judged.get(line, LineState.UP) for line in visit.settings.lines]
    return View(
        "desk/overview.html",
        {
            "waiting": [(kind.value, waiting.get(kind, 0)) for kind in CaseKind],
            "lines": len(lines),
            "down": lines.count(LineState.DOWN),
        },
    )


async def cases(visit: Visit) -> Shown:
    """List cases: those that are open, the oldest first, or those that are closed."""
    kind, state = visit.query.get("kind", ""), visit.query.get("state", "")
    kinds = [CaseKind(kind)] if kind in set(CaseKind) else list(CaseKind)
    standing = CaseState(state) if state in set(CaseState) else CaseState.OPEN
    after = opaque(visit.query.get("after"))
    last = await people_queries.case(visit.session, after) if after else None
    found = await people_queries.cases_of_desk(
        visit.session,
        kinds=kinds,
        state=standing,
        before=(last.created_at, last.id) if last else None,
        limit=SHOWN + 1,
    )
    rows = found[:SHOWN]
    return View(
        "desk/cases.html",
        {
            "cases": [await _listed(visit, row) for row in rows],
            "kinds": [one.value for one in CaseKind],
            "kind": kind if kind in set(CaseKind) else "",
            "state": standing.value,
            "after": rows[-1].id if len(found) > SHOWN else None,
        },
    )


async def _listed(visit: Visit, row: SupportCase) -> Listed:
    return Listed(
        id=row.id,
        kind=row.kind.value,
        state=row.state.value,
        provider=await provider_name(visit, row.provider_id),
        created_at=row.created_at,
    )


async def provider_name(visit: Visit, provider_id: UUID | None) -> str:
    """Return a provider's name, or nothing where there is none."""
    provider = await people_queries.provider(visit.session, provider_id) if provider_id else None
    return f"{provider.first_name} {provider.last_name}" if provider else ""


async def case(visit: Visit) -> Shown:
    """Show one case, with the facts that came with it; the look is history."""
    row = await _known(visit)
    client = await _client(visit, row)
    await people.note_look(
        visit.session,
        "case",
        provider_id=row.provider_id,
        appointment_id=row.appointment_id,
        case_id=row.id,
        actor=visit.actor,
        now=visit.now,
        new_id=visit.new_id,
    )
    return View(
        "desk/case.html",
        {
            "one": await _listed(visit, row),
            "text": row.text,
            "answer": row.answer,
            "closed_at": row.closed_at,
            "appointment_id": row.appointment_id,
            "calls": [opaque(one.get("id")) for one in row.facts.get("calls", [])],
            "reason": row.facts.get("reason"),
            "client": f"{client.first_name} {client.last_name}" if client else None,
            "address": client.email if client else None,
            "searchable": row.kind is CaseKind.HANDED_BACK and row.state is CaseState.OPEN,
        },
    )


async def _known(visit: Visit) -> SupportCase:
    row = await people_queries.case(visit.session, UUID(visit.path["case_id"]))
    if row is None:
        raise NotFound
    return row


async def _client(visit: Visit, row: SupportCase) -> Client | None:
    """Return the client that a case is about, where support has to write to them."""
    client_id = opaque(row.facts.get("client")) if row.kind in _OF_A_CLIENT else None
    return await people_queries.client(visit.session, client_id) if client_id else None


def _told(visit: Visit) -> dict[str, Any]:
    return {"actor": visit.actor, "now": visit.now, "new_id": visit.new_id}


async def answer(visit: Visit) -> Shown:
    """Answer an issue; its provider is told that there is an answer (M23)."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    typed = Typed(visit.form)
    text = typed.words("answer", LONGEST, needed=True)
    typed.finish()
    row = await people.answer_case(visit.session, UUID(visit.path["case_id"]), text or "", **_told(visit))
    return Redirect(f"/desk/cases/{row.id}", done="desk.answered", subjects=(row.id, row.provider_id))


async def close(visit: Visit) -> Shown:
    """Close a case that needs nothing more."""
    row = await people.close_case(visit.session, UUID(visit.path["case_id"]), **_told(visit))
    return Redirect("/desk/cases", done="desk.closed", subjects=(row.id, row.provider_id))


async def write(visit: Visit) -> Shown:
    """Write to the client that a case is about, in their thread with support."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    row = await _known(visit)
    typed = Typed(visit.form)
    text = typed.words("message", 2000, needed=True)
    typed.finish()
    client = await _client(visit, row)
    if client is None:
        raise NotFound
    await _write(visit, client, text or "")
    return Redirect(f"/desk/cases/{row.id}", done="desk.written", subjects=(client.id,))


async def _write(visit: Visit, client: Client, text: str) -> None:
    thread = await people_queries.thread_between_for_update(
        visit.session, None, client.id, new_id=visit.new_id(), now=visit.now
    )
    await people.write_as_support(visit.session, thread, text, **_told(visit))


async def rematch(visit: Visit) -> Shown:
    """Search again with the answers of a client who was handed back, and write to them where the list is (R42)."""
    row = await _known(visit)
    client, referral_id = await _client(visit, row), opaque(row.facts.get("referral"))
    if client is None or referral_id is None or row.kind is not CaseKind.HANDED_BACK:
        raise NotFound
    found = await scheduling.search_for_referred(
        visit.session,
        referral_id,
        house=scheduling.house(visit.settings),
        now=visit.now,
        new_id=visit.new_id,
    )
    link = f"{visit.settings.public_url.rstrip('/')}/find/{found.search_id}"
    await _write(visit, client, words.plain("desk.rematch_message", client.language, link=link))
    await people.close_case(visit.session, row.id, **_told(visit))
    return Redirect(f"/desk/cases/{row.id}", done="desk.searched", subjects=(client.id, row.id))


# What a provider has reported


async def issues(visit: Visit) -> Shown:
    """Show a provider what they have reported, and what support has answered."""
    rows = await people_queries.issues_of_provider(visit.session, visit.provider_id, SHOWN)
    return View("desk/issues.html", {"issues": [(row.text, row.answer, row.created_at, row.closed_at) for row in rows]})


_ONE = f"/desk/cases/{{case_id:{_ID}}}"
PAGES = (
    Page(name="desk", path="/desk", roles=DESK, show=overview, menu="desk.menu"),
    Page(name="desk_cases", path="/desk/cases", roles=DESK, show=cases),
    Page(name="desk_case", path=_ONE, roles=DESK, show=case),
    Page(name="answer_case", path=f"{_ONE}/answer", roles=DESK, submit=answer, again=case),
    Page(name="close_case", path=f"{_ONE}/close", roles=DESK, submit=close, again=case),
    Page(name="write_about_case", path=f"{_ONE}/message", roles=DESK, submit=write, again=case),
    Page(name="rematch", path=f"{_ONE}/rematch", roles=DESK, submit=rematch, again=case),
    Page(name="issues", path="/issues", roles=PROVIDERS, show=issues),
)
