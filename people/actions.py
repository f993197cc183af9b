"""What can happen to people's records. Called inside somebody's transaction; never commits."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config import phones
from config.errors import BadInput, NotFound, Problem, Refused
from config.keys import digest
from config.lifecycles import next_state
from people import queries
from people.models import (
    ApiToken,
    Client,
    PhoneVerification,
    Pin,
    PinTry,
    Practice,
    Provider,
    Relationship,
    SupportCase,
)
from people.rules import lifecycle
from people.values import (
    CaseKind,
    CaseState,
    Language,
    PracticeKind,
    RelationshipEvent,
    RelationshipState,
    SuppressionReason,
    TokenRole,
)
from status import actions as ledger
from status.models import Notice
from status.values import Actor, Channel, EventKind, NoticeKey

NewId = Callable[[], UUID]

CODE_LIVES = timedelta(minutes=10)  # R104
CODE_TRIES = 5
PIN_TRIES_A_CALL = 3  # R114
PIN_TRIES_AN_HOUR = 10
_PIN = re.compile(r"[0-9]{6}\Z")


async def add_practice(
    session: AsyncSession, *, name: str, kind: PracticeKind, timezone: str, now: datetime, new_id: NewId
) -> Practice:
    """Add a practice; a group starts with the line off (R114)."""
    row = Practice(
        id=new_id(),
        name=name,
        kind=kind,
        timezone=timezone,
        line_enabled=kind is PracticeKind.SOLO,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def add_provider(
    session: AsyncSession,
    *,
    practice_id: UUID,
    first_name: str,
    last_name: str,
    email: str,
    dial_phone: str | None,
    office_phone: str | None,
    timezone: str,
    language: Language,
    verified: bool,
    now: datetime,
    new_id: NewId,
) -> Provider:
    """Add a provider; numbers must be E.164 already. `verified` is an operator's word for the number."""
    if await queries.practice(session, practice_id) is None:
        raise Refused("no_such_practice", "There is no practice under this id.", status=422)
    row = Provider(
        id=new_id(),
        practice_id=practice_id,
        first_name=first_name,
        last_name=last_name,
        email=email,
        dial_phone=dial_phone,
        dial_phone_verified_at=now if verified and dial_phone else None,
        office_phone=office_phone,
        timezone=timezone,
        language=language,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def change_dial_phone(
    session: AsyncSession,
    provider: Provider,
    number: str | None,
    *,
    verified: bool,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    """Change the number that a provider dials from: unverified from now on, and they are told (R104, M21)."""
    if number == provider.dial_phone and not (verified and provider.dial_phone_verified_at is None):
        return
    changed = number != provider.dial_phone
    provider.dial_phone = number
    provider.dial_phone_verified_at = now if verified and number else None
    provider.version += 1
    await session.flush()
    kind = EventKind.NUMBER_CHANGED if changed else EventKind.NUMBER_VERIFIED
    await ledger.record(
        session,
        kind,
        actor=actor,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=provider.id,
        data={"verified": verified},
    )
    if not changed:
        return
    for channel in (Channel.MAIL, Channel.PORTAL):
        await ledger.notify(
            session,
            NoticeKey.DIAL_NUMBER_CHANGED,
            channel,
            provider_id=provider.id,
            subject_id=provider.id,
            appointment_id=None,
            dedupe=str(provider.version),
            due_at=now,
            now=now,
            new_id=new_id,
        )


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
            for channel in (Channel.MAIL, Channel.PORTAL):
                await ledger.notify(
                    session,
                    NoticeKey.PIN_LOCKED,
                    channel,
                    provider_id=provider.id,
                    subject_id=practice_id,
                    appointment_id=None,
                    dedupe=str(call_id),
                    due_at=now,
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
            pending.used_at = now
            provider = await queries.provider_for_update(session, provider_id)
            if provider is None:
                return None
            provider.dial_phone_verified_at = now
            provider.version += 1
            await ledger.record(
                session,
                EventKind.NUMBER_VERIFIED,
                actor=actor,
                at=now,
                now=now,
                new_id=new_id,
                provider_id=provider_id,
            )
            await session.flush()
            return provider_id
    await session.flush()
    return None


async def add_client(
    session: AsyncSession,
    *,
    provider_id: UUID,
    first_name: str,
    last_name: str,
    email: str,
    phone: str | None,
    now: datetime,
    new_id: NewId,
) -> tuple[Client, Relationship]:
    """Add a client to a provider's list.

    An address that has an account keeps it as it is: only the relationship is new (R46).
    """
    if await queries.provider(session, provider_id) is None:
        raise Refused("no_such_provider", "There is no provider under this id.", status=422)
    known = await queries.client_by_email(session, email)
    if known is not None:
        existing = await queries.relationship(session, provider_id, known.id)
        if existing is not None:
            raise Refused("already_your_client", "You have a client with this e-mail address already.")
    row = known or Client(
        id=new_id(), first_name=first_name, last_name=last_name, email=email, phone=phone, created_at=now
    )
    link = Relationship(
        id=new_id(), provider_id=provider_id, client_id=row.id, state=RelationshipState.ACTIVE, since=now
    )
    session.add_all([row, link])
    await session.flush()
    return row, link


async def move_relationship(
    session: AsyncSession, link: Relationship, event: RelationshipEvent, *, now: datetime
) -> None:
    """Move a relationship by its table, else Refused."""
    after = next_state(lifecycle.RELATIONSHIP, link.state, event)
    if after is None:
        raise Refused("not_possible_now", f"This client is {link.state.value} in your list.", state=link.state.value)
    link.state, link.since = after, now
    await session.flush()


async def open_case(
    session: AsyncSession,
    *,
    kind: CaseKind,
    provider_id: UUID,
    appointment_id: UUID | None,
    text: str,
    facts: dict[str, object],
    now: datetime,
    new_id: NewId,
) -> SupportCase:
    """Open a support case; `facts` hold ids, codes, counts and instants."""
    row = SupportCase(
        id=new_id(),
        kind=kind,
        state=CaseState.OPEN,
        provider_id=provider_id,
        appointment_id=appointment_id,
        text=text,
        facts=facts,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def note_receipt(
    session: AsyncSession,
    notice_id: UUID,
    *,
    delivered: bool | None,
    code: str | None,
    suppress: SuppressionReason | None,
    number_key: str | None,
    reference: str | None = None,
    now: datetime,
    new_id: NewId,
) -> Notice | None:
    """Take in what the carrier says of a text, and send no further ones where none can arrive.

    `suppress` is what `code` means for the number behind `number_key`, the one that the text went to.
    """
    if delivered is False and suppress is not None and number_key is not None:
        await queries.suppress(session, number_key, suppress, now)
    return await ledger.note_receipt(
        session, notice_id, delivered=delivered, code=code, reference=reference, now=now, new_id=new_id
    )


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


async def known_provider(session: AsyncSession, provider_id: UUID) -> Provider:
    """Return a provider, locked, or raise NotFound."""
    row = await queries.provider_for_update(session, provider_id)
    if row is None:
        raise NotFound
    return row


def number(text: str, *, where: str, region: str | None = "US") -> str:
    """Return a typed number as E.164, or raise BadInput."""
    found = phones.e164(text, region)
    if found is None:
        raise BadInput(Problem(where, "Enter a valid telephone number with its country code, such as +12125550100."))
    return found
