"""What one decision costs with 1,000,000 appointments, beside 1,000: the one statement, its commit, and the rules.

One connection, one call after the other; the two databases take turns of 50 calls. The plan that the connection
has settled on is looked at: it may read no whole table that grows.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import cycle
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

import asyncpg

from bench import calls
from bench.fill import LARGE, SMALL, Size
from bench.ground import Ground, clear_new_calls
from bench.load import quantile
from bench.report import Report
from bridge import actions, queries
from bridge.rules import routing
from bridge.values import Attestation, CarrierName, Connect, InboundCall
from config import database
from config.phones import read_caller
from config.settings import Settings

TURNS, CALLS = 16, 50
GROWING = {"providers", "practices", "appointments", "clients", "consultations", "calls", "call_events"}


async def run(ground: Ground, report: Report) -> None:
    """Measure, look at the plan, and note the target."""
    settings, began = ground.settings(SMALL), datetime.now(UTC)
    report.title(f"One decision: the median of {(TURNS - 1) * CALLS} on one connection (8 of 10 lie between)")
    ratios, read, ruled = [], set[str](), list[float]()
    for name, commit in (("written and committed", "on"), ("without waiting for the disk", "off")):
        took: dict[Size, list[float]] = {SMALL: [], LARGE: []}
        async with _pool(ground.small_url, commit) as small, _pool(ground.large_url, commit) as large:
            callers = cycle(ground.callers)
            for _ in range(TURNS):
                for size, pool in ((SMALL, small), (LARGE, large)):
                    for _ in range(CALLS):
                        took[size].append(await _decide(pool, next(callers), settings, ruled))
            read.update(await _whole_tables(large))
        for size, values in took.items():
            warm = values[CALLS:]
            low, middle, high = (quantile(warm, share) * 1000 for share in (0.1, 0.5, 0.9))
            report.line(f"{name}, {size.appointments:>9,} appointments: {middle:.2f} ms ({low:.2f}–{high:.2f})")
        ratios.append(median(took[LARGE][CALLS:]) / median(took[SMALL][CALLS:]))
    for size in (SMALL, LARGE):
        await clear_new_calls(ground.url(size), began)
    report.line(f"of that, the rules: {median(ruled) * 1e6:.0f} µs")
    report.line(f"tables that grow and are read whole with {LARGE.appointments:,}: {', '.join(sorted(read)) or 'none'}")
    if read:
        msg = f"no index is used for {sorted(read)}"
        raise RuntimeError(msg)
    report.target("a decision with 1,000,000 appointments ÷ with 1,000, committed", ratios[0], at_most=1.2)
    report.target("the same without waiting for the disk", ratios[1], at_most=1.2)


@asynccontextmanager
async def _pool(url: str, commit: str) -> AsyncIterator[asyncpg.Pool]:
    """Open one connection, as the voice role opens its own; `commit` is whether a commit waits for the disk."""
    told = {"synchronous_commit": commit}
    async with asyncpg.create_pool(database.driver_url(url), min_size=1, max_size=1, server_settings=told) as pool:
        yield pool


async def _decide(pool: asyncpg.Pool, caller: str, settings: Settings, ruled: list[float]) -> float:
    call = InboundCall(
        carrier=CarrierName.SIMULATOR,
        sid=calls.new_sid(),
        line=calls.LINE,
        caller=read_caller(caller),
        attestation=Attestation.NONE,
        arrived_at=datetime.now(UTC),
    )
    key = actions.caller_key(call.caller.number, settings)
    began = perf_counter()
    found = await queries.arrive(
        pool, call, call_id=uuid4(), fact_id=uuid4(), caller_key=key, lead=settings.line_lead, within_s=5
    )
    loaded = perf_counter()
    route = routing.decide_route(call, found.known)
    ended = perf_counter()
    assert isinstance(route, Connect), route
    ruled.append(ended - loaded)
    return ended - began


async def _whole_tables(pool: asyncpg.Pool) -> Sequence[str]:
    """Return the growing tables that the statement's settled plan reads from end to end."""
    async with pool.acquire() as connection:
        name = await connection.fetchval(
            """SELECT name FROM pg_prepared_statements
               WHERE statement LIKE '%INSERT INTO call_events%' AND generic_plans > 0"""
        )
        if name is None:
            msg = "the statement has not settled on one plan"
            raise RuntimeError(msg)
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        nothing = ", ".join(["NULL"] * 12)
        plan = await connection.fetchval(f'EXPLAIN (FORMAT JSON) EXECUTE "{name}" ({nothing})')
    return sorted(set(_read_whole(json.loads(plan)[0]["Plan"])) & GROWING)


def _read_whole(node: dict[str, Any]) -> list[str]:
    here = [node["Relation Name"]] if node["Node Type"] == "Seq Scan" else []
    return here + [name for child in node.get("Plans", ()) for name in _read_whole(child)]
