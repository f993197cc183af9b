"""What appointments mean for referrals, and how a referral ends by somebody's word (requirements 4.1).

An appointment belongs to the open referral of its two people, whoever made it; only a client's booking begins one.
Where several appointments belong to one referral, it closes with the last that lies ahead.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.lifecycles import next_state
from people import actions as people
from people.models import SupportCase
from people.values import CaseKind
from scheduling import queries
from scheduling.models import Appointment
from scheduling.values import Side, Source, referred
from status import actions as ledger
from status import queries as ledger_queries
from status.actions import NewId
from status.models import Referral
from status.rules.lifecycle import REFERRAL
from status.values import Actor, Channel, MismatchReason, NoticeKey, ReferralEvent, ReferralState, TaskKind


async def find(
    session: AsyncSession,
    row: Appointment,
    *,
    awaiting: bool,
    search_id: UUID | None,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> UUID | None:
    """Return the referral that an appointment belongs to, begun where it is due; `awaiting` a yes, or not.

    It is known before the appointment is written: a row that is written twice in one transaction is held against
    the constraint on overlaps twice, and the second time it waits for those who wait for it. What the waitlist holds
    for a client is an offer, and refers nobody before it is taken up.
    """
    if awaiting and row.source is Source.WAITLIST_OFFER:
        return None
    if not referred(row.source, row.original_source):
        known = await ledger_queries.open_referral(session, row.provider_id, row.client_id)
        return known.id if known else None
    referral = await ledger.open_referral(
        session,
        provider_id=row.provider_id,
        client_id=row.client_id,
        source=row.source.value,
        search_id=search_id,
        awaiting=awaiting,
        actor=actor,
        now=now,
        new_id=new_id,
    )
    return referral.id


async def join(
    session: AsyncSession,
    row: Appointment,
    referral_id: UUID | None,
    *,
    awaiting: bool,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> UUID | None:
    """Tell the referral that an appointment belongs to it; return which, for one may have been closed just now.

    It is locked after the appointment: rows are locked from the top floor down.
    """
    while referral_id and not await ledger.booked_further(
        session, referral_id, awaiting=awaiting, actor=actor, now=now, new_id=new_id
    ):
        referral_id = await find(session, row, awaiting=awaiting, search_id=None, actor=actor, now=now, new_id=new_id)
    return referral_id


async def cancelled(
    session: AsyncSession, row: Appointment, by: Side, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Tell the referral that an appointment was given up: before its start it closes, later the two did not meet."""
    if now >= row.starts_at:
        await held(session, row, was=False, actor=actor, now=now, new_id=new_id)
        return
    by_provider = by is Side.PROVIDER
    event = ReferralEvent.CANCELLED_BY_PROVIDER if by_provider else ReferralEvent.CANCELLED_BY_CLIENT
    await close(session, row, event, actor=actor, now=now, new_id=new_id)


async def close(
    session: AsyncSession, row: Appointment, event: ReferralEvent, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Close the referral of an appointment that will not be, unless another one of it is held or booked ahead.

    It is locked before that is looked for: whoever joins it in this moment is seen, or finds it closed.
    """
    if row.referral_id is None:
        return
    await ledger_queries.referral_for_update(session, row.referral_id)
    if not await queries.ahead_of_referral(session, row.referral_id, now, but=row.id):
        await ledger.move_referral(
            session, row.referral_id, event, appointment_id=row.id, actor=actor, now=now, new_id=new_id
        )


async def held(
    session: AsyncSession, row: Appointment, *, was: bool, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Tell the referral that an appointment was held, or was not: a session's details confirmed, or a no-show."""
    event = ReferralEvent.HELD if was else ReferralEvent.NOT_HELD
    await ledger.move_referral(
        session, row.referral_id, event, appointment_id=row.id, actor=actor, now=now, new_id=new_id
    )


# By somebody's word


async def see_referral(
    session: AsyncSession, referral_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> Referral:
    """Mark a referral as opened by its provider; one that has gone on from there stays as it is."""
    row = await _known(session, referral_id)
    if row.state not in {ReferralState.SEEN, ReferralState.ENGAGED, ReferralState.NO_CONTACT}:
        await _move(session, row, ReferralEvent.OPENED, actor=actor, now=now, new_id=new_id)
    return row


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
    row = await _known(session, referral_id)
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
        appointment_id=None,
        due_at=now,
        now=now,
        new_id=new_id,
    )
    return row


async def find_another(
    session: AsyncSession, referral_id: UUID, *, reason: str | None, actor: Actor, now: datetime, new_id: NewId
) -> Referral:
    """End a referral since its client wants somebody else (R19): the provider learns that, and no reason.

    The reason stands on a support case. Appointments that lie ahead stay until somebody cancels them.
    """
    row = await _known(session, referral_id)
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
    for channel in (Channel.MAIL, Channel.PORTAL):
        await ledger.notify(
            session,
            NoticeKey.CLIENT_MOVED_ON,
            channel,
            provider_id=row.provider_id,
            subject_id=row.id,
            appointment_id=None,
            due_at=now,
            now=now,
            new_id=new_id,
        )
    return row


async def _known(session: AsyncSession, referral_id: UUID) -> Referral:
    row = await ledger_queries.referral_for_update(session, referral_id)
    if row is None:
        raise NotFound
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
