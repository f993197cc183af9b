"""Imported calendars: added, read by the worker around the network, and what they take (section 9).

`claim` and `note` are the two transactions; between them the worker fetches. A copy that cannot be renewed stays, with
its age: a calendar that is away for an hour must not open the hours that it takes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from config.jobs import enqueue
from config.settings import is_loopback
from people import queries as people_queries
from scheduling import queries
from scheduling.models import BusyFeed
from scheduling.values import FeedTrouble, Span
from status import actions as ledger
from status.rules.access import STAFF, may, see_theirs
from status.values import CLOCK, Actor, EventKind

NewId = Callable[[], UUID]

MOST_FEEDS = 10
# A claim older than this was left behind by a worker that died.
CLAIM_LASTS = timedelta(minutes=5)
# How long the spans of a calendar that does not change are good: time goes on, and they reach so far ahead.
READ_ANEW = timedelta(days=1)
BEHIND, AHEAD = timedelta(days=1), timedelta(days=368)
# After so many failures in a row the time between two tries doubles no more.
MOST_DOUBLINGS = 4


@may(*STAFF)
async def add_feed(
    session: AsyncSession,
    provider_id: UUID,
    url: str,
    *,
    loopback: bool,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> BusyFeed:
    """Add an ICS address; it is read soon, by the worker. `webcal` is what calendars call https."""
    see_theirs(actor, provider_id=provider_id)
    url = _https(url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (loopback and is_loopback(host)):
        raise Refused("not_https", "Give an address that begins with https:// or webcal://.", status=422)
    theirs = await queries.busy_feeds(session, provider_id)
    if any(one.url == url for one in theirs):
        raise Refused("feed_known", "This calendar is imported already.")
    if len(theirs) >= MOST_FEEDS:
        raise Refused("too_many_feeds", f"There are {MOST_FEEDS} imported calendars. Remove one first.")
    row = BusyFeed(id=new_id(), provider_id=provider_id, url=url, host=host, created_at=now, due_at=now)
    session.add(row)
    await session.flush()
    await _record(session, EventKind.BUSY_FEED_ADDED, row, actor=actor, now=now, new_id=new_id)
    await enqueue(session, "read_feed", row.id)
    return row


def _https(url: str) -> str:
    scheme, rest = url.split("://", 1)
    return f"{'https' if scheme.lower() == 'webcal' else scheme.lower()}://{rest}"


@may(*STAFF)
async def remove_feed(session: AsyncSession, row: BusyFeed, *, actor: Actor, now: datetime, new_id: NewId) -> None:
    """Forget an imported calendar; what it took is open again."""
    see_theirs(actor, provider_id=row.provider_id)
    await queries.delete_feed(session, row)
    await _record(session, EventKind.BUSY_FEED_REMOVED, row, actor=actor, now=now, new_id=new_id)
    await enqueue(session, "openings", row.provider_id, once=False)


# Reading it


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A calendar that is being read: what to fetch, and what was there the last time, where that still counts."""

    feed_id: UUID
    claimed_at: datetime
    url: str = field(repr=False)
    timezone: str
    etag: str | None
    fingerprint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A calendar as it was read; without `spans` it is the one that is known."""

    etag: str | None
    fingerprint: str | None
    spans: Sequence[Span] | None = None


async def claim_feed(session: AsyncSession, feed_id: UUID, *, now: datetime) -> Claim | None:
    """Take a calendar that is due; None where it is not, or somebody else has it."""
    row = await queries.busy_feed_for_update(session, feed_id)
    if row is None or row.due_at > now or (row.claimed_at and row.claimed_at > now - CLAIM_LASTS):
        return None
    row.claimed_at = now
    zones = await people_queries.timezones(session, [row.provider_id])
    known = row.read_at is not None and row.read_at > now - READ_ANEW
    return Claim(
        feed_id=row.id,
        claimed_at=now,
        url=row.url,
        timezone=zones[row.provider_id],
        etag=row.etag if known else None,
        fingerprint=row.fingerprint if known else None,
    )


async def note_feed(
    session: AsyncSession,
    claim: Claim,
    read: Copy | FeedTrouble,
    *,
    every: timedelta,
    now: datetime,
    new_id: NewId,
) -> UUID | None:
    """Write down what came of it; return whose calendar has changed. A claim that was lost writes nothing."""
    row = await queries.busy_feed_for_update(session, claim.feed_id)
    if row is None or row.claimed_at != claim.claimed_at:
        return None
    row.claimed_at, row.tried_at = None, now
    if isinstance(read, FeedTrouble):
        await _failed(session, row, read, now=now, new_id=new_id)
    else:
        row.good_at, row.trouble, row.failures = now, None, 0
        row.etag, row.fingerprint = read.etag, read.fingerprint
        if read.spans is not None:
            row.read_at = now
            await queries.replace_busy(session, row, [(new_id(), span) for span in read.spans])
            await enqueue(session, "openings", row.provider_id, once=False)
    row.due_at = now + every * 2 ** min(row.failures, MOST_DOUBLINGS)
    return row.provider_id


async def _failed(session: AsyncSession, row: BusyFeed, trouble: FeedTrouble, *, now: datetime, new_id: NewId) -> None:
    told, row.trouble = row.trouble, trouble
    row.failures += 1
    if told is not trouble:
        await _record(session, EventKind.BUSY_FEED_TROUBLE, row, actor=CLOCK, now=now, new_id=new_id)


async def _record(
    session: AsyncSession, kind: EventKind, row: BusyFeed, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    await ledger.record(
        session,
        kind,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        data={"feed": str(row.id), "trouble": row.trouble.value if row.trouble else None},
    )
