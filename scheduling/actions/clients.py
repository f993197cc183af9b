"""Clients leave a provider's list and come back: what their appointments have to say about it (R51)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from people import actions as people
from people import queries as people_queries
from people.values import RelationshipEvent
from scheduling import queries
from scheduling.actions.house import NewId
from status import actions as ledger
from status import queries as ledger_queries
from status.values import Actor, EventKind, ReferralEvent


async def archive_client(
    session: AsyncSession,
    provider_id: UUID,
    client_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    """Archive a client in one provider's list; Refused while appointments lie ahead (R51)."""
    # Locked, so that nobody books with whom is being archived: who books holds it as well.
    link = await people_queries.relationship_for_update(session, provider_id, client_id)
    if link is None:
        raise NotFound
    ahead = await queries.has_ahead(session, provider_id, client_id, now)
    if ahead:
        raise Refused(
            "appointments_ahead",
            f"Cancel the {len(ahead)} appointments that lie ahead with this client first.",
            appointments=[str(one) for one in ahead],
        )
    await people.move_relationship(session, link, RelationshipEvent.ARCHIVED, now=now)
    referral = await ledger_queries.open_referral(session, provider_id, client_id)
    await ledger.move_referral(
        session,
        referral.id if referral else None,
        ReferralEvent.CLIENT_ARCHIVED,
        actor=actor,
        now=now,
        new_id=new_id,
    )
    await ledger.record(
        session,
        EventKind.CLIENT_ARCHIVED,
        actor=actor,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
    )


async def unarchive_client(
    session: AsyncSession, provider_id: UUID, client_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Take a client back into a provider's list."""
    link = await people_queries.relationship(session, provider_id, client_id)
    if link is None:
        raise NotFound
    await people.unarchive(session, link, now=now)
    await ledger.record(
        session,
        EventKind.CLIENT_UNARCHIVED,
        actor=actor,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
    )
