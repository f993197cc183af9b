"""Deadlines that have passed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.jobs import enqueue
from status import queries


async def enqueue_due(session: AsyncSession, *, now: datetime, stale: timedelta) -> Sequence[UUID]:
    """Enqueue work for every deadline that has passed: what to judge, what to deliver, what has lapsed."""
    consultations = await queries.due_consultations(session, now)
    notices = await queries.due_notices(session, now, stale)
    unanswered = await queries.due_psychiatric(session, now)
    await enqueue(session, "judge", *consultations)
    await enqueue(session, "deliver", *notices)
    await enqueue(session, "lapse", *unanswered)
    return [*consultations, *notices, *unanswered]
