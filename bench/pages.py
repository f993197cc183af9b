"""Every page of the portal, where one practice has 10,000 clients and 100,000 appointments.

Ten providers share them evenly, an appointment an hour: a year behind them and some months ahead. A page is asked for
as a browser does, over HTTP with its cookie, by somebody who may see it; measured is from sending to the last byte.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import median, quantiles
from time import perf_counter
from uuid import UUID, uuid4

import asyncpg
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from playwright.async_api import async_playwright
from yarl import URL

from app import web
from app.deps import connect
from bench.ground import copy, started
from bench.report import Report
from bench.search import settings_of
from config import database
from config.deps import Deps
from people import actions as people
from people.values import AccountKind, Language, Role
from portal import session as sessions
from portal.pages import PAGES
from portal.pages.page import Page

PROVIDERS, CLIENTS, EACH = 10, 10_000, 10_000
ROUNDS = 40
# To reach: the 95th of 100, and what is seen first.
PAGE_MS, PAINT_MS = 150, 1_000
PAINTED = ("home", "calendar", "clients", "messages", "openings", "find")
PRACTICE = UUID("00000000-0000-0000-0000-000000000001")


async def run(report: Report) -> None:
    """Measure each page, and what Chromium paints of some."""
    report.title(f"Pages: one practice, {CLIENTS:,} clients, {PROVIDERS * EACH:,} appointments; ms, of {ROUNDS}")
    async with started() as (_, addresses):
        url = await copy(addresses.database_url, "pages")
        known = await fill(url)
        async with connect(settings_of(url, addresses.redis_url)) as deps:
            server = TestServer(web.build(deps))
            await server.start_server(access_log=None)
            try:
                cookies = await _signed_in(deps, known)
                await _measure(report, str(server.make_url("")).rstrip("/"), cookies, known)
            finally:
                await server.close()


async def _measure(report: Report, base: str, cookies: Mapping[Role | None, str], known: Mapping[str, str]) -> None:
    slowest, left_out = 0.0, []
    painted: dict[str, tuple[str, str | None]] = {}
    report.line(f"{'page':<22}{'median':>9}{'p95':>9}{'bytes':>10}")
    for page in PAGES:
        path = _path(page, known)
        if page.show is None:
            continue
        if page.recent or path is None:
            left_out.append(page.name)
            continue
        cookie = next((cookies[role] for role in (*page.roles, None) if role in cookies), None)
        took, size, status = await _asked(base, path, cookie)
        if status != 200:
            left_out.append(f"{page.name} ({status})")
            continue
        p95 = quantiles(took, n=20)[-1]
        slowest = max(slowest, p95)
        painted |= {page.name: (path, cookie)} if page.name in PAINTED else {}
        report.line(f"{page.name:<22}{median(took):>9.1f}{p95:>9.1f}{size:>10,}")
    report.line(f"not measured: {', '.join(left_out)}")
    report.target("slowest page, p95, ms", slowest, at_most=PAGE_MS)
    await _paint(report, base, painted)


def _path(page: Page, known: Mapping[str, str]) -> str | None:
    """Return a page's path with what is known in its place, or None where something is not known."""
    if not set(re.findall(r"{([a-z_]+)", page.path)) <= known.keys():
        return None
    return re.sub(r"{([a-z_]+)(?::(?:[^{}]|{[^{}]*})*)?}", lambda found: known[found[1]], page.path)


async def _asked(base: str, path: str, cookie: str | None) -> tuple[list[float], int, int]:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
        if cookie:
            http.cookie_jar.update_cookies({"consultline": cookie}, URL(base))
        took, size, status = [], 0, 0
        for turn in range(ROUNDS + 3):
            began = perf_counter()
            async with http.get(f"{base}{path}", allow_redirects=False) as reply:
                size, status = len(await reply.read()), reply.status
            if turn >= 3:
                took.append((perf_counter() - began) * 1000)
    return took, size, status


_FIRST_PAINT = """() => new Promise((seen) => new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (one.name === "first-contentful-paint") seen(one.startTime);
}).observe({ type: "paint", buffered: true }))"""


async def _paint(report: Report, base: str, painted: Mapping[str, tuple[str, str | None]]) -> None:
    """Let Chromium paint some pages, each in a browser that has nothing yet, and note when it shows something."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        report.line("no Chromium on this machine, so nothing was painted")
        return
    worst = 0.0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, (path, cookie) in painted.items():
            context = await browser.new_context()
            if cookie:
                await context.add_cookies([{"name": "consultline", "value": cookie, "url": base}])
            page = await context.new_page()
            await page.goto(f"{base}{path}", wait_until="load")
            at = await page.evaluate(_FIRST_PAINT)
            report.line(f"first paint of {name}: {at:.0f} ms")
            worst = max(worst, at)
            await context.close()
        await browser.close()
    report.target("latest first paint, ms", worst, at_most=PAINT_MS)


async def _signed_in(deps: Deps, known: Mapping[str, str]) -> dict[Role | None, str]:
    """Sign in one of each kind, and return their cookies by what they may see."""
    provider, client = UUID(known["provider_id"]), UUID(known["client_id"])
    staff = await _cookie(deps, AccountKind.STAFF, "provider1@example.com", provider_id=provider, practice=PRACTICE)
    desk = await _cookie(deps, AccountKind.STAFF, "desk@example.com", operator=Role.ADMIN)
    own = await _cookie(deps, AccountKind.CLIENT, "client1@example.com", client_id=client)
    return {Role.PROVIDER: staff, Role.PRACTICE_ADMIN: staff, Role.ADMIN: desk, Role.CLIENT: own}


async def _cookie(
    deps: Deps,
    kind: AccountKind,
    email: str,
    *,
    provider_id: UUID | None = None,
    client_id: UUID | None = None,
    operator: Role | None = None,
    practice: UUID | None = None,
) -> str:
    token, now = deps.new_token(), datetime.now(UTC)
    async with deps.sessions.begin() as session:
        account = await people.add_account(
            session,
            kind=kind,
            email=email,
            language=Language.ENGLISH,
            provider_id=provider_id,
            client_id=client_id,
            operator=operator,
            now=now,
            new_id=uuid4,
        )
        if practice:
            await people.add_member(session, account, practice, Role.PRACTICE_ADMIN, now=now)
        digest = sessions.token_digest(token, deps.settings)
        await people.sign_in(session, account, token_digest=digest, settings=deps.settings, now=now, new_id=uuid4)
    return token


# The ground


async def fill(url: str) -> Mapping[str, str]:
    """Fill an empty database; return what stands for the names in paths."""
    connection = await asyncpg.connect(database.driver_url(url))
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    try:
        async with connection.transaction():
            for statement, told in _statements(now):
                await connection.execute(statement, *told)
        await connection.execute("VACUUM (ANALYZE)")
        row = await connection.fetchrow(_KNOWN, now)
    finally:
        await connection.close()
    assert row is not None
    return {"slug": "provider-1", "other_id": str(row["client_id"])} | {key: str(value) for key, value in row.items()}


def _statements(now: datetime) -> Sequence[tuple[str, tuple[object, ...]]]:
    return (
        (_PRACTICE, (now,)),
        (_WHO, (PROVIDERS,)),
        (_PROVIDERS, (now,)),
        (_PROFILES, (now,)),
        (_ADDRESSES, (now,)),
        (_SETTINGS, ()),
        (_HOURS, ()),
        (_THEIRS, (CLIENTS, PROVIDERS)),
        (_CLIENTS, (now,)),
        (_RELATIONSHIPS, (now,)),
        (_REFERRALS, (now,)),
        (_APPOINTMENTS, (now, EACH, CLIENTS // PROVIDERS)),
        (_CONSULTATIONS, (now,)),
        (_THREADS, (now,)),
        (_MESSAGES, (now,)),
    )


_PRACTICE = """
INSERT INTO practices (id, name, kind, timezone, line_enabled, programme, created_at)
VALUES ('00000000-0000-0000-0000-000000000001', 'Practice', 'group', 'America/New_York', true, true, $1)
"""

_WHO = """
CREATE TEMP TABLE who ON COMMIT DROP AS SELECT n, gen_random_uuid() AS id FROM generate_series(1, $1::int) n
"""

_PROVIDERS = """
INSERT INTO providers (id, practice_id, first_name, last_name, email, dial_phone, dial_phone_verified_at, timezone,
                       language, active, created_at, version)
SELECT id, '00000000-0000-0000-0000-000000000001', 'Pat', 'Provider ' || n, 'provider' || n || '@example.com',
       '+121255501' || lpad(n::text, 2, '0'), $1, 'America/New_York', 'en', true, $1, 1
FROM who
"""

_PROFILES = """
INSERT INTO profiles (provider_id, slug, published, listed, noindex, taxonomy, statement, updated_at, version)
SELECT id, 'provider-' || n, true, true, false, '101YM0800X', repeat('I listen. ', 50), $1, 1 FROM who
"""

_ADDRESSES = """
INSERT INTO profile_addresses (slug, provider_id, taken_at) SELECT 'provider-' || n, id, $1 FROM who
"""

_SETTINGS = """
INSERT INTO referral_settings (provider_id, accepting, urgent, urgent_notice_h, session_types, by_source, modalities,
                               plans, states, not_treated, youngest, oldest, step_m, session_length_m,
                               buffer_before_m, buffer_after_m, horizon_d, version)
SELECT id, true, false, 2, ARRAY['full_session', 'phone_consultation'], '{}', ARRAY['telehealth'], ARRAY['aetna'],
       ARRAY['NY'], '{}', 18, 90, 15, 50, 0, 10, 60, 1
FROM who
"""

_HOURS = """
INSERT INTO working_hours (id, provider_id, weekday, opens_m, closes_m, timezone)
SELECT gen_random_uuid(), id, day, 540, 1020, 'America/New_York' FROM who, generate_series(0, 4) day
"""

_THEIRS = """
CREATE TEMP TABLE theirs ON COMMIT DROP AS
SELECT c.n, (c.n - 1) / $2::int AS place, gen_random_uuid() AS client_id, gen_random_uuid() AS referral_id, who.id AS id
FROM generate_series(1, $1::int) AS c(n) JOIN who ON who.n = 1 + (c.n - 1) % $2::int
"""

_CLIENTS = """
INSERT INTO clients (id, first_name, last_name, email, phone, language, account, verified_at, created_at, version)
SELECT client_id, 'Casey', 'Client ' || n, 'client' || n || '@example.com',
       '+1212555' || lpad((n % 10000)::text, 4, '0'), 'en', 'verified', $1, $1, 1
FROM theirs
"""

_RELATIONSHIPS = """
INSERT INTO relationships (id, provider_id, client_id, state, since)
SELECT gen_random_uuid(), id, client_id, 'active', $1 FROM theirs
"""

_REFERRALS = """
INSERT INTO referrals (id, provider_id, client_id, source, state, created_at, changed_at, version)
SELECT referral_id, id, client_id, 'booking_link', CASE WHEN place < 20 THEN 'new' ELSE 'engaged' END, $1, $1, 1
FROM theirs
"""

_APPOINTMENTS = """
INSERT INTO appointments (id, provider_id, client_id, session_type, source, tracked, state, starts_at, ends_at,
                          occurrence, version, created_at, cancelled_late, moves_by_client, series_moved, referral_id)
SELECT gen_random_uuid(), id, client_id, 'phone_consultation', 'booking_link', true,
       CASE WHEN k < 0 THEN 'ended' ELSE 'booked' END,
       $1::timestamptz + k * interval '1 hour', $1::timestamptz + k * interval '1 hour' + interval '50 minutes',
       1, 1, $1::timestamptz - interval '500 days', false, 0, false, referral_id
FROM generate_series(-$2::int * 4 / 5, $2::int / 5 - 1) k
JOIN theirs ON place = ((k % $3::int) + $3::int) % $3::int
"""

_CONSULTATIONS = """
INSERT INTO consultations (id, appointment_id, occurrence, provider_id, starts_at, ends_at, status, version)
SELECT gen_random_uuid(), id, 1, provider_id, starts_at, ends_at,
       CASE WHEN starts_at < $1 THEN 'occurred_auto' ELSE 'scheduled' END, 1
FROM appointments
"""

_THREADS = """
INSERT INTO threads (id, provider_id, client_id, created_at, last_at, messages, provider_unread, client_unread,
                     desk_unread)
SELECT gen_random_uuid(), id, client_id, $1, $1::timestamptz - n * interval '1 minute', 20, n % 2, 0, 0 FROM theirs
"""

_MESSAGES = """
INSERT INTO messages (id, thread_id, number, side, text, at)
SELECT gen_random_uuid(), id, k, CASE WHEN k % 2 = 0 THEN 'provider' ELSE 'client' END, 'See you on Tuesday.', $1
FROM threads, generate_series(1, 20) k
"""

_KNOWN = """
SELECT a.id AS appointment_id, a.client_id, a.provider_id, t.id AS thread_id
FROM appointments a
JOIN providers p ON p.id = a.provider_id AND p.email = 'provider1@example.com'
JOIN threads t ON (t.provider_id, t.client_id) = (a.provider_id, a.client_id)
WHERE a.starts_at > $1 ORDER BY a.starts_at LIMIT 1
"""
