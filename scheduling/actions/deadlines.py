"""Deadlines of the calendar that have passed."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from config.jobs import enqueue
from scheduling import queries
from scheduling.actions.feeds import CLAIM_LASTS


async def enqueue_due(session: AsyncSession, *, now: datetime) -> None:
    """Enqueue work for all whose time has come: ends, requests that nobody has decided, calendars to be read."""
    await enqueue(session, "end", *await queries.to_end(session, now))
    await enqueue(session, "request", *await queries.due_requests(session, now))
    await enqueue(session, "read_feed", *await queries.due_feeds(session, now, CLAIM_LASTS))
