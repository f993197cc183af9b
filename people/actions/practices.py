"""Practices and providers, and the number that a provider dials from."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config import phones
from config.errors import BadInput, NotFound, Problem, Refused
from people import queries
from people.actions.programme import look_again
from people.models import (
    FormerNumber,
    Practice,
    Provider,
)
from people.rules import npi as rules
from people.values import (
    Language,
    PracticeKind,
)
from status import actions as ledger
from status.actions import NewId
from status.rules.access import STAFF, may, see_theirs
from status.values import Actor, ActorKind, Channel, EventKind, NoticeKey

# How long a number that was given up is known, for the text that tells it so.
FORMER_NUMBER_KEPT = timedelta(days=1)


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


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
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
    see_theirs(actor, provider_id=provider.id)
    if number == provider.dial_phone and not (verified and provider.dial_phone_verified_at is None):
        return
    changed = number != provider.dial_phone
    former = provider.dial_phone if provider.dial_phone_verified_at else None  # an unproven one may be anybody's
    provider.dial_phone = number
    provider.dial_phone_verified_at = now if verified and number else None
    provider.version += 1
    await session.flush()
    kind = EventKind.NUMBER_CHANGED if changed else EventKind.NUMBER_VERIFIED
    await ledger.record(
        session,
        kind,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=provider.id,
        data={"verified": verified},
    )
    if not changed:
        return
    await ledger.notify(
        session,
        NoticeKey.DIAL_NUMBER_CHANGED,
        Channel.MAIL,
        Channel.PORTAL,
        provider_id=provider.id,
        subject_id=provider.id,
        dedupe=str(provider.version),
        now=now,
        new_id=new_id,
    )
    if former is not None:
        await _tell_former_number(session, provider, former, now=now, new_id=new_id)


async def _tell_former_number(
    session: AsyncSession, provider: Provider, number: str, *, now: datetime, new_id: NewId
) -> None:
    """Text the number that was in use until now: if it was stolen, its owner hears of it there (R104, M21)."""
    row = FormerNumber(id=new_id(), provider_id=provider.id, number=number, given_up_at=now)
    session.add(row)
    await session.flush()
    await ledger.notify(
        session,
        NoticeKey.DIAL_NUMBER_CHANGED,
        Channel.TEXT,
        provider_id=provider.id,
        subject_id=row.id,
        expires_at=now + FORMER_NUMBER_KEPT,
        now=now,
        new_id=new_id,
    )


@may(*STAFF)
async def change_provider(
    session: AsyncSession, row: Provider, changed: Mapping[str, Any], *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Change what is known of a provider, who is locked; for the number that they dial from see `change_dial_phone`."""
    see_theirs(actor, provider_id=row.id)
    npi = changed.get("npi")
    if npi is not None and not rules.well_formed(npi):
        raise Refused("npi_wrong", "This is no NPI: one of its ten digits must be wrong.", status=422)
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.version += 1
        await session.flush()
        await ledger.record(
            session,
            EventKind.SETTINGS_CHANGED,
            actor=actor,
            now=now,
            new_id=new_id,
            provider_id=row.id,
            data={"provider": ",".join(sorted(changed))},
        )
    await look_again(session, row.id, now=now, new_id=new_id)


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
