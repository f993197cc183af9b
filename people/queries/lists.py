"""A provider's list of clients, as the provider sees them: a page at a time, however long it is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import Client, Relationship
from people.values import AccountState, RelationshipState


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedClient:
    """Somebody in a provider's list. Until they have accepted, that is what the provider typed (R46)."""

    id: UUID
    first_name: str
    last_name: str
    email: str
    phone: str | None
    state: RelationshipState
    account: AccountState | None
    invited_until: datetime | None


_FIRST = func.coalesce(col(Relationship.typed_first_name), col(Client.preferred_name), col(Client.first_name))
_LAST = func.coalesce(col(Relationship.typed_last_name), col(Client.last_name))
_ORDER = (func.lower(_LAST), func.lower(_FIRST), col(Client.id))


async def client_list(
    session: AsyncSession,
    provider_id: UUID,
    states: Collection[RelationshipState],
    *,
    like: str | None = None,
    after: UUID | None = None,
    limit: int,
) -> Sequence[ListedClient]:
    """Return clients in these states by their names; `like` is part of a name, an address or a number's digits.

    `after` is the client with whom the page before ended.
    """
    accepted = col(Relationship.typed_email).is_(None)
    query = (
        select(Client, Relationship)
        .join(Relationship, col(Relationship.client_id) == col(Client.id))
        .where(col(Relationship.provider_id) == provider_id, col(Relationship.state).in_(states))
        .order_by(*_ORDER)
        .limit(limit)
    )
    if like:
        digits = "".join(one for one in like if one.isdigit())
        part = f"%{_escaped(like.casefold())}%"
        whole = func.lower(_FIRST.concat(" ").concat(_LAST))
        address = func.lower(func.coalesce(col(Relationship.typed_email), col(Client.email)))
        ways = [whole.like(part), address.like(part), accepted & func.lower(col(Client.first_name)).like(part)]
        if len(digits) >= 3:
            ways += [
                accepted & col(Client.phone).like(f"%{digits}%"),
                col(Relationship.typed_phone).like(f"%{digits}%"),
            ]
        query = query.where(or_(*ways))
    if after is not None:
        last = (
            select(*_ORDER)
            .join(Relationship, col(Relationship.client_id) == col(Client.id))
            .where(col(Relationship.provider_id) == provider_id, col(Client.id) == after)
        )
        found = (await session.execute(last)).one_or_none()
        if found is not None:
            query = query.where(tuple_(*_ORDER) > tuple_(*found))
    return [_listed(client, link) for client, link in await session.execute(query)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _listed(client: Client, link: Relationship) -> ListedClient:
    typed = link.typed_email is not None
    return ListedClient(
        id=client.id,
        first_name=(link.typed_first_name if typed else client.preferred_name or client.first_name) or "",
        last_name=(link.typed_last_name if typed else client.last_name) or "",
        email=(link.typed_email if typed else client.email) or "",
        phone=link.typed_phone if typed else client.phone,
        state=link.state,
        account=None if typed else client.account,
        invited_until=None if typed else client.invited_until,
    )


async def count_clients(session: AsyncSession, provider_id: UUID) -> dict[RelationshipState, int]:
    """Return how many clients of a provider stand where."""
    found = await session.execute(
        select(col(Relationship.state), func.count())
        .where(col(Relationship.provider_id) == provider_id)
        .group_by(col(Relationship.state))
    )
    return {RelationshipState(state): n for state, n in found}
