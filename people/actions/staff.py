"""A practice and who administers it: staff, members, its line. Who may is asked here, and not by doors alone (R73)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from people import queries
from people.actions.accounts import add_account, add_member, make_link
from people.models import Account, Practice, Provider
from people.values import AccountKind, Language, LinkPurpose, Person, PracticeKind, Role
from status import actions as ledger
from status.actions import NewId
from status.values import Actor, ActorKind, EventKind

MEMBER_ROLES = (Role.PRACTICE_ADMIN, Role.SCHEDULER)


async def administered(session: AsyncSession, person: Person, practice_id: UUID | None = None) -> Practice:
    """Return a practice that somebody administers, the first where none is named; NotFound for everybody else."""
    theirs = [one for one, role in person.practices if role is Role.PRACTICE_ADMIN]
    chosen = practice_id if practice_id in theirs else theirs[0] if theirs and practice_id is None else None
    row = await queries.practice(session, chosen) if chosen else None
    if row is None:
        raise NotFound
    return row


async def staff_member(session: AsyncSession, person: Person, provider_id: UUID) -> tuple[Provider, Practice]:
    """Return an active provider of a practice that somebody administers, locked; NotFound for everybody else."""
    row = await queries.provider_for_update(session, provider_id)
    if row is None or not row.active:
        raise NotFound
    return row, await administered(session, person, row.practice_id)


async def invite_member(
    session: AsyncSession,
    person: Person,
    practice_id: UUID,
    *,
    email: str,
    role: Role,
    language: Language,
    now: datetime,
    new_id: NewId,
) -> Account:
    """Let somebody administer a practice or schedule for it; who has no password yet is mailed a link to begin."""
    practice = await administered(session, person, practice_id)
    if role not in MEMBER_ROLES:
        raise Refused("no_such_role", "Choose what they are to be: practice_admin or scheduler.", status=422)
    account = await queries.account_by_email(session, AccountKind.STAFF, email)
    if account is None:
        account = await add_account(
            session,
            kind=AccountKind.STAFF,
            email=email,
            language=language,
            timezone=practice.timezone,
            now=now,
            new_id=new_id,
        )
    if role is not Role.PRACTICE_ADMIN:
        await _keep_one(session, practice, account.id)
    await add_member(session, account, practice.id, role, now=now)
    if account.password_hash is None:
        await make_link(session, account, LinkPurpose.INVITATION, email=account.email, now=now, new_id=new_id)
    await _record(session, person, practice, account.id, role.value, now=now, new_id=new_id)
    return account


async def remove_member(
    session: AsyncSession, person: Person, practice_id: UUID, account_id: UUID, *, now: datetime, new_id: NewId
) -> None:
    """Let somebody do nothing for a practice any more; one who administers it stays."""
    practice = await administered(session, person, practice_id)
    await _keep_one(session, practice, account_id)
    if not await queries.delete_member(session, practice.id, account_id):
        raise NotFound
    await _record(session, person, practice, account_id, "none", now=now, new_id=new_id)


async def switch_line(
    session: AsyncSession, person: Person, practice_id: UUID, *, on: bool, now: datetime, new_id: NewId
) -> Practice:
    """Switch the line of a group on or off (R114); a solo practice always has it."""
    practice = await administered(session, person, practice_id)
    if practice.kind is PracticeKind.SOLO:
        raise Refused("solo_has_the_line", "A solo practice always has the line; only a group's can be switched off.")
    practice.line_enabled = on
    await session.flush()
    await ledger.record(
        session,
        EventKind.SETTINGS_CHANGED,
        actor=_acts_as(person),
        now=now,
        new_id=new_id,
        data={"practice": str(practice.id), "line_enabled": on},
    )
    return practice


def _acts_as(person: Person) -> Actor:
    """Return whom history names where somebody acts for a practice, be they a provider besides or not."""
    return Actor(kind=ActorKind.PRACTICE, id=person.account_id)


async def _keep_one(session: AsyncSession, practice: Practice, but: UUID) -> None:
    """See that somebody is left who administers a practice. Its row is locked: two must not leave at once."""
    await queries.practice_for_update(session, practice.id)
    if [one.id for one in await queries.admins_of(session, practice.id)] == [but]:
        raise Refused("last_admin", "Somebody has to administer the practice. Name another admin first.")


async def _record(
    session: AsyncSession,
    person: Person,
    practice: Practice,
    account_id: UUID,
    role: str,
    *,
    now: datetime,
    new_id: NewId,
) -> None:
    await ledger.record(
        session,
        EventKind.MEMBER_CHANGED,
        actor=_acts_as(person),
        now=now,
        new_id=new_id,
        data={"practice": str(practice.id), "account": str(account_id), "role": role},
    )
