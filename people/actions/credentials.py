"""PINs and codes: how the line knows who keys them."""

import re
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config import phones
from config.errors import BadInput, Problem, Refused
from config.keys import digest, six_digits
from people import queries
from people.models import (
    PhoneVerification,
    Pin,
    PinTry,
    Provider,
)
from status import actions as ledger
from status.actions import NewId
from status.rules.access import may, see_theirs
from status.values import Actor, ActorKind, Channel, EventKind, NoticeKey

CODE_LIVES = timedelta(minutes=10)  # R104
CODE_TRIES = 5
CODES_AN_HOUR = 5  # texts to a number that may be anybody's
PIN_TRIES_A_CALL = 3  # R114
PIN_TRIES_AN_HOUR = 10
_PIN = re.compile(r"[0-9]{6}\Z")


async def set_pin(session: AsyncSession, provider: Provider, pin: str, *, pin_key: bytes, now: datetime) -> None:
    """Set a provider's PIN: six digits, unique in the practice."""
    if not _PIN.match(pin):
        raise BadInput(Problem("pin", "A PIN has exactly six digits."))
    row = Pin(provider_id=provider.id, practice_id=provider.practice_id, digest=digest(pin_key, pin), set_at=now)
    if not await queries.set_pin(session, row):
        raise Refused("pin_not_usable", "Please choose another PIN.")


async def note_wrong_pin(
    session: AsyncSession,
    *,
    practices: set[UUID],
    caller_key: str,
    call_id: UUID,
    number: str,
    now: datetime,
    new_id: NewId,
) -> None:
    """Write down a wrong PIN; the tenth within an hour locks the practice's number and tells its providers (M22)."""
    for practice_id in sorted(practices):
        session.add(PinTry(id=new_id(), practice_id=practice_id, caller_key=caller_key, call_id=call_id, at=now))
    await session.flush()
    for practice_id in sorted(practices):
        tries = await queries.pin_tries(session, [practice_id], caller_key, now - timedelta(hours=1))
        if tries < PIN_TRIES_AN_HOUR:
            continue
        for provider in await queries.providers_of(session, [practice_id], number):
            await ledger.notify(
                session,
                NoticeKey.PIN_LOCKED,
                Channel.MAIL,
                Channel.PORTAL,
                provider_id=provider.id,
                subject_id=practice_id,
                dedupe=str(call_id),
                now=now,
                new_id=new_id,
            )


async def pin_is_locked(session: AsyncSession, practices: set[UUID], caller_key: str, now: datetime) -> bool:
    """Tell whether too many wrong PINs came from this number within the last hour, for any of the practices."""
    since = now - timedelta(hours=1)
    for practice_id in sorted(practices):
        if await queries.pin_tries(session, [practice_id], caller_key, since) >= PIN_TRIES_AN_HOUR:
            return True
    return False


async def begin_verification(
    session: AsyncSession,
    provider: Provider,
    *,
    code: str,
    code_key: bytes,
    number_key: str,
    now: datetime,
    new_id: NewId,
) -> datetime:
    """Keep a code that the provider is shown and keys from their number; return when it ends (R104)."""
    if provider.dial_phone is None:
        raise Refused("no_dial_phone", "Enter the number you call from first.", status=422)
    expires_at = now + CODE_LIVES
    session.add(
        PhoneVerification(
            id=new_id(),
            provider_id=provider.id,
            number_key=number_key,
            digest=digest(code_key, code),
            created_at=now,
            expires_at=expires_at,
        )
    )
    await session.flush()
    return expires_at


def number_code(verification_id: UUID, code_key: bytes) -> str:
    """Return the code that is texted to a number: the same for its letter and for whoever judges what was typed."""
    return six_digits(code_key, verification_id)


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def text_number_code(
    session: AsyncSession,
    provider: Provider,
    *,
    code_key: bytes,
    number_key: str,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> datetime:
    """Text a code to the number that a provider dials from, to be typed into the portal; return when it ends (R104).

    Texts go to whoever has the number, so a few an hour are enough.
    """
    see_theirs(actor, provider_id=provider.id)
    if provider.dial_phone is None:
        raise Refused("no_dial_phone", "Enter the number you call from first.", status=422)
    if not phones.may_take_texts(provider.dial_phone):
        raise Refused("takes_no_texts", "This number takes no texts. Call the line from it and key the code instead.")
    if await queries.codes_texted(session, provider.id, now - timedelta(hours=1)) >= CODES_AN_HOUR:
        raise Refused("too_many_codes", "Too many codes were sent to this number. Try again in an hour.")
    verification_id, expires_at = new_id(), now + CODE_LIVES
    session.add(
        PhoneVerification(
            id=verification_id,
            provider_id=provider.id,
            number_key=number_key,
            digest=digest(code_key, number_code(verification_id, code_key)),
            created_at=now,
            expires_at=expires_at,
            texted=True,
        )
    )
    await session.flush()
    await ledger.notify(
        session,
        NoticeKey.NUMBER_CODE,
        Channel.TEXT,
        provider_id=provider.id,
        subject_id=verification_id,
        expires_at=expires_at,
        now=now,
        new_id=new_id,
    )
    return expires_at


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def take_number_code(
    session: AsyncSession,
    provider: Provider,
    typed: str,
    *,
    code_key: bytes,
    number_key: str,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> int | None:
    """Take the code that was texted: None where it verifies the number, else how many tries are left.

    A wrong one is a try that counts, so whoever called has to keep what was written. Refused where none is waited for.
    """
    see_theirs(actor, provider_id=provider.id)
    pending = await queries.open_verification_for_update(session, provider.id, now)
    if pending is None or not pending.texted or pending.number_key != number_key or pending.tries >= CODE_TRIES:
        raise Refused("no_code_waits", "No code is waited for. Have one sent first.")
    pending.tries += 1
    if pending.digest != digest(code_key, typed):
        await session.flush()
        return CODE_TRIES - pending.tries
    await _proven(session, provider, pending, actor=actor, now=now, new_id=new_id)
    return None


async def _proven(
    session: AsyncSession,
    provider: Provider,
    pending: PhoneVerification,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    pending.used_at = now
    provider.dial_phone_verified_at = now
    provider.version += 1
    await session.flush()
    await ledger.record(
        session, EventKind.NUMBER_VERIFIED, actor=actor, now=now, new_id=new_id, provider_id=provider.id
    )


async def try_code(
    session: AsyncSession,
    providers: list[UUID],
    code: str,
    *,
    code_key: bytes,
    number_key: str,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> UUID | None:
    """Return the provider whose pending code this is and mark their number verified, or None."""
    for provider_id in providers:
        pending = await queries.open_verification_for_update(session, provider_id, now)
        if pending is None or pending.number_key != number_key or pending.tries >= CODE_TRIES:
            continue
        pending.tries += 1
        if pending.digest == digest(code_key, code):
            provider = await queries.provider_for_update(session, provider_id)
            if provider is None:
                return None
            await _proven(session, provider, pending, actor=actor, now=now, new_id=new_id)
            return provider_id
    await session.flush()
    return None
