"""Work of the calendar: what time does by itself, reading what is imported, computing openings ahead."""

import asyncio
import hashlib
from datetime import timedelta
from uuid import UUID

from config import aside, fetching
from config.deps import Deps
from scheduling import actions
from scheduling.actions import Claim, Copy
from scheduling.readers import ics
from scheduling.values import FeedTrouble

_LIMITS = aside.Limits()


async def expire_request(deps: Deps, request_id: UUID) -> None:
    """Let a request end whose time has passed."""
    house = actions.house(deps.settings)
    async with deps.sessions.begin() as session:
        row = await actions.expire_request(session, request_id, house=house, now=deps.now(), new_id=deps.new_id)
    if row is not None:
        await deps.live.publish((row.id, row.appointment_id, row.provider_id, row.client_id))


async def read_feed(deps: Deps, feed_id: UUID) -> None:
    """Read an imported calendar, if it is due: claim it, fetch and read it outside of any transaction, note it."""
    async with deps.sessions.begin() as session:
        claim = await actions.claim_feed(session, feed_id, now=deps.now())
    if claim is None:
        return
    read = await _read(deps, claim)
    async with deps.sessions.begin() as session:
        changed = await actions.note_feed(
            session,
            claim,
            read,
            every=timedelta(minutes=deps.settings.busy_feed_every_m),
            now=deps.now(),
            new_id=deps.new_id,
        )
    if changed:
        await deps.live.publish((changed,))


async def _read(deps: Deps, claim: Claim) -> Copy | FeedTrouble:
    try:
        file = await fetching.fetch(claim.url, etag=claim.etag, loopback=deps.settings.busy_feed_loopback)
        if file is None:
            return Copy(etag=claim.etag, fingerprint=claim.fingerprint)
        return await _expanded(deps, claim, file)
    except fetching.Unfetched as no:
        return FeedTrouble(no.why.value)
    except (aside.TookTooMuch, ics.TooMuch):
        return FeedTrouble.TOO_LARGE
    except (aside.Unreadable, ics.NotACalendar):
        return FeedTrouble.NOT_A_CALENDAR


async def _expanded(deps: Deps, claim: Claim, file: fetching.Fetched) -> Copy:
    """Expand a calendar, unless it says the same as the last time: many servers stamp each answer anew."""
    thinned = await asyncio.to_thread(ics.thin, file.body)  # of two megabytes it takes its time
    fingerprint = hashlib.sha256(f"{claim.timezone}\n{thinned}".encode()).hexdigest()
    if fingerprint == claim.fingerprint:
        return Copy(etag=file.etag, fingerprint=fingerprint)
    now = deps.now()
    asked = ics.Asked(since=now - actions.BEHIND, until=now + actions.AHEAD, timezone=claim.timezone)
    made = await aside.read_aside("scheduling.readers.ics:busy", ics.ask(thinned, asked), limits=_LIMITS)
    return Copy(etag=file.etag, fingerprint=fingerprint, spans=ics.answer(made))


async def end(deps: Deps, appointment_id: UUID) -> None:
    """Move an appointment whose end has passed."""
    async with deps.sessions.begin() as session:
        row = await actions.end(session, appointment_id, now=deps.now(), new_id=deps.new_id)
    await deps.live.publish((row.id, row.provider_id))


async def openings(deps: Deps, provider_id: UUID) -> None:
    """Compute the openings of a provider anew, since something of theirs has changed."""
    async with deps.sessions.begin() as session:
        await actions.compute_openings(session, [provider_id], house=actions.house(deps.settings), now=deps.now())


async def refresh_openings(deps: Deps) -> None:
    """Compute the openings anew that have become stale, as many as one sweep has time for."""
    async with deps.sessions.begin() as session:
        await actions.refresh_openings(session, house=actions.house(deps.settings), now=deps.now())


async def forget(deps: Deps) -> None:
    """Delete searches that are older than they may be kept (retention)."""
    async with deps.sessions.begin() as session:
        await actions.forget_searches(session, keep=timedelta(days=deps.settings.keep_searches_d), now=deps.now())


async def lapse_offer(deps: Deps, entry_id: UUID) -> None:
    """End an offer of the waitlist that nobody has answered in time."""
    house = actions.house(deps.settings)
    async with deps.sessions.begin() as session:
        row = await actions.lapse_offer(session, entry_id, house=house, now=deps.now(), new_id=deps.new_id)
    if row is not None:
        await deps.live.publish((row.id, row.provider_id, row.client_id))
