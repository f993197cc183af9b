"""Referrals: who has come to a provider, behind the button at the top of the calendar (R32-R34)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from people import queries as people
from portal.pages.calendar.whose import whose
from portal.pages.page import Shown, View, Visit
from scheduling import actions as scheduling
from scheduling import queries
from status import queries as ledger
from status.values import ReferralState

SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Referred:
    """A referral as its provider sees it: name, age where it is known, what for, and what the client wrote (R33)."""

    id: UUID
    name: str
    age: int | None
    state: ReferralState
    session_type: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    note: str | None
    created_at: datetime
    client_id: UUID
    appointment_id: UUID | None
    version: int | None
    can: frozenset[str]


async def referrals(visit: Visit) -> Shown:
    """List referrals, the newest first."""
    who = await whose(visit)
    rows = await ledger.referrals(visit.session, provider_id=who.id, state=None, before=None, limit=SHOWN)
    ids = [row.id for row in rows]
    clients = await people.seen(visit.session, [(row.provider_id, row.client_id) for row in rows], visit.now)
    told = await queries.of_referrals(visit.session, ids, visit.now)
    notes = await queries.notes_of_referrals(visit.session, ids)
    shown = []
    for row in rows:
        client, next_ = clients[row.provider_id, row.client_id], told.get(row.id)
        shown.append(
            Referred(
                id=row.id,
                name=client.name,
                age=client.age,
                state=row.state,
                session_type=next_.session_type.value if next_ else None,
                starts_at=next_.starts_at if next_ else None,
                ends_at=next_.ends_at if next_ else None,
                note=notes.get(row.id),
                created_at=row.created_at,
                client_id=row.client_id,
                appointment_id=next_.id if next_ else None,
                version=next_.version if next_ else None,
                can=frozenset(one.value for one in scheduling.possible(next_, visit.now)) if next_ else frozenset(),
            )
        )
    unseen = await ledger.unseen(visit.session, who.id)
    return View("calendar/referrals.html", {"who": who, "referrals": shown, "unseen": unseen})
