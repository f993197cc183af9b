"""What appointments mean for referrals, and how a referral ends by somebody's word (requirements 4.1).

An appointment belongs to the open referral of its two people, whoever made it; only a client's booking begins one.
Where several appointments belong to one referral, it closes with the last that lies ahead.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from scheduling import queries
from scheduling.models import Appointment
from scheduling.values import AppointmentState, CancelledBy, Source, referred
from status import actions as ledger
from status.actions import NewId
from status.models import Referral
from status.values import Actor, ReferralEvent


async def belong(
    session: AsyncSession, row: Appointment, *, search_id: UUID | None, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Let an appointment, held or booked, belong to the referral of its two people, and begin one where it is due.

    It is locked after the appointment: rows are locked from the top floor down. What the waitlist holds for a client
    is an offer, and refers nobody before it is taken up.
    """
    awaiting = row.state is AppointmentState.HELD
    if awaiting and row.source is Source.WAITLIST_OFFER:
        return
    referral: Referral | None
    if referred(row.source, row.original_source):
        referral = await ledger.referral_for(
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
    else:
        referral = await ledger.further_booking(
            session, row.provider_id, row.client_id, awaiting=awaiting, actor=actor, now=now, new_id=new_id
        )
    row.referral_id = referral.id if referral else None
    await session.flush()


async def cancelled(
    session: AsyncSession, row: Appointment, by: CancelledBy, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Tell the referral that an appointment was given up: before its start it closes, later the two did not meet."""
    if now >= row.starts_at:
        await held(session, row, was=False, actor=actor, now=now, new_id=new_id)
        return
    by_provider = by is CancelledBy.PROVIDER
    event = ReferralEvent.CANCELLED_BY_PROVIDER if by_provider else ReferralEvent.CANCELLED_BY_CLIENT
    await close(session, row, event, actor=actor, now=now, new_id=new_id)


async def close(
    session: AsyncSession, row: Appointment, event: ReferralEvent, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Close the referral of an appointment that will not be, unless another one of it is held or booked ahead."""
    if row.referral_id and not await queries.ahead_of_referral(session, row.referral_id, now, but=row.id):
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
