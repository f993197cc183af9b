"""The secret address under which a provider's own calendar programs read their appointments."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.keys import derive, digest
from config.settings import Settings
from scheduling import queries
from scheduling.models import CalendarFeed
from status import actions as ledger
from status.actions import NewId
from status.rules.access import may, see_theirs
from status.values import Actor, ActorKind, EventKind

# Known by its beginning to whoever searches for secrets in the wrong places, our own tests among them.
PREFIX = "cl_calendar_"


def calendar_feed_digest(token: str, settings: Settings) -> str:
    """Return the keyed hash that stands for an address in its row."""
    return digest(derive(settings.secret_key.get_secret_value(), "calendar feeds"), token)


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def make_calendar_feed(
    session: AsyncSession,
    provider_id: UUID,
    *,
    secret: str,
    initials: bool,
    actor: Actor,
    settings: Settings,
    now: datetime,
    new_id: NewId,
) -> tuple[CalendarFeed, str]:
    """Make a new address and return it with its token, which is kept nowhere; the one before it ends.

    The provider is locked by the caller, so that of two made at once one is left.
    """
    see_theirs(actor, provider_id=provider_id)
    await revoke_calendar_feed(session, provider_id, actor=actor, now=now, new_id=new_id)
    token = f"{PREFIX}{secret}"
    row = CalendarFeed(
        id=new_id(),
        provider_id=provider_id,
        digest=calendar_feed_digest(token, settings),
        initials=initials,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    await _record(session, EventKind.CALENDAR_FEED_MADE, row, actor=actor, now=now, new_id=new_id)
    return row, token


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def revoke_calendar_feed(
    session: AsyncSession, provider_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """End the address of a provider's calendar, at once; where there is none, nothing happens."""
    see_theirs(actor, provider_id=provider_id)
    row = await queries.calendar_feed(session, provider_id)
    if row is None:
        return
    row.revoked_at = now
    await session.flush()
    await _record(session, EventKind.CALENDAR_FEED_REVOKED, row, actor=actor, now=now, new_id=new_id)


async def _record(
    session: AsyncSession, kind: EventKind, row: CalendarFeed, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    await ledger.record(
        session,
        kind,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        data={"feed": str(row.id), "initials": row.initials},
    )
