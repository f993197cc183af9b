"""Clients as their providers see them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import Client, Provider, Relationship
from people.rules.age import age
from people.values import RelationshipState, SeenClient


async def seen(
    session: AsyncSession, pairs: Sequence[tuple[UUID, UUID]], now: datetime
) -> Mapping[tuple[UUID, UUID], SeenClient]:
    """Return clients as their providers see them, by (provider, client); the age is that of the provider's day.

    Until a proposed client has accepted, that is what the provider typed, and nothing of the account (R46).
    """
    found = await session.execute(
        select(Client, Provider, Relationship)
        .join(Provider, tuple_(col(Provider.id), col(Client.id)).in_(pairs))
        .outerjoin(
            Relationship,
            and_(
                col(Relationship.provider_id) == col(Provider.id),
                col(Relationship.client_id) == col(Client.id),
            ),
        )
    )
    return {
        (provider.id, client.id): _as_seen(client, link, now.astimezone(ZoneInfo(provider.timezone)).date())
        for client, provider, link in found
    }


def _as_seen(client: Client, link: Relationship | None, today: date) -> SeenClient:
    if link and link.typed_first_name and link.typed_last_name:
        return SeenClient(
            name=f"{link.typed_first_name} {link.typed_last_name}",
            first_name=link.typed_first_name,
            last_name=link.typed_last_name,
            age=None,
            lives_in=None,
        )
    return SeenClient(
        name=f"{client.preferred_name or client.first_name} {client.last_name}",
        first_name=client.first_name,
        last_name=client.last_name,
        age=age(date.fromisoformat(client.birth_date), today) if client.birth_date else None,
        lives_in=client.lives_in,
    )


async def find_clients(
    session: AsyncSession, provider_id: UUID, words: str, states: Collection[RelationshipState], limit: int
) -> Sequence[tuple[UUID, str]]:
    """Return who is in a provider's list by what they are called there, each word somewhere in the name (R46)."""
    first = func.coalesce(col(Relationship.typed_first_name), col(Client.preferred_name), col(Client.first_name))
    last = func.coalesce(col(Relationship.typed_last_name), col(Client.last_name))
    name = func.concat(first, " ", last)
    query = (
        select(col(Client.id), name)
        .join(Relationship, col(Relationship.client_id) == col(Client.id))
        .where(col(Relationship.provider_id) == provider_id, col(Relationship.state).in_(states))
        .order_by(func.lower(last), func.lower(first), col(Client.id))
        .limit(limit)
    )
    for word in words.split()[:5]:
        query = query.where(func.lower(name).contains(word.lower(), autoescape=True))
    return [(client_id, called) for client_id, called in await session.execute(query)]
