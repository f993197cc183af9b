"""Clients in providers' lists."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from config.lifecycles import next_state
from people import queries
from people.models import (
    Client,
    Relationship,
)
from people.rules import lifecycle
from people.values import (
    RelationshipEvent,
    RelationshipState,
)
from status.actions import NewId


async def add_client(
    session: AsyncSession,
    *,
    provider_id: UUID,
    first_name: str,
    last_name: str,
    email: str,
    phone: str | None,
    now: datetime,
    new_id: NewId,
) -> tuple[Client, Relationship]:
    """Add a client to a provider's list.

    An address that has an account keeps it as it is: only the relationship is new (R46).
    """
    if await queries.provider(session, provider_id) is None:
        raise Refused("no_such_provider", "There is no provider under this id.", status=422)
    known = await queries.client_by_email(session, email)
    if known is not None:
        existing = await queries.relationship(session, provider_id, known.id)
        if existing is not None:
            raise Refused("already_your_client", "You have a client with this e-mail address already.")
    row = known or Client(
        id=new_id(), first_name=first_name, last_name=last_name, email=email, phone=phone, created_at=now
    )
    link = Relationship(
        id=new_id(), provider_id=provider_id, client_id=row.id, state=RelationshipState.ACTIVE, since=now
    )
    session.add_all([row, link])
    await session.flush()
    return row, link


async def move_relationship(
    session: AsyncSession, link: Relationship, event: RelationshipEvent, *, now: datetime
) -> None:
    """Move a relationship by its table, else Refused."""
    after = next_state(lifecycle.RELATIONSHIP, link.state, event)
    if after is None:
        raise Refused("not_possible_now", f"This client is {link.state.value} in your list.", state=link.state.value)
    link.state, link.since = after, now
    await session.flush()
