"""Work of the ledger: judging the consultations whose time has come, ending what nobody has answered."""

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


async def lapse(deps: Deps, psychiatric_id: UUID) -> None:
    """End one referral for medication that nobody has answered in time (R43)."""
    async with deps.sessions.begin() as session:
        await actions.lapse_psychiatric(session, psychiatric_id, now=deps.now(), new_id=deps.new_id)
    await deps.live.publish((psychiatric_id,))
