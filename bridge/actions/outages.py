"""A line fails and recovers: judged, numbers laid open, consultations excused, people told (R111)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bridge import queries
from bridge.actions.history import NewId
from bridge.models import LineStatus, Reveal
from bridge.rules import health as health_rules
from bridge.values import (
    ContactReason,
    LineState,
    Sign,
)
from config.settings import Settings
from scheduling import queries as scheduling
from scheduling.models import Appointment
from status import actions as ledger
from status import queries as ledger_queries
from status.rules.access import may
from status.values import LINE, Actor, ActorKind, Channel, EventKind, NoticeKey

_log = structlog.get_logger(__name__)


async def note_sign(
    session: AsyncSession, line: str, sign: Sign, *, settings: Settings, now: datetime, new_id: NewId
) -> LineState:
    """Write a sign down and judge the line by it at once."""
    await queries.add_sign(session, sign_id=new_id(), line=line, sign=sign, now=now)
    return await judge_line(session, line, settings=settings, now=now, new_id=new_id)


async def judge_line(
    session: AsyncSession, line: str, *, settings: Settings, now: datetime, new_id: NewId, actor: Actor = LINE
) -> LineState:
    """Judge a line and apply what follows: numbers laid open, consultations excused, providers told (R111)."""
    row = await queries.line_status_for_update(session, line, now)
    facts = await queries.health_facts(session, line, now - health_rules.HISTORY, row.declared_at)
    health = health_rules.line_health(facts, now)
    changed = health.state is not row.state
    row.state, row.reason, row.judged_at = health.state, health.reason, now
    if changed:
        # Kept while the outage lasts: the facts reach back half an hour only, and people are told once for each.
        row.since = health.since if health.state is LineState.DOWN else now
    await session.flush()
    if changed:
        _log.warning("line.judged", line_index=_index(settings, line), state=health.state.value, reason=health.reason)
        kind = EventKind.LINE_DOWN if health.state is LineState.DOWN else EventKind.LINE_UP
        data: dict[str, str | int | bool | None] = {
            "line": _index(settings, line),
            "reason": health.reason.value if health.reason else None,
        }
        await ledger.record(session, kind, actor=actor, at=now, now=now, new_id=new_id, data=data)
    if health.state is LineState.DOWN:
        await _lay_open(session, row, settings=settings, now=now, new_id=new_id)
    elif changed:
        await _announce_recovery(session, row, settings=settings, now=now, new_id=new_id)
    return health.state


def _index(settings: Settings, line: str) -> int | None:
    """Name a line by its place in the pool: history and logs hold no numbers, not even ours."""
    return settings.lines.index(line) if line in settings.lines else None


async def _lay_open(
    session: AsyncSession, row: LineStatus, *, settings: Settings, now: datetime, new_id: NewId
) -> None:
    """Reveal the direct number of everything tracked on this line that has not ended and starts within 4 h."""
    until = now + timedelta(hours=settings.reveal_ahead_h)
    for appointment in await scheduling.upcoming_tracked(session, row.line, now, until):
        await reveal(session, appointment, row, actor=LINE, now=now, new_id=new_id)
    overlapping = await scheduling.upcoming_tracked(session, row.line, row.since or now, now)
    consultations = await ledger_queries.overlapping_consultations(
        session, [a.id for a in overlapping], row.since or now, now
    )
    for consultation in consultations:
        await ledger.excuse(session, consultation, now=now, new_id=new_id)


async def reveal(
    session: AsyncSession,
    appointment: Appointment,
    row: LineStatus,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    """Lay one number open, once for each occurrence, and tell its provider, once for each outage."""
    opened = Reveal(
        id=new_id(),
        appointment_id=appointment.id,
        occurrence=appointment.occurrence,
        line=row.line,
        reason=ContactReason.OUTAGE,
        at=now,
    )
    if not await queries.add_reveal(session, opened):
        return
    await ledger.record(
        session,
        EventKind.NUMBER_REVEALED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=appointment.provider_id,
        appointment_id=appointment.id,
        data={"reason": "outage", "occurrence": appointment.occurrence},
    )
    await ledger.notify(
        session,
        NoticeKey.LINE_OUTAGE,
        Channel.MAIL,
        Channel.PORTAL,
        provider_id=appointment.provider_id,
        subject_id=appointment.provider_id,
        appointment_id=appointment.id,
        dedupe=f"{row.line[-4:]}:{(row.since or now).isoformat()}",
        expires_at=appointment.ends_at,
        now=now,
        new_id=new_id,
    )


async def _announce_recovery(
    session: AsyncSession, row: LineStatus, *, settings: Settings, now: datetime, new_id: NewId
) -> None:
    """Say in the portal, and nowhere louder, that the line works again."""
    until = now + timedelta(hours=settings.reveal_ahead_h)
    for appointment in await scheduling.upcoming_tracked(session, row.line, now, until):
        await ledger.notify(
            session,
            NoticeKey.LINE_RESTORED,
            Channel.PORTAL,
            provider_id=appointment.provider_id,
            subject_id=appointment.provider_id,
            appointment_id=appointment.id,
            dedupe=f"{row.line[-4:]}:{now.isoformat()}",
            now=now,
            new_id=new_id,
        )


@may(ActorKind.OPERATOR)
async def declare_outage(
    session: AsyncSession,
    *,
    lines: Sequence[str],
    reason: str | None,
    actor: Actor,
    settings: Settings,
    now: datetime,
    new_id: NewId,
) -> None:
    """Throw the operator's switch: these lines are down from now on, whatever the signs say."""
    for line in sorted(lines):
        row = await queries.line_status_for_update(session, line, now)
        row.declared_at, row.declared_reason = row.declared_at or now, reason
        await session.flush()
        await judge_line(session, line, settings=settings, now=now, new_id=new_id, actor=actor)


@may(ActorKind.OPERATOR)
async def restore(
    session: AsyncSession,
    *,
    lines: Sequence[str],
    actor: Actor,
    settings: Settings,
    now: datetime,
    new_id: NewId,
) -> None:
    """Take the operator's switch back; a line that its own signs call down stays down."""
    for line in sorted(lines):
        row = await queries.line_status_for_update(session, line, now)
        row.declared_at, row.declared_reason = None, None
        await session.flush()
        await judge_line(session, line, settings=settings, now=now, new_id=new_id, actor=actor)


async def concerned(session: AsyncSession, lines: Sequence[str], *, settings: Settings, now: datetime) -> list[UUID]:
    """Return the providers whose pages change with these lines: they have a consultation on one of them soon."""
    until = now + timedelta(hours=settings.reveal_ahead_h)
    found = [one for line in lines for one in await scheduling.upcoming_tracked(session, line, now, until)]
    return sorted({one.provider_id for one in found})
