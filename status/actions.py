"""What can happen in the ledger.

Every action is called inside somebody's transaction and never commits. `now` and ids are passed in.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.jobs import enqueue
from config.lifecycles import next_state
from config.settings import Settings
from status import queries
from status.models import Consultation, Event, Notice, Task
from status.rules import consultation as rules
from status.rules import lifecycle
from status.values import (
    CLOCK,
    LINE,
    Actor,
    Channel,
    ConsultationEvent,
    ConsultationFacts,
    ConsultationStatus,
    DecidedBy,
    EventKind,
    How,
    NoReason,
    NoticeEvent,
    NoticeKey,
    NoticeState,
    Policy,
    Recipient,
    TaskEvent,
    TaskKind,
    TaskState,
)

NewId = Callable[[], UUID]
Data = dict[str, str | int | bool | None]


async def record(
    session: AsyncSession,
    kind: EventKind,
    *,
    actor: Actor,
    at: datetime,
    now: datetime,
    new_id: NewId,
    provider_id: UUID | None = None,
    appointment_id: UUID | None = None,
    consultation_id: UUID | None = None,
    call_id: UUID | None = None,
    data: Data | None = None,
) -> None:
    """Append one line of history; `at` is when it happened, `now` when it is written down."""
    await queries.add_event(
        session,
        Event(
            id=new_id(),
            at=at,
            recorded_at=now,
            kind=kind,
            actor_kind=actor.kind,
            actor_id=actor.id,
            provider_id=provider_id,
            appointment_id=appointment_id,
            consultation_id=consultation_id,
            call_id=call_id,
            data=data or {},
        ),
    )


# Consultations


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
            at=now,
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
        due_at=now,
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
        at=now,
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
        at=now,
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
            due_at=now,
            now=now,
            new_id=new_id,
        )


# Tasks


async def open_task(
    session: AsyncSession,
    kind: TaskKind,
    subject_id: UUID,
    *,
    provider_id: UUID,
    appointment_id: UUID | None,
    due_at: datetime | None,
    now: datetime,
    new_id: NewId,
) -> None:
    """Ask a person to do something; one task per kind and subject, whatever happens twice."""
    if await queries.task_for_update(session, kind, subject_id):
        return
    session.add(
        Task(
            id=new_id(),
            kind=kind,
            subject_id=subject_id,
            provider_id=provider_id,
            appointment_id=appointment_id,
            state=TaskState.OPEN,
            opened_at=now,
            due_at=due_at,
        )
    )
    await session.flush()
    await record(
        session,
        EventKind.TASK_OPENED,
        actor=CLOCK,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
        appointment_id=appointment_id,
        data={"kind": kind.value, "subject": str(subject_id)},
    )


async def close_task(
    session: AsyncSession, kind: TaskKind, subject_id: UUID, event: TaskEvent, *, now: datetime, new_id: NewId
) -> None:
    """End the task about a subject, if there is one open."""
    task = await queries.task_for_update(session, kind, subject_id)
    after = next_state(lifecycle.TASK, task.state, event) if task else None
    if task is None or after is None:
        return
    task.state, task.closed_at = after, now
    await session.flush()
    await record(
        session,
        EventKind.TASK_CLOSED,
        actor=CLOCK,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=task.provider_id,
        appointment_id=task.appointment_id,
        data={"kind": kind.value, "subject": str(subject_id), "state": after.value},
    )


# Notices


async def notify(
    session: AsyncSession,
    key: NoticeKey,
    channel: Channel,
    *,
    provider_id: UUID,
    subject_id: UUID,
    appointment_id: UUID | None,
    due_at: datetime,
    now: datetime,
    new_id: NewId,
    expires_at: datetime | None = None,
    dedupe: str = "",
) -> None:
    """Put a letter to a provider into the outbox; the same letter about the same subject is written once.

    A portal notice is delivered by standing there. Others are enqueued when due now, else found by the sweep.
    """
    row = Notice(
        id=new_id(),
        key=key,
        channel=channel,
        recipient=Recipient.PROVIDER,
        recipient_id=provider_id,
        subject_id=subject_id,
        appointment_id=appointment_id,
        dedupe=f"{key.value}:{channel.value}:{provider_id}:{subject_id}:{dedupe}",
        state=NoticeState.DUE,
        created_at=now,
        due_at=due_at,
        expires_at=expires_at,
    )
    if channel is Channel.PORTAL:
        row.state, row.sent_at, row.settled_at, row.sent_by = NoticeState.DELIVERED, now, now, Channel.PORTAL
    if await queries.add_notice(session, row) and channel is not Channel.PORTAL and due_at <= now:
        await enqueue(session, "deliver", row.id)


async def withdraw_notices(
    session: AsyncSession, subject_id: UUID, *, now: datetime, keys: Iterable[NoticeKey] = tuple(NoticeKey)
) -> None:
    """Cancel the letters about a subject that have not begun to be sent."""
    wanted = set(keys)
    for row in await queries.open_notices_for_update(session, subject_id):
        if row.key in wanted:
            move_notice(row, NoticeEvent.NO_LONGER_TRUE, now=now)
    await session.flush()


def move_notice(row: Notice, event: NoticeEvent, *, now: datetime) -> bool:
    """Move a notice by its table; False where the table has no such move."""
    after = next_state(lifecycle.NOTICE, row.state, event)
    if after is None:
        return False
    row.state = after
    if after not in queries.OPEN_NOTICES:
        row.settled_at = now
    return True


async def enqueue_due(session: AsyncSession, *, now: datetime, stale: timedelta) -> Sequence[UUID]:
    """Enqueue work for every deadline that has passed: consultations to judge, notices to deliver."""
    consultations = await queries.due_consultations(session, now)
    notices = await queries.due_notices(session, now, stale)
    await enqueue(session, "judge", *consultations)
    await enqueue(session, "deliver", *notices)
    return [*consultations, *notices]


# What became of a notice


async def note_sent(
    session: AsyncSession, row: Notice, *, by: Channel, reference: str | None, now: datetime, new_id: NewId
) -> None:
    """Write down that a letter was taken; whether its sender or a receipt says so first makes no difference."""
    told_before = row.sent_at is not None
    move_notice(row, NoticeEvent.TAKEN, now=now)
    row.sent_by, row.reference = by, reference
    if told_before:
        await session.flush()  # what came of it since then stays
        return
    row.sent_at, row.trouble = now, None
    await session.flush()
    await _record_notice(session, EventKind.NOTICE_SENT, row, now=now, new_id=new_id, by=by.value)


async def note_failed(
    session: AsyncSession, row: Notice, event: NoticeEvent, *, trouble: str | None, now: datetime, new_id: NewId
) -> bool:
    """End a letter that did not arrive; False where its lifecycle has no such move.

    What was to be a text goes by mail instead, at once: a provider has to learn of their task (R119).
    """
    if not move_notice(row, event, now=now):
        return False
    row.trouble = trouble
    if row.sent_at is None:
        row.reference = None
    await session.flush()
    await _record_notice(session, EventKind.NOTICE_FAILED, row, now=now, new_id=new_id, trouble=trouble)
    by_text = row.channel is Channel.TEXT and row.sent_by is Channel.TEXT
    if by_text and (row.expires_at is None or now < row.expires_at):
        await notify(
            session,
            row.key,
            Channel.MAIL,
            provider_id=row.recipient_id,
            subject_id=row.subject_id,
            appointment_id=row.appointment_id,
            dedupe=f"instead:{row.id}",
            due_at=now,
            expires_at=row.expires_at,
            now=now,
            new_id=new_id,
        )
    return True


async def note_receipt(
    session: AsyncSession,
    notice_id: UUID,
    *,
    delivered: bool | None,
    code: str | None,
    reference: str | None = None,
    now: datetime,
    new_id: NewId,
) -> Notice | None:
    """Take in what the carrier says of a text; None where it is about no notice of ours.

    `delivered` is None while the text is on its way: that the carrier has it settles an uncertain one. `reference`
    is the carrier's id of the text; one about an earlier try of the same notice says nothing about the later one.
    A final state stays, whatever comes after it, and so does everything about a letter that went by mail.
    """
    row = await queries.notice_in_turn_for_update(session, notice_id)
    if row is None or row.sent_by is Channel.MAIL:
        return None
    if row.sent_at is not None and reference and row.reference and reference != row.reference:
        return row
    event = {True: NoticeEvent.DELIVERED, False: NoticeEvent.UNDELIVERED, None: NoticeEvent.TAKEN}[delivered]
    if next_state(lifecycle.NOTICE, row.state, event) is None:
        return row
    if row.sent_at is None:
        await note_sent(session, row, by=Channel.TEXT, reference=reference, now=now, new_id=new_id)
    if delivered is False:
        await note_failed(session, row, event, trouble=code, now=now, new_id=new_id)
    elif delivered:
        move_notice(row, event, now=now)
        await session.flush()
    return row


async def _record_notice(
    session: AsyncSession, kind: EventKind, row: Notice, *, now: datetime, new_id: NewId, **data: str | None
) -> None:
    await record(
        session,
        kind,
        actor=CLOCK,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=row.recipient_id if row.recipient is Recipient.PROVIDER else None,
        appointment_id=row.appointment_id,
        data={"notice": str(row.id), "key": row.key.value, "attempts": row.attempts, **data},
    )
