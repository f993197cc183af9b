"""API tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.keys import digest
from people.models import (
    ApiToken,
)
from people.values import (
    TokenRole,
)
from status.actions import NewId


async def add_token(
    session: AsyncSession,
    *,
    token: str,
    role: TokenRole,
    subject_id: UUID | None,
    token_key: bytes,
    now: datetime,
    new_id: NewId,
) -> ApiToken:
    """Keep a new token as a keyed hash; the token itself is shown once, by the caller."""
    row = ApiToken(id=new_id(), digest=digest(token_key, token), role=role, subject_id=subject_id, created_at=now)
    session.add(row)
    await session.flush()
    return row
