"""What is in the small and in the large database.

Both have the same 500 providers with one window that has just opened and one more near; what differs is how
much else there is. Rows lie on the disk in the order of time, as they would have come in, not by provider. Each
past consultation was called once. Filling counts in no figure: keys, indexes and the exclusion of overlaps are
built over full tables, which also proves that the rows keep to them; then all is vacuumed and analysed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
from asyncpg import Connection

from bench.calls import LINE
from config import database


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is: providers, and consultations of each."""

    name: str
    providers: int
    each: int

    @property
    def appointments(self) -> int:
        return self.providers * self.each


CALLERS = 500
SMALL = Size("small", CALLERS, 2)
LARGE = Size("large", 10_000, 100)

# Between two windows of one provider. A call looks from 24 hours back to 7 days ahead, and so finds two.
APART = timedelta(days=3, hours=15, minutes=36)

_FILLED = ["appointments", "consultations", "clients", "calls", "call_events"]


async def fill(url: str, size: Size, numbers: Sequence[str]) -> None:
    """Fill an empty database; the first of the numbers are those of the providers whose window is open."""
    connection = await asyncpg.connect(database.driver_url(url))
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
            await connection.execute("SET LOCAL work_mem = '256MB'")
            keys = await _take_away_keys(connection)
            now = datetime.now(UTC).replace(microsecond=0)
            for statement, told in _rows(size, numbers[: size.providers], now):
                await connection.execute(statement, *told)
            for statement in keys:
                await connection.execute(statement)
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


async def _take_away_keys(connection: Connection) -> list[str]:
    """Drop every key, index and exclusion of the tables that are filled; return how to build them again."""
    constraints = await connection.fetch(
        """
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
               format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
                      pg_get_constraintdef(oid)) AS add
        FROM pg_constraint
        WHERE contype = 'f' AND $1::regclass[] && ARRAY[conrelid::regclass, confrelid::regclass]
           OR contype IN ('p', 'u', 'x') AND conrelid = ANY($1::regclass[])
        ORDER BY array_position(ARRAY['f', 'x', 'u', 'p'], contype::text)
        """,
        _FILLED,
    )
    indexes = await connection.fetch(
        """
        SELECT format('DROP INDEX %s', indexrelid::regclass) AS drop, pg_get_indexdef(indexrelid) AS add
        FROM pg_index i
        WHERE indrelid = ANY($1::regclass[])
          AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype <> 'f')
        """,
        _FILLED,
    )
    for one in (*constraints, *indexes):
        await connection.execute(one["drop"])
    return [one["add"] for one in (*indexes, *reversed(constraints))]


def _rows(size: Size, numbers: Sequence[str], now: datetime) -> Sequence[tuple[str, tuple[object, ...]]]:
    """Return the statements that fill a database, with what each is told.

    The windows of those who do not call lie anywhere between two of the callers'.
    """
    past = size.each // 2 if size.each > 2 else 0  # the small one has the open window and the next only
    return (
        (_WHO, (list(numbers), CALLERS, APART)),
        (_PRACTICES, (now,)),
        (_PROVIDERS, (now,)),
        (_VISITS, (size.each, now, past, APART)),
        (_CLIENTELE, ()),
        (_CLIENTS, (now, size.providers)),
        (_APPOINTMENTS, (LINE,)),
        (_CONSULTATIONS, (now,)),
        (_CALLS, (LINE, now)),
        (_FACTS, ()),
    )


_WHO = """
CREATE TEMP TABLE who ON COMMIT DROP AS
SELECT n, number, gen_random_uuid() AS id, gen_random_uuid() AS practice_id,
       CASE WHEN n <= $2::int THEN interval '0' ELSE $3::interval * random() END AS phase
FROM unnest($1::text[]) WITH ORDINALITY AS given(number, n)
"""

_PRACTICES = """
INSERT INTO practices (id, name, kind, timezone, line_enabled, created_at)
SELECT practice_id, 'Practice ' || n, 'solo', 'America/New_York', true, $1 FROM who
"""

_PROVIDERS = """
INSERT INTO providers (id, practice_id, first_name, last_name, email, dial_phone, dial_phone_verified_at,
                       timezone, language, active, created_at, version)
SELECT id, practice_id, 'Pat', 'Provider ' || n, 'provider' || n || '@example.com', number, $1,
       'America/New_York', 'en', true, $1, 1
FROM who
"""

_VISITS = """
CREATE TEMP TABLE visits ON COMMIT DROP AS
SELECT gen_random_uuid() AS id, who.id AS provider_id, who.n * $1::int + k / 4 AS client,
       $2::timestamptz + who.phase + (k - $3::int) * $4::interval AS starts_at
FROM who, generate_series(0, $1::int - 1) k
ORDER BY starts_at
"""

_CLIENTELE = """
CREATE TEMP TABLE clientele ON COMMIT DROP AS
SELECT client AS n, gen_random_uuid() AS id FROM visits GROUP BY client
"""

_CLIENTS = """
INSERT INTO clients (id, first_name, last_name, email, phone, account, created_at, version)
SELECT c.id, 'Casey', 'Client ' || c.n, 'client' || c.n || '@example.com', who.number, 'invited', $1, 1
FROM clientele c JOIN who ON who.n = 1 + c.n % $2::int
"""

_APPOINTMENTS = """
INSERT INTO appointments (id, provider_id, client_id, session_type, source, tracked, state, starts_at, ends_at,
                          line, occurrence, version, created_at)
SELECT v.id, v.provider_id, c.id, 'phone_consultation', 'platform_search', true, 'booked', v.starts_at,
       v.starts_at + interval '15 minutes', $1, 1, 1, v.starts_at - interval '3 days'
FROM visits v JOIN clientele c ON c.n = v.client
ORDER BY v.starts_at
"""

_CONSULTATIONS = """
INSERT INTO consultations (id, appointment_id, occurrence, provider_id, starts_at, ends_at, status, decided_by,
                           decided_at, talk_s, judge_at, version)
SELECT gen_random_uuid(), id, 1, provider_id, starts_at, ends_at,
       CASE WHEN starts_at < $1 THEN 'occurred_auto' ELSE 'scheduled' END,
       CASE WHEN starts_at < $1 THEN 'line' END,
       CASE WHEN starts_at < $1 THEN ends_at END,
       CASE WHEN starts_at < $1 THEN 840 END,
       CASE WHEN starts_at >= $1 THEN ends_at END, 1
FROM appointments ORDER BY starts_at
"""

_CALLS = """
INSERT INTO calls (id, carrier, sid, line, caller_key, caller_last2, attestation, dialled_at, provider_id,
                   appointment_id, occurrence, outcome, first_leg_at, leg_heard_at, live, answered_at, ended_at,
                   talk_s, settled_at)
SELECT gen_random_uuid(), 'simulator', 'CA' || replace(gen_random_uuid()::text, '-', ''), $1,
       encode(sha256(provider_id::text::bytea), 'hex'), '00', 'passed_a', starts_at, provider_id,
       id, 1, 'connected', starts_at, ends_at, false, starts_at, ends_at, 840, ends_at
FROM appointments WHERE starts_at < $2 ORDER BY starts_at
"""

_FACTS = """
INSERT INTO call_events (id, call_id, carrier, leg, source, event, sequence, at, heard_at)
SELECT gen_random_uuid(), id, carrier, sid, 'answer', 'dialled', 0, dialled_at, dialled_at
FROM calls ORDER BY dialled_at
"""
