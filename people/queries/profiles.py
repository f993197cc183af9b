"""Reads and writes of profiles: what providers say of themselves for clients to choose by."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, cast, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import Enrolment, Photo, Profile, ProfileAddress, Provider
from people.values import EnrolmentState


async def profile(session: AsyncSession, provider_id: UUID) -> Profile | None:
    """Return a provider's profile."""
    return await session.get(Profile, provider_id)


async def profiles_with_names(
    session: AsyncSession, provider_ids: Sequence[UUID]
) -> Mapping[UUID, tuple[Provider, Profile]]:
    """Return providers with their profiles; who has none is left out."""
    found = await session.execute(
        select(Provider, Profile)
        .join(Profile, col(Profile.provider_id) == col(Provider.id))
        .where(col(Provider.id) == any_(cast(list(provider_ids), ARRAY(Uuid()))))
    )
    return {provider.id: (provider, told) for provider, told in found}


async def presented(session: AsyncSession, provider_id: UUID) -> tuple[Provider | None, Profile | None]:
    """Return a provider and their profile as they are at this moment, whatever was read of them before."""
    found = await session.execute(
        select(Provider, Profile)
        .outerjoin(Profile, col(Profile.provider_id) == col(Provider.id))
        .where(col(Provider.id) == provider_id)
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    return (row[0], row[1]) if row else (None, None)


async def owner_of_address(session: AsyncSession, slug: str, provider_id: UUID, now: datetime) -> UUID:
    """Return whose an address is: this provider's, if it was nobody's before. Two who take it at once take turns."""
    await session.execute(
        insert(ProfileAddress)
        .values(slug=slug, provider_id=provider_id, taken_at=now)
        .on_conflict_do_nothing(index_elements=["slug"])
    )
    found = await session.execute(select(col(ProfileAddress.provider_id)).where(col(ProfileAddress.slug) == slug))
    return found.scalar_one()


async def profile_at(session: AsyncSession, slug: str) -> tuple[Provider, Profile] | None:
    """Return whose page is, or once was, at an address, in any spelling of its letters (R4)."""
    found = await session.execute(
        select(Provider, Profile)
        .join(Profile, col(Profile.provider_id) == col(Provider.id))
        .join(ProfileAddress, col(ProfileAddress.provider_id) == col(Provider.id))
        .where(col(ProfileAddress.slug) == slug.lower())
    )
    row = found.one_or_none()
    return (row[0], row[1]) if row else None


async def add_photo(session: AsyncSession, row: Photo) -> None:
    """Keep a photo; the same one again is kept once."""
    values = {name: getattr(row, name) for name in ("digest", "provider_id", "large", "small", "made_at")}
    await session.execute(insert(Photo).values(values).on_conflict_do_nothing(index_elements=["digest"]))


async def forget_photos(session: AsyncSession, provider_id: UUID) -> None:
    """Delete the photos of a provider that neither their profile shows nor what payers see."""
    shown = select(col(Profile.photo)).where(col(Profile.provider_id) == provider_id, col(Profile.photo).is_not(None))
    submitted = select(col(Enrolment.submitted)["photo"].as_string()).where(
        col(Enrolment.provider_id) == provider_id,
        col(Enrolment.state) == EnrolmentState.COMPLETED,
        col(Enrolment.submitted)["photo"].as_string().is_not(None),
    )
    await session.execute(
        delete(Photo).where(
            col(Photo.provider_id) == provider_id,
            ~or_(col(Photo.digest).in_(shown), col(Photo.digest).in_(submitted)),
        )
    )


async def photo(session: AsyncSession, digest: str, size: str) -> bytes | None:
    """Return a photo in one of its sizes."""
    column = col(Photo.small) if size == "small" else col(Photo.large)
    return (await session.execute(select(column).where(col(Photo.digest) == digest))).scalar_one_or_none()
