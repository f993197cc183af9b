"""Consultations: followed from their booking until they are settled."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.lifecycles import next_state
from config.settings import Settings
from status import queries
from status.actions.history import Data, NewId, record
from status.actions.notices import notify, withdraw_notices
from status.actions.referrals import move_referral
from status.actions.tasks import close_task, open_task
from status.models import Consultation
from status.rules import consultation as rules
from status.rules import lifecycle
from status.rules.access import may, see_theirs
from status.rules.referrals import AFTER_CONSULTATION
from status.values import (
    CLOCK,
    LINE,
    Actor,
    ActorKind,
    Channel,
    ConsultationEvent,
    ConsultationFacts,
    ConsultationStatus,
    DecidedBy,
    EventKind,
    How,
    NoReason,
    NoticeKey,
    Policy,
    TaskEvent,
    TaskKind,
)


def policy(settings: Settings) -> Policy:
    """Return the figures of this installation by which consultations are judged."""
    return Policy(
        min_talk_s=settings.min_talk_s,
        window_h=settings.status_window_h,
        live_grace_h=settings.live_grace_h,
        text_after_h=settings.status_text_after_h,
    )


def facts(row: Consultation) -> ConsultationFacts:
    """Return what a consultation is judged by."""
    return ConsultationFacts(status=row.status, ends_at=row.ends_at, talk_s=row.talk_s, live_since=row.live_since)


async def open_consultation(
    session: AsyncSession,
    *,
    appointment_id: UUID,
    occurrence: int,
    provider_id: UUID,
    referral_id: UUID | None = None,
    starts_at: datetime,
    ends_at: datetime,
    policy: Policy,
    new_id: NewId,
) -> Consultation:
    """Begin to track one occurrence of an appointment."""
    row = Consultation(
        id=new_id(),
        appointment_id=appointment_id,
        occurrence=occurrence,
        provider_id=provider_id,
        referral_id=referral_id,
        starts_at=starts_at,
        ends_at=ends_at,
        status=ConsultationStatus.SCHEDULED,
    )
    row.judge_at = rules.judge_at(facts(row), policy)
    session.add(row)
    await session.flush()
    return row


async def end_consultation(
    session: AsyncSession,
    row: Consultation,
    event: ConsultationEvent,
    *,
    actor: Actor,
    now: datetime,
    policy: Policy,
    new_id: NewId,
) -> bool:
    """Settle it as rescheduled or cancelled; tell whether that was possible (a settled one stays as it is)."""
    await judge(session, row, now=now, policy=policy, new_id=new_id)
    by = DecidedBy.RESCHEDULE if event is ConsultationEvent.RESCHEDULED else DecidedBy.CANCEL
    return await _move(session, row, event, by=by, actor=actor, now=now, policy=policy, new_id=new_id)


async def record_talk(
    session: AsyncSession,
    row: Consultation,
    *,
    talk_s: int | None,
    live_since: datetime | None,
    call_id: UUID | None,
    now: datetime,
    policy: Policy,
    new_id: NewId,
) -> None:
    """Take in how long was talked, over all calls of this occurrence, and judge by it.

    A settled status is not changed by late evidence: that is kept and flagged (R121).
    """
    more = (talk_s or 0) > (row.talk_s or 0) or (talk_s is not None and row.talk_s is None)
    # What time has already decided is decided before evidence is heard.
    await judge(session, row, now=now, policy=policy, new_id=new_id)
    settled = row.status.locked and row.status is not ConsultationStatus.OCCURRED_AUTO
    row.talk_s, row.live_since = talk_s, live_since
    if settled and more:
        row.late_evidence_at = now
        await record(
            session,
            EventKind.CONSULTATION_LATE_EVIDENCE,
            actor=LINE,
            now=now,
            new_id=new_id,
            provider_id=row.provider_id,
            appointment_id=row.appointment_id,
            consultation_id=row.id,
            call_id=call_id,
            data={"talk_s": talk_s, "status": row.status.value},
        )
    await judge(session, row, now=now, policy=policy, new_id=new_id)


async def judge(session: AsyncSession, row: Consultation, *, now: datetime, policy: Policy, new_id: NewId) -> None:
    """Apply everything that talk and time have made true by `now`; doing it twice changes nothing."""
    for event in rules.judge(facts(row), now, policy):
        by = DecidedBy.LINE if event is ConsultationEvent.HELD else DecidedBy.DEADLINE
        actor = LINE if event is ConsultationEvent.HELD else CLOCK
        await _move(session, row, event, by=by, actor=actor, now=now, policy=policy, new_id=new_id)
    row.judge_at = rules.judge_at(facts(row), policy)
    await session.flush()


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def answer(
    session: AsyncSession,
    consultation_id: UUID,
    *,
    occurred: bool,
    by: DecidedBy,
    actor: Actor,
    how: How | None = None,
    no_reason: NoReason | None = None,
    now: datetime,
    policy: Policy,
    new_id: NewId,
) -> Consultation:
    """Take the provider's own answer; a settled or not yet asked consultation is Refused."""
    row = await queries.consultation_for_update(session, consultation_id)
    if row is None:
        raise NotFound
    see_theirs(actor, provider_id=row.provider_id)
    await judge(session, row, now=now, policy=policy, new_id=new_id)
    event = ConsultationEvent.ANSWERED_YES if occurred else ConsultationEvent.ANSWERED_NO
    if not await _move(session, row, event, by=by, actor=actor, now=now, policy=policy, new_id=new_id):
        raise Refused(*_why_not_answerable(row.status), consultation_status=row.status.value)
    row.how = how if occurred else None
    row.no_reason = no_reason if not occurred else None
    await session.flush()
    return row


def _why_not_answerable(state: ConsultationStatus) -> tuple[str, str]:
    if state is ConsultationStatus.SCHEDULED:
        return "not_yet", "You can share the status once the appointment time is over."
    if state is ConsultationStatus.UNKNOWN:
        return (
            "window_closed",
            "The three days to share this status are over, so it can no longer be changed.",
        )
    if state is ConsultationStatus.VOID_RESCHEDULED:
        return (
            "rescheduled",
            "This appointment was rescheduled, so there is nothing to share for its old time.",
        )
    if state is ConsultationStatus.NOT_APPLICABLE:
        return "cancelled", "This appointment was cancelled, so there is nothing to share."
    return (
        "already_shared",
        "The status of this consultation has already been shared and can no longer be changed.",
    )


@may(ActorKind.OPERATOR)
async def correct(
    session: AsyncSession,
    consultation_id: UUID,
    *,
    occurred: bool,
    reason: str,
    case_id: UUID,
    actor: Actor,
    now: datetime,
    policy: Policy,
    new_id: NewId,
) -> Consultation:
    """Append an operator's correction to a settled status (R121); the words of the reason stand on the case."""
    row = await queries.consultation_for_update(session, consultation_id)
    if row is None:
        raise NotFound
    await judge(session, row, now=now, policy=policy, new_id=new_id)
    before = row.status
    event = ConsultationEvent.CORRECTED_YES if occurred else ConsultationEvent.CORRECTED_NO
    moved = await _move(
        session,
        row,
        event,
        by=DecidedBy.OPERATOR,
        actor=actor,
        now=now,
        policy=policy,
        new_id=new_id,
        data={"was": before.value, "reason": reason, "case": str(case_id)},
    )
    if not moved:
        raise Refused(
            "not_correctable",
            "Only a settled status of a consultation that was to be held can be corrected.",
            consultation_status=before.value,
        )
    await notify(
        session,
        NoticeKey.STATUS_CORRECTED,
        Channel.PORTAL,
        provider_id=row.provider_id,
        subject_id=row.id,
        appointment_id=row.appointment_id,
        dedupe=str(case_id),
        now=now,
        new_id=new_id,
    )
    return row


async def excuse(session: AsyncSession, row: Consultation, *, now: datetime, new_id: NewId) -> None:
    """Mark a consultation that overlapped an outage: asked as ever, but no penalty (R111)."""
    if row.excused_at is not None:
        return
    row.excused_at = now
    await record(
        session,
        EventKind.CONSULTATION_EXCUSED,
        actor=CLOCK,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        appointment_id=row.appointment_id,
        consultation_id=row.id,
    )


_TOLD = {
    ConsultationEvent.HELD: EventKind.CONSULTATION_OCCURRED_BY_LINE,
    ConsultationEvent.END_PASSED: EventKind.CONSULTATION_AWAITING,
    ConsultationEvent.ANSWERED_YES: EventKind.CONSULTATION_ANSWERED,
    ConsultationEvent.ANSWERED_NO: EventKind.CONSULTATION_ANSWERED,
    ConsultationEvent.WINDOW_CLOSED: EventKind.CONSULTATION_UNKNOWN,
    ConsultationEvent.RESCHEDULED: EventKind.CONSULTATION_VOID,
    ConsultationEvent.CANCELLED: EventKind.CONSULTATION_NOT_APPLICABLE,
    ConsultationEvent.CORRECTED_YES: EventKind.CONSULTATION_CORRECTED,
    ConsultationEvent.CORRECTED_NO: EventKind.CONSULTATION_CORRECTED,
}


async def _move(
    session: AsyncSession,
    row: Consultation,
    event: ConsultationEvent,
    *,
    by: DecidedBy,
    actor: Actor,
    now: datetime,
    policy: Policy,
    new_id: NewId,
    data: Data | None = None,
) -> bool:
    """Move the lifecycle by its table, with everything that hangs on the move; False where the table has none."""
    after = next_state(lifecycle.CONSULTATION, row.status, event)
    if after is None:
        return False
    row.status = after
    row.version += 1
    if after.locked:
        row.decided_by, row.decided_at = by, now
    row.judge_at = rules.judge_at(facts(row), policy)
    await session.flush()
    await record(
        session,
        _TOLD[event],
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        appointment_id=row.appointment_id,
        consultation_id=row.id,
        data={"status": after.value, "by": by.value, **(data or {})},
    )
    if event is ConsultationEvent.END_PASSED:
        await _ask(session, row, now=now, policy=policy, new_id=new_id)
    elif after.locked:
        await _stop_asking(session, row, event, now=now, new_id=new_id)
    if event in AFTER_CONSULTATION:
        await move_referral(
            session,
            row.referral_id,
            AFTER_CONSULTATION[event],
            appointment_id=row.appointment_id,
            actor=actor,
            now=now,
            new_id=new_id,
        )
    return True


async def _ask(session: AsyncSession, row: Consultation, *, now: datetime, policy: Policy, new_id: NewId) -> None:
    closes_at = rules.closes_at(row.ends_at, policy)
    await open_task(
        session,
        TaskKind.SHARE_CONSULT_STATUS,
        row.id,
        provider_id=row.provider_id,
        appointment_id=row.appointment_id,
        due_at=closes_at,
        now=now,
        new_id=new_id,
    )
    for key, channel, due_at in (
        (NoticeKey.STATUS_TASK, Channel.PORTAL, now),
        (NoticeKey.STATUS_TEXT, Channel.TEXT, now + timedelta(hours=policy.text_after_h)),
    ):
        await notify(
            session,
            key,
            channel,
            provider_id=row.provider_id,
            subject_id=row.id,
            appointment_id=row.appointment_id,
            due_at=due_at,
            expires_at=closes_at,
            now=now,
            new_id=new_id,
        )


async def _stop_asking(
    session: AsyncSession, row: Consultation, event: ConsultationEvent, *, now: datetime, new_id: NewId
) -> None:
    end = {
        ConsultationEvent.ANSWERED_YES: TaskEvent.ANSWERED,
        ConsultationEvent.ANSWERED_NO: TaskEvent.ANSWERED,
        ConsultationEvent.WINDOW_CLOSED: TaskEvent.DUE_PASSED,
    }.get(event, TaskEvent.SETTLED)
    await close_task(session, TaskKind.SHARE_CONSULT_STATUS, row.id, end, now=now, new_id=new_id)
    await withdraw_notices(session, row.id, now=now)
    if event is ConsultationEvent.WINDOW_CLOSED:
        await notify(
            session,
            NoticeKey.STATUS_UNKNOWN,
            Channel.PORTAL,
            provider_id=row.provider_id,
            subject_id=row.id,
            appointment_id=row.appointment_id,
            now=now,
            new_id=new_id,
        )
