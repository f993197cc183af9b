"""How many calls a second one voice process answers, beside the least that could be done.

Each call is a new one: a signed form with 25 fields, the caller recognised, their window found, the call and its
first fact written and committed, the document rendered, a log line written. 32 connections that are kept alive
ask as fast as they are answered; L0, L1, and the voice webhook with little and with much in the database take
turns, and what is compared is compared within a turn.
"""

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import cycle
from statistics import median

from bench import calls, load
from bench.fill import LARGE, SMALL, Size
from bench.ground import Ground, clear_new_calls
from bench.load import Measured
from bench.report import Report, spread
from bench.servers import server

TURNS = 4
SECONDS, WARM_S = 3.0, 0.5

# The best public peer that keeps its state in a database (CallPower: two workers, two cores) answers 86–226 calls
# a second on this kind of machine, Firefox Relay 12–25; both were measured apart from this run.
BEST_PEER, RELAY = 226, 25


async def run(ground: Ground, report: Report) -> None:
    """Measure, and note the targets."""
    sizes = {f"voice, {size.appointments:,} appointments": size for size in (SMALL, LARGE)}
    small, large = sizes
    found: dict[str, list[Measured]] = {name: [] for name in ("L0", "L1", *sizes)}
    async with AsyncExitStack() as servers:
        ports = {
            name: await servers.enter_async_context(
                server(name.lower(), ground.environment(ground.large_url), ground.folder)
            )
            for name in ("L0", "L1")
        }
        for name, size in sizes.items():
            told = ground.environment(ground.url(size))
            ports[name] = await servers.enter_async_context(server("voice", told, ground.folder))
        for _ in range(TURNS):
            for name in ("L0", "L1"):
                again = cycle(calls.requests(ground.callers, 2000))  # these write nothing: a call may come again
                found[name].append(await load.closed(ports[name], again, seconds=SECONDS, warm_s=WARM_S))
            most = int(2 * found["L1"][-1].rate * (SECONDS + WARM_S))
            for name, size in sizes.items():
                found[name].append(await _written(ground, size, ports[name], most))
    _tell(found, report)
    ratios = {name: [a.rate / b.rate for a, b in zip(found[name], found["L1"], strict=True)] for name in sizes}
    for name in sizes:
        report.line(f"{name} ÷ L1: {spread(ratios[name], '.2f')}")
    report.voice_rate = median(one.rate for one in found[large])
    report.target("voice webhook ÷ L1", median(ratios[large]), at_least=0.5)
    report.target("voice webhook ÷ the best peer's 226 req/s", report.voice_rate / BEST_PEER, at_least=5)
    report.target("voice webhook ÷ Firefox Relay's 25 req/s", report.voice_rate / RELAY, at_least=50)
    report.line(f"with much in the database ÷ with little: {_median_ratio(found[large], found[small]):.2f}")


async def _written(ground: Ground, size: Size, port: int, most: int) -> Measured:
    """Measure one round of new calls; stop where what was answered is not what was written."""
    began = datetime.now(UTC)
    measured = await load.closed(
        port, calls.requests(ground.callers, most), seconds=SECONDS, warm_s=WARM_S, wanted=b"<Dial "
    )
    wrote = await clear_new_calls(ground.url(size), began)
    if measured.wrong == 0 and wrote != (measured.sent, measured.sent):
        msg = f"{measured.sent} calls were answered, but {wrote} calls and facts were written"
        raise RuntimeError(msg)
    return measured


def _tell(found: dict[str, list[Measured]], report: Report) -> None:
    report.title(
        f"Voice webhook: 25 signed fields, {load.CONNECTIONS} connections, one process; "
        f"the median of {TURNS} rounds of {SECONDS:g} s (lowest–highest)"
    )
    report.line(f"{'':31} {'requests/s':>22} {'p50 ms':>20} {'p99 ms':>20}  other answers")
    for name, rounds in found.items():
        rate, p50, p99 = (
            spread([one.rate for one in rounds]),
            spread([one.ms(0.5) for one in rounds], ".1f"),
            spread([one.ms(0.99) for one in rounds], ".1f"),
        )
        report.line(f"{name:31} {rate:>22} {p50:>20} {p99:>20}  {sum(one.wrong for one in rounds)}")
    cost = [one.cost_s / one.sent * 1e6 for one in found["L0"]]
    share = [one.cost_s / (SECONDS + WARM_S) * 100 for one in found["L0"]]
    report.line(
        f"the generator of load takes {median(cost):.0f} µs a request, {median(share):.0f} % of a core under L0"
    )


def _median_ratio(above: list[Measured], below: list[Measured]) -> float:
    return median(a.rate / b.rate for a, b in zip(above, below, strict=True))
