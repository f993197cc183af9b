"""How long the unlucky ones wait when a voice process is half busy, beside L1 at the same rate.

Requests come at random, whether or not earlier ones have been answered, so that a stall is felt by all who come
meanwhile. The rate is half of what this run has found the voice webhook to do with 1,000,000 appointments.
"""

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from statistics import median

from bench import calls, load
from bench.ground import Ground, clear_new_calls
from bench.load import Measured
from bench.report import Report, spread
from bench.servers import server

TURNS = 4
SECONDS = 4.0


async def run(ground: Ground, report: Report) -> None:
    """Measure, and note the target."""
    found: dict[str, list[Measured]] = {"L1": [], "voice": []}
    environment = ground.environment(ground.large_url)
    async with AsyncExitStack() as servers:
        ports = {
            name: await servers.enter_async_context(server(name.lower(), environment, ground.folder)) for name in found
        }
        capacity = report.voice_rate or await _capacity(ground, ports["voice"])
        rate = capacity / 2
        for port in ports.values():
            await _round(ground, port, rate, 1.0, seed=0)  # so that connections and plans are there
        for turn in range(TURNS):
            for name, port in ports.items():
                found[name].append(await _round(ground, port, rate, SECONDS, seed=turn))
    report.title(
        f"At half of its capacity: {rate:,.0f} requests/s at random; the median of {TURNS} rounds of {SECONDS:g} s"
    )
    for name, rounds in found.items():
        p50, p99 = (spread([one.ms(share) for one in rounds], ".1f") for share in (0.5, 0.99))
        report.line(f"{name:6} p50 {p50} ms   p99 {p99} ms   other answers: {sum(one.wrong for one in rounds)}")
    late = median(load.quantile(one.late_s, 0.99) for rounds in found.values() for one in rounds)
    report.line(f"the generator itself was late by {late * 1000:.1f} ms at most for 99 % of the requests; not counted")
    ratios = [a.ms(0.99) / b.ms(0.99) for a, b in zip(found["voice"], found["L1"], strict=True)]
    report.line(f"p99 of voice ÷ p99 of L1: {spread(ratios, '.2f')}")
    report.target("p99 at half of the capacity ÷ L1's p99", median(ratios), at_most=3)


async def _round(ground: Ground, port: int, rate: float, seconds: float, *, seed: int) -> Measured:
    began = datetime.now(UTC)
    requests = calls.requests(ground.callers, int(rate * seconds * 1.5) + 200)
    measured = await load.open_(port, requests, rate=rate, seconds=seconds, seed=seed)
    await clear_new_calls(ground.large_url, began)
    return measured


async def _capacity(ground: Ground, port: int) -> float:
    """Find what the voice webhook does, where this run has not asked for that figure."""
    began = datetime.now(UTC)
    measured = await load.closed(port, calls.requests(ground.callers, 30_000), seconds=4, warm_s=1)
    await clear_new_calls(ground.large_url, began)
    return measured.rate
