"""The process that keeps the engines of a test run: `python -m tests.engines_process FOLDER`.

It imports the service, which takes a second; tests of rules do without both.
"""

import asyncio
import json
import shutil
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import asyncpg
import psutil

from app.embedded import Tuning, engines
from config.database import driver_url, migrate
from tests.engines import TEMPLATE, named


async def keep(folder: Path) -> None:
    owner = int((folder / "owner.pid").read_text())
    async with engines(folder / "data", tuning=Tuning.TESTS) as found:
        await _make_template(found.database_url)
        draft = folder / "addresses.new"
        draft.write_text(json.dumps(asdict(found)))
        draft.replace(folder / "addresses.json")
        while psutil.pid_exists(owner):  # noqa: ASYNC110 - the end of a stranger sends no event
            await asyncio.sleep(0.5)


async def _make_template(url: str) -> None:
    connection = await asyncpg.connect(driver_url(url))
    try:
        await connection.execute(f"CREATE DATABASE {TEMPLATE}")
        await migrate(named(url, TEMPLATE))
        await connection.execute(f"ALTER DATABASE {TEMPLATE} ALLOW_CONNECTIONS false")  # else copies would fail
    finally:
        await connection.close()


if __name__ == "__main__":
    run_folder = Path(sys.argv[1])
    try:
        with suppress(asyncio.CancelledError):  # told to end by SIGTERM
            asyncio.run(keep(run_folder))
    finally:
        if (run_folder / "addresses.json").exists():  # else its words are read by whoever started it
            shutil.rmtree(run_folder, ignore_errors=True)
