"""A search over 10 to 10,000 listed providers, and openings computed ahead, beside plain counts over the same tables.

Every provider has hours, a filled profile, twelve appointments behind them and eight ahead. About a fifth of them fit
the usual question, a few the strict one, and all of them the plain one, of whom the best 500 are scored. A search is
measured as a door runs it: gates, score, order, the page held against calendars, record and impressions committed.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from uuid import UUID, uuid4

import asyncpg
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bench import calls
from bench.ground import copy, started
from bench.report import Report, spread
from config import database
from config.settings import Settings
from people.values import Gender
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.rules.slots import AROUND_S, first_open
from scheduling.rules.vocabulary import PROBLEMS
from scheduling.values import Answers, DayPart, Modality, Place, Preference, SessionType, Source

SIZES = (10, 100, 1_000, 10_000)
ROUNDS, COUNTS = 15, 40
# To reach with 10,000 providers, and for the first openings of 1,000.
SEARCH_MS, OPENINGS_S = 200, 1

_SOMEBODY = Answers(state="NY", age=34, session_type=SessionType.FULL_SESSION, timezone="America/New_York")
ASKED = {
    "usual": replace(_SOMEBODY, problems=("panic", "grief"), plan="aetna", language="es"),
    "plain": replace(_SOMEBODY, state="NJ"),
    "strict": replace(
        _SOMEBODY,
        problems=("grief",),
        gender=Gender.WOMAN,
        day_parts=frozenset({DayPart.EVENING, DayPart.WEEKEND}),
        only=frozenset({Preference.GENDER, Preference.DAY_PARTS}),
        modality=Modality.IN_PERSON,
        place=Place(latitude=40.7, longitude=-74.0, within_miles=25),
    ),
}
Sessions = async_sessionmaker[AsyncSession]


async def run(report: Report) -> None:
    """Measure each size, and note the targets."""
    report.title(f"Search: the median of {ROUNDS}, in ms (lowest–highest), each committed")
    report.line(
        f"{'providers':>9}  " + "".join(f"{name:>26}" for name in (*ASKED, "indexed count", "gates as a count"))
    )
    took: dict[int, dict[str, list[float]]] = {}
    async with started() as (_, addresses):
        for size in SIZES:
            url = await copy(addresses.database_url, f"search_{size}")
            await fill(url, size)
            engine = database.engine(url, pool=2)
            try:
                sessions = database.sessions(engine)
                settings = settings_of(url, addresses.redis_url)
                openings = await _compute_openings(sessions, settings)
                took[size] = await _searches(sessions, settings, report, size)
                if size == SIZES[-1]:
                    await _tell_openings(report, sessions, settings, openings)
            finally:
                await engine.dispose()
    few, many = took[SIZES[1]], took[SIZES[-1]]
    for name in ASKED:
        growth = median(many[name]) / median(few[name])
        beside = median(many[name]) / median(many["indexed count"])
        report.line(
            f"{name}: {SIZES[-1]:,} providers take {growth:.1f} times as long as {SIZES[1]}; "
            f"{beside:.0f} indexed counts"
        )
        report.target(f"search over {SIZES[-1]:,} providers, {name}, ms", median(many[name]), at_most=SEARCH_MS)


async def _searches(sessions: Sessions, settings: Settings, report: Report, size: int) -> dict[str, list[float]]:
    house = scheduling.house(settings)
    took: dict[str, list[float]] = {}
    passed = {}
    for name, answers in ASKED.items():

        async def search(session: AsyncSession, answers: Answers = answers, name: str = name) -> None:
            result = await scheduling.search(session, answers, house=house, now=datetime.now(UTC), new_id=uuid4)
            passed[name] = result.passed, result.scored

        took[name] = await _timed(sessions, search, ROUNDS)
    took["indexed count"] = await _timed(sessions, _indexed_count, COUNTS)
    took["gates"] = await _timed(sessions, _gates_count, COUNTS)
    told = [f"{spread(took[name], ',.1f')} [{passed[name][0]:,}]" for name in ASKED]
    told += [spread(took[name], ",.1f") for name in ("indexed count", "gates")]
    report.line(f"{size:>9,}  " + "".join(f"{one:>26}" for one in told))
    return took


async def _indexed_count(session: AsyncSession) -> None:
    """Count by the index over problems: what a plain filter costs that knows no gate, no score and no opening."""
    await session.execute(text("SELECT count(*) FROM profiles WHERE focus @> ARRAY['grief']::varchar[]"))


async def _gates_count(session: AsyncSession) -> None:
    """Count everybody by a plain statement of three gates, without who fails what."""
    await session.execute(
        text(
            "SELECT count(*) FROM profiles JOIN providers ON id = provider_id"
            " JOIN referral_settings USING (provider_id) JOIN openings USING (provider_id)"
            " WHERE published AND listed AND active AND session_type = 'full_session'"
            " AND 'NY' = ANY (states) AND 'aetna' = ANY (plans) AND next_at IS NOT NULL"
        )
    )


async def _timed(sessions: Sessions, work: Callable[[AsyncSession], Awaitable[None]], rounds: int) -> list[float]:
    took = []
    for turn in range(rounds + 2):
        began = perf_counter()
        async with sessions.begin() as session:
            await work(session)
        if turn >= 2:  # the first ones plan and connect
            took.append((perf_counter() - began) * 1000)
    return took


# Openings


async def _compute_openings(sessions: Sessions, settings: Settings) -> tuple[int, float]:
    """Compute the openings of everybody as the worker does; return of how many, and in how many seconds."""
    house, count, began = scheduling.house(settings), 0, perf_counter()
    while True:
        async with sessions.begin() as session:
            some = await scheduling.refresh_openings(session, house=house, now=datetime.now(UTC))
        if not some:
            break
        count += some
    seconds = perf_counter() - began
    return count, seconds


async def _tell_openings(report: Report, sessions: Sessions, settings: Settings, openings: tuple[int, float]) -> None:
    count, seconds = openings
    report.title("Openings")
    report.line(
        f"all openings of {count:,} providers for both session types, 60 days each, loaded, cut and written: "
        f"{seconds:.1f} s, {seconds / count * 1000:.2f} ms each"
    )
    loaded, cut = await _first_openings(sessions, settings, 1_000)
    report.line(f"first opening of 1,000 providers: calendars loaded in {loaded:.2f} s, cut in {cut:.2f} s")
    report.target("first openings of 1,000 providers, s", loaded + cut, at_most=OPENINGS_S)


async def _first_openings(sessions: Sessions, settings: Settings, count: int) -> tuple[float, float]:
    house, now = scheduling.house(settings), datetime.now(UTC)
    async with sessions() as session:
        found = await session.execute(text("SELECT provider_id FROM profiles LIMIT :count"), {"count": count})
        ids: Sequence[UUID] = found.scalars().all()
        around = timedelta(seconds=AROUND_S)
        began = perf_counter()
        told = await queries.settings_of(session, ids)
        calendars = await queries.calendars(session, ids, now - around, now + timedelta(days=60) + around)
        loaded = perf_counter()
        for one, calendar in calendars.items():
            rules = scheduling.slot_rules(told[one], SessionType.FULL_SESSION, Source.PLATFORM_SEARCH, house)
            first_open(calendar, rules, now=int(now.timestamp()))
    return loaded - began, perf_counter() - loaded


# The ground


def settings_of(url: str, redis_url: str) -> Settings:
    return Settings(
        database_url=url,
        redis_url=redis_url,
        secret_key=SecretStr("a-secret-for-the-bench-that-is-long-enough"),
        carrier="simulator",
        twilio_account_sid=calls.ACCOUNT,
        twilio_auth_tokens=(calls.TOKEN,),
        lines=(calls.LINE,),
    )


async def fill(url: str, size: int) -> None:
    connection = await asyncpg.connect(database.driver_url(url))
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    try:
        async with connection.transaction():
            for statement, told in (
                (_WHO, (size,)),
                (_PRACTICE, (now,)),
                (_PROVIDERS, (now,)),
                (_PROFILES, (now, sorted(PROBLEMS))),
                (_SETTINGS, ()),
                (_HOURS, ()),
                (_CLIENTS, (now,)),
                (_APPOINTMENTS, (now,)),
                (_CONSULTATIONS, (now,)),
            ):
                await connection.execute(statement, *told)
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


_WHO = """
CREATE TEMP TABLE who ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS client_id FROM generate_series(1, $1::int) n
"""

_PRACTICE = """
INSERT INTO practices (id, name, kind, timezone, line_enabled, programme, created_at)
VALUES ('00000000-0000-0000-0000-000000000001', 'Practice', 'group', 'America/New_York', true, false, $1)
"""

_PROVIDERS = """
INSERT INTO providers (id, practice_id, first_name, last_name, email, timezone, language, active, created_at, version)
SELECT id, '00000000-0000-0000-0000-000000000001', 'Pat', 'Provider ' || n, 'provider' || n || '@example.com',
       'America/New_York', 'en', true, $1, 1
FROM who
"""

_PROFILES = """
INSERT INTO profiles (provider_id, slug, published, listed, noindex, taxonomy, focus, also, languages, therapies,
                      affirms, gender, latitude, longitude, updated_at, version)
SELECT id, 'provider-' || n, true, true, false, '101YM0800X',
       ARRAY(SELECT p FROM unnest($2::text[]) p ORDER BY md5(p || n) LIMIT 5),
       ARRAY(SELECT p FROM unnest($2::text[]) p ORDER BY md5(p || n) OFFSET 5 LIMIT 12),
       CASE WHEN n % 3 = 0 THEN ARRAY['en', 'es'] ELSE ARRAY['en'] END,
       ARRAY['emdr', 'cognitive_behavioral', 'mindfulness'], ARRAY['black', 'veterans'],
       (ARRAY['woman', 'man', NULL])[1 + n % 3], 40.7 + (n % 100) / 100.0, -74.0 + (n % 71) / 100.0, $1, 1
FROM who
"""

_SETTINGS = """
INSERT INTO referral_settings (provider_id, accepting, urgent, urgent_notice_h, session_types, by_source, modalities,
                               plans, states, not_treated, youngest, oldest, step_m, session_length_m,
                               buffer_before_m, buffer_after_m, horizon_d, version)
SELECT id, true, false, 2, ARRAY['full_session', 'phone_consultation'], '{}', ARRAY['telehealth', 'in_person'],
       CASE WHEN n % 2 = 0 THEN ARRAY['aetna', 'cigna'] ELSE ARRAY['medicare'] END,
       CASE WHEN n % 5 < 2 THEN ARRAY['NJ', 'NY', 'CT'] ELSE ARRAY['NJ', 'PA'] END,
       CASE WHEN n % 7 = 0 THEN ARRAY['psychosis'] ELSE '{}' END, 18, 90, 15, 50, 0, 10, 60, 1
FROM who
"""

_HOURS = """
INSERT INTO working_hours (id, provider_id, weekday, opens_m, closes_m, timezone)
SELECT gen_random_uuid(), id, day, opens_m, opens_m + 480, 'America/New_York'
FROM who, generate_series(0, 4) day, LATERAL (SELECT CASE WHEN n % 3 = 0 THEN 720 ELSE 540 END) AS told(opens_m)
"""

_CLIENTS = """
INSERT INTO clients (id, first_name, last_name, email, language, account, created_at, version)
SELECT client_id, 'Casey', 'Client ' || n, 'client' || n || '@example.com', 'en', 'invited', $1, 1 FROM who
"""

_APPOINTMENTS = """
INSERT INTO appointments (id, provider_id, client_id, session_type, source, tracked, state, starts_at, ends_at,
                          occurrence, version, created_at, cancelled_late, moves_by_client, series_moved)
SELECT gen_random_uuid(), id, client_id, 'phone_consultation', 'platform_search', true,
       CASE WHEN k < 0 THEN CASE WHEN (n + k) % 9 = 0 THEN 'cancelled_p' ELSE 'ended' END ELSE 'booked' END,
       $1::timestamptz + k * interval '1 day' + (n + k) % 5 * interval '1 hour',
       $1::timestamptz + k * interval '1 day' + (n + k) % 5 * interval '1 hour' + interval '50 minutes',
       1, 1, $1::timestamptz - interval '100 days', false, 0, false
FROM who, generate_series(-12, 7) k
"""

_CONSULTATIONS = """
INSERT INTO consultations (id, appointment_id, occurrence, provider_id, starts_at, ends_at, status, version)
SELECT gen_random_uuid(), id, 1, provider_id, starts_at, ends_at,
       CASE WHEN starts_at < $1 THEN CASE WHEN random() < 0.1 THEN 'unknown' ELSE 'occurred_auto' END
            ELSE 'scheduled' END, 1
FROM appointments
"""
