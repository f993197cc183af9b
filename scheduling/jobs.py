"""Work of the calendar: what time does by itself."""

from uuid import UUID

from config.deps import Deps
from scheduling import actions


async def expire_request(deps: Deps, request_id: UUID) -> None:
    """Let a request end whose time has passed."""
    async with deps.sessions.begin() as session:
        row = await actions.expire_request(session, request_id, now=deps.now(), new_id=deps.new_id)
    if row is not None:
        await deps.live.publish((row.id, row.appointment_id, row.provider_id, row.client_id))
