"""Reads and writes of the line's tables, and the one statement of the voice path.

`arrive` is the house's one exception: it reads tables of the floors below and writes call and fact in the same
statement, through the bare driver, because a call waits for it. `known` asks the same through the floors' own
queries; a test holds the two equal.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy import DateTime, Interval, RowMapping, and_, bindparam, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bridge.models import Call, CallEvent, LineSign, LineStatus, Reveal, TextReply
from bridge.values import (
    Candidate,
    CarrierName,
    ContactReason,
    Dial,
    Fact,
    HealthFacts,
    InboundCall,
    LineState,
    Loaded,
    Outcome,
    Reason,
    Sign,
)
from people import queries as people
from people.models import Client, Pin, Practice, Provider
from people.values import CallerFacts, Language, PracticeKind
from scheduling import queries as scheduling
from scheduling.models import Appointment
from scheduling.values import Window
from status import queries as ledger

# How far around a call we look for a window, to say when the line opens or that it has closed.
BACK, AHEAD = timedelta(hours=24), timedelta(days=7)

# One round trip: who calls, which windows are near, and the call written down with its first fact. Provider and
# appointment are filled in where there is one of each, which is what a plain connection comes to; anything else
# is concluded in a transaction of its own. The window's edges are half-open (R108).
_ARRIVE = """
WITH callers AS MATERIALIZED (
  SELECT p.id, p.practice_id, r.kind, r.line_enabled, p.dial_phone_verified_at IS NOT NULL AS verified,
         EXISTS (SELECT 1 FROM pins WHERE pins.provider_id = p.id) AS has_pin,
         EXISTS (SELECT 1 FROM phone_verifications v
                 WHERE v.provider_id = p.id AND v.used_at IS NULL AND v.expires_at > $7) AS verifying,
         p.language, p.timezone
  FROM providers p JOIN practices r ON r.id = p.practice_id
  WHERE p.active AND p.dial_phone = $5::text
), near AS MATERIALIZED (
  SELECT a.id, a.occurrence, a.provider_id, a.client_id, a.line, a.starts_at, a.ends_at, c.phone,
         a.starts_at - $8::interval <= $7 AND a.ends_at > $7 AS open
  FROM callers JOIN appointments a ON a.provider_id = callers.id AND a.tracked AND a.state IN ('booked', 'ended')
       AND a.starts_at > $7 - $9::interval AND a.starts_at <= $7 + $10::interval
  JOIN clients c ON c.id = a.client_id
), call AS (
  INSERT INTO calls (id, carrier, sid, line, caller_key, caller_last2, attestation, dialled_at,
                     provider_id, appointment_id, occurrence)
  SELECT $1, $2, $3, $4, $11, right($5::text, 2), $6, $7, who.id, what.id, what.occurrence
  FROM (SELECT CASE WHEN count(*) = 1 THEN (array_agg(id))[1] END AS id FROM callers) who,
       (SELECT CASE WHEN count(*) = 1 THEN (array_agg(id))[1] END AS id,
               CASE WHEN count(*) = 1 THEN min(occurrence) END AS occurrence
        FROM near WHERE near.open) what
  ON CONFLICT (carrier, sid) DO NOTHING
  RETURNING id
), fact AS (
  INSERT INTO call_events (id, call_id, carrier, leg, source, event, sequence, at, heard_at)
  SELECT $12, id, $2, $3, 'answer', 'dialled', 0, $7, $7 FROM call
)
SELECT (SELECT id FROM call) AS call_id,
       callers.id AS provider_id, callers.practice_id, callers.kind, callers.line_enabled, callers.verified,
       callers.has_pin, callers.verifying, callers.language, callers.timezone,
       near.id AS appointment_id, near.occurrence, near.client_id, near.line, near.starts_at, near.ends_at, near.phone,
       near.open, consultation.occurred, live.heard_at
FROM (SELECT 1) one
LEFT JOIN callers ON true
LEFT JOIN near ON near.provider_id = callers.id
LEFT JOIN LATERAL (
  SELECT s.status IN ('occurred_auto', 'occurred_manual') AS occurred FROM consultations s
  WHERE near.open AND s.appointment_id = near.id AND s.occurrence = near.occurrence
) consultation ON true
LEFT JOIN LATERAL (
  SELECT max(k.leg_heard_at) AS heard_at FROM calls k
  WHERE near.open AND k.appointment_id = near.id AND k.occurrence = near.occurrence AND k.live
) live ON true
ORDER BY callers.id, near.starts_at, near.id
"""


_Row = asyncpg.Record | RowMapping


@dataclass(frozen=True, slots=True)
class Arrived:
    """What `arrive` found. `call_id` is None where this call was written down before: a carrier's retry."""

    call_id: UUID | None
    known: Loaded
    provider_id: UUID | None
    appointment_id: UUID | None


async def arrive(
    pool: asyncpg.Pool,
    call: InboundCall,
    *,
    call_id: UUID,
    fact_id: UUID,
    caller_key: str | None,
    lead: timedelta,
    within_s: float,
) -> Arrived:
    """Write a call down and return what is known about it, in one statement; raises TimeoutError after `within_s`."""
    # The pool's own time limit would start a task for each call.
    async with asyncio.timeout(within_s):
        connection = await pool.acquire()
    try:
        rows = await connection.fetch(
            _ARRIVE,
            call_id,
            call.carrier.value,
            call.sid,
            call.line,
            call.caller.number,
            call.attestation.value,
            call.arrived_at,
            lead,
            BACK,
            AHEAD,
            caller_key,
            fact_id,
            timeout=within_s,
        )
    finally:
        await pool.release(connection, timeout=within_s)
    callers: dict[UUID, CallerFacts] = {}
    candidates: list[Candidate] = []
    open_ids: list[UUID] = []
    for row in rows:
        if row["provider_id"] is None:
            continue
        if row["provider_id"] not in callers:
            callers[row["provider_id"]] = _caller(row)
        if row["appointment_id"] is not None:
            candidates.append(_candidate(row, lead))
            if row["open"]:
                open_ids.append(row["appointment_id"])
    return Arrived(
        call_id=rows[0]["call_id"],
        known=Loaded(callers=tuple(callers.values()), candidates=tuple(candidates)),
        provider_id=next(iter(callers)) if len(callers) == 1 else None,
        appointment_id=open_ids[0] if len(open_ids) == 1 else None,
    )


def _caller(row: _Row) -> CallerFacts:
    return CallerFacts(
        provider_id=row["provider_id"],
        practice_id=row["practice_id"],
        practice_kind=PracticeKind(row["kind"]),
        line_enabled=row["line_enabled"],
        verified=row["verified"],
        has_pin=row["has_pin"],
        verifying=row["verifying"],
        language=Language(row["language"]),
        timezone=row["timezone"],
    )


def _candidate(row: _Row, lead: timedelta) -> Candidate:
    return Candidate(
        window=Window(
            appointment_id=row["appointment_id"],
            occurrence=row["occurrence"],
            provider_id=row["provider_id"],
            client_id=row["client_id"],
            line=row["line"],
            opens_at=row["starts_at"] - lead,
            starts_at=row["starts_at"],
            closes_at=row["ends_at"],
        ),
        client_number=row["phone"],
        occurred=bool(row["occurred"]),
        live_heard_at=row["heard_at"],
    )


async def known(session: AsyncSession, call: InboundCall, *, lead: timedelta, but: UUID | None = None) -> Loaded:
    """Return what `arrive` returns, through the floors' own queries; `but` is the call that is being asked about."""
    if call.caller.number is None:
        return Loaded(callers=(), candidates=())
    callers = await people.callers(session, call.caller.number, call.arrived_at)
    found = await candidates(session, [c.provider_id for c in callers], call.arrived_at, lead=lead, but=but)
    return Loaded(callers=callers, candidates=found)


async def candidates(
    session: AsyncSession,
    providers: Sequence[UUID],
    at: datetime,
    *,
    lead: timedelta,
    but: UUID | None = None,
) -> tuple[Candidate, ...]:
    """Return the windows of these providers near an instant, each with what is needed to serve it."""
    near = await scheduling.windows(session, providers, at - BACK, at + AHEAD, lead)
    consultations = await ledger.latest_consultations(session, [w.appointment_id for w in near])
    out = []
    for window in sorted(near, key=lambda w: (w.provider_id, w.starts_at, w.appointment_id)):
        client = await people.client(session, window.client_id)
        consultation = consultations.get(window.appointment_id)
        is_open = window.opens_at <= at < window.closes_at
        out.append(
            Candidate(
                window=window,
                client_number=client.phone if client else None,
                occurred=bool(is_open and consultation and consultation.status.occurred),
                live_heard_at=await _live_heard_at(session, window, but) if is_open else None,
            )
        )
    return tuple(out)


async def _live_heard_at(session: AsyncSession, window: Window, but: UUID | None) -> datetime | None:
    query = select(func.max(col(Call.leg_heard_at))).where(
        col(Call.appointment_id) == window.appointment_id,
        col(Call.occurrence) == window.occurrence,
        col(Call.live),
    )
    if but:
        query = query.where(col(Call.id) != but)
    return (await session.execute(query)).scalar_one_or_none()


# Calls and their facts


async def call(session: AsyncSession, call_id: UUID) -> Call | None:
    """Return one call."""
    return await session.get(Call, call_id)


async def call_for_update(session: AsyncSession, call_id: UUID) -> Call | None:
    """Return one call, locked."""
    return await session.get(Call, call_id, with_for_update=True, populate_existing=True)


async def call_by_sid_for_update(session: AsyncSession, carrier: CarrierName, sid: str) -> Call | None:
    """Return the call that a carrier knows by this id, locked."""
    found = await session.execute(
        select(Call)
        .where(col(Call.carrier) == carrier, col(Call.sid) == sid)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


async def add_fact(
    session: AsyncSession,
    fact: Fact,
    *,
    fact_id: UUID,
    call_id: UUID | None,
    carrier: CarrierName,
    now: datetime,
    data: dict[str, str] | None = None,
) -> bool:
    """Write a fact down unless it stands already; tell whether it is new."""
    written = await session.execute(
        insert(CallEvent)
        .values(
            id=fact_id,
            call_id=call_id,
            carrier=carrier,
            leg=fact.leg,
            source=fact.source,
            event=fact.event,
            sequence=fact.sequence,
            at=fact.at,
            heard_at=now,
            duration_s=fact.duration_s,
            bridged=fact.bridged,
            data=data or {},
        )
        .on_conflict_do_nothing()
        .returning(col(CallEvent.id))
    )
    return written.scalar_one_or_none() is not None


async def add_call(
    session: AsyncSession, call: InboundCall, *, call_id: UUID, key: str | None, last2: str | None
) -> bool:
    """Write a call down under an id that was given out already; False where it stands."""
    written = await session.execute(
        insert(Call)
        .values(
            id=call_id,
            carrier=call.carrier,
            sid=call.sid,
            line=call.line,
            caller_key=key,
            caller_last2=last2,
            attestation=call.attestation,
            dialled_at=call.arrived_at,
            live=False,
        )
        .on_conflict_do_nothing()
        .returning(col(Call.id))
    )
    return written.scalar_one_or_none() is not None


async def adopt_orphans(session: AsyncSession, row: Call) -> None:
    """Give a call the facts that came in before it was written down, by our id or by the carrier's."""
    await session.execute(
        update(CallEvent)
        .where(
            col(CallEvent.call_id).is_(None),
            or_(
                col(CallEvent.data)["call"].astext == str(row.id),
                and_(col(CallEvent.carrier) == row.carrier, col(CallEvent.leg) == row.sid),
            ),
        )
        .values(call_id=row.id)
    )


# The same for everybody whose window touches a span, without writing anything: one statement, since a busy hour
# has many hundreds of windows and asking for each would take longer than the snapshot is good for. It goes by
# provider, whose index holds the windows in order of time.
_AROUND = """
WITH near AS MATERIALIZED (
  SELECT p.dial_phone, a.id, a.occurrence, a.provider_id, a.client_id, a.line, a.starts_at, a.ends_at, c.phone,
         a.starts_at - :lead <= :since AND a.ends_at > :since AS open
  FROM providers p JOIN appointments a ON a.provider_id = p.id AND a.tracked AND a.state IN ('booked', 'ended')
       AND a.starts_at > :earliest AND a.starts_at <= :until AND a.ends_at > :since
  JOIN clients c ON c.id = a.client_id
  WHERE p.active AND p.dial_phone IS NOT NULL
)
SELECT p.dial_phone, p.id AS provider_id, p.practice_id, r.kind, r.line_enabled,
       p.dial_phone_verified_at IS NOT NULL AS verified, pins.provider_id IS NOT NULL AS has_pin,
       EXISTS (SELECT 1 FROM phone_verifications v
               WHERE v.provider_id = p.id AND v.used_at IS NULL AND v.expires_at > :since) AS verifying,
       p.language, p.timezone,
       near.id AS appointment_id, near.occurrence, near.client_id, near.line, near.starts_at, near.ends_at, near.phone,
       near.open, s.status IN ('occurred_auto', 'occurred_manual') AS occurred, live.heard_at
FROM (SELECT DISTINCT dial_phone FROM near) numbers
JOIN providers p ON p.dial_phone = numbers.dial_phone AND p.active
JOIN practices r ON r.id = p.practice_id
LEFT JOIN pins ON pins.provider_id = p.id
LEFT JOIN near ON near.provider_id = p.id
LEFT JOIN consultations s ON near.open AND s.appointment_id = near.id AND s.occurrence = near.occurrence
LEFT JOIN LATERAL (
  SELECT max(k.leg_heard_at) AS heard_at FROM calls k
  WHERE near.open AND k.appointment_id = near.id AND k.occurrence = near.occurrence AND k.live
) live ON true
ORDER BY p.id, near.starts_at, near.id
"""


async def around(
    session: AsyncSession, since: datetime, until: datetime, lead: timedelta
) -> dict[str, tuple[tuple[CallerFacts, ...], tuple[Candidate, ...]]]:
    """Return who may call within a span and what would open for them, by dial number: the snapshot (F1)."""
    spans = [bindparam(name, type_=DateTime(timezone=True)) for name in ("since", "until", "earliest")]
    found = await session.execute(
        text(_AROUND).bindparams(*spans, bindparam("lead", type_=Interval())),
        {"since": since, "until": until, "earliest": since - BACK, "lead": lead},
    )
    callers: dict[str, dict[UUID, CallerFacts]] = {}
    near: dict[str, list[Candidate]] = {}
    for row in found.mappings():
        number = row["dial_phone"]
        people_there = callers.setdefault(number, {})
        if row["provider_id"] not in people_there:
            people_there[row["provider_id"]] = _caller(row)
        if row["appointment_id"] is not None:
            near.setdefault(number, []).append(_candidate(row, lead))
    return {number: (tuple(who.values()), tuple(near[number])) for number, who in callers.items()}


async def call_events(session: AsyncSession, call_id: UUID) -> Sequence[CallEvent]:
    """Return the facts of a call as they came in."""
    found = await session.execute(
        select(CallEvent)
        .where(col(CallEvent.call_id) == call_id)
        .order_by(col(CallEvent.heard_at), col(CallEvent.sequence), col(CallEvent.id))
    )
    return found.scalars().all()


def fact(row: CallEvent) -> Fact:
    """Return a stored fact as the value that the fold takes."""
    return Fact(
        source=row.source,
        leg=row.leg,
        event=row.event,
        sequence=row.sequence,
        at=row.at,
        duration_s=row.duration_s,
        bridged=row.bridged,
    )


async def talk_of(session: AsyncSession, appointment_id: UUID, occurrence: int) -> tuple[int | None, datetime | None]:
    """Return the talk time over all calls of one occurrence, and since when one of them is live."""
    found = await session.execute(
        select(func.sum(col(Call.talk_s)), func.min(col(Call.answered_at)).filter(col(Call.live))).where(
            col(Call.appointment_id) == appointment_id, col(Call.occurrence) == occurrence
        )
    )
    talk_s, live_since = found.one()
    return (None if talk_s is None else int(talk_s)), live_since


async def calls(
    session: AsyncSession,
    *,
    provider_id: UUID | None,
    appointment_id: UUID | None,
    caller_key: str | None,
    since: datetime | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Call]:
    """Return calls in the order of their ids."""
    query = select(Call).order_by(col(Call.id)).limit(limit)
    if provider_id:
        query = query.where(col(Call.provider_id) == provider_id)
    if appointment_id:
        query = query.where(col(Call.appointment_id) == appointment_id)
    if caller_key:
        query = query.where(col(Call.caller_key) == caller_key)
    if since:
        query = query.where(col(Call.dialled_at) >= since)
    if after:
        query = query.where(col(Call.id) > after)
    return (await session.execute(query)).scalars().all()


async def calls_about(session: AsyncSession, appointments: Sequence[UUID]) -> Sequence[Call]:
    """Return the calls to these appointments, in the order in which they were dialled."""
    if not appointments:
        return ()
    found = await session.execute(
        select(Call).where(col(Call.appointment_id).in_(appointments)).order_by(col(Call.dialled_at))
    )
    return found.scalars().all()


async def calls_lately(
    session: AsyncSession,
    *,
    caller_key: str | None,
    lines: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> Sequence[Call]:
    """Return the calls from a number or of a span, the newest first."""
    query = select(Call).order_by(col(Call.dialled_at).desc(), col(Call.id)).limit(limit)
    query = query.where(col(Call.caller_key) == caller_key) if caller_key else query.where(col(Call.line).in_(lines))
    if since:
        query = query.where(col(Call.dialled_at) >= since)
    if until:
        query = query.where(col(Call.dialled_at) < until)
    return (await session.execute(query)).scalars().all()


class DayOfCalls(NamedTuple):
    """How many calls of a local day ended like that, how many of them had talk, and how many seconds of it."""

    day: str
    outcome: Outcome | None
    calls: int
    talked: int
    talk_s: int


async def calls_by_day(
    session: AsyncSession, *, lines: Sequence[str], since: datetime, until: datetime, timezone: str
) -> Sequence[DayOfCalls]:
    """Count calls by the day of a zone and by how they ended; of those that have not ended the outcome is None."""
    day = func.to_char(func.timezone(timezone, col(Call.dialled_at)), "YYYY-MM-DD").label("day")
    found = await session.execute(
        select(
            day,
            col(Call.outcome),
            func.count(),
            func.count(col(Call.talk_s)),
            func.coalesce(func.sum(col(Call.talk_s)), 0),
        )
        .where(col(Call.line).in_(lines), col(Call.dialled_at) >= since, col(Call.dialled_at) < until)
        .group_by(day, col(Call.outcome))
        .order_by(day)
    )
    return [DayOfCalls(*row) for row in found]


async def refusals(
    session: AsyncSession, *, lines: Sequence[str], since: datetime, until: datetime
) -> Sequence[tuple[Reason, int]]:
    """Count the refused calls of a span by their reason, the most frequent first."""
    found = await session.execute(
        select(col(Call.reason), func.count())
        .where(
            col(Call.line).in_(lines),
            col(Call.dialled_at) >= since,
            col(Call.dialled_at) < until,
            col(Call.reason).is_not(None),
        )
        .group_by(col(Call.reason))
        .order_by(func.count().desc(), col(Call.reason))
    )
    return [(reason, count) for reason, count in found if reason is not None]


async def open_calls(session: AsyncSession, before: datetime, limit: int = 200) -> Sequence[UUID]:
    """Return the calls dialled before then of which no end was heard."""
    found = await session.execute(
        select(col(Call.id))
        .where(col(Call.settled_at).is_(None), col(Call.dialled_at) < before)
        .order_by(col(Call.dialled_at))
        .limit(limit)
    )
    return found.scalars().all()


async def calls_dialled(session: AsyncSession, since: datetime, until: datetime, after: UUID | None) -> Sequence[Call]:
    """Return the calls of a span that were to be connected, in the order of their ids, 500 at most."""
    query = (
        select(Call)
        .where(
            col(Call.dialled_at) >= since,
            col(Call.dialled_at) < until,
            col(Call.appointment_id).is_not(None),
            col(Call.reason).is_(None),
        )
        .order_by(col(Call.id))
        .limit(500)
    )
    if after:
        query = query.where(col(Call.id) > after)
    return (await session.execute(query)).scalars().all()


async def delete_old_calls(session: AsyncSession, before: datetime) -> None:
    """Delete calls and their facts dialled before then (retention)."""
    old = select(col(Call.id)).where(col(Call.dialled_at) < before)
    await session.execute(delete(CallEvent).where(col(CallEvent.call_id).in_(old)))
    await session.execute(delete(CallEvent).where(col(CallEvent.call_id).is_(None), col(CallEvent.heard_at) < before))
    await session.execute(delete(Call).where(col(Call.dialled_at) < before))


# The health of the lines


async def add_sign(session: AsyncSession, *, sign_id: UUID, line: str, sign: Sign, now: datetime) -> None:
    """Write down how a line is doing; the same sign twice stands once."""
    await session.execute(insert(LineSign).values(id=sign_id, line=line, sign=sign, at=now).on_conflict_do_nothing())


async def health_facts(session: AsyncSession, line: str, since: datetime, declared_at: datetime | None) -> HealthFacts:
    """Return what a line is judged by; a dial that the caller gave up while it rang says nothing about the line."""
    signs = await session.execute(
        select(col(LineSign.at), col(LineSign.sign)).where(col(LineSign.line) == line, col(LineSign.at) >= since)
    )
    dials = await session.execute(
        select(col(Call.dialled_at), col(Call.first_leg_at), col(Call.outcome)).where(
            col(Call.line) == line,
            col(Call.dialled_at) >= since,
            col(Call.appointment_id).is_not(None),
            col(Call.reason).is_(None),
        )
    )
    return HealthFacts(
        signs=tuple(sorted((at, sign) for at, sign in signs)),
        dials=tuple(
            Dial(at, first_leg_at, outcome is Outcome.FAILED)
            for at, first_leg_at, outcome in dials
            if not (outcome is Outcome.CANCELED and first_leg_at is None)
        ),
        declared_at=declared_at,
    )


async def line_status_for_update(session: AsyncSession, line: str, now: datetime) -> LineStatus:
    """Return the judgement of a line, locked; a line not judged before is up."""
    await session.execute(
        insert(LineStatus).values(line=line, state=LineState.UP, judged_at=now).on_conflict_do_nothing()
    )
    found = await session.execute(
        select(LineStatus)
        .where(col(LineStatus.line) == line)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.scalar_one()


async def line_statuses(session: AsyncSession) -> Sequence[LineStatus]:
    """Return the judgement of every line that was ever judged."""
    return (await session.execute(select(LineStatus).order_by(col(LineStatus.line)))).scalars().all()


async def lines_down(session: AsyncSession) -> frozenset[str]:
    """Return the lines that are judged down."""
    found = await session.execute(select(col(LineStatus.line)).where(col(LineStatus.state) == LineState.DOWN))
    return frozenset(found.scalars())


async def add_reveal(session: AsyncSession, reveal: Reveal) -> bool:
    """Write down that a number was laid open; tell whether it was not before."""
    written = await session.execute(
        insert(Reveal)
        .values(
            id=reveal.id,
            appointment_id=reveal.appointment_id,
            occurrence=reveal.occurrence,
            line=reveal.line,
            reason=ContactReason.OUTAGE,
            at=reveal.at,
        )
        .on_conflict_do_nothing()
        .returning(col(Reveal.id))
    )
    return written.scalar_one_or_none() is not None


async def revealed(session: AsyncSession, appointments: Sequence[UUID]) -> frozenset[tuple[UUID, int]]:
    """Return which occurrences of these appointments were laid open."""
    found = await session.execute(
        select(col(Reveal.appointment_id), col(Reveal.occurrence)).where(col(Reveal.appointment_id).in_(appointments))
    )
    return frozenset((appointment_id, occurrence) for appointment_id, occurrence in found)


async def delete_old_signs(session: AsyncSession, before: datetime) -> None:
    """Delete signs older than that (retention)."""
    await session.execute(delete(LineSign).where(col(LineSign.at) < before))


@dataclass(frozen=True, slots=True)
class Sides:
    """What `contact` needs of the two people and the practice of one appointment."""

    appointment: Appointment
    client_number: str | None
    provider: Provider
    practice: Practice
    has_pin: bool
    shared_by: int


async def sides(session: AsyncSession, appointments: Sequence[UUID]) -> Sequence[Sides]:
    """Return both sides of each appointment, in one statement."""
    others = Provider.__table__.alias("others")  # type: ignore[attr-defined]
    shared_by = (
        select(func.count())
        .select_from(others)
        .where(
            others.c.dial_phone == col(Provider.dial_phone),
            others.c.active,
            others.c.dial_phone_verified_at.is_not(None),
        )
        .scalar_subquery()
    )
    found = await session.execute(
        select(Appointment, col(Client.phone), Provider, Practice, col(Pin.provider_id).is_not(None), shared_by)
        .join(Client, col(Client.id) == col(Appointment.client_id))
        .join(Provider, col(Provider.id) == col(Appointment.provider_id))
        .join(Practice, col(Practice.id) == col(Provider.practice_id))
        .outerjoin(Pin, col(Pin.provider_id) == col(Provider.id))
        .where(col(Appointment.id).in_(appointments))
    )
    rows: Sequence[Any] = found.all()
    return [Sides(*row) for row in rows]


# Texts that come in


async def text_reply(session: AsyncSession, sid: str) -> TextReply | None:
    """Return what was answered to a text."""
    return await session.get(TextReply, sid)


async def last_list(session: AsyncSession, sender_key: str, since: datetime) -> Sequence[UUID]:
    """Return the consultations of the last numbered list that was sent to a number since then."""
    found = await session.execute(
        select(col(TextReply.offered))
        .where(
            col(TextReply.sender_key) == sender_key,
            col(TextReply.offered).is_not(None),
            col(TextReply.at) >= since,
        )
        .order_by(col(TextReply.at).desc())
        .limit(1)
    )
    return [UUID(one) for one in found.scalar_one_or_none() or []]
