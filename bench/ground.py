"""The ground that figures are measured on: engines as in service, with a small and a large database on them.

Nothing is softened: a commit waits for the disk. The processes under measure are told where things are through
their environment, as in service.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from pathlib import Path
from time import perf_counter, sleep

import asyncpg
from asyncpg import Connection

from app.embedded import Addresses, Tuning, engines, erase
from bench import calls
from bench.fill import CALLERS, LARGE, SMALL, Size, fill
from config import database, phones
from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Ground:
    """Where things are. `callers` are the numbers of those who have an open window."""

    folder: Path
    small_url: str
    large_url: str
    redis_url: str
    callers: Sequence[str]
    flush_ms: float

    def url(self, size: Size) -> str:
        """Return the address of the database of that size."""
        return self.small_url if size is SMALL else self.large_url

    def environment(self, database_url: str) -> dict[str, str]:
        """Return the settings of a voice process in service, as its environment."""
        return {
            "DATABASE_URL": database_url,
            "REDIS_URL": self.redis_url,
            "CONSULTLINE_CARRIER": "simulator",
            "CONSULTLINE_DATA_DIR": str(self.folder / "service"),
            "CONSULTLINE_LINES": calls.LINE,
            "CONSULTLINE_PRODUCTION": "true",
            "CONSULTLINE_PUBLIC_URL": calls.BASE,
            "CONSULTLINE_SECRET_KEY": "a-secret-for-the-bench-that-is-long-enough",
            "CONSULTLINE_TWILIO_ACCOUNT_SID": calls.ACCOUNT,
            "CONSULTLINE_TWILIO_AUTH_TOKENS": calls.TOKEN,
            # Nobody answers there; no figure asks the carrier anything.
            "CONSULTLINE_TWILIO_API_URL": "http://127.0.0.1:9",
        }

    def settings(self, size: Size) -> Settings:
        """Return the same for what runs in this process."""
        told: dict[str, object] = {
            name.lower().removeprefix("consultline_"): value for name, value in self.environment(self.url(size)).items()
        }
        return Settings.model_validate(told)


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    """Start the engines on a folder of their own, fill both databases, and remove everything afterwards."""
    async with started() as (folder, addresses):
        numbers = invented_numbers(LARGE.providers)
        urls = []
        for size in (SMALL, LARGE):
            urls.append(await copy(addresses.database_url, size.name))
            await fill(urls[-1], size, numbers)
        small, large = urls
        yield Ground(
            folder=folder,
            small_url=small,
            large_url=large,
            redis_url=addresses.redis_url,
            callers=numbers[:CALLERS],
            flush_ms=_flush_ms(folder),
        )


@asynccontextmanager
async def started() -> AsyncIterator[tuple[Path, Addresses]]:
    """Start the engines on a folder of their own, migrated and empty, and remove everything afterwards."""
    folder = _new_folder()
    try:
        async with engines(folder, tuning=Tuning.SERVICE) as addresses:
            await database.migrate(addresses.database_url)
            yield folder, addresses
    finally:
        erase(folder)
        shutil.rmtree(folder)


async def copy(database_url: str, name: str) -> str:
    """Make a database of this name like the migrated one, and return its address."""
    admin = await asyncpg.connect(database.driver_url(database_url))
    try:
        await _refuse_soft_commits(admin)
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {database_url.rpartition('/')[2]} STRATEGY file_copy")
    finally:
        await admin.close()
    return f"{database_url.rpartition('/')[0]}/{name}"


def _new_folder() -> Path:
    """Make a folder on a disk that every account may pass through: under root, PostgreSQL runs as another one."""
    folder = Path(tempfile.mkdtemp(prefix="consultline-bench-"))
    folder.chmod(0o711)
    return folder


def invented_numbers(count: int) -> list[str]:
    """Return numbers that nobody has (555-01xx) and that are valid, as the line wants them."""
    areas = (a for a in range(201, 990) if phones.country(f"+1{a}5550100") == phones.country(calls.LINE))
    numbers = (f"+1{area}55501{last:02d}" for area, last in product(areas, range(100)))
    return [number for number, _ in zip((n for n in numbers if n != calls.LINE), range(count), strict=False)]


async def _refuse_soft_commits(admin: Connection) -> None:
    """Stop if a commit would not wait for the disk: the figures would say nothing."""
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        if await admin.fetchval(f"SHOW {name}") != "on":
            msg = f"{name} is off: this is not how the service runs"
            raise RuntimeError(msg)


def _flush_ms(folder: Path) -> float:
    """Return how long this machine takes to force 8 KiB to the disk, the median of 100 times."""
    took = []
    with (folder / "flush").open("wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(8192))
            began = perf_counter()
            os.fdatasync(file.fileno())
            took.append(perf_counter() - began)
            sleep(0.001)
    return sorted(took)[50] * 1000


async def clear_new_calls(url: str, since: datetime) -> tuple[int, int]:
    """Delete the calls of a round, so that the next one finds the same ground; return how many calls and facts."""
    connection = await asyncpg.connect(database.driver_url(url))
    try:
        facts = await connection.execute(
            "DELETE FROM call_events WHERE call_id IN (SELECT id FROM calls WHERE dialled_at >= $1)", since
        )
        found = await connection.execute("DELETE FROM calls WHERE dialled_at >= $1", since)
        await connection.execute("VACUUM (INDEX_CLEANUP ON) calls, call_events")
    finally:
        await connection.close()
    return int(found.rpartition(" ")[2]), int(facts.rpartition(" ")[2])
