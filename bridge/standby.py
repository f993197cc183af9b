"""What serves a call while the database is away, and keeps what was heard until it is back (F1–F3).

A snapshot of the next two hours, taken every few seconds, says who may call and what is open. Whoever has one
open window is connected; everybody else hears that the line has a problem, since a snapshot can ask no PIN and
must not guess. Facts go to a journal, one line each, forced to the disk before the carrier is answered; they are
applied exactly once, since every fact has a unique key.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
import structlog
from aiohttp import web
from sqlalchemy.exc import DBAPIError

from bridge import actions, queries
from bridge.routes import read_route, write_route
from bridge.rules import routing
from bridge.values import (
    Attestation,
    Candidate,
    CarrierName,
    Connect,
    Decline,
    Fact,
    FactSource,
    Heard,
    InboundCall,
    Loaded,
    Reason,
    Route,
    Sign,
)
from config.database import UNREACHABLE
from config.deps import Deps
from config.phones import CallerId, CallerKind
from people.values import CallerFacts
from status.actions import policy

_log = structlog.get_logger(__name__)


HORIZON = timedelta(hours=2)
# A carrier repeats a request within seconds; a call that was answered here gets the same answer again.
REMEMBER = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A fact as the journal keeps it."""

    fact: Fact
    carrier: CarrierName
    call_id: UUID | None
    sid: str
    heard_at: datetime


@dataclass
class Snapshot:
    """Who may call and what opens for them, by dial number, as of `taken_at`."""

    taken_at: datetime
    known: dict[str, tuple[tuple[CallerFacts, ...], tuple[Candidate, ...]]] = field(default_factory=dict)


class Standby:
    """The snapshot and the journal of one process."""

    def __init__(self, folder: Path, *, max_age: timedelta, name: str) -> None:
        """Keep the journal in `folder`, which is made if absent; `name` tells processes apart."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._files = (folder / f"{name}-{number}.jsonl" for number in count(1))
        self._max_age = max_age
        self._snapshot: Snapshot | None = None
        self._given: dict[str, tuple[actions.Answer, datetime]] = {}
        self._file: int | None = None
        self._applied: dict[Path, int] = {}

    # The snapshot

    async def refresh(self, deps: Deps) -> None:
        """Take a new snapshot."""
        now = deps.now()
        async with deps.sessions() as session:
            known = await queries.around(session, now, now + HORIZON, deps.settings.line_lead)
        self._snapshot = Snapshot(now, known)

    def remember(self, call: InboundCall, answer: actions.Answer) -> None:
        """Keep what a call was answered, whoever decided it: a carrier's retry gets the same once more."""
        self._given[call.sid] = (answer, call.arrived_at)
        while len(self._given) > REMEMBER:
            del self._given[next(iter(self._given))]

    def answer(self, call: InboundCall, deps: Deps, *, call_id: UUID) -> actions.Answer | None:
        """Answer a call by the snapshot alone, under an id that the database may have been told; None is a replay.

        The row of such a call may have been written although nobody heard of it, hence the same id.
        """
        if call.sid in self._given:
            given, at = self._given[call.sid]
            return given if call.arrived_at - at <= actions.RETRY_WITHIN else None
        answer = actions.Answer(self._route(call), call_id)
        self.remember(call, answer)
        self._write(
            {
                "kind": "call",
                "call": str(answer.call_id),
                "carrier": call.carrier.value,
                "sid": call.sid,
                "line": call.line,
                "caller": call.caller.kind.value,
                "key": actions.caller_key(call.caller.number, deps.settings),
                "last2": call.caller.number[-2:] if call.caller.number else None,
                "attestation": call.attestation.value,
                "arrived_at": call.arrived_at.isoformat(),
                "route": write_route(answer.route),
            }
        )
        return answer

    def _route(self, call: InboundCall) -> Route:
        snapshot = self._snapshot
        sorry = Decline(reason=Reason.SERVICE_TROUBLE)
        if snapshot is None or call.arrived_at - snapshot.taken_at > self._max_age:
            return sorry
        callers, candidates = snapshot.known.get(call.caller.number or "", ((), ()))
        route = routing.decide_route(call, Loaded(callers=callers, candidates=candidates))
        if isinstance(route, Connect):
            return route
        return Decline(reason=Reason.SERVICE_TROUBLE, language=routing.common_language(callers))

    # The journal

    def keep(self, entry: Entry) -> None:
        """Keep a fact until the database is back."""
        fact = entry.fact
        self._write(
            {
                "kind": "fact",
                "carrier": entry.carrier.value,
                "call": str(entry.call_id) if entry.call_id else None,
                "sid": entry.sid,
                "heard_at": entry.heard_at.isoformat(),
                "source": fact.source.value,
                "leg": fact.leg,
                "event": fact.event.value,
                "sequence": fact.sequence,
                "at": fact.at.isoformat() if fact.at else None,
                "duration_s": fact.duration_s,
                "bridged": fact.bridged,
            }
        )

    def note(self, sign: Sign, *, line: str, at: datetime, sign_id: UUID) -> None:
        """Keep a sign of how a line is doing."""
        self._write({"kind": "sign", "id": str(sign_id), "line": line, "sign": sign.value, "at": at.isoformat()})

    def _write(self, entry: dict[str, Any]) -> None:
        """Append one line and force it to the disk: the carrier is answered after that, not before."""
        if self._file is None:
            self._file = _open_new(self._files)
        os.write(self._file, orjson.dumps(entry) + b"\n")
        os.fsync(self._file)

    def waiting(self) -> int:
        """Return how many entries wait for the database, in all journals of the folder."""
        return sum(len(_lines(path)) - self._applied.get(path, 0) for path in self._journals())

    def _journals(self) -> Sequence[Path]:
        return sorted(self._folder.glob("*.jsonl"))

    async def drain(self, deps: Deps) -> int:
        """Apply what waits, oldest first, each entry in a transaction of its own; return how many there were.

        A journal that a dead process left behind is taken over, one that a live process still writes is not. What
        is written meanwhile goes to another file. An entry that was applied before has no effect; one that cannot
        be applied is set aside for people to look at, and keeps nothing else waiting.
        """
        if self._file is not None:
            os.close(self._file)
            self._file = None
        done = 0
        for path in self._journals():
            taken = _take(path)
            if taken is None:
                continue
            try:
                done += await self._apply_all(deps, path)
                path.unlink()
                self._applied.pop(path, None)
            finally:
                os.close(taken)
        if done:
            _log.info("journal.applied", entries=done)
        return done

    async def _apply_all(self, deps: Deps, path: Path) -> int:
        """Apply a journal from where the last attempt was broken off."""
        begun = self._applied.get(path, 0)
        lines = _lines(path)[begun:]
        for number, line in enumerate(lines, begun + 1):
            try:
                await _apply(deps, orjson.loads(line))
            except Exception as trouble:
                if _will_pass(trouble):
                    raise
                _log.exception("journal.refused", line=number)
                with path.with_suffix(".refused").open("ab") as aside:
                    aside.write(line + b"\n")
            self._applied[path] = number
        return len(lines)


STANDBY: Final = web.AppKey("standby", Standby)


def _will_pass(trouble: Exception) -> bool:
    """Tell whether another attempt may succeed: the database is away, or two transactions waited for each other."""
    state = getattr(trouble.orig, "sqlstate", None) if isinstance(trouble, DBAPIError) else None
    return isinstance(trouble, UNREACHABLE) or state in {"40P01", "40001"}


def _open_new(paths: Iterator[Path]) -> int:
    """Make a journal and mark it as being written; one that somebody took for left behind meanwhile is not used."""
    for path in paths:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY, 0o600)
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            if os.fstat(file).st_nlink:
                return file
        os.close(file)
    raise AssertionError  # there is no end to the names


def _take(path: Path) -> int | None:
    """Take a journal for oneself, or return None where a live process writes it, or applies it."""
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file).st_nlink:
            return file
    except BlockingIOError:
        pass
    os.close(file)
    return None


def _lines(path: Path) -> Sequence[bytes]:
    """Return the lines of a journal; a last one that a crash cut short was never acknowledged and is left out."""
    try:
        return path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return ()


async def _apply(deps: Deps, entry: dict[str, Any]) -> None:
    """Apply one entry as of when it was heard: a fact that came in time is not late for having waited here."""
    now, figures = deps.now(), policy(deps.settings)
    async with deps.sessions.begin() as session:
        match entry["kind"]:
            case "call":
                call = InboundCall(
                    carrier=CarrierName(entry["carrier"]),
                    sid=entry["sid"],
                    line=entry["line"],
                    caller=CallerId(CallerKind(entry["caller"])),
                    attestation=Attestation(entry["attestation"]),
                    arrived_at=datetime.fromisoformat(entry["arrived_at"]),
                )
                route, call_id = read_route(entry["route"]), UUID(entry["call"])
                await actions.adopt(
                    session,
                    call,
                    route,
                    call_id=call_id,
                    key=entry["key"],
                    last2=entry["last2"],
                    policy=figures,
                    now=now,
                    new_id=deps.new_id,
                )
                row = await queries.call_for_update(session, call_id)
                if row is not None and row.route is None:  # written before the connection was lost
                    await actions.conclude(session, row, route, now=call.arrived_at, new_id=deps.new_id)
            case "fact":
                await actions.hear(
                    session,
                    Fact(
                        source=FactSource(entry["source"]),
                        leg=entry["leg"],
                        event=Heard(entry["event"]),
                        sequence=entry["sequence"],
                        at=datetime.fromisoformat(entry["at"]) if entry["at"] else None,
                        duration_s=entry["duration_s"],
                        bridged=entry["bridged"],
                    ),
                    carrier=CarrierName(entry["carrier"]),
                    call_id=UUID(entry["call"]) if entry["call"] else None,
                    sid=entry["sid"],
                    policy=figures,
                    now=datetime.fromisoformat(entry["heard_at"]),
                    new_id=deps.new_id,
                )
            case _:
                at, line = datetime.fromisoformat(entry["at"]), entry["line"]
                await queries.add_sign(session, sign_id=UUID(entry["id"]), line=line, sign=Sign(entry["sign"]), now=at)
                await actions.judge_line(session, line, settings=deps.settings, now=now, new_id=deps.new_id)
