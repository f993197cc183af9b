"""Referrals: opened by a booking or a request, moved by what becomes of it (requirements 4.1)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.lifecycles import next_state
from status import queries
from status.actions.history import NewId, record
from status.models import Referral
from status.rules import lifecycle
from status.values import Actor, EventKind, MismatchReason, ReferralEvent, ReferralState


async def open_referral(
    session: AsyncSession,
    *,
    provider_id: UUID,
    client_id: UUID,
    source: str,
    awaiting: bool,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Referral:
    """Begin a referral; `awaiting` where somebody has to accept it first."""
    row = Referral(
        id=new_id(),
        provider_id=provider_id,
        client_id=client_id,
        source=source,
        state=ReferralState.AWAITING_ACCEPTANCE if awaiting else ReferralState.NEW,
        created_at=now,
        changed_at=now,
    )
    session.add(row)
    await session.flush()
    await record(
        session,
        EventKind.REFERRAL_OPENED,
        actor=actor,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
        data={"referral": str(row.id), "state": row.state.value, "source": source},
    )
    return row


async def move_referral(
    session: AsyncSession,
    referral_id: UUID | None,
    event: ReferralEvent,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    mismatch: MismatchReason | None = None,
    case_id: UUID | None = None,
) -> bool:
    """Move a referral by its table; False where there is none, or where the table has no such move."""
    row = await queries.referral_for_update(session, referral_id) if referral_id else None
    after = next_state(lifecycle.REFERRAL, row.state, event) if row else None
    if row is None or after is None:
        return False
    row.state, row.changed_at, row.version = after, now, row.version + 1
    row.mismatch, row.case_id = mismatch or row.mismatch, case_id or row.case_id
    if event is ReferralEvent.OPENED:
        row.seen_at = now
    await session.flush()
    await record(
        session,
        EventKind.REFERRAL_MOVED,
        actor=actor,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        data={"referral": str(row.id), "event": event.value, "state": after.value},
    )
    return True
