"""What becomes of an appointment once it is over: its details are confirmed, or nobody came."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from people import queries as people_queries
from people.rules import account
from scheduling.actions import referrals, steps
from scheduling.actions.house import NewId
from scheduling.models import Appointment
from scheduling.rules import appointments as rules
from scheduling.values import AppointmentEvent
from status.rules.access import STAFF, may
from status.values import CLOCK, Actor, EventKind, TaskEvent


async def end(session: AsyncSession, appointment_id: UUID, *, now: datetime, new_id: NewId) -> Appointment:
    """Let time move one appointment; doing it twice, or too early, changes nothing."""
    row = await steps.locked(session, appointment_id, CLOCK)
    await steps.let_time_pass(session, row, now=now, new_id=new_id)
    return row


@may(*STAFF)
async def confirm_details(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    version: int | None = None,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Appointment:
    """Confirm the details of a session that was held; Refused until the client has set up their account (R50)."""
    row, after = await steps.in_hand(
        session, appointment_id, AppointmentEvent.CONFIRM_DETAILS, actor=actor, now=now, new_id=new_id, version=version
    )
    steps.refuse(rules.why_not_confirmed(steps.facts(row)))
    missing = account.missing(await people_queries.done_steps(session, row.client_id, now))
    if missing:
        raise Refused(
            "client_not_ready",
            f"The client has yet to complete their account. Missing: {account.in_words(missing)}.",
            missing=[step.value for step in missing],
        )
    row.state, row.version = after, row.version + 1
    await session.flush()
    await steps.record(session, EventKind.APPOINTMENT_DETAILS_CONFIRMED, row, actor=actor, now=now, new_id=new_id)
    await steps.close_details(session, row, TaskEvent.ANSWERED, now=now, new_id=new_id)
    await referrals.held(session, row, was=True, actor=actor, now=now, new_id=new_id)
    return row


@may(*STAFF)
async def mark_no_show(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    version: int | None = None,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Appointment:
    """Mark a session that the client did not come to, within seven days of its end."""
    row, after = await steps.in_hand(
        session, appointment_id, AppointmentEvent.MARK_NO_SHOW, actor=actor, now=now, new_id=new_id, version=version
    )
    steps.refuse(rules.why_no_no_show(steps.facts(row), now=now))
    row.state, row.version = after, row.version + 1
    await session.flush()
    await steps.record(session, EventKind.APPOINTMENT_NO_SHOW, row, actor=actor, now=now, new_id=new_id)
    await steps.close_details(session, row, TaskEvent.ANSWERED, now=now, new_id=new_id)
    await referrals.held(session, row, was=False, actor=actor, now=now, new_id=new_id)
    return row
