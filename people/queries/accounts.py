"""Reads and writes of accounts and sign-ins."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import Account, Member, RecoveryCode, SignIn, SignInTry, SingleUseLink
from people.values import AccountKind, LinkPurpose, Person, Role


async def account(session: AsyncSession, account_id: UUID) -> Account | None:
    """Return one account."""
    return await session.get(Account, account_id)


async def account_for_update(session: AsyncSession, account_id: UUID) -> Account | None:
    """Return one account, locked."""
    return await session.get(Account, account_id, with_for_update=True, populate_existing=True)


async def account_by_email(session: AsyncSession, kind: AccountKind, email: str) -> Account | None:
    """Return the account of this kind with an address, in any spelling of its letters."""
    found = await session.execute(
        select(Account).where(col(Account.kind) == kind, func.lower(col(Account.email)) == email.lower())
    )
    return found.scalar_one_or_none()


async def account_of_provider(session: AsyncSession, provider_id: UUID) -> Account | None:
    """Return the account that signs in as a provider."""
    found = await session.execute(select(Account).where(col(Account.provider_id) == provider_id))
    return found.scalar_one_or_none()


async def admins_of(session: AsyncSession, practice_id: UUID) -> Sequence[Account]:
    """Return the accounts that administer a practice."""
    found = await session.execute(
        select(Account)
        .join(Member, col(Member.account_id) == col(Account.id))
        .where(
            col(Member.practice_id) == practice_id,
            col(Member.role) == Role.PRACTICE_ADMIN,
            col(Account.disabled_at).is_(None),
        )
        .order_by(col(Account.id))
    )
    return found.scalars().all()


async def members_of(session: AsyncSession, practice_id: UUID) -> Sequence[tuple[Account, Role]]:
    """Return who administers or schedules for a practice, by their addresses."""
    found = await session.execute(
        select(Account, col(Member.role))
        .join(Member, col(Member.account_id) == col(Account.id))
        .where(col(Member.practice_id) == practice_id)
        .order_by(func.lower(col(Account.email)), col(Account.id))
    )
    return [(whose, role) for whose, role in found]


async def delete_member(session: AsyncSession, practice_id: UUID, account_id: UUID) -> bool:
    """Take a role away; False where there was none."""
    gone = await session.execute(
        delete(Member)
        .where(col(Member.practice_id) == practice_id, col(Member.account_id) == account_id)
        .returning(col(Member.account_id))
    )
    return gone.first() is not None


async def schedulers_of(session: AsyncSession, practice_id: UUID) -> Sequence[Account]:
    """Return the accounts that schedule for a practice or administer it, and are none of its providers."""
    found = await session.execute(
        select(Account)
        .join(Member, col(Member.account_id) == col(Account.id))
        .where(
            col(Member.practice_id) == practice_id,
            col(Account.provider_id).is_(None),
            col(Account.disabled_at).is_(None),
        )
        .order_by(col(Account.id))
    )
    return found.scalars().all()


async def account_of_client(session: AsyncSession, client_id: UUID) -> Account | None:
    """Return the account of a client."""
    found = await session.execute(select(Account).where(col(Account.client_id) == client_id))
    return found.scalar_one_or_none()


async def account_of_client_for_update(session: AsyncSession, client_id: UUID) -> Account | None:
    """Return the account of a client, locked."""
    found = await session.execute(
        select(Account)
        .where(col(Account.client_id) == client_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


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


async def sign_in_for_update(session: AsyncSession, sign_in_id: UUID) -> SignIn | None:
    """Return one session, locked."""
    return await session.get(SignIn, sign_in_id, with_for_update=True, populate_existing=True)


async def open_sign_ins_for_update(session: AsyncSession, account_id: UUID) -> Sequence[SignIn]:
    """Return the sessions of an account that have not ended, locked in the order of their ids."""
    found = await session.execute(
        select(SignIn)
        .where(col(SignIn.account_id) == account_id, col(SignIn.ended_at).is_(None))
        .order_by(col(SignIn.id))
        .with_for_update()
    )
    return found.scalars().all()


async def sign_in_tries(session: AsyncSession, key: str, since: datetime) -> Sequence[datetime]:
    """Return when sign-ins under a key failed since then, oldest first."""
    found = await session.execute(
        select(col(SignInTry.at))
        .where(col(SignInTry.key) == key, col(SignInTry.at) > since)
        .order_by(col(SignInTry.at))
    )
    return found.scalars().all()


async def recovery_code_for_update(session: AsyncSession, account_id: UUID, digest: str) -> RecoveryCode | None:
    """Return a recovery code that was not used yet, locked."""
    found = await session.execute(
        select(RecoveryCode)
        .where(
            col(RecoveryCode.account_id) == account_id,
            col(RecoveryCode.digest) == digest,
            col(RecoveryCode.used_at).is_(None),
        )
        .with_for_update()
    )
    return found.scalar_one_or_none()


async def recovery_codes_left(session: AsyncSession, account_id: UUID) -> int:
    """Return how many recovery codes were not used yet."""
    found = await session.execute(
        select(func.count()).where(col(RecoveryCode.account_id) == account_id, col(RecoveryCode.used_at).is_(None))
    )
    return found.scalar_one()


async def delete_recovery_codes(session: AsyncSession, account_id: UUID) -> None:
    """Take away the recovery codes of an account."""
    await session.execute(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))


async def link(session: AsyncSession, link_id: UUID) -> SingleUseLink | None:
    """Return one link."""
    return await session.get(SingleUseLink, link_id)


async def link_for_update(session: AsyncSession, link_id: UUID) -> SingleUseLink | None:
    """Return one link, locked."""
    return await session.get(SingleUseLink, link_id, with_for_update=True, populate_existing=True)


async def links_since(session: AsyncSession, account_id: UUID, purpose: LinkPurpose, since: datetime) -> int:
    """Return how many links of this purpose were made for an account since then."""
    found = await session.execute(
        select(func.count()).where(
            col(SingleUseLink.account_id) == account_id,
            col(SingleUseLink.purpose) == purpose,
            col(SingleUseLink.created_at) > since,
        )
    )
    return found.scalar_one()


async def void_links(session: AsyncSession, account_id: UUID, purpose: LinkPurpose, now: datetime) -> None:
    """Make the open links of this purpose void."""
    await session.execute(
        update(SingleUseLink)
        .where(
            col(SingleUseLink.account_id) == account_id,
            col(SingleUseLink.purpose) == purpose,
            col(SingleUseLink.used_at).is_(None),
            col(SingleUseLink.voided_at).is_(None),
        )
        .values(voided_at=now)
    )


async def forget_addresses(session: AsyncSession, account_id: UUID, instead: str) -> None:
    """Forget to which addresses the links of an account went."""
    await session.execute(
        update(SingleUseLink).where(col(SingleUseLink.account_id) == account_id).values(email=instead, replaces=None)
    )


async def delete_old_sign_ins(session: AsyncSession, before: datetime) -> None:
    """Forget sessions, tries and links that were over before then (retention)."""
    await session.execute(delete(SignIn).where(col(SignIn.expires_at) < before))
    await session.execute(delete(SignInTry).where(col(SignInTry.at) < before))
    await session.execute(delete(SingleUseLink).where(col(SingleUseLink.expires_at) < before))
