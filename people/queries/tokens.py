"""Reads and writes of API tokens and of what was answered to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import (
    ApiToken,
    ApiWrite,
)


async def token(session: AsyncSession, digest: str) -> ApiToken | None:
    """Return the live token behind a digest."""
    found = await session.execute(
        select(ApiToken).where(col(ApiToken.digest) == digest, col(ApiToken.revoked_at).is_(None))
    )
    return found.scalar_one_or_none()


async def claim_write(session: AsyncSession, write: ApiWrite) -> ApiWrite | None:
    """Claim an Idempotency-Key; return None if it is ours now, else the write that holds it."""
    claimed = await session.execute(
        insert(ApiWrite)
        .values(token_id=write.token_id, key=write.key, fingerprint=write.fingerprint, at=write.at)
        .on_conflict_do_nothing()
        .returning(col(ApiWrite.key))
    )
    if claimed.scalar_one_or_none() is not None:
        return None
    return await session.get(ApiWrite, (write.token_id, write.key))


async def finish_write(session: AsyncSession, token_id: UUID, key: str, status: int, body: dict[str, object]) -> None:
    """Keep what was answered to a write."""
    await session.execute(
        update(ApiWrite)
        .where(col(ApiWrite.token_id) == token_id, col(ApiWrite.key) == key)
        .values(status=status, body=body)
    )


async def drop_write(session: AsyncSession, token_id: UUID, key: str) -> None:
    """Forget that an Idempotency-Key was claimed."""
    await session.execute(delete(ApiWrite).where(col(ApiWrite.token_id) == token_id, col(ApiWrite.key) == key))


async def delete_old_writes(session: AsyncSession, before: datetime) -> None:
    """Forget answers that were given before then (retention)."""
    await session.execute(delete(ApiWrite).where(col(ApiWrite.at) < before))


async def lock_write(session: AsyncSession, token_id: UUID, key: str) -> bool:
    """Hold an Idempotency-Key until this transaction ends; False at once where another request holds it."""
    name = func.hashtextextended(f"write/{token_id}/{key}", 0)
    found = await session.execute(select(func.pg_try_advisory_xact_lock(name)))
    return bool(found.scalar_one())
