"""Reads and writes of practices, providers and how the line knows them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, cast, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import (
    FormerNumber,
    PhoneVerification,
    Pin,
    PinTry,
    Practice,
    Provider,
)
from people.values import CallerFacts, Language


async def practice(session: AsyncSession, practice_id: UUID) -> Practice | None:
    """Return one practice."""
    return await session.get(Practice, practice_id)


async def practice_for_update(session: AsyncSession, practice_id: UUID) -> Practice | None:
    """Return one practice, locked."""
    return await session.get(Practice, practice_id, with_for_update=True, populate_existing=True)


async def provider(session: AsyncSession, provider_id: UUID) -> Provider | None:
    """Return one provider."""
    return await session.get(Provider, provider_id)


async def provider_for_update(session: AsyncSession, provider_id: UUID) -> Provider | None:
    """Return one provider, locked."""
    return await session.get(Provider, provider_id, with_for_update=True, populate_existing=True)


async def provider_ids(session: AsyncSession, practices: Collection[UUID]) -> frozenset[UUID]:
    """Return who provides in these practices, those included who have left."""
    if not practices:
        return frozenset()
    found = await session.scalars(select(col(Provider.id)).where(col(Provider.practice_id).in_(practices)))
    return frozenset(found)


async def timezones(session: AsyncSession, provider_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the zones in which these providers live; who is unknown is missing."""
    among = any_(cast(list(provider_ids), ARRAY(Uuid())))
    found = await session.execute(select(col(Provider.id), col(Provider.timezone)).where(col(Provider.id) == among))
    return {one: timezone for one, timezone in found}  # noqa: C416 - rows are no pairs to a checker of types


async def providers_by_email(session: AsyncSession, email: str) -> Sequence[Provider]:
    """Return the providers with this address, in any spelling of its letters."""
    found = await session.execute(select(Provider).where(func.lower(col(Provider.email)) == email.lower()))
    return found.scalars().all()


async def providers_with_number(session: AsyncSession, number: str) -> Sequence[Provider]:
    """Return the active providers whose verified dial number this is."""
    found = await session.execute(
        select(Provider)
        .where(
            col(Provider.active),
            col(Provider.dial_phone) == number,
            col(Provider.dial_phone_verified_at).is_not(None),
        )
        .order_by(col(Provider.id))
    )
    return found.scalars().all()


async def has_pin(session: AsyncSession, provider_id: UUID) -> bool:
    """Tell whether a provider has a PIN."""
    return await session.get(Pin, provider_id) is not None


async def callers(session: AsyncSession, number: str, now: datetime) -> tuple[CallerFacts, ...]:
    """Return everybody active who has this dial number, verified or not."""
    pending = (
        select(col(PhoneVerification.id))
        .where(
            col(PhoneVerification.provider_id) == col(Provider.id),
            col(PhoneVerification.used_at).is_(None),
            col(PhoneVerification.expires_at) > now,
        )
        .exists()
    )
    found = await session.execute(
        select(Provider, Practice, col(Pin.provider_id).is_not(None), pending)
        .join(Practice, col(Practice.id) == col(Provider.practice_id))
        .outerjoin(Pin, col(Pin.provider_id) == col(Provider.id))
        .where(col(Provider.active), col(Provider.dial_phone) == number)
        .order_by(col(Provider.id))
    )
    return tuple(
        CallerFacts(
            provider_id=person.id,
            practice_id=person.practice_id,
            practice_kind=practice.kind,
            line_enabled=practice.line_enabled,
            verified=person.dial_phone_verified_at is not None,
            has_pin=has_pin,
            verifying=verifying,
            language=Language(person.language),
            timezone=person.timezone,
        )
        for person, practice, has_pin, verifying in found
    )


async def set_pin(session: AsyncSession, pin: Pin) -> bool:
    """Set or change a PIN; False where somebody of the practice has the same."""
    taken = await session.execute(
        select(col(Pin.provider_id)).where(
            col(Pin.practice_id) == pin.practice_id,
            col(Pin.digest) == pin.digest,
            col(Pin.provider_id) != pin.provider_id,
        )
    )
    if taken.first():
        return False
    values = {"practice_id": pin.practice_id, "digest": pin.digest, "set_at": pin.set_at}
    await session.execute(
        insert(Pin)
        .values(provider_id=pin.provider_id, **values)
        .on_conflict_do_update(index_elements=["provider_id"], set_=values)
    )
    return True


async def pin_owners(session: AsyncSession, number: str, digest: str) -> Sequence[UUID]:
    """Return the active providers with this number whose PIN this is; two practices may share a PIN."""
    found = await session.execute(
        select(col(Pin.provider_id))
        .join(Provider, col(Provider.id) == col(Pin.provider_id))
        .where(
            col(Pin.digest) == digest,
            col(Provider.active),
            col(Provider.dial_phone) == number,
            col(Provider.dial_phone_verified_at).is_not(None),
        )
    )
    return found.scalars().all()


async def pin_tries(session: AsyncSession, practices: Sequence[UUID], caller_key: str, since: datetime) -> int:
    """Return how often a wrong PIN was keyed from this number for these practices since then."""
    found = await session.execute(
        select(func.count(func.distinct(col(PinTry.id)))).where(
            col(PinTry.practice_id).in_(practices),
            col(PinTry.caller_key) == caller_key,
            col(PinTry.at) > since,
        )
    )
    return found.scalar_one()


async def providers_of(session: AsyncSession, practices: Sequence[UUID], number: str) -> Sequence[Provider]:
    """Return the active providers of these practices with this dial number."""
    found = await session.execute(
        select(Provider).where(
            col(Provider.practice_id).in_(practices), col(Provider.active), col(Provider.dial_phone) == number
        )
    )
    return found.scalars().all()


async def staff(session: AsyncSession, practice_id: UUID) -> Sequence[Provider]:
    """Return the active providers of a practice, by their names."""
    found = await session.execute(
        select(Provider)
        .where(col(Provider.practice_id) == practice_id, col(Provider.active))
        .order_by(func.lower(col(Provider.last_name)), func.lower(col(Provider.first_name)), col(Provider.id))
    )
    return found.scalars().all()


async def with_pins(session: AsyncSession, practice_id: UUID) -> set[UUID]:
    """Return which providers of a practice have chosen a PIN."""
    found = await session.execute(select(col(Pin.provider_id)).where(col(Pin.practice_id) == practice_id))
    return set(found.scalars())


async def verification(session: AsyncSession, verification_id: UUID) -> PhoneVerification | None:
    """Return one verification."""
    return await session.get(PhoneVerification, verification_id)


async def codes_texted(session: AsyncSession, provider_id: UUID, since: datetime) -> int:
    """Count the codes that a provider has had texted since then."""
    found = await session.scalar(
        select(func.count())
        .select_from(PhoneVerification)
        .where(
            col(PhoneVerification.provider_id) == provider_id,
            col(PhoneVerification.texted),
            col(PhoneVerification.created_at) > since,
        )
    )
    return found or 0


async def former_number(session: AsyncSession, former_id: UUID) -> FormerNumber | None:
    """Return a number that was given up, until it is forgotten."""
    return await session.get(FormerNumber, former_id)


async def open_verification_for_update(
    session: AsyncSession, provider_id: UUID, now: datetime
) -> PhoneVerification | None:
    """Return the newest verification of a provider that can still be used, locked."""
    found = await session.execute(
        select(PhoneVerification)
        .where(
            col(PhoneVerification.provider_id) == provider_id,
            col(PhoneVerification.used_at).is_(None),
            col(PhoneVerification.expires_at) > now,
        )
        .order_by(col(PhoneVerification.created_at).desc())
        .limit(1)
        .with_for_update()
    )
    return found.scalar_one_or_none()


async def delete_old_tries(session: AsyncSession, before: datetime) -> None:
    """Forget PIN tries, verifications and numbers that were given up, where they are older than that (retention)."""
    await session.execute(delete(FormerNumber).where(col(FormerNumber.given_up_at) < before))
    await session.execute(delete(PinTry).where(col(PinTry.at) < before))
    await session.execute(
        delete(PhoneVerification).where(
            or_(col(PhoneVerification.expires_at) < before, col(PhoneVerification.used_at) < before)
        )
    )


async def providers(
    session: AsyncSession, *, practice_id: UUID | None, after: UUID | None, limit: int
) -> Sequence[Provider]:
    """Return providers in the order of their ids."""
    query = select(Provider).order_by(col(Provider.id)).limit(limit)
    if practice_id:
        query = query.where(col(Provider.practice_id) == practice_id)
    if after:
        query = query.where(col(Provider.id) > after)
    return (await session.execute(query)).scalars().all()
