"""Deadlines of the calendar that have passed."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from config.jobs import enqueue
from scheduling import queries
from scheduling.actions.feeds import CLAIM_LASTS


async def enqueue_due(session: AsyncSession, *, now: datetime) -> None:
    """Enqueue work for all whose time has come: ends, offers and requests that nobody answered, calendars to read."""
    await enqueue(session, "end", *await queries.to_end(session, now))
    await enqueue(session, "lapse_offer", *await queries.due_waits(session, now))
    await enqueue(session, "request", *await queries.due_requests(session, now))
    await enqueue(session, "read_feed", *await queries.due_feeds(session, now, CLAIM_LASTS))
