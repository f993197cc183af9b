"""`consultline user create`: a sign-in for somebody, who is invited by mail to choose their own password."""

import argparse
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.ext.asyncio import AsyncSession

from app.operate import service
from app.trouble import Failed
from config.deps import Deps
from people import actions as people
from people import queries
from people.models import Account
from people.values import AccountKind, Language, LinkPurpose, Role

OF_A_PRACTICE = (Role.PRACTICE_ADMIN, Role.SCHEDULER)


async def create(told: argparse.Namespace) -> int:
    """Make a sign-in, or give one that is there another role; mail the invitation."""
    role, email = Role(told.role), _address(told.email)
    async with service() as deps, deps.sessions.begin() as session:
        make = _for_client if role is Role.CLIENT else _for_staff
        account = await make(deps, session, role, email, told.practice)
        fresh = account.password_hash is None
        if fresh:
            await people.make_link(
                session, account, LinkPurpose.INVITATION, email=email, now=deps.now(), new_id=deps.new_id
            )
    print("The invitation is on its way." if fresh else "The account was there before; it has the role now.")
    return 0


def _address(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        msg = "Give --email an address such as ana@example.com."
        raise Failed(msg) from None


async def _for_staff(deps: Deps, session: AsyncSession, role: Role, email: str, practice_id: UUID | None) -> Account:
    account = await queries.account_by_email(session, AccountKind.STAFF, email) or await people.add_account(
        session,
        kind=AccountKind.STAFF,
        email=email,
        language=Language.ENGLISH,
        now=deps.now(),
        new_id=deps.new_id,
    )
    if role is Role.PROVIDER:
        found = await queries.providers_by_email(session, email)
        if len(found) != 1:
            msg = "Add the provider first; this address belongs to none, or to several."
            raise Failed(msg)
        account.provider_id, account.language, account.timezone = found[0].id, found[0].language, found[0].timezone
    elif role in OF_A_PRACTICE:
        if practice_id is None or await queries.practice(session, practice_id) is None:
            msg = f"Give --practice, the id of the practice in which this {role.value} works."
            raise Failed(msg)
        await people.add_member(session, account, practice_id, role, now=deps.now())
    else:
        account.operator = role
    return account


async def _for_client(deps: Deps, session: AsyncSession, _role: Role, email: str, _practice: UUID | None) -> Account:
    client = await queries.client_by_email(session, email)
    if client is None:
        msg = "No client has this address; a provider adds them first."
        raise Failed(msg)
    return await queries.account_of_client(session, client.id) or await people.add_account(
        session,
        kind=AccountKind.CLIENT,
        email=email,
        language=client.language,
        timezone=client.timezone,
        client_id=client.id,
        now=deps.now(),
        new_id=deps.new_id,
    )
