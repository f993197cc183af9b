"""What appointments mean for referrals (requirements 4.1).

An appointment belongs to the open referral of its two people, whoever made it; only a client's booking begins one.
Where several appointments belong to one referral, it closes with the last that lies ahead.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scheduling import queries
from scheduling.actions.psychiatric import note_first_visit
from scheduling.models import Appointment
from scheduling.values import Side, Source, referred
from status import actions as ledger
from status import queries as ledger_queries
from status.actions import NewId
from status.values import Actor, ReferralEvent


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
    """Tell the referral that an appointment was held, or was not: a session's details confirmed, or a no-show.

    What was held is also the first visit that a referral for medication waits for (R43).
    """
    event = ReferralEvent.HELD if was else ReferralEvent.NOT_HELD
    await ledger.move_referral(
        session, row.referral_id, event, appointment_id=row.id, actor=actor, now=now, new_id=new_id
    )
    if was:
        for visited in await ledger_queries.accepted_by(session, row.provider_id, row.client_id):
            await note_first_visit(session, visited, actor=actor, now=now, new_id=new_id)
