"""What a provider is shown, and what they report about it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bridge import queries
from bridge.actions.history import NewId
from bridge.actions.outages import reveal
from bridge.rules.contact import ContactFacts, contact
from bridge.values import (
    Contact,
    LineState,
)
from config.errors import NotFound, Refused
from config.settings import Settings
from people import actions as people
from people.models import SupportCase
from people.values import CaseKind
from scheduling import queries as scheduling
from scheduling.models import Appointment
from scheduling.values import AppointmentState
from status import actions as ledger
from status import queries as ledger_queries
from status.rules.access import STAFF, may, see_theirs
from status.rules.consultation import can_be_doubted
from status.values import Actor, ActorKind, Channel, EventKind, NoticeKey, Policy


async def contacts(
    session: AsyncSession,
    appointments: Sequence[Appointment],
    *,
    settings: Settings,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> dict[UUID, Contact]:
    """Return what to dial for each appointment.

    While its line is down, an appointment within the next 4 h is laid open here as well, so that what is shown
    does not wait for the sweep; what was laid open stays so to its end.
    """
    ids = [a.id for a in appointments]
    open_ones = set(await queries.revealed(session, ids))
    down = {row.line: row for row in await queries.line_statuses(session) if row.state is LineState.DOWN}
    until = now + timedelta(hours=settings.reveal_ahead_h)
    for one in appointments:
        if (
            one.line in down
            and one.tracked
            and one.state is AppointmentState.BOOKED
            and now < one.ends_at
            and one.starts_at <= until
            and (one.id, one.occurrence) not in open_ones
        ):
            await reveal(session, one, down[one.line], actor=actor, now=now, new_id=new_id)
            open_ones.add((one.id, one.occurrence))
    found = {}
    for side in await queries.sides(session, ids):
        one = side.appointment
        facts = ContactFacts(
            session_type=one.session_type,
            tracked=one.tracked,
            state=one.state,
            opens_at=one.starts_at - settings.line_lead,
            ends_at=one.ends_at,
            line=one.line,
            client_number=side.client_number,
            verified=side.provider.dial_phone_verified_at is not None,
            shared_by=side.shared_by,
            has_pin=side.has_pin,
            practice_kind=side.practice.kind,
            line_enabled=side.practice.line_enabled,
            revealed=(one.id, one.occurrence) in open_ones,
        )
        found[one.id] = contact(facts, now)
    return found


@may(*STAFF)
async def report_issue(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    text: str,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    consultation_id: UUID | None = None,
) -> SupportCase:
    """Open a support case about an appointment, with the facts of its calls, and acknowledge it (R110, M23).

    With a consultation, it is that one's status which is said to be wrong.
    """
    appointment = await scheduling.appointment(session, appointment_id)
    if appointment is None:
        raise NotFound
    see_theirs(actor, provider_id=appointment.provider_id)
    rows = await queries.calls(
        session,
        provider_id=None,
        appointment_id=appointment_id,
        caller_key=None,
        since=None,
        after=None,
        limit=50,
    )
    calls = [
        {
            "id": str(row.id),
            "dialled_at": row.dialled_at.isoformat(),
            "outcome": row.outcome.value if row.outcome else None,
            "reason": row.reason.value if row.reason else None,
            "talk_s": row.talk_s,
        }
        for row in rows
    ]
    case = await people.open_case(
        session,
        kind=CaseKind.ISSUE,
        provider_id=appointment.provider_id,
        appointment_id=appointment_id,
        text=text,
        facts={
            "calls": calls,
            "occurrence": appointment.occurrence,
            **({"doubted": str(consultation_id)} if consultation_id else {}),
        },
        now=now,
        new_id=new_id,
    )
    await ledger.record(
        session,
        EventKind.ISSUE_REPORTED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=appointment.provider_id,
        appointment_id=appointment_id,
        data={"case": str(case.id)},
    )
    await ledger.notify(
        session,
        NoticeKey.ISSUE_RECEIVED,
        Channel.MAIL,
        Channel.PORTAL,
        provider_id=appointment.provider_id,
        subject_id=case.id,
        appointment_id=appointment_id,
        now=now,
        new_id=new_id,
    )
    return case


@may(ActorKind.PROVIDER, ActorKind.PRACTICE, ActorKind.OPERATOR)
async def doubt_status(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    text: str,
    policy: Policy,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> SupportCase:
    """Say that the line was wrong about a consultation (R115): support looks, and the status stays until then."""
    row = (await ledger_queries.latest_consultations(session, [appointment_id])).get(appointment_id)
    if row is not None:
        see_theirs(actor, provider_id=row.provider_id)
    if row is None or not can_be_doubted(row.status, row.ends_at, policy, now):
        raise Refused("window_closed", "Only a status that the line has shared, and within three days of the end.")
    return await report_issue(
        session, appointment_id, text=text, actor=actor, now=now, new_id=new_id, consultation_id=row.id
    )
