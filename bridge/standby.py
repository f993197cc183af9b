"""What serves a call while the database is away, and keeps what was heard until it is back (F1–F3).

A snapshot of the next two hours, taken every few seconds, says who may call and what is open. Whoever has one
open window is connected; everybody else hears that the line has a problem, since a snapshot can ask no PIN and
must not guess. Facts go to a journal, one line each, forced to the disk before the carrier is answered; they are
applied exactly once, since every fact has a unique key.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
import structlog
from aiohttp import web

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
        self._path = folder / f"{name}.jsonl"
        self._max_age = max_age
        self._snapshot: Snapshot | None = None
        self._answers: dict[str, actions.Answer] = {}
        self._keys: Callable[[str | None], str | None] = lambda _number: None
        self._file: int | None = None

    # The snapshot

    async def refresh(self, deps: Deps) -> None:
        """Take a new snapshot."""
        now = deps.now()
        async with deps.sessions() as session:
            known = await queries.around(session, now, now + HORIZON, deps.settings.line_lead)
        self._snapshot = Snapshot(now, known)
        self._keys = lambda number: actions.caller_key(number, deps.settings)

    def answer(self, call: InboundCall, *, new_id: Callable[[], UUID]) -> actions.Answer:
        """Answer a call by the snapshot alone."""
        if call.sid in self._answers:
            return self._answers[call.sid]
        answer = actions.Answer(self._route(call), new_id())
        self._answers[call.sid] = answer
        while len(self._answers) > REMEMBER:
            del self._answers[next(iter(self._answers))]
        self._write(
            {
                "kind": "call",
                "call": str(answer.call_id),
                "carrier": call.carrier.value,
                "sid": call.sid,
                "line": call.line,
                "caller": call.caller.kind.value,
                "key": self._keys(call.caller.number),
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
            self._file = os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_SH)
        os.write(self._file, orjson.dumps(entry) + b"\n")
        os.fsync(self._file)

    def waiting(self) -> int:
        """Return how many entries wait for the database, in all journals of the folder."""
        return sum(1 for path in self._journals() for _ in _entries(path))

    def _journals(self) -> Sequence[Path]:
        return sorted(self._folder.glob("*.jsonl"))

    async def drain(self, deps: Deps) -> int:
        """Apply what waits, oldest first, each entry in a transaction of its own; return how many there were.

        A journal that a dead process left behind is taken over, one that a live process still writes is not.
        An entry that was applied before has no effect.
        """
        done = 0
        for path in self._journals():
            if path != self._path and _is_written(path):
                continue
            entries = list(_entries(path))
            for entry in entries:
                await _apply(deps, entry)
            done += len(entries)
            if path == self._path and self._file is not None:
                os.close(self._file)
                self._file = None
            with suppress(FileNotFoundError):
                path.unlink()
        if done:
            _log.info("journal.applied", entries=done)
        return done


STANDBY: Final = web.AppKey("standby", Standby)


def _is_written(path: Path) -> bool:
    """Tell whether a live process holds this journal."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of a journal; a last line that a crash cut short was never acknowledged and is left out."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for line in lines[:-1]:
        yield orjson.loads(line)


async def _apply(deps: Deps, entry: dict[str, Any]) -> None:
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
                await actions.adopt(
                    session,
                    call,
                    read_route(entry["route"]),
                    call_id=UUID(entry["call"]),
                    key=entry["key"],
                    last2=entry["last2"],
                    policy=figures,
                    now=now,
                    new_id=deps.new_id,
                )
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
                    now=now,
                    new_id=deps.new_id,
                )
            case _:
                await queries.add_sign(
                    session,
                    sign_id=UUID(entry["id"]),
                    line=entry["line"],
                    sign=Sign(entry["sign"]),
                    now=datetime.fromisoformat(entry["at"]),
                )
