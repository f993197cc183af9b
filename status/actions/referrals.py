"""Referrals: begun by a booking or a request, moved by what becomes of it (requirements 4.1)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.lifecycles import next_state
from status import queries
from status.actions.history import NewId, record
from status.actions.notices import notify
from status.models import Referral
from status.rules import lifecycle
from status.rules.referrals import when_booked
from status.values import Actor, Channel, EventKind, MismatchReason, NoticeKey, ReferralEvent, ReferralState


async def open_referral(
    session: AsyncSession,
    *,
    provider_id: UUID,
    client_id: UUID,
    source: str,
    search_id: UUID | None,
    awaiting: bool,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Referral:
    """Return the referral that a client's booking belongs to: the open one of the two, as it is, else a new one.

    `awaiting` where somebody has to accept the booking first.
    """
    while True:
        known = await queries.open_referral(session, provider_id, client_id)
        if known:
            return known
        row = Referral(
            id=new_id(),
            provider_id=provider_id,
            client_id=client_id,
            source=source,
            search_id=search_id,
            state=ReferralState.AWAITING_ACCEPTANCE if awaiting else ReferralState.NEW,
            created_at=now,
            changed_at=now,
        )
        written = await queries.add_referral(session, row)
        if written:
            break  # else somebody has begun one just now, and theirs is found
    await record(
        session,
        EventKind.REFERRAL_OPENED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
        data={"referral": str(written.id), "state": written.state.value, "source": source},
    )
    return written


async def booked_further(
    session: AsyncSession, referral_id: UUID, *, awaiting: bool, actor: Actor, now: datetime, new_id: NewId
) -> bool:
    """Tell a referral of an appointment that belongs to it now; False where it was closed meanwhile.

    One that stands moves it on; one that is `awaiting` a yes changes nothing yet.
    """
    row = await queries.referral_for_update(session, referral_id)
    if row is None or not row.state.open:
        return False
    event = None if awaiting else when_booked(row.state)
    if event:
        await move_referral(session, referral_id, event, actor=actor, now=now, new_id=new_id)
    return True


async def move_referral(
    session: AsyncSession,
    referral_id: UUID | None,
    event: ReferralEvent,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    appointment_id: UUID | None = None,
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
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        appointment_id=appointment_id,
        data={"referral": str(row.id), "event": event.value, "state": after.value},
    )
    if event is ReferralEvent.NOT_HELD:
        await _suggest(session, row, appointment_id, now=now, new_id=new_id)
    return True


async def _suggest(
    session: AsyncSession, row: Referral, appointment_id: UUID | None, *, now: datetime, new_id: NewId
) -> None:
    """Suggest to the provider to write to the client, or to book another time; each time that it comes to this."""
    await notify(
        session,
        NoticeKey.NO_CONTACT,
        Channel.PORTAL,
        provider_id=row.provider_id,
        subject_id=row.id,
        appointment_id=appointment_id,
        dedupe=str(row.version),
        now=now,
        new_id=new_id,
    )
