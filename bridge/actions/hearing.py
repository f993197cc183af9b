"""Something is heard of a call: one fact more, all of them folded anew, the ledger told what changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bridge import queries
from bridge.actions.history import NewId, record
from bridge.models import Call
from bridge.rules import talk
from bridge.values import (
    CarrierName,
    Fact,
    FactSource,
    Outcome,
)
from people import queries as people_queries
from people.values import Language
from scheduling import queries as scheduling
from status import actions as ledger
from status import queries as ledger_queries
from status.values import LINE, EventKind, Policy

_log = structlog.get_logger(__name__)

# Sources may differ by this many seconds, since each rounds for itself.
AGREE_WITHIN_S = 2


@dataclass(frozen=True, slots=True)
class Ending:
    """What a call amounts to now, and for a dial that failed what the caller may be told."""

    outcome: Outcome | None
    closes_at: datetime | None = None
    timezone: str = "UTC"
    language: Language = Language.ENGLISH
    subjects: tuple[UUID, ...] = ()


async def hear(
    session: AsyncSession,
    fact: Fact,
    *,
    carrier: CarrierName,
    call_id: UUID | None,
    sid: str | None,
    policy: Policy,
    now: datetime,
    new_id: NewId,
) -> Ending:
    """Write one fact down, fold all of them, and tell the ledger what changed.

    The call is known by our id or by the carrier's; a fact about an unknown one is kept as an orphan (F13).
    """
    row = (
        await queries.call_for_update(session, call_id)
        if call_id
        else await queries.call_by_sid_for_update(session, carrier, sid or "")
    )
    new = await queries.add_fact(
        session,
        fact,
        fact_id=new_id(),
        call_id=row.id if row else None,
        carrier=carrier,
        now=now,
        data={"call": str(call_id)} if row is None and call_id else None,
    )
    if row is None:
        if new:
            await ledger.record(
                session,
                EventKind.CALL_ORPHAN,
                actor=LINE,
                at=fact.at or now,
                now=now,
                new_id=new_id,
                data={"source": fact.source.value, "event": fact.event.value},
            )
        return Ending(None)
    if new:
        await refold(session, row, now=now, policy=policy, new_id=new_id)
    return await _ending(session, row)


async def refold(session: AsyncSession, row: Call, *, now: datetime, policy: Policy, new_id: NewId) -> None:
    """Fold all facts of a locked call and apply what differs from what is stored."""
    events = await queries.call_events(session, row.id)
    end = talk.fold(row.sid, [queries.fact(event) for event in events])
    about_leg = [e for e in events if e.source in {FactSource.LEG, FactSource.ACTION, FactSource.REST}]
    row.first_leg_at = min((e.heard_at for e in about_leg), default=None)
    row.leg_heard_at = max((e.heard_at for e in about_leg), default=None)
    was = (row.outcome, row.talk_s, row.live, row.answered_at, row.ended_at)
    refused = row.outcome is Outcome.REFUSED
    if not refused and end.outcome is not None:
        row.outcome = end.outcome
    row.answered_at, row.ended_at, row.talk_s = end.answered_at, end.ended_at, end.talk_s
    row.live = end.live and not end.caller_gone
    over = end.caller_gone or (end.outcome is not None and not end.live)
    if over and row.settled_at is None:
        row.settled_at = now
    await session.flush()
    if was == (row.outcome, row.talk_s, row.live, row.answered_at, row.ended_at):
        return
    await _tell_change(session, row, was[0], was[1], end.off_by_s, now=now, new_id=new_id)
    await _tell_ledger(session, row, now=now, policy=policy, new_id=new_id)


async def _tell_change(
    session: AsyncSession,
    row: Call,
    was_outcome: Outcome | None,
    was_talk_s: int | None,
    off_by_s: int,
    *,
    now: datetime,
    new_id: NewId,
) -> None:
    if row.outcome is not was_outcome and row.outcome is not None:
        connected = row.outcome is Outcome.CONNECTED
        await record(
            session,
            EventKind.CALL_CONNECTED if connected else EventKind.CALL_RANG,
            row,
            now=now,
            new_id=new_id,
            data={"outcome": row.outcome.value},
        )
    if row.talk_s is not None and row.talk_s != was_talk_s:
        await record(session, EventKind.CALL_ENDED, row, now=now, new_id=new_id, data={"talk_s": row.talk_s})
    if off_by_s > AGREE_WITHIN_S:
        _log.warning("call.figures_disagree", call=str(row.id), off_by_s=off_by_s)
        await record(session, EventKind.CALL_DISAGREES, row, now=now, new_id=new_id, data={"off_by_s": off_by_s})


async def _tell_ledger(session: AsyncSession, row: Call, *, now: datetime, policy: Policy, new_id: NewId) -> None:
    """Give the ledger the talk time of all calls of this occurrence (R115), locked from the top floor down."""
    if row.appointment_id is None or row.occurrence is None:
        return
    consultation = await ledger_queries.occurrence_for_update(session, row.appointment_id, row.occurrence)
    if consultation is None:
        return
    talk_s, live_since = await queries.talk_of(session, row.appointment_id, row.occurrence)
    await ledger.record_talk(
        session,
        consultation,
        talk_s=talk_s,
        live_since=live_since,
        call_id=row.id,
        now=now,
        policy=policy,
        new_id=new_id,
    )


async def _ending(session: AsyncSession, row: Call) -> Ending:
    provider = await people_queries.provider(session, row.provider_id) if row.provider_id else None
    appointment = await scheduling.appointment(session, row.appointment_id) if row.appointment_id else None
    return Ending(
        outcome=row.outcome,
        closes_at=appointment.ends_at if appointment else None,
        timezone=provider.timezone if provider else "UTC",
        language=Language(provider.language) if provider else Language.ENGLISH,
        subjects=tuple(one for one in (row.id, row.appointment_id, row.provider_id) if one),
    )


async def take_report(
    session: AsyncSession,
    call_id: UUID,
    facts: Iterable[Fact],
    *,
    policy: Policy,
    now: datetime,
    new_id: NewId,
) -> None:
    """Take in what the carrier's REST API says of a call whose end was not heard; then it is over in any case."""
    row = await queries.call_for_update(session, call_id)
    if row is None:
        return
    for fact in facts:
        await queries.add_fact(session, fact, fact_id=new_id(), call_id=row.id, carrier=row.carrier, now=now)
    await refold(session, row, now=now, policy=policy, new_id=new_id)
