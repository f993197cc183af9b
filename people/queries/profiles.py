"""Reads and writes of profiles: what providers say of themselves for clients to choose by."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import Profile, Provider


async def profile(session: AsyncSession, provider_id: UUID) -> Profile | None:
    """Return a provider's profile."""
    return await session.get(Profile, provider_id)


async def profile_by_slug(session: AsyncSession, slug: str) -> Profile | None:
    """Return the profile at an address, in any spelling of its letters (R4)."""
    found = await session.execute(select(Profile).where(func.lower(col(Profile.slug)) == slug.lower()))
    return found.scalar_one_or_none()


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
