"""Reads and writes of the ledger's tables."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from status.models import Consultation, Event, Notice, Referral, Task
from status.values import ConsultationStatus, NoticeState, TaskKind, TaskState

OPEN_NOTICES = (NoticeState.DUE, NoticeState.CLAIMED, NoticeState.UNCERTAIN)


async def consultation(session: AsyncSession, consultation_id: UUID) -> Consultation | None:
    """Return one consultation."""
    return await session.get(Consultation, consultation_id)


async def consultation_for_update(session: AsyncSession, consultation_id: UUID) -> Consultation | None:
    """Return one consultation, locked until the transaction ends."""
    return await session.get(Consultation, consultation_id, with_for_update=True, populate_existing=True)


async def occurrence_for_update(session: AsyncSession, appointment_id: UUID, occurrence: int) -> Consultation | None:
    """Return the consultation of one occurrence of an appointment, locked."""
    found = await session.execute(
        select(Consultation)
        .where(col(Consultation.appointment_id) == appointment_id, col(Consultation.occurrence) == occurrence)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


async def latest_consultations(session: AsyncSession, appointments: Sequence[UUID]) -> dict[UUID, Consultation]:
    """Return the newest consultation of each appointment that has one."""
    found = await session.execute(
        select(Consultation)
        .where(col(Consultation.appointment_id).in_(appointments))
        .order_by(col(Consultation.appointment_id), col(Consultation.occurrence))
    )
    return {row.appointment_id: row for row in found.scalars()}


async def overlapping_consultations(
    session: AsyncSession, appointments: Sequence[UUID], since: datetime, until: datetime
) -> Sequence[Consultation]:
    """Return the open consultations of these appointments that overlap the span, locked in the order of their ids."""
    found = await session.execute(
        select(Consultation)
        .where(
            col(Consultation.appointment_id).in_(appointments),
            col(Consultation.status).in_([ConsultationStatus.SCHEDULED, ConsultationStatus.AWAITING_STATUS]),
            col(Consultation.starts_at) < until,
            col(Consultation.ends_at) > since,
        )
        .order_by(col(Consultation.id))
        .with_for_update()
    )
    return found.scalars().all()


async def open_questions(session: AsyncSession, providers: Sequence[UUID]) -> Sequence[Consultation]:
    """Return what these providers are asked, oldest first; the same consultation keeps its place in the list."""
    found = await session.execute(
        select(Consultation)
        .where(
            col(Consultation.provider_id).in_(providers),
            col(Consultation.status) == ConsultationStatus.AWAITING_STATUS,
        )
        .order_by(col(Consultation.starts_at), col(Consultation.id))
    )
    return found.scalars().all()


async def last_asked_by_text(session: AsyncSession, providers: Sequence[UUID], since: datetime) -> Consultation | None:
    """Return the consultation of the newest status text that went to one of these providers since then."""
    found = await session.execute(
        select(Consultation)
        .join(Notice, col(Notice.subject_id) == col(Consultation.id))
        .where(
            col(Notice.recipient_id).in_(providers),
            col(Notice.key) == "status_text",
            col(Notice.sent_at) >= since,
        )
        .order_by(col(Notice.sent_at).desc())
        .limit(1)
    )
    return found.scalar_one_or_none()


async def due_consultations(session: AsyncSession, now: datetime, limit: int = 500) -> Sequence[UUID]:
    """Return the consultations that time moves, most overdue first."""
    found = await session.execute(
        select(col(Consultation.id))
        .where(col(Consultation.judge_at) <= now)
        .order_by(col(Consultation.judge_at))
        .limit(limit)
    )
    return found.scalars().all()


async def sharing_counts(session: AsyncSession, provider_id: UUID, since: datetime) -> tuple[int, int]:
    """Return how many prompted consultations were shared and how many missed; excused ones count as neither."""
    found = await session.execute(
        select(
            func.count().filter(col(Consultation.status) != ConsultationStatus.UNKNOWN),
            func.count().filter(col(Consultation.status) == ConsultationStatus.UNKNOWN),
        ).where(
            col(Consultation.provider_id) == provider_id,
            col(Consultation.ends_at) >= since,
            col(Consultation.excused_at).is_(None),
            col(Consultation.status).in_(
                [
                    ConsultationStatus.OCCURRED_AUTO,
                    ConsultationStatus.OCCURRED_MANUAL,
                    ConsultationStatus.DID_NOT_OCCUR,
                    ConsultationStatus.UNKNOWN,
                ]
            ),
        )
    )
    shared, missed = found.one()
    return shared, missed


async def referral(session: AsyncSession, referral_id: UUID) -> Referral | None:
    """Return one referral."""
    return await session.get(Referral, referral_id)


async def referral_for_update(session: AsyncSession, referral_id: UUID) -> Referral | None:
    """Return one referral, locked."""
    return await session.get(Referral, referral_id, with_for_update=True, populate_existing=True)


async def task_for_update(session: AsyncSession, kind: TaskKind, subject_id: UUID) -> Task | None:
    """Return the task about a subject, locked."""
    found = await session.execute(
        select(Task).where(col(Task.kind) == kind, col(Task.subject_id) == subject_id).with_for_update()
    )
    return found.scalar_one_or_none()


async def tasks(
    session: AsyncSession,
    *,
    provider_id: UUID | None,
    state: TaskState | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Task]:
    """Return tasks in the order of their ids."""
    query = select(Task).order_by(col(Task.id)).limit(limit)
    if provider_id:
        query = query.where(col(Task.provider_id) == provider_id)
    if state:
        query = query.where(col(Task.state) == state)
    if after:
        query = query.where(col(Task.id) > after)
    return (await session.execute(query)).scalars().all()


async def add_notice(session: AsyncSession, notice: Notice) -> bool:
    """Write a notice unless one with the same dedupe key stands already; tell whether it was written."""
    values = {name: getattr(notice, name) for name in Notice.__table__.columns.keys()}  # type: ignore[attr-defined]  # noqa: SIM118
    written = await session.execute(
        insert(Notice).values(**values).on_conflict_do_nothing(index_elements=["dedupe"]).returning(col(Notice.id))
    )
    return written.scalar_one_or_none() is not None


async def notice_for_update(session: AsyncSession, notice_id: UUID) -> Notice | None:
    """Return one notice, locked, or None where another worker holds it."""
    found = await session.execute(
        select(Notice)
        .where(col(Notice.id) == notice_id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


async def notice_in_turn_for_update(session: AsyncSession, notice_id: UUID) -> Notice | None:
    """Return one notice, locked, after whoever holds it: for news about it, which must not be lost."""
    return await session.get(Notice, notice_id, with_for_update=True, populate_existing=True)


async def notice(session: AsyncSession, notice_id: UUID) -> Notice | None:
    """Return one notice."""
    return await session.get(Notice, notice_id)


async def open_notices_for_update(session: AsyncSession, subject_id: UUID) -> Sequence[Notice]:
    """Return the notices about a subject that wait for their time, locked."""
    found = await session.execute(
        select(Notice)
        .where(col(Notice.subject_id) == subject_id, col(Notice.state) == NoticeState.DUE)
        .order_by(col(Notice.id))
        .with_for_update()
    )
    return found.scalars().all()


async def due_notices(session: AsyncSession, now: datetime, stale: timedelta, limit: int = 500) -> Sequence[UUID]:
    """Return the notices to deliver now, and the claims left behind for longer than `stale`."""
    found = await session.execute(
        select(col(Notice.id))
        .where(
            or_(
                and_(col(Notice.state).in_([NoticeState.DUE, NoticeState.UNCERTAIN]), col(Notice.due_at) <= now),
                and_(col(Notice.state) == NoticeState.CLAIMED, col(Notice.claimed_at) <= now - stale),
            )
        )
        .order_by(col(Notice.due_at))
        .limit(limit)
    )
    return found.scalars().all()


async def notices(
    session: AsyncSession, *, recipient_id: UUID | None, after: UUID | None, limit: int
) -> Sequence[Notice]:
    """Return notices in the order of their ids."""
    query = select(Notice).order_by(col(Notice.id)).limit(limit)
    if recipient_id:
        query = query.where(col(Notice.recipient_id) == recipient_id)
    if after:
        query = query.where(col(Notice.id) > after)
    return (await session.execute(query)).scalars().all()


async def add_event(session: AsyncSession, event: Event) -> None:
    """Append one line of history."""
    values = {
        name: getattr(event, name)
        for name in Event.__table__.columns.keys()  # type: ignore[attr-defined]  # noqa: SIM118
        if name not in {"sequence", "transaction"}
    }
    await session.execute(insert(Event).values(**values))


async def events(
    session: AsyncSession,
    *,
    provider_id: UUID | None,
    appointment_id: UUID | None,
    after: tuple[int, int],
    limit: int,
) -> Sequence[Event]:
    """Return history after a cursor (transaction, sequence), up to the oldest transaction still open."""
    query = (
        select(Event)
        .where(
            or_(
                col(Event.transaction) > after[0],
                and_(col(Event.transaction) == after[0], col(Event.sequence) > after[1]),
            ),
            col(Event.transaction) < text("(pg_snapshot_xmin(pg_current_snapshot())::text)::bigint"),
        )
        .order_by(col(Event.transaction), col(Event.sequence))
        .limit(limit)
    )
    if provider_id:
        query = query.where(col(Event.provider_id) == provider_id)
    if appointment_id:
        query = query.where(col(Event.appointment_id) == appointment_id)
    return (await session.execute(query)).scalars().all()


async def delete_settled_notices(session: AsyncSession, before: datetime) -> None:
    """Delete notices that were settled before then (retention)."""
    await session.execute(delete(Notice).where(col(Notice.state).not_in(OPEN_NOTICES), col(Notice.settled_at) < before))
