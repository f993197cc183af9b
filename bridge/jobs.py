"""Work of the line: calls that never ended, what the carrier says of yesterday, and how the lines are doing."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from bridge import actions, queries
from bridge.carriers import twilio
from bridge.values import FINAL, Fact, FactSource, Heard, LineState, Sign
from config.deps import CarrierCall, CarrierUnreachable, Deps
from config.jobs import enqueue
from status import actions as ledger
from status.actions import policy
from status.values import LINE, EventKind

_log = structlog.get_logger(__name__)

# A call may last four hours; after five the carrier's word is no longer waited for.
GIVE_UP_AFTER = timedelta(hours=5)


async def enqueue_open_calls(deps: Deps) -> None:
    """Enqueue a look at every call of which no end was heard for a while."""
    now = deps.now()
    async with deps.sessions.begin() as session:
        ids = await queries.open_calls(session, now - timedelta(seconds=deps.settings.reap_after_s))
        await enqueue(session, "reap", *ids)


async def reap(deps: Deps, call_id: UUID) -> None:
    """Ask the carrier what became of a call and take its word as facts; the asking holds no transaction open."""
    async with deps.sessions() as session:
        row = await queries.call(session, call_id)
    if row is None or row.settled_at is not None:
        return
    now = deps.now()
    facts: list[Fact] | None = None
    try:
        facts = await ask_carrier(deps, row.sid)
    except CarrierUnreachable as trouble:
        _log.warning("reap.unreachable", call=str(call_id), trouble=str(trouble))
    if not facts and now - row.dialled_at < GIVE_UP_AFTER:
        return
    async with deps.sessions.begin() as session:
        await actions.take_report(
            session,
            call_id,
            facts or [_given_up(row.sid, now)],
            policy=policy(deps.settings),
            now=now,
            new_id=deps.new_id,
        )
        await ledger.record(
            session,
            EventKind.CALL_REAPED,
            actor=LINE,
            now=now,
            new_id=deps.new_id,
            provider_id=row.provider_id,
            appointment_id=row.appointment_id,
            call_id=call_id,
            data={"told_by_carrier": bool(facts)},
        )
    await deps.live.publish([one for one in (row.appointment_id, row.provider_id) if one])


async def ask_carrier(deps: Deps, sid: str) -> list[Fact]:
    """Return what the carrier's REST API says of a call and its legs, as facts; empty while all of it runs."""
    async with asyncio.timeout(10):
        parent = await deps.telephone.call(sid)
        legs = await deps.telephone.legs(sid)
    return [fact for told in (*legs, *([parent] if parent else [])) for fact in report(told)]


def report(told: CarrierCall) -> Iterable[Fact]:
    """Yield what one call of the REST API amounts to: nothing until it has ended."""
    heard = twilio.rest_status(told.status)
    if heard not in FINAL:
        return
    yield Fact(
        source=FactSource.REST,
        leg=told.sid,
        event=heard,
        sequence=0,
        at=told.ended_at,
        duration_s=told.duration_s if heard is Heard.COMPLETED else None,
    )


def _given_up(sid: str, now: datetime) -> Fact:
    return Fact(source=FactSource.ENDED, leg=sid, event=Heard.FAILED, sequence=-1, at=now)


async def reconcile(deps: Deps, since: datetime, until: datetime) -> int:
    """Hold every connected call of a span against the carrier's own record; return how many were looked at."""
    seen, after = 0, None
    while True:
        async with deps.sessions() as session:
            rows = await queries.calls_dialled(session, since, until, after)
        for row in rows:
            facts = await ask_carrier(deps, row.sid)
            if facts:
                async with deps.sessions.begin() as session:
                    await actions.take_report(
                        session,
                        row.id,
                        facts,
                        policy=policy(deps.settings),
                        now=deps.now(),
                        new_id=deps.new_id,
                    )
            seen += 1
        if not rows:
            return seen
        after = rows[-1].id


async def probe(deps: Deps) -> None:
    """Ask the carrier's API whether it is well, write the answer down for every line, and judge them all."""
    try:
        async with asyncio.timeout(5):
            well = await deps.telephone.probe()
    except (CarrierUnreachable, TimeoutError):
        well = False
    sign = Sign.PROBE_OK if well else Sign.PROBE_FAILED
    async with _telling(deps):
        for line in deps.settings.lines:
            async with deps.sessions.begin() as session:
                await actions.note_sign(session, line, sign, settings=deps.settings, now=deps.now(), new_id=deps.new_id)


async def judge_lines(deps: Deps) -> dict[str, LineState]:
    """Judge every line by what is known; also without a new sign, since quiet is a sign, too."""
    found = {}
    async with _telling(deps):
        for line in deps.settings.lines:
            async with deps.sessions.begin() as session:
                found[line] = await actions.judge_line(
                    session, line, settings=deps.settings, now=deps.now(), new_id=deps.new_id
                )
    return found


@asynccontextmanager
async def _telling(deps: Deps) -> AsyncIterator[None]:
    """Hint to pages whose numbers change, where a line is judged otherwise than before."""
    before = await _states(deps)
    yield
    after = await _states(deps)
    changed = [line for line, state in after.items() if before.get(line, LineState.UP) is not state]
    if changed:
        async with deps.sessions() as session:
            ids = await actions.concerned(session, changed, settings=deps.settings, now=deps.now())
        await deps.live.publish(ids)


async def _states(deps: Deps) -> dict[str, LineState]:
    async with deps.sessions() as session:
        return {row.line: row.state for row in await queries.line_statuses(session)}


async def forget(deps: Deps) -> None:
    """Delete what is older than it may be kept."""
    now, told = deps.now(), deps.settings
    async with deps.sessions.begin() as session:
        await queries.delete_old_calls(session, now - timedelta(days=told.keep_calls_d))
        await queries.delete_old_signs(session, now - timedelta(days=told.keep_line_signs_d))
