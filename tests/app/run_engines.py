"""Run the engines of a folder until told to end: `python -m tests.app.run_engines FOLDER`.

Prints one line of JSON once they answer, and `stopped` when they have been stopped.
"""

import asyncio
import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from app.embedded import RunFacts, Tuning, engines, write_run


async def main(data: Path) -> None:
    async with engines(data, tuning=Tuning.SERVICE) as found:
        urls = asdict(found)
        facts = RunFacts(pid=os.getpid(), started_at=datetime.now(UTC), port=1, secret_key="s" * 32, **urls)
        write_run(data, facts)
        sys.stdout.write(json.dumps(urls) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(asyncio.CancelledError, KeyboardInterrupt):
        asyncio.run(main(Path(sys.argv[1])))
    sys.stdout.write("stopped\n")
