"""`python -m bench [name …]`: measure all figures, or those that are named, and print them."""

import asyncio
import logging
import sys
from time import perf_counter

from bench import booking, decision, jobs, pages, parts, search, slots, tail, voice
from bench.ground import ground
from bench.report import Report
from config.logging import configure

IN_MEMORY = {"parts": parts.run, "slots": slots.run}
ON_GROUND = {"voice": voice.run, "tail": tail.run, "decision": decision.run, "jobs": jobs.run}


async def main(names: list[str]) -> None:
    """Measure what is named; without a name, everything."""
    known_names = (*IN_MEMORY, "search", "booking", "pages", *ON_GROUND)
    unknown = set(names) - set(known_names)
    if unknown:
        known = ", ".join(known_names)
        sys.exit(f"There is no figure called {', '.join(sorted(unknown))}. There are: {known}.")
    configure(production=False)
    logging.getLogger().setLevel(logging.WARNING)
    began, report = perf_counter(), Report()
    report.machine()
    wanted = {name: figure for name, figure in ON_GROUND.items() if name in names or not names}
    for name, in_memory in IN_MEMORY.items():
        if name in names or not names:
            in_memory(report)
    if "search" in names or not names:
        await search.run(report)
    if "booking" in names or not names:
        await booking.run(report)
    if "pages" in names or not names:
        await pages.run(report)
    if wanted:
        async with ground() as found:
            report.title("Ground")
            report.line(f"filled in {perf_counter() - began:.0f} s, which counts in no figure")
            report.line(f"to force 8 KiB to this disk takes {found.flush_ms:.2f} ms")
            for figure in wanted.values():
                await figure(found, report)
    report.end()
    report.line(f"in {perf_counter() - began:.0f} s")


asyncio.run(main(sys.argv[1:]))
