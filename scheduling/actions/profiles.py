"""What a provider says of themselves for clients to choose by (R1, R2, R10, R15)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from config.jobs import enqueue
from people import actions as people
from people.models import Profile
from scheduling import queries
from scheduling.values import SecondVisits
from status import actions as ledger
from status.rules.access import STAFF, may, see_theirs
from status.values import Actor, EventKind

NewId = Callable[[], UUID]
# Who came for the first time less than this ago may yet come again (R12).
TIME_TO_RETURN = timedelta(days=60)


@may(*STAFF)
async def change_profile(
    session: AsyncSession,
    provider_id: UUID,
    changed: Mapping[str, Any],
    *,
    version: int | None = None,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Profile:
    """Change a profile; the caller holds the provider's row. It applies at once, and old matches keep theirs (R2).

    A problem in focus is not listed a second time. Refused where an address is missing or was ever another's, and where
    somebody has written since `version` was read (R72).
    """
    see_theirs(actor, provider_id=provider_id)
    row = await people.profile(session, provider_id, now=now)
    if version not in {None, row.version}:
        raise Refused(
            "changed",
            "Somebody has changed this profile meanwhile. Look at it again, then decide.",
            version=row.version,
        )
    for name, value in changed.items():
        setattr(row, name, value)
    row.also = [one for one in row.also if one not in row.focus]
    if row.published and row.slug is None:
        raise Refused("slug_needed", "Choose the address of the page first: `slug`.", status=422)
    if row.slug is not None and changed.get("slug") is not None:
        with session.no_autoflush:
            await people.take_address(session, provider_id, row.slug, now=now)
    session.add(row)
    if changed:
        row.version, row.updated_at = row.version + 1, now
        row.edited_by_kind, row.edited_by = actor.kind, actor.id
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


async def second_visits(session: AsyncSession, provider_id: UUID, *, now: datetime) -> SecondVisits:
    """Return how many clients came a second time, of those who had the time to (R12); for the provider alone."""
    return await queries.second_visits(session, provider_id, now - TIME_TO_RETURN)
