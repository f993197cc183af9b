"""Referrals for medication: drafted, consented to, sent, answered, or lapsed (R43)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.lifecycles import next_state
from status import queries
from status.actions.history import NewId, record
from status.actions.notices import notify
from status.models import PsychiatricReferral
from status.rules import lifecycle
from status.rules.psychiatric import state_at
from status.values import CLOCK, Actor, Channel, EventKind, NoticeKey, PsychiatricEvent, PsychiatricState


async def draft_psychiatric(
    session: AsyncSession, *, provider_id: UUID, client_id: UUID, actor: Actor, now: datetime, new_id: NewId
) -> PsychiatricReferral:
    """Begin one, as a draft; the database refuses a second open one of the same two."""
    row = PsychiatricReferral(
        id=new_id(), provider_id=provider_id, client_id=client_id, state=PsychiatricState.DRAFT, created_at=now
    )
    session.add(row)
    await session.flush()
    await _record(session, row, None, actor=actor, now=now, new_id=new_id)
    return row


async def move_psychiatric(
    session: AsyncSession,
    row: PsychiatricReferral,
    event: PsychiatricEvent,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> bool:
    """Move a locked one by its table, and tell whoever has to know; False where it has no such move by now.

    Its deadline is judged first, with this instant: from then on nothing but its end can happen to it.
    """
    stands = state_at(row.state, row.expires_at, now)
    may_end = event is PsychiatricEvent.EXPIRE and stands is PsychiatricState.EXPIRED
    after = next_state(lifecycle.PSYCHIATRIC, row.state if may_end else stands, event)
    if after is None or (event is PsychiatricEvent.EXPIRE and not may_end):
        return False
    row.state, row.version = after, row.version + 1
    if event in _ANSWERS:
        row.answered_at = now
    await session.flush()
    await _record(session, row, event, actor=actor, now=now, new_id=new_id)
    await _tell(session, row, event, now=now, new_id=new_id)
    return True


async def lapse_psychiatric(session: AsyncSession, psychiatric_id: UUID, *, now: datetime, new_id: NewId) -> bool:
    """End one that nobody has answered in time; False where it was answered, or still may be."""
    row = await queries.psychiatric_referral_for_update(session, psychiatric_id)
    return row is not None and await move_psychiatric(
        session, row, PsychiatricEvent.EXPIRE, actor=CLOCK, now=now, new_id=new_id
    )


_ANSWERS = frozenset({PsychiatricEvent.ACCEPT, PsychiatricEvent.DECLINE})
_NEWS = _ANSWERS | {PsychiatricEvent.EXPIRE}


async def _tell(
    session: AsyncSession, row: PsychiatricReferral, event: PsychiatricEvent, *, now: datetime, new_id: NewId
) -> None:
    """Tell the prescriber that they are asked, without a name, and whoever asked what came of it."""
    if event is PsychiatricEvent.SEND:
        key, reader = NoticeKey.PSYCHIATRIC_REFERRAL, row.prescriber_id
    elif event in _NEWS:
        key, reader = NoticeKey.PSYCHIATRIC_ANSWERED, row.provider_id
    else:
        return
    await notify(
        session,
        key,
        Channel.MAIL,
        Channel.PORTAL,
        provider_id=reader,
        subject_id=row.id,
        expires_at=row.expires_at if event is PsychiatricEvent.SEND else None,
        now=now,
        new_id=new_id,
    )


async def _record(
    session: AsyncSession,
    row: PsychiatricReferral,
    event: PsychiatricEvent | None,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    await record(
        session,
        EventKind.PSYCHIATRIC_MOVED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        data={
            "psychiatric_referral": str(row.id),
            "event": event.value if event else None,
            "state": row.state.value,
            "prescriber": str(row.prescriber_id) if row.prescriber_id else None,
        },
    )
