"""Work of the ledger: judging the consultations whose time has come."""

from uuid import UUID

from config.deps import Deps
from status import actions, queries


async def judge(deps: Deps, consultation_id: UUID) -> None:
    """Let time move one consultation."""
    now = deps.now()
    async with deps.sessions.begin() as session:
        row = await queries.consultation_for_update(session, consultation_id)
        if row is None:
            return
        await actions.judge(session, row, now=now, policy=actions.policy(deps.settings), new_id=deps.new_id)
        subjects = (row.appointment_id, row.provider_id)
    await deps.live.publish(subjects)
