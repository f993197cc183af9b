"""What both engines have in common: a child is started, reached, watched and stopped."""

import asyncio
import signal
import socket
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypedDict

import structlog

log = structlog.get_logger(__name__)

LOCALHOST = "127.0.0.1"
WAIT_READY_S = 60  # recovery after a hard stop included
WAIT_STOP_S = 20
POLL_S = 0.02


class EnginesUnavailable(Exception):  # noqa: N818 - says what is so
    """No engine of our own can run here; the message says why, and which settings do without them."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} Or set DATABASE_URL and REDIS_URL to a PostgreSQL and a Valkey (or Redis) of yours.")


class EnginesBusy(Exception):  # noqa: N818 - says what is so
    """Another process runs the engines of this data folder."""


class EngineDied(Exception):  # noqa: N818 - says what is so
    """An engine did not start, or ended while it was needed; the message ends with its last words."""


class Tuning(Enum):
    """PostgreSQL settings for a purpose; TESTS gives up what is there for the day the power fails."""

    SERVICE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")
    TESTS = (
        *("fsync=off", "synchronous_commit=off", "full_page_writes=off"),
        *("wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB", "autovacuum=off"),
    )


class Rights(TypedDict):
    """With whose rights and in what surroundings a child runs; None: with ours."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None
    cwd: str
    env: Mapping[str, str]


def rights_of(user: int | None = None, group: int | None = None) -> Rights:
    """Return the rights of a user; the child is told nothing of our environment."""
    groups = None if user is None else list[int]()
    return Rights(user=user, group=group, extra_groups=groups, cwd="/", env={"LC_ALL": "C"})


@dataclass(frozen=True, slots=True)
class Engine:
    """How to start an engine on a port, to reach it and to stop it."""

    name: str
    log: Path
    rights: Rights
    command: Callable[[int], Sequence[str]]
    told: Callable[[int], str]  # on its standard input
    knock: Callable[[int], Awaitable[None]]  # raises OSError until it answers
    url: Callable[[int], str]
    farewell: signal.Signals

    def died(self, code: int | None) -> EngineDied:
        """Return the error for an engine that ended with this code, or (None) never answered."""
        words = " / ".join(self.log.read_text(errors="replace").splitlines()[-5:])
        end = "did not answer" if code is None else f"ended with code {code}"
        return EngineDied(f"{self.name} {end}. Its last words in {self.log}: {words or 'none'}")


@dataclass(frozen=True, slots=True)
class Running:
    """An engine at work."""

    engine: Engine
    process: Process
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.engine.url(self.port)


@asynccontextmanager
async def run(engine: Engine) -> AsyncIterator[Running]:
    """Run one engine for as long as the block runs; the block begins once it answers."""
    try:
        async with asyncio.timeout(WAIT_READY_S):
            running = await _start(engine)
    except TimeoutError:
        raise engine.died(None) from None
    try:
        yield running
    finally:
        await _stop(running.process, engine.farewell)


async def _start(engine: Engine) -> Running:
    """Start an engine, again and again while what hinders it will pass.

    That is: somebody took the port between our look and its bind, or backends of a killed server still hold
    its shared memory.
    """
    passing = ("Address already in use", "pre-existing shared memory block")
    while True:
        port = _free_port()
        process = await _spawn(engine, port)
        try:
            if await _answers(engine, process, port):
                return Running(engine, process, port)
        except BaseException:
            await _stop(process, engine.farewell)
            raise
        if not any(word in engine.log.read_text(errors="replace") for word in passing):
            raise engine.died(process.returncode)
        await asyncio.sleep(POLL_S)


async def _spawn(engine: Engine, port: int) -> Process:
    with suppress(FileNotFoundError):
        engine.log.replace(engine.log.with_suffix(".log.1"))
    engine.log.touch(mode=0o600)
    with engine.log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *engine.command(port),
            stdin=PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,  # a Ctrl-C in the terminal is meant for us; we stop it when we are done
            **engine.rights,
        )
    assert process.stdin is not None  # noqa: S101 - it was asked for
    process.stdin.write(engine.told(port).encode())
    process.stdin.close()
    return process


async def _answers(engine: Engine, process: Process, port: int) -> bool:
    """Wait until the engine lets us in: True; or has ended: False."""
    while process.returncode is None:
        try:
            await engine.knock(port)
        except OSError:
            await asyncio.sleep(POLL_S)
        else:
            return True
    return False


async def _stop(process: Process, farewell: signal.Signals) -> None:
    """End a child: politely, and by force after a while. Cancelled meanwhile, it has at least been told."""
    if process.returncode is not None:
        return
    process.send_signal(farewell)
    try:
        async with asyncio.timeout(WAIT_STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


@asynccontextmanager
async def needed(*engines: Running) -> AsyncIterator[None]:
    """Cancel the block when an engine ends by itself, and raise EngineDied in place of the cancellation."""
    owner = _current_task()
    dead: list[EngineDied] = []

    async def watch(running: Running) -> None:
        code = await running.process.wait()
        log.error("engine died", engine=running.engine.name, code=code)
        if not owner.cancelling():
            dead.append(running.engine.died(code))
            owner.cancel()

    watches = [asyncio.create_task(watch(running)) for running in engines]
    try:
        yield
        await asyncio.sleep(0)  # a cancellation of ours that is on its way arrives here
    except asyncio.CancelledError:
        if dead and owner.uncancel() == 0:
            raise dead[0] from None
        raise
    finally:
        for task in watches:
            task.cancel()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let the first SIGTERM or SIGHUP cancel the block; more of them change nothing while it ends."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach only the main thread
        return
    loop, owner = asyncio.get_running_loop(), _current_task()

    def end() -> None:
        if not owner.cancelling():
            owner.cancel()

    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)


def _current_task() -> "asyncio.Task[object]":
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine runs in a task
    return task


def _free_port() -> int:
    with socket.create_server((LOCALHOST, 0)) as server:
        port: int = server.getsockname()[1]
    return port
