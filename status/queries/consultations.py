"""Reads and writes of consultations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, cast, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from status.models import Consultation, Notice
from status.values import ConsultationStatus

# What was to be told, and either was or never will be. What still may be is neither.
_PROMPTED = (
    ConsultationStatus.OCCURRED_AUTO,
    ConsultationStatus.OCCURRED_MANUAL,
    ConsultationStatus.DID_NOT_OCCUR,
    ConsultationStatus.UNKNOWN,
)


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


async def sharing_of(
    session: AsyncSession, provider_ids: Sequence[UUID], since: datetime
) -> dict[UUID, tuple[int, int]]:
    """Return of each provider how many consultations that ended after then were shared, and how many missed (3.4).

    Those of the line count as shared, excused ones as neither. Who has none is left out.
    """
    missed = col(Consultation.status) == ConsultationStatus.UNKNOWN
    found = await session.execute(
        select(col(Consultation.provider_id), func.count().filter(not_(missed)), func.count().filter(missed))
        .where(
            col(Consultation.provider_id) == any_(cast(list(provider_ids), ARRAY(Uuid()))),
            col(Consultation.ends_at) > since,
            col(Consultation.excused_at).is_(None),
            col(Consultation.status).in_(_PROMPTED),
        )
        .group_by(col(Consultation.provider_id))
    )
    return {provider_id: (shared, lost) for provider_id, shared, lost in found}


async def missed_consultations(session: AsyncSession, provider_id: UUID, since: datetime) -> Sequence[Consultation]:
    """Return the consultations that count as missed, the first to drop out first (R122)."""
    found = await session.execute(
        select(Consultation)
        .where(
            col(Consultation.provider_id) == provider_id,
            col(Consultation.ends_at) > since,
            col(Consultation.excused_at).is_(None),
            col(Consultation.status) == ConsultationStatus.UNKNOWN,
        )
        .order_by(col(Consultation.ends_at), col(Consultation.id))
    )
    return found.scalars().all()
