"""What changes an appointment that stands: another time, a call instead of a session, the end of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from people import actions as people
from scheduling.actions import referrals, steps
from scheduling.actions.house import House, NewId
from scheduling.actions.slots import ensure_movable
from scheduling.actions.waitlist import offer_freed
from scheduling.models import Appointment
from scheduling.rules import appointments as rules
from scheduling.rules.waitlist import is_free_again
from scheduling.values import AppointmentEvent, AppointmentState, CancelReason, SessionType, Side, tracked
from status import actions as ledger
from status.rules.access import STAFF, may
from status.values import Actor, ActorKind, Channel, ConsultationEvent, EventKind, NoticeKey, ReferralEvent, TaskEvent

OPERATOR = "operator"


def possible(row: Appointment, now: datetime) -> frozenset[AppointmentEvent]:
    """Return what its provider can do with an appointment as it stands."""
    return rules.possible(steps.facts(row), now=now)


@may(ActorKind.CLIENT, *STAFF)
async def reschedule(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    by: Side = Side.PROVIDER,
    version: int | None = None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Appointment:
    """Move an appointment to another time: same id, its length kept unless told.

    The consultation of the old time ends as void and a new occurrence begins (R124); a settled one is Refused.
    One that is over comes back, unless its status or its details are settled.
    """
    _see_side(actor, by)
    row, after = await steps.in_hand(
        session, appointment_id, AppointmentEvent.RESCHEDULE, actor=actor, now=now, new_id=new_id, version=version
    )
    until = ends_at or starts_at + (row.ends_at - row.starts_at)
    if (starts_at, until) == (row.starts_at, row.ends_at):
        return row
    steps.refuse(rules.why_not_moved(steps.facts(row), by, limit=house.moves_by_client, now=now))
    if by is Side.CLIENT:
        await ensure_movable(session, row, starts_at, until, house=house, now=now)
    was = (row.starts_at, row.ends_at)
    await move(
        session,
        row,
        after,
        starts_at=starts_at,
        ends_at=until,
        by=by,
        actor=actor,
        house=house,
        now=now,
        new_id=new_id,
    )
    row.series_moved = row.series_id is not None
    await steps.tell(session, NoticeKey.RESCHEDULED, Side, row, now=now, new_id=new_id)
    await offer_freed(session, row.provider_id, *was, but=row.client_id, house=house, now=now, new_id=new_id)
    return row


async def move(
    session: AsyncSession,
    row: Appointment,
    after: AppointmentState,
    *,
    starts_at: datetime,
    ends_at: datetime,
    by: Side,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> None:
    """Give an appointment in hand its new time; who is told of it, and what is free by it, the caller knows."""
    was_starts_at = row.starts_at
    await steps.end_tracking(
        session, row, ConsultationEvent.RESCHEDULED, actor=actor, house=house, now=now, new_id=new_id
    )
    await steps.close_details(session, row, TaskEvent.SETTLED, now=now, new_id=new_id)
    row.state, row.starts_at, row.ends_at = after, starts_at, ends_at
    row.occurrence += 1
    row.version += 1
    row.moves_by_client += by is Side.CLIENT
    row.line = await steps.line_for(session, row, house)
    await steps.flush(session)
    await steps.record(
        session,
        EventKind.APPOINTMENT_RESCHEDULED,
        row,
        actor=actor,
        now=now,
        new_id=new_id,
        data={"was_starts_at": was_starts_at.isoformat(), "by": by.value},
    )
    await steps.track(session, row, house=house, now=now, new_id=new_id)
    await ledger.withdraw_notices(session, row.id, now=now, keys={NoticeKey.CLIENT_REMINDER, NoticeKey.RESCHEDULED})
    await steps.remind_client(session, row, told_now=True, house=house, now=now, new_id=new_id)


@may(*STAFF)
async def switch_to_call(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    version: int | None = None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Appointment:
    """Turn a client-made session into a phone consultation that starts at the same time (R40)."""
    row, _ = await steps.in_hand(
        session, appointment_id, AppointmentEvent.SWITCH_TO_CALL, actor=actor, now=now, new_id=new_id, version=version
    )
    steps.refuse(rules.why_not_a_call(steps.facts(row), now=now))
    was_ends_at = row.ends_at
    row.session_type = SessionType.PHONE_CONSULTATION
    row.ends_at = min(row.ends_at, row.starts_at + house.consult_length)
    row.tracked = tracked(row.session_type, row.source, row.original_source)
    row.version += 1
    row.line = await steps.line_for(session, row, house)
    await steps.flush(session)
    await steps.record(session, EventKind.APPOINTMENT_SWITCHED_TO_CALL, row, actor=actor, now=now, new_id=new_id)
    await steps.track(session, row, house=house, now=now, new_id=new_id)
    await ledger.move_referral(
        session,
        row.referral_id,
        ReferralEvent.SWITCHED_TO_CALL,
        appointment_id=row.id,
        actor=actor,
        now=now,
        new_id=new_id,
    )
    await steps.tell(session, NoticeKey.SWITCHED_TO_CALL, [Side.CLIENT], row, now=now, new_id=new_id)
    if row.ends_at < was_ends_at:
        await offer_freed(
            session,
            row.provider_id,
            row.ends_at,
            was_ends_at,
            but=row.client_id,
            house=house,
            now=now,
            new_id=new_id,
        )
    return row


@may(ActorKind.CLIENT, *STAFF)
async def cancel(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    by: Side,
    reason: CancelReason | None,
    message: str | None,
    version: int | None = None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Appointment:
    """Give up an appointment: by the client until its start, by the provider until its end; the other side is told.

    A client hears of what they gave up themselves as well: the letter takes it out of their own calendar. A provider
    who cancels a referral writes the client a message (R39).
    """
    _see_side(actor, by)
    event = AppointmentEvent.CANCEL_BY_PROVIDER if by is Side.PROVIDER else AppointmentEvent.CANCEL_BY_CLIENT
    row, after = await steps.in_hand(
        session, appointment_id, event, actor=actor, now=now, new_id=new_id, version=version
    )
    await give_up(
        session,
        row,
        after,
        by=by,
        reason=reason,
        message=message,
        actor=actor,
        house=house,
        now=now,
        new_id=new_id,
    )
    if by is Side.PROVIDER:
        await steps.tell(session, NoticeKey.CANCELLED_BY_PROVIDER, [Side.CLIENT], row, now=now, new_id=new_id)
    else:
        key = NoticeKey.CANCELLED_BY_CLIENT
        await steps.tell(session, key, [Side.PROVIDER], row, now=now, new_id=new_id)
        await steps.tell(session, key, [Side.CLIENT], row, now=now, new_id=new_id, channels=[Channel.MAIL])
    return row


def _see_side(actor: Actor, by: Side) -> None:
    """Refuse a client who acts as the provider, whose limits are wider."""
    if actor.kind is ActorKind.CLIENT and by is not Side.CLIENT:
        raise Refused("forbidden", "Only the provider does this on the provider's side.", status=403)


async def give_up(
    session: AsyncSession,
    row: Appointment,
    after: AppointmentState,
    *,
    by: Side,
    reason: CancelReason | None,
    message: str | None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> None:
    """End an appointment in hand, with everything that hangs on it; who is told of it, the caller knows."""
    written_down = actor.kind == OPERATOR
    steps.refuse(rules.why_not_cancelled(steps.facts(row), by, message=message, written_down=written_down, now=now))
    await steps.end_tracking(
        session, row, ConsultationEvent.CANCELLED, actor=actor, house=house, now=now, new_id=new_id
    )
    row.state, row.version = after, row.version + 1
    row.cancelled_at, row.cancelled_by, row.cancel_reason, row.cancel_message = now, by, reason, message
    row.cancelled_late = by is Side.CLIENT and rules.is_late(row.starts_at, now, house.late_cancel)
    await session.flush()
    await steps.record(
        session,
        EventKind.APPOINTMENT_CANCELLED,
        row,
        actor=actor,
        now=now,
        new_id=new_id,
        data={"by": by.value, "reason": reason.value if reason else None, "late": row.cancelled_late},
    )
    await referrals.cancelled(session, row, by, actor=actor, now=now, new_id=new_id)
    if by is Side.PROVIDER and message:
        await people.leave_word(session, row.provider_id, row.client_id, message, actor=actor, now=now, new_id=new_id)
    await ledger.withdraw_notices(session, row.id, now=now)
    if is_free_again(by, reason):
        await offer_freed(
            session,
            row.provider_id,
            row.starts_at,
            row.ends_at,
            but=row.client_id,
            house=house,
            now=now,
            new_id=new_id,
        )
