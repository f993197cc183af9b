"""A role as a process of its own, to be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from config.settings import CUSTOMARY, PREFIX, Settings
from tests.engines import ROOT

READY_WITHIN_S = 30
ENDS_WITHIN_S = 15


def environment(settings: Settings) -> dict[str, str]:
    """Return the settings as a process is told them, and nothing of our own environment but the way to programs."""
    told = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is None:
            continue
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        elif isinstance(value, tuple):
            value = ",".join(value)
        told[CUSTOMARY.get(name, f"{PREFIX}{name.upper()}")] = str(value)
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **told}


@dataclass
class Process:
    """A role that runs; `out` takes what it writes."""

    role: str
    settings: Settings
    out: Path
    running: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        return self.running.pid

    async def kill(self) -> None:
        """End it as the kernel does when memory is short."""
        self.running.send_signal(signal.SIGKILL)
        await self.running.wait()

    async def end(self) -> int:
        """Ask it to end, and return how it did."""
        if self.running.returncode is None:
            self.running.send_signal(signal.SIGTERM)
        async with asyncio.timeout(ENDS_WITHIN_S):
            return await self.running.wait()


async def start(role: str, settings: Settings, out: Path) -> Process:
    """Start `consultline ROLE`; it may not be there for its callers yet."""
    with out.open("ab") as file:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from app.cli import main; main()", role),
            env=environment(settings),
            cwd=settings.data_dir.parent,
            stdout=file,
            stderr=file,
        )
    return Process(role, settings, out, running)


async def answers(process: Process, http: aiohttp.ClientSession) -> None:
    """Wait until it answers."""
    async with asyncio.timeout(READY_WITHIN_S):
        while True:
            assert process.running.returncode is None, process.out.read_text()
            try:
                async with http.get(f"http://127.0.0.1:{process.settings.port}/health/live") as alive:
                    assert alive.status == 200
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def voice_process(settings: Settings, http: aiohttp.ClientSession, out: Path) -> AsyncIterator[Process]:
    """Run the voice role in a process of its own; what is left of it afterwards is ended."""
    process = await start("voice", settings, out)
    try:
        await answers(process, http)
        yield process
    finally:
        if process.running.returncode is None:
            await process.kill()
