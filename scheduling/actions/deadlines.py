"""Deadlines of the calendar that have passed."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from config.jobs import enqueue
from scheduling import queries


async def enqueue_due(session: AsyncSession, *, now: datetime) -> None:
    """Enqueue work for every deadline that has passed: requests that nobody has decided."""
    await enqueue(session, "request", *await queries.due_requests(session, now))
