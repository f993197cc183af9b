"""Reads and writes of accounts and sign-ins."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import Account, Member, SignIn
from people.values import AccountKind, Person, Role


async def account(session: AsyncSession, account_id: UUID) -> Account | None:
    """Return one account."""
    return await session.get(Account, account_id)


async def account_for_update(session: AsyncSession, account_id: UUID) -> Account | None:
    """Return one account, locked."""
    return await session.get(Account, account_id, with_for_update=True, populate_existing=True)


async def signed_in(session: AsyncSession, digest: str, now: datetime) -> tuple[Person, SignIn] | None:
    """Return who holds the cookie behind a digest, with the row of their sign-in; what has ended recognises nobody."""
    found = await session.execute(
        select(SignIn, Account)
        .join(Account, col(Account.id) == col(SignIn.account_id))
        .where(
            col(SignIn.digest) == digest,
            col(SignIn.ended_at).is_(None),
            col(SignIn.expires_at) > now,
            col(Account.disabled_at).is_(None),
        )
    )
    row = found.one_or_none()
    if row is None:
        return None
    held, whose = row
    return await _person(session, held, whose), held


async def _person(session: AsyncSession, held: SignIn, whose: Account) -> Person:
    practices = await _practices(session, whose.id) if whose.kind is AccountKind.STAFF else ()
    roles = {role for _, role in practices}
    roles |= {whose.operator} if whose.operator else set()
    roles |= {Role.PROVIDER} if whose.provider_id else set()
    roles |= {Role.CLIENT} if whose.client_id else set()
    return Person(
        account_id=whose.id,
        sign_in_id=held.id,
        kind=whose.kind,
        roles=frozenset(roles),
        provider_id=whose.provider_id,
        client_id=whose.client_id,
        practices=practices,
        language=whose.language,
        timezone=whose.timezone,
        signed_in_at=held.created_at,
        proven_at=held.proven_at,
    )


async def _practices(session: AsyncSession, account_id: UUID) -> tuple[tuple[UUID, Role], ...]:
    found = await session.execute(
        select(col(Member.practice_id), col(Member.role))
        .where(col(Member.account_id) == account_id)
        .order_by(col(Member.practice_id))
    )
    return tuple((practice_id, role) for practice_id, role in found)
