"""How a referral goes on by somebody's word: seen, handed back, moved on from, searched again (R19, R39, R42)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.lifecycles import next_state
from people import actions as people
from people.models import SupportCase
from people.values import CaseKind
from scheduling import queries
from scheduling.actions.house import House
from scheduling.actions.matching import search_again
from scheduling.values import SearchResult
from status import actions as ledger
from status import queries as ledger_queries
from status.actions import NewId
from status.models import Referral
from status.rules.access import STAFF, may, see_theirs
from status.rules.lifecycle import REFERRAL
from status.values import (
    CLOCK,
    Actor,
    ActorKind,
    Channel,
    MismatchReason,
    NoticeKey,
    ReferralEvent,
    ReferralState,
    TaskKind,
)


@may(*STAFF)
async def see_referral(
    session: AsyncSession, referral_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> Referral:
    """Mark a referral as opened by its provider; one that has gone on from there stays as it is."""
    row = await _known(session, referral_id, actor)
    if row.state not in {ReferralState.SEEN, ReferralState.ENGAGED, ReferralState.NO_CONTACT}:
        await _move(session, row, ReferralEvent.OPENED, actor=actor, now=now, new_id=new_id)
    return row


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def hand_back(
    session: AsyncSession,
    referral_id: UUID,
    *,
    reason: MismatchReason,
    text: str | None,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Referral:
    """Hand a client back who is not a good match: support takes over, and the client learns no reason (R42).

    Appointments that lie ahead stay until the provider cancels them.
    """
    row = await _known(session, referral_id, actor)
    _see_that_it_can(row, ReferralEvent.NOT_A_MATCH)
    case = await _open_case(session, row, CaseKind.HANDED_BACK, text or "", reason=reason.value, now=now, new_id=new_id)
    await _move(
        session,
        row,
        ReferralEvent.NOT_A_MATCH,
        mismatch=reason,
        case_id=case.id,
        actor=actor,
        now=now,
        new_id=new_id,
    )
    await ledger.open_task(
        session,
        TaskKind.SUPPORT_FOLLOWUP,
        case.id,
        provider_id=row.provider_id,
        appointment_id=None,
        due_at=None,
        now=now,
        new_id=new_id,
    )
    await ledger.notify(
        session,
        NoticeKey.HANDED_BACK,
        Channel.MAIL,
        client_id=row.client_id,
        subject_id=row.id,
        now=now,
        new_id=new_id,
    )
    return row


@may(ActorKind.CLIENT, ActorKind.OPERATOR)
async def find_another(
    session: AsyncSession,
    referral_id: UUID,
    *,
    reason: str | None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> tuple[Referral, SearchResult | None]:
    """End a referral since its client wants somebody else (R19): the provider learns that, and no reason.

    The reason stands on a support case. Appointments that lie ahead stay until somebody cancels them. The client's
    old answers are searched with again, without this provider; None where they came without a search.
    """
    row = await _known(session, referral_id, actor)
    _see_that_it_can(row, ReferralEvent.FIND_ANOTHER)
    case = await _open_case(session, row, CaseKind.REMATCH, reason, now=now, new_id=new_id) if reason else None
    await _move(
        session,
        row,
        ReferralEvent.FIND_ANOTHER,
        case_id=case.id if case else None,
        actor=actor,
        now=now,
        new_id=new_id,
    )
    await ledger.notify(
        session,
        NoticeKey.CLIENT_MOVED_ON,
        Channel.MAIL,
        Channel.PORTAL,
        provider_id=row.provider_id,
        subject_id=row.id,
        now=now,
        new_id=new_id,
    )
    return row, await _search_again(session, row, house=house, now=now, new_id=new_id)


async def search_for_referred(
    session: AsyncSession, referral_id: UUID, *, house: House, now: datetime, new_id: NewId
) -> SearchResult:
    """Search with a client's old answers, after their referral came to nothing (R39); it stays as it is."""
    row = await _known(session, referral_id, CLOCK)
    if row.state.open:
        raise Refused(
            "referral_open",
            "This referral is open. End it first, so that the client has one provider at a time for it.",
            state=row.state.value,
        )
    found = await _search_again(session, row, house=house, now=now, new_id=new_id)
    if found is None:
        raise Refused("no_search", "This client came without a search, or it was forgotten. Make a new one.")
    return found


async def _search_again(
    session: AsyncSession, row: Referral, *, house: House, now: datetime, new_id: NewId
) -> SearchResult | None:
    if row.search_id is None or await queries.search(session, row.search_id) is None:
        return None
    return await search_again(
        session,
        row.search_id,
        exclude=[row.provider_id],
        house=house,
        now=now,
        new_id=new_id,
        client_id=row.client_id,
        referral_id=row.id,
    )


async def _known(session: AsyncSession, referral_id: UUID, actor: Actor) -> Referral:
    row = await ledger_queries.referral_for_update(session, referral_id)
    if row is None:
        raise NotFound
    see_theirs(actor, provider_id=row.provider_id, client_id=row.client_id)
    return row


def _see_that_it_can(row: Referral, event: ReferralEvent) -> None:
    if next_state(REFERRAL, row.state, event) is None:
        raise Refused("not_possible_now", _NOT_NOW[row.state], state=row.state.value)


_CLOSED = "This referral is closed, so that is not possible any more."
_NOT_NOW = {
    ReferralState.AWAITING_ACCEPTANCE: "This referral waits for an answer to its request. Accept or decline it first.",
    ReferralState.NEW: "This referral is new. Open it first, or cancel its appointment.",
    ReferralState.SEEN: "This referral has been seen already.",
    ReferralState.ENGAGED: "The two have met already, so that is not possible.",
    ReferralState.NO_CONTACT: "The two have not met yet. Book another time, or archive the client.",
    ReferralState.HANDED_BACK: "This client was handed back already; our support takes care of them.",
    ReferralState.REMATCH_BY_CLIENT: "This client looks for another provider already.",
    ReferralState.CLOSED_DECLINED: _CLOSED,
    ReferralState.CLOSED_EXPIRED: _CLOSED,
    ReferralState.CLOSED_WITHDRAWN: _CLOSED,
    ReferralState.CLOSED_BY_PROVIDER: _CLOSED,
    ReferralState.CLOSED_BY_CLIENT: _CLOSED,
}


async def _move(
    session: AsyncSession,
    row: Referral,
    event: ReferralEvent,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    mismatch: MismatchReason | None = None,
    case_id: UUID | None = None,
) -> None:
    """Move a referral by somebody's word, else Refused with where it stands."""
    _see_that_it_can(row, event)
    await ledger.move_referral(
        session, row.id, event, mismatch=mismatch, case_id=case_id, actor=actor, now=now, new_id=new_id
    )


async def _open_case(
    session: AsyncSession,
    row: Referral,
    kind: CaseKind,
    text: str,
    *,
    now: datetime,
    new_id: NewId,
    **told: object,
) -> SupportCase:
    return await people.open_case(
        session,
        kind=kind,
        provider_id=row.provider_id,
        appointment_id=None,
        text=text,
        facts={"referral": str(row.id), "client": str(row.client_id), **told},
        now=now,
        new_id=new_id,
    )
