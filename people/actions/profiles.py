"""What a provider says of themselves: their photo, and the addresses that their page has and had.

The other fields are changed in `scheduling`, since searches depend on them.
"""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from people import queries
from people.actions.programme import look_again
from people.models import Photo, Profile
from people.rules import profile as rules
from people.values.profiles import Completeness, PhotoFiles, ProfilePart
from status import actions as ledger
from status.actions import NewId
from status.rules.access import STAFF, may, see_theirs
from status.values import Actor, EventKind


async def profile(session: AsyncSession, provider_id: UUID, *, now: datetime) -> Profile:
    """Return a provider's profile; without a row, an empty draft that is not saved yet."""
    row = await queries.profile(session, provider_id)
    return row or Profile(
        provider_id=provider_id, focus=[], also=[], languages=[], therapies=[], affirms=[], updated_at=now
    )


@may(*STAFF)
async def set_photo(
    session: AsyncSession, provider_id: UUID, files: PhotoFiles, *, actor: Actor, now: datetime, new_id: NewId
) -> Profile:
    """Show this photo from now on; the caller holds the provider's row."""
    see_theirs(actor, provider_id=provider_id)
    digest = sha256(provider_id.bytes + files.large + files.small).hexdigest()
    await queries.add_photo(session, Photo(digest=digest, provider_id=provider_id, made_at=now, **_bytes(files)))
    return await _show(session, provider_id, digest, actor=actor, now=now, new_id=new_id)


def _bytes(files: PhotoFiles) -> dict[str, bytes]:
    return {"large": files.large, "small": files.small}


@may(*STAFF)
async def remove_photo(
    session: AsyncSession, provider_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> Profile:
    """Show no photo; removing none changes nothing."""
    see_theirs(actor, provider_id=provider_id)
    row = await profile(session, provider_id, now=now)
    return row if row.photo is None else await _show(session, provider_id, None, actor=actor, now=now, new_id=new_id)


async def _show(
    session: AsyncSession, provider_id: UUID, digest: str | None, *, actor: Actor, now: datetime, new_id: NewId
) -> Profile:
    row = await profile(session, provider_id, now=now)
    row.photo, row.version, row.updated_at = digest, row.version + 1, now
    row.edited_by_kind, row.edited_by = actor.kind, actor.id
    session.add(row)
    await session.flush()
    await queries.forget_photos(session, provider_id)
    await ledger.record(
        session,
        EventKind.SETTINGS_CHANGED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
        data={"profile": "photo"},
    )
    await look_again(session, provider_id, now=now, new_id=new_id)
    return row


async def take_address(session: AsyncSession, provider_id: UUID, slug: str, *, now: datetime) -> None:
    """Make an address this provider's for good; Refused where it is, or ever was, somebody else's (R4)."""
    if await queries.owner_of_address(session, slug.lower(), provider_id, now) != provider_id:
        raise Refused("slug_taken", "Somebody else has this address. Choose another `slug`.")


def completeness(row: Profile) -> Completeness:
    """Return how complete a profile is (R3)."""
    return rules.completeness(
        {
            ProfilePart.PHOTO: row.photo is not None,
            ProfilePart.STATEMENT: bool(row.statement),
            ProfilePart.HIGHLIGHTS: bool(row.highlights),
            ProfilePart.SPECIALTIES: bool(row.focus),
            ProfilePart.PROFESSION: row.taxonomy is not None,
            ProfilePart.LANGUAGES: bool(row.languages),
            ProfilePart.EDUCATION: bool(row.education),
        }
    )
