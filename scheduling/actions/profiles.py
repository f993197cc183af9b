"""What a provider says of themselves for clients to choose by, as far as matching goes (R2, R10, R15)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from config.jobs import enqueue
from people import queries as people
from people.models import Profile
from status import actions as ledger
from status.values import Actor, EventKind

NewId = Callable[[], UUID]


async def profile(session: AsyncSession, provider_id: UUID, *, now: datetime) -> Profile:
    """Return a provider's profile; without a row, an empty draft that is not saved yet."""
    row = await people.profile(session, provider_id)
    return row or Profile(
        provider_id=provider_id, focus=[], also=[], languages=[], therapies=[], affirms=[], updated_at=now
    )


async def change_profile(
    session: AsyncSession,
    provider_id: UUID,
    changed: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Profile:
    """Change a profile; the caller holds the provider's row. It applies at once, and old matches keep theirs (R2).

    A problem in focus is not listed a second time. Refused where an address is missing, or another's.
    """
    row = await profile(session, provider_id, now=now)
    for name, value in changed.items():
        setattr(row, name, value)
    row.also = [one for one in row.also if one not in row.focus]
    if row.published and row.slug is None:
        raise Refused("slug_needed", "Choose the address of the page first: `slug`.", status=422)
    await _keep_apart(session, row)
    session.add(row)
    if changed:
        row.version, row.updated_at = row.version + 1, now
    await session.flush()
    await ledger.record(
        session,
        EventKind.SETTINGS_CHANGED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
        data={"profile": ",".join(sorted(changed))},
    )
    await enqueue(session, "openings", provider_id)
    return row


async def _keep_apart(session: AsyncSession, row: Profile) -> None:
    """See that an address leads to one page (R4); two who take it at once meet at the database."""
    if row.slug is None:
        return
    with session.no_autoflush:
        other = await people.profile_by_slug(session, row.slug)
    if other is not None and other.provider_id != row.provider_id:
        raise Refused("slug_taken", "Somebody else has this address. Choose another `slug`.")
