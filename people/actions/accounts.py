"""Accounts: made, invited, signed in to, left. Secrets come in from the edge and are kept as hashes.

Comparing a password takes long on purpose, so the edge does it between two transactions; what is here takes its result.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from config.keys import derive, digest
from config.settings import Settings
from people import queries
from people.models import Account, Client, Member, RecoveryCode, SignIn, SignInTry, SingleUseLink
from people.rules import sign_in as rules
from people.values import AccountKind, Language, LinkPurpose, Role
from status import actions as ledger
from status.actions import NewId
from status.values import Channel, NoticeKey


async def add_account(
    session: AsyncSession,
    *,
    kind: AccountKind,
    email: str,
    language: Language,
    timezone: str | None = None,
    client_id: UUID | None = None,
    provider_id: UUID | None = None,
    operator: Role | None = None,
    now: datetime,
    new_id: NewId,
) -> Account:
    """Add an account; Refused where the address has one of this kind."""
    if await queries.account_by_email(session, kind, email) is not None:
        raise Refused("address_taken", "Another account has this address. Choose a different one.")
    row = Account(
        id=new_id(),
        kind=kind,
        email=email,
        client_id=client_id,
        provider_id=provider_id,
        operator=operator,
        language=language,
        timezone=timezone,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def account_for(session: AsyncSession, client: Client, *, now: datetime, new_id: NewId) -> Account | None:
    """Return the account of a client who proves their address, or is about to; it begins here where there is none.

    None where the address stands for somebody else's account.
    """
    row = await queries.account_of_client(session, client.id)
    if row is not None or await queries.account_by_email(session, AccountKind.CLIENT, client.email) is not None:
        return row
    return await add_account(
        session,
        kind=AccountKind.CLIENT,
        email=client.email,
        language=Language(client.language),
        timezone=client.timezone,
        client_id=client.id,
        now=now,
        new_id=new_id,
    )


async def add_member(session: AsyncSession, account: Account, practice_id: UUID, role: Role, *, now: datetime) -> None:
    """Let somebody administer or schedule for a practice; a new role takes the place of the old one."""
    await session.merge(Member(account_id=account.id, practice_id=practice_id, role=role, since=now))
    await session.flush()


# Links


def _link_key(settings: Settings) -> bytes:
    return derive(settings.secret_key.get_secret_value(), "links")


def link_token(link: SingleUseLink, settings: Settings) -> str:
    """Return what stands in the address of a link."""
    return rules.link_token(link.id, _link_key(settings))


async def make_link(
    session: AsyncSession,
    account: Account,
    purpose: LinkPurpose,
    *,
    email: str,
    invited_by: UUID | None = None,
    now: datetime,
    new_id: NewId,
) -> SingleUseLink:
    """Make a link of this purpose, and mail it; the earlier ones are void from now on."""
    await queries.void_links(session, account.id, purpose, now)
    row = SingleUseLink(
        id=new_id(),
        purpose=purpose,
        account_id=account.id,
        email=email,
        replaces=account.email if purpose is LinkPurpose.NEW_ADDRESS else None,
        invited_by=invited_by,
        created_at=now,
        expires_at=now + rules.LINK_LIVES[purpose],
    )
    session.add(row)
    await session.flush()
    await _write(session, _letter(purpose, invited_by), account, row.id, now=now, new_id=new_id)
    return row


def _letter(purpose: LinkPurpose, invited_by: UUID | None) -> NoticeKey:
    if purpose is LinkPurpose.INVITATION:
        return NoticeKey.CLIENT_INVITATION if invited_by else NoticeKey.INVITATION
    return {
        LinkPurpose.SIGN_IN: NoticeKey.SIGN_IN_LINK,
        LinkPurpose.RESET: NoticeKey.PASSWORD_RESET,
        LinkPurpose.NEW_ADDRESS: NoticeKey.NEW_ADDRESS,
    }[purpose]


async def _write(
    session: AsyncSession,
    key: NoticeKey,
    account: Account,
    subject_id: UUID,
    *,
    dedupe: str = "",
    now: datetime,
    new_id: NewId,
) -> None:
    await ledger.notify(
        session,
        key,
        Channel.MAIL,
        account_id=account.id,
        subject_id=subject_id,
        dedupe=dedupe,
        now=now,
        new_id=new_id,
    )


async def open_link(
    session: AsyncSession, token: str, purposes: frozenset[LinkPurpose], *, settings: Settings, now: datetime
) -> tuple[SingleUseLink, Account]:
    """Return the link behind a token and whose it is, locked; Refused when used, void, over or not ours.

    The client comes first, as with whoever corrects their data at the same moment: one of the two is too late (R54).
    """
    link_id = rules.link_of(token, _link_key(settings))
    seen = await queries.link(session, link_id) if link_id else None
    whose = await queries.account(session, seen.account_id) if seen else None
    if whose is not None and whose.client_id is not None:
        await queries.client_for_update(session, whose.client_id)
    account = await queries.account_for_update(session, whose.id) if whose else None
    row = await queries.link_for_update(session, seen.id) if seen else None
    good = row is not None and row.purpose in purposes and row.used_at is None and row.voided_at is None
    if row is None or not good or now >= row.expires_at or account is None or account.disabled_at is not None:
        raise Refused("link_over", "This link has been used or is over. Ask for a new one.", status=404)
    return row, account


async def use_up(session: AsyncSession, link: SingleUseLink, account: Account, *, now: datetime, new_id: NewId) -> None:
    """Use a link up; a new address counts from now on."""
    link.used_at = now
    if link.purpose is LinkPurpose.NEW_ADDRESS:
        await _take_address(session, link, account, now=now, new_id=new_id)
    await session.flush()


async def _take_address(
    session: AsyncSession, link: SingleUseLink, account: Account, *, now: datetime, new_id: NewId
) -> None:
    """Let a new address take the place of the old one, and tell both (4.6)."""
    holder = await queries.account_by_email(session, account.kind, link.email)
    theirs = await queries.client_by_email(session, link.email) if account.client_id else None
    if (holder is not None and holder.id != account.id) or (theirs is not None and theirs.id != account.client_id):
        raise Refused("address_taken", "Another account has this address. Choose a different one.")
    account.email, account.version = link.email, account.version + 1
    client = await queries.client_for_update(session, account.client_id) if account.client_id else None
    if client is not None:
        client.email, client.version = link.email, client.version + 1
    await session.flush()
    for side in ("before", "after"):
        await _write(session, NoticeKey.ADDRESS_CHANGED, account, link.id, dedupe=side, now=now, new_id=new_id)


# Passwords and second factors


async def set_password(session: AsyncSession, account: Account, password_hash: str, *, now: datetime) -> Sequence[str]:
    """Set a password; every sign-in ends. Returns what stands for their cookies, to be forgotten by the cache."""
    account.password_hash, account.password_at, account.version = password_hash, now, account.version + 1
    await session.flush()
    return await sign_out_everywhere(session, account.id, now=now)


def totp_secret(account: Account, settings: Settings) -> str:
    """Return the secret of an account's second factor, for its owner's app."""
    return _secret(account.id, account.totp_generation, settings)


def next_totp_secret(account: Account, settings: Settings) -> str:
    """Return the secret of the app that would take the place of the present one."""
    return _secret(account.id, account.totp_generation + 1, settings)


def _secret(account_id: UUID, generation: int, settings: Settings) -> str:
    return rules.totp_secret(account_id, generation, derive(settings.secret_key.get_secret_value(), "totp"))


async def confirm_totp(
    session: AsyncSession, account: Account, code: str, *, settings: Settings, now: datetime
) -> bool:
    """Take a code of the app; the first good one confirms the factor. Each code is good once."""
    step = _step_of(totp_secret(account, settings), code, now)
    if step is None or step <= account.totp_step:
        return False
    account.totp_step = step
    account.totp_since = account.totp_since or now
    await session.flush()
    return True


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return which half minute a code belongs to: this one, the last or the next, since clocks differ."""
    totp, plain = pyotp.TOTP(secret), rules.plain_code(code)
    current = int(now.timestamp()) // 30
    for step in (current, current - 1, current + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(step), plain):
            return step
    return None


async def change_totp(session: AsyncSession, account: Account, code: str, *, settings: Settings, now: datetime) -> bool:
    """Let the app that shows this code take the place of the old one, which is good until then."""
    step = _step_of(next_totp_secret(account, settings), code, now)
    if step is None:
        return False
    account.totp_generation, account.totp_since, account.totp_step = account.totp_generation + 1, now, step
    account.version += 1
    await session.flush()
    return True


async def make_recovery_codes(
    session: AsyncSession, account: Account, drawn: Sequence[str], *, settings: Settings, now: datetime, new_id: NewId
) -> Sequence[str]:
    """Replace the recovery codes by new ones and return them, to be shown once. `drawn` are random tokens."""
    await queries.delete_recovery_codes(session, account.id)
    codes = [rules.recovery_code(one) for one in drawn]
    session.add_all(
        RecoveryCode(id=new_id(), account_id=account.id, digest=_code_digest(code, settings), created_at=now)
        for code in codes
    )
    await session.flush()
    return codes


async def use_recovery_code(
    session: AsyncSession, account: Account, code: str, *, settings: Settings, now: datetime
) -> bool:
    """Take a recovery code, once."""
    row = await queries.recovery_code_for_update(session, account.id, _code_digest(code, settings))
    if row is None:
        return False
    row.used_at = now
    await session.flush()
    return True


def _code_digest(code: str, settings: Settings) -> str:
    return digest(derive(settings.secret_key.get_secret_value(), "recovery"), rules.plain_code(code))


# Signing in and out


async def tell_of_new_device(
    session: AsyncSession, account: Account, sign_in_id: UUID, *, now: datetime, new_id: NewId
) -> None:
    """Tell the owner of an account that a browser has signed in which was never seen with it."""
    await _write(session, NoticeKey.NEW_DEVICE, account, sign_in_id, now=now, new_id=new_id)


async def waits_until(session: AsyncSession, keys: Mapping[str, str], *, now: datetime) -> datetime | None:
    """Return until when nobody may try again under any of these keys (kind of key → its hash), or None."""
    waits = []
    for kind, key in keys.items():
        tries = await queries.sign_in_tries(session, key, now - rules.TRIES_COUNT_FOR)
        waits.append(rules.wait_until(kind, tries, now))
    return max((at for at in waits if at is not None), default=None)


async def note_failed_sign_in(session: AsyncSession, keys: Mapping[str, str], *, now: datetime, new_id: NewId) -> None:
    """Write a failed attempt down under each of its keys."""
    session.add_all(SignInTry(id=new_id(), key=key, at=now) for key in keys.values())
    await session.flush()


async def sign_in(
    session: AsyncSession, account: Account, *, token_digest: str, settings: Settings, now: datetime, new_id: NewId
) -> SignIn:
    """Begin a session under a new cookie, of which only the hash is kept."""
    row = SignIn(
        id=new_id(),
        account_id=account.id,
        digest=token_digest,
        created_at=now,
        seen_at=now,
        proven_at=now,
        expires_at=now + timedelta(hours=settings.session_h),
    )
    session.add(row)
    await session.flush()
    return row


async def sign_out(session: AsyncSession, sign_in_id: UUID, *, now: datetime) -> str | None:
    """End one session; return what stood for its cookie."""
    row = await queries.sign_in_for_update(session, sign_in_id)
    if row is None or row.ended_at is not None:
        return None
    row.ended_at = now
    await session.flush()
    return row.digest


async def sign_out_everywhere(
    session: AsyncSession, account_id: UUID, *, now: datetime, but: UUID | None = None
) -> Sequence[str]:
    """End all sessions of an account, save perhaps one; return what stood for their cookies."""
    rows = await queries.open_sign_ins_for_update(session, account_id)
    ended = [row for row in rows if row.id != but]
    for row in ended:
        row.ended_at = now
    await session.flush()
    return [row.digest for row in ended]


async def disable_account(session: AsyncSession, account: Account, *, now: datetime) -> Sequence[str]:
    """Let nobody sign in to an account any more; every session of it ends."""
    account.disabled_at, account.version = now, account.version + 1
    await session.flush()
    return await sign_out_everywhere(session, account.id, now=now)
