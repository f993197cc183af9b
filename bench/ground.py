"""The ground that figures are measured on: engines as in service, and two databases, a small and a large one.

Both have the same 500 providers who have one open window now, with the same one other window near; what differs
is how much else there is. Rows lie on the disk in the order of time, as they would have come in, not sorted by
provider. Filling counts in no figure: it is done without triggers and without the indexes that can be built
afterwards, and then vacuumed, analysed and written out.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from time import perf_counter, sleep

import asyncpg
from asyncpg import Connection

from app.embedded import Tuning, engines, erase
from bench import calls
from config import database, phones
from config.settings import Settings

CALLERS = 500
# Between two windows of one provider. A call looks from 24 hours back to 7 days ahead, and so finds two.
APART = timedelta(days=3, hours=15, minutes=36)


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is: providers, and consultations of each."""

    name: str
    providers: int
    each: int

    @property
    def appointments(self) -> int:
        """Return how many appointments that makes."""
        return self.providers * self.each


SMALL = Size("small", CALLERS, 2)
LARGE = Size("large", 10_000, 100)


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
        told = {
            name.lower().removeprefix("consultline_"): value
            for name, value in self.environment(self.url(size)).items()
        }
        told["lines"], told["twilio_auth_tokens"] = [calls.LINE], [calls.TOKEN]
        return Settings.model_validate(told)


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    """Start the engines on a folder of their own, fill both databases, and remove everything afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="consultline-bench-"))
    folder.chmod(0o711)  # under root, PostgreSQL runs as another account, which has to get through
    try:
        async with engines(folder, tuning=Tuning.SERVICE) as addresses:
            await database.migrate(addresses.database_url)
            url = database.driver_url(addresses.database_url)
            numbers = invented_numbers(LARGE.providers)
            admin = await asyncpg.connect(url)
            try:
                await _refuse_soft_commits(admin)
                urls = []
                for size in (SMALL, LARGE):
                    await admin.execute(f"CREATE DATABASE {size.name} TEMPLATE {url.rpartition('/')[2]}")
                    urls.append(f"{addresses.database_url.rpartition('/')[0]}/{size.name}")
                    await _fill(urls[-1], size, numbers)
                await admin.execute("CHECKPOINT")
            finally:
                await admin.close()
            small, large = urls
            yield Ground(
                folder=folder,
                small_url=small,
                large_url=large,
                redis_url=addresses.redis_url,
                callers=numbers[:CALLERS],
                flush_ms=_flush_ms(folder),
            )
    finally:
        erase(folder)
        for left in sorted(folder.rglob("*"), reverse=True):
            left.rmdir() if left.is_dir() else left.unlink()
        folder.rmdir()


def invented_numbers(count: int) -> list[str]:
    """Return numbers that nobody has (555-01xx) and that are valid, as the line wants them."""
    areas = (area for area in range(201, 990) if phones.e164(f"+1{area}5550100"))
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


async def _fill(url: str, size: Size, numbers: Sequence[str]) -> None:
    connection = await asyncpg.connect(database.driver_url(url))
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            later = await _take_away_indexes(connection)
            now = datetime.now(UTC).replace(microsecond=0)
            for statement, *told in _rows(size, numbers, now):
                await connection.execute(statement, *told)
            for statement in later:
                await connection.execute(statement)
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


async def _take_away_indexes(connection: Connection) -> list[str]:
    """Drop what can be built faster over full tables, the exclusion constraint included; return how to build it."""
    constraints = await connection.fetch(
        """SELECT conrelid::regclass::text AS on, conname AS name, pg_get_constraintdef(oid) AS told
           FROM pg_constraint WHERE contype = 'x' AND connamespace = 'public'::regnamespace"""
    )
    for one in constraints:
        await connection.execute(f"ALTER TABLE {one['on']} DROP CONSTRAINT {one['name']}")
    indexes = await connection.fetch(
        """SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS told
           FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid
           WHERE c.oid IS NULL AND i.indrelid::regclass::text = ANY($1)""",
        ["appointments", "consultations", "clients", "calls", "call_events"],
    )
    for one in indexes:
        await connection.execute(f"DROP INDEX {one['name']}")
    return [
        *(one["told"] for one in indexes),
        *(f"ALTER TABLE {one['on']} ADD CONSTRAINT {one['name']} {one['told']}" for one in constraints),
    ]


def _rows(size: Size, numbers: Sequence[str], now: datetime) -> list[tuple[object, ...]]:
    """Return the statements that fill a database, with what each is told.

    The first 500 providers have a window that opened just now; those of the others lie anywhere between two.
    Each past consultation was called once and is told so by two facts.
    """
    before = size.each // 2 if size.each > 2 else 0  # the small one has now and the next only
    return [
        (
            """CREATE TEMP TABLE who ON COMMIT DROP AS
               SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS practice_id, $2::text[] AS numbers,
                      CASE WHEN n <= $3::int THEN interval '0' ELSE $4::interval * random() END AS phase
               FROM generate_series(1, $1::int) n""",
            size.providers,
            [],
            CALLERS,
            APART,
        ),
        (
            """INSERT INTO practices (id, name, kind, timezone, line_enabled, created_at)
               SELECT practice_id, 'Practice ' || n, 'solo', 'America/New_York', true, $1 FROM who""",
            now,
        ),
        (
            """INSERT INTO providers (id, practice_id, first_name, last_name, email, dial_phone, dial_phone_verified_at,
                                      timezone, language, active, created_at, version)
               SELECT id, practice_id, 'Pat', 'Provider ' || n, 'provider' || n || '@example.com', ($2::text[])[n], $1,
                      'America/New_York', 'en', true, $1, 1 FROM who""",
            now,
            list(numbers[: size.providers]),
        ),
        (
            """CREATE TEMP TABLE visits ON COMMIT DROP AS
               SELECT gen_random_uuid() AS id, who.id AS provider_id, (who.n - 1) * $1::int + k / 4 + 1 AS client,
                      $2::timestamptz + who.phase + (k - $3::int) * $4::interval AS starts_at
               FROM who, generate_series(0, $1::int - 1) k
               ORDER BY starts_at""",
            size.each,
            now,
            before,
            APART,
        ),
        (
            """CREATE TEMP TABLE clientele ON COMMIT DROP AS
               SELECT client AS n, gen_random_uuid() AS id FROM visits GROUP BY client"""
        ,),
        (
            """INSERT INTO clients (id, first_name, last_name, email, phone, created_at, version)
               SELECT id, 'Casey', 'Client ' || n, 'client' || n || '@example.com',
                      ($2::text[])[1 + n % array_length($2, 1)], $1, 1 FROM clientele""",
            now,
            list(reversed(numbers)),
        ),
        (
            """INSERT INTO appointments (id, provider_id, client_id, session_type, source, tracked, state, starts_at,
                                         ends_at, line, occurrence, version, created_at)
               SELECT v.id, v.provider_id, c.id, 'phone_consultation', 'platform_search', true, 'booked', v.starts_at,
                      v.starts_at + interval '15 minutes', $1, 1, 1, v.starts_at - interval '3 days'
               FROM visits v JOIN clientele c ON c.n = v.client ORDER BY v.starts_at""",
            calls.LINE,
        ),
        (
            """INSERT INTO consultations (id, appointment_id, occurrence, provider_id, starts_at, ends_at, status,
                                          decided_by, decided_at, talk_s, judge_at, version)
               SELECT gen_random_uuid(), id, 1, provider_id, starts_at, ends_at,
                      CASE WHEN starts_at < $1 THEN 'occurred_auto' ELSE 'scheduled' END,
                      CASE WHEN starts_at < $1 THEN 'line' END,
                      CASE WHEN starts_at < $1 THEN ends_at END,
                      CASE WHEN starts_at < $1 THEN 840 END,
                      CASE WHEN starts_at >= $1 THEN ends_at END, 1
               FROM appointments ORDER BY starts_at""",
            now,
        ),
        (
            """INSERT INTO calls (id, carrier, sid, line, caller_key, caller_last2, attestation, dialled_at, provider_id,
                                  appointment_id, occurrence, outcome, first_leg_at, leg_heard_at, live, answered_at,
                                  ended_at, talk_s, settled_at)
               SELECT gen_random_uuid(), 'simulator', 'CA' || replace(gen_random_uuid()::text, '-', ''), $1,
                      encode(sha256(provider_id::text::bytea), 'hex'), '00', 'passed_a', starts_at, provider_id,
                      id, 1, 'connected', starts_at, ends_at, false, starts_at, ends_at, 840, ends_at
               FROM appointments WHERE starts_at < $2 ORDER BY starts_at""",
            calls.LINE,
            now,
        ),
        (
            """INSERT INTO call_events (id, call_id, carrier, leg, source, event, sequence, at, heard_at, duration_s)
               SELECT gen_random_uuid(), c.id, c.carrier, c.sid, f.source, f.event, 0, c.dialled_at, c.dialled_at,
                      f.duration_s
               FROM calls c, (VALUES ('answer', 'dialled', NULL), ('leg', 'completed', 840)) f(source, event, duration_s)
               ORDER BY c.dialled_at""",
        ),
    ]


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
