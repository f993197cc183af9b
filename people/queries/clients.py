"""Reads and writes of clients and relationships."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import (
    Client,
    ClientStep,
    Relationship,
    Suppression,
)
from people.values import AccountStep, SuppressionReason


async def client(session: AsyncSession, client_id: UUID) -> Client | None:
    """Return one client."""
    return await session.get(Client, client_id)


async def clients(session: AsyncSession, client_ids: Collection[UUID]) -> dict[UUID, Client]:
    """Return several clients by their ids."""
    found = await session.execute(select(Client).where(col(Client.id).in_(client_ids)))
    return {row.id: row for row in found.scalars()}


async def client_for_update(session: AsyncSession, client_id: UUID) -> Client | None:
    """Return one client, locked; who writes a row that points to them need not wait for that."""
    return await session.get(Client, client_id, with_for_update={"key_share": True}, populate_existing=True)


async def client_by_email(session: AsyncSession, email: str) -> Client | None:
    """Return the client with this address, in any spelling of its letters."""
    found = await session.execute(select(Client).where(func.lower(col(Client.email)) == email.lower()))
    return found.scalar_one_or_none()


async def client_by_email_in_turn(session: AsyncSession, email: str) -> Client | None:
    """Return the client with this address, locked; what is written down about them meanwhile need not wait."""
    found = await session.execute(
        select(Client)
        .where(func.lower(col(Client.email)) == email.lower())
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


async def add_unless_known(session: AsyncSession, account: Client) -> None:
    """Write a client unless the address has one already, perhaps since a moment ago."""
    values = {name: getattr(account, name) for name in Client.__table__.columns.keys()}  # type: ignore[attr-defined]  # noqa: SIM118
    await session.execute(insert(Client).values(**values).on_conflict_do_nothing())


async def done_steps(session: AsyncSession, client_id: UUID) -> frozenset[AccountStep]:
    """Return the steps of their account that a client has done; verifying stands on the client itself."""
    found = await session.execute(select(col(ClientStep.step)).where(col(ClientStep.client_id) == client_id))
    verified = await session.execute(
        select(col(Client.id)).where(col(Client.id) == client_id, col(Client.verified_at).is_not(None))
    )
    return frozenset(found.scalars()) | ({AccountStep.VERIFY} if verified.first() else set())


async def add_step(session: AsyncSession, client_id: UUID, step: AccountStep, now: datetime) -> bool:
    """Write down that a step of an account is done; tell whether it is new."""
    written = await session.execute(
        insert(ClientStep)
        .values(client_id=client_id, step=step, done_at=now)
        .on_conflict_do_nothing()
        .returning(col(ClientStep.client_id))
    )
    return written.scalar_one_or_none() is not None


async def relationship(session: AsyncSession, provider_id: UUID, client_id: UUID) -> Relationship | None:
    """Return where a provider and a client stand."""
    found = await session.execute(
        select(Relationship).where(
            col(Relationship.provider_id) == provider_id, col(Relationship.client_id) == client_id
        )
    )
    return found.scalar_one_or_none()


async def relationship_for_update(session: AsyncSession, provider_id: UUID, client_id: UUID) -> Relationship | None:
    """Return where a provider and a client stand, locked."""
    found = await session.execute(
        select(Relationship)
        .where(col(Relationship.provider_id) == provider_id, col(Relationship.client_id) == client_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


async def relationships_of_client(session: AsyncSession, client_id: UUID) -> Sequence[Relationship]:
    """Return where a client stands with all providers."""
    found = await session.execute(select(Relationship).where(col(Relationship.client_id) == client_id))
    return found.scalars().all()


async def suppressed(session: AsyncSession, number_key: str) -> bool:
    """Tell whether no texts go to the number behind this key."""
    found = await session.execute(
        select(col(Suppression.number_key)).where(
            col(Suppression.number_key) == number_key, col(Suppression.lifted_at).is_(None)
        )
    )
    return found.first() is not None


async def suppress(session: AsyncSession, number_key: str, reason: SuppressionReason, now: datetime) -> None:
    """Send no more texts to the number behind this key."""
    await session.execute(
        insert(Suppression)
        .values(number_key=number_key, reason=reason, since=now, lifted_at=None)
        .on_conflict_do_update(index_elements=["number_key"], set_={"reason": reason, "since": now, "lifted_at": None})
    )


async def lift_suppression(session: AsyncSession, number_key: str, now: datetime) -> None:
    """Take back STOP after START."""
    await session.execute(
        update(Suppression)
        .where(
            col(Suppression.number_key) == number_key,
            col(Suppression.reason) == SuppressionReason.STOP,
            col(Suppression.lifted_at).is_(None),
        )
        .values(lifted_at=now)
    )
