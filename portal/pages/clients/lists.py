"""The list of clients: searched by a form that is posted, since a name must not stand in an address; taken home."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config import phones, times
from config.errors import NotFound, Refused
from people import queries
from people.readers import xlsx
from people.rules import account as rules
from people.values import AccountState, RelationshipState
from people.writers import as_csv, as_xlsx
from portal.pages.page import PROVIDERS, Download, Page, Shown, View, Visit
from portal.pages.typed import opaque

AT_ONCE = 50
HEADER = ("First Name", "Last Name", "Email", "Mobile Phone")
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

LISTED = (RelationshipState.ACTIVE, RelationshipState.PROPOSED)
ARCHIVED = (*LISTED, RelationshipState.ARCHIVED)
WROTE = (RelationshipState.PROSPECT,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A client in the list: their number stands in every row (R106)."""

    id: UUID
    name: str
    phone: str | None
    state: str
    account: str | None


async def clients(visit: Visit) -> Shown:
    """Show the list: a page of it, who is archived only where that is asked for (R52)."""
    return await _list(visit, like=None, after=visit.query.get("after"))


async def searched(visit: Visit) -> Shown:
    """Show who fits what was typed; the same page, from a form that is posted."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    return await _list(visit, like=visit.form.get("q", "").strip()[:100] or None, after=visit.form.get("after"))


async def _list(visit: Visit, *, like: str | None, after: str | None) -> View:
    archived = visit.query.get("archived") == "1"
    wrote = visit.query.get("wrote") == "1"
    states = WROTE if wrote else ARCHIVED if archived else LISTED
    found = await queries.client_list(
        visit.session, visit.provider_id, states, like=like, after=opaque(after), limit=AT_ONCE + 1
    )
    counts = await queries.count_clients(visit.session, visit.provider_id)
    shown = found[:AT_ONCE]
    return View(
        "clients/list.html",
        {
            "rows": [_row(one, visit) for one in shown],
            "like": like or "",
            "archived": archived,
            "wrote": wrote,
            "n_archived": counts.get(RelationshipState.ARCHIVED, 0),
            "n_wrote": counts.get(RelationshipState.PROSPECT, 0),
            "after": shown[-1].id if len(found) > AT_ONCE else None,
        },
    )


def _row(one: queries.ListedClient, visit: Visit) -> Row:
    stands = rules.as_of(one.account, one.invited_until, (), visit.now) if one.account else None
    return Row(
        id=one.id,
        name=f"{one.first_name} {one.last_name}",
        phone=one.phone,
        state=one.state.value,
        account=_account(stands, one),
    )


def _account(stands: AccountState | None, one: queries.ListedClient) -> str | None:
    """Return where an account stands in the words of the list: who was not invited yet is told apart."""
    if stands is AccountState.INVITED and one.invited_until is None:
        return "held"
    return stands.value if stands else None


async def export(visit: Visit) -> Shown:
    """Return the list as a file that can be imported again."""
    states = ARCHIVED if visit.query.get("archived") == "1" else LISTED
    found = await queries.provider_list(visit.session, visit.provider_id)
    region = await region_of(visit, visit.session)
    lines = [
        (one.first_name, one.last_name, email, phones.written(one.phone, region) if one.phone else "")
        for email, one in found
        if one.state in states
    ]
    return await _file(lines, visit.path["format"])


async def _file(lines: Sequence[Sequence[str]], kind: str) -> Download:
    if kind == "csv":
        return Download(as_csv(HEADER, lines), "clients.csv", CSV)
    if len(lines) > xlsx.MOST_ROWS:
        raise Refused("too_many_rows", f"Above {xlsx.MOST_ROWS:,} clients, take the .csv.", status=422)
    return Download(await asyncio.to_thread(as_xlsx, HEADER, lines), "clients.xlsx", XLSX)


async def region_of(visit: Visit, session: AsyncSession) -> str:
    """Return the country that numbers without a country code are of: that of the practice, else of our own lines."""
    provider = await queries.provider(session, visit.provider_id)
    practice = await queries.practice(session, provider.practice_id) if provider else None
    if practice is None:
        raise NotFound
    return times.territory(practice.timezone) or phones.country(visit.settings.lines[0]) or "US"


PAGES = (
    Page(name="clients", path="/clients", roles=PROVIDERS, show=clients, submit=searched, menu="clients.menu"),
    Page(name="clients_export", path="/clients/export.{format:csv|xlsx}", roles=PROVIDERS, submit=export),
)
