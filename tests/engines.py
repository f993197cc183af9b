"""One PostgreSQL and one Valkey for a test run, however many workers it has; and a database for each test.

The engines are started by the first test of the run that wants them, so that tests of rules wait for nothing.
They belong to a process of their own (`engines_process.py`), since no worker may be the one that ends first.
That process leaves when the run is over or its first process is gone, and takes the folder with it.

A database is a copy of a template that was migrated once. Copies are cheap in memory (15 ms, and 8 to drop;
on a busy disk half a second), so the folder is in /dev/shm where that has room; and the next one is made while
a test runs, so that nobody waits for it.
"""

import asyncio
import fcntl
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple, TypeVar

import asyncpg
import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "template_of_tests"
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 2 << 30

RUN_FOLDER = pytest.StashKey[Path]()

T = TypeVar("T")


class Addresses(NamedTuple):
    """Where the engines of the run answer."""

    database_url: str
    redis_url: str


def quick_folder() -> Path:
    """Make a folder that every account may pass through, unlike pytest's own; in memory, if it has room."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    folder = Path(tempfile.mkdtemp(prefix="consultline-tests-", dir=MEMORY if roomy else None))
    folder.chmod(0o711)  # under root, the database runs as another account
    return folder


def make_run_folder() -> Path:
    """Make the folder of a test run; this process is the one whose end ends the run."""
    folder = quick_folder()
    (folder / "owner.pid").write_text(str(os.getpid()))
    return folder


def addresses(folder: Path) -> Addresses:
    """Return where the run's engines answer, once they do; the first to ask starts them."""
    told = folder / "addresses.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            _start_keeper(folder, told)
    return Addresses(**json.loads(told.read_bytes()))


def end_run(folder: Path) -> None:
    """Stop the engines, if any test wanted some, and remove the folder."""
    with suppress(FileNotFoundError, psutil.NoSuchProcess):
        keeper = psutil.Process(int((folder / "keeper.pid").read_text()))
        keeper.terminate()
        keeper.wait(30)
    shutil.rmtree(folder, ignore_errors=True)


def _start_keeper(folder: Path, told: Path) -> None:
    words = folder / "keeper.log"
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "tests.engines_process", str(folder)],
        {**os.environ, "PYTHONPATH": str(ROOT)},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(words), flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,  # a Ctrl-C is for the run, which then tells the keeper
    )
    (folder / "keeper.pid").write_text(str(pid))
    while not told.exists():
        ended, _ = os.waitpid(pid, os.WNOHANG)
        if ended:
            msg = f"the engines of the tests did not start:\n{words.read_text()}"
            raise RuntimeError(msg)
        time.sleep(0.01)


def named(url: str, database: str) -> str:
    """Return the address of another database on the same server."""
    return f"{url.rpartition('/')[0]}/{database}"


class Databases:
    """Copies of the template, for one worker; works from any test, with an event loop or without."""

    def __init__(self, url: str, worker: str) -> None:
        self._url = url
        self._names = (f"{worker}_{number}" for number in count(1))
        self._discarded: list[str] = []
        self._ahead: Future[str] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection = self._await(asyncpg.connect(url.replace("+asyncpg", "")))

    def copy(self) -> str:
        """Return the address of a new database in the state of the template, and begin to make the next."""
        ahead = self._ahead or self._begin()
        name = ahead.result()
        self._ahead = self._begin()
        return named(self._url, name)

    def discard(self, url: str) -> None:
        """Give a database back.

        It is dropped with a copy after the next: by then its connections are closed, and nobody waits for them.
        """
        self._discarded.append(url.rpartition("/")[2])

    def close(self) -> None:
        """Leave the server; what is left of the copies goes with it."""
        if self._ahead is not None:
            self._ahead.result()
        self._await(self._connection.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _begin(self) -> "Future[str]":
        return asyncio.run_coroutine_threadsafe(self._drop_and_copy(next(self._names)), self._loop)

    async def _drop_and_copy(self, name: str) -> str:
        while self._discarded:
            await self._connection.execute(f"DROP DATABASE {self._discarded.pop()} WITH (FORCE)")
        await self._connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        return name

    def _await(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()
