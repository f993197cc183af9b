"""The process that a file is read in: what it may not do, and that whoever started it outlives all that it meets."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import psutil
import pytest

from config.errors import Refused
from people.readers import __main__ as reader
from people.readers import bounded
from people.readers.spool import Reading
from people.values.imports import ReadChoices
from tests.people.imports.files import ANN_CSV, HEADER, book, table

ROOT = Path(__file__).resolve().parents[3]
CHOICES = ReadChoices(region="US")
SLEEPS = ("-c", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()")


@asynccontextmanager
async def read_apart(data: bytes, name: str = "clients.csv") -> Any:
    with TemporaryFile() as file:
        file.write(data)
        async with bounded.reading(file, name, CHOICES) as reading:
            yield reading


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Have even the smallest file read in a process of its own."""
    monkeypatch.setattr(bounded, "SMALL", 0)
    return monkeypatch


def sleepers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if SLEEPS[1] in one.cmdline()]


def rows(reading: Reading) -> int:
    return sum(len(chunk) for chunk in reading.chunks(10))


async def test_a_large_text_and_every_workbook_are_read_in_a_process_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounded, "READER", ("-c", "raise SystemExit(1)"))
    large = table(HEADER, *[ANN_CSV] * (bounded.SMALL // len(ANN_CSV)))()
    assert len(large) > bounded.SMALL

    async with read_apart(table(HEADER, ANN_CSV)()) as reading:
        assert rows(reading) == 1
    for data, name in ((large, "clients.csv"), (book([["First Name"]])(), "clients.xlsx")):
        with pytest.raises(Refused) as refused:
            async with read_apart(data, name):
                pass
        assert refused.value.code == "damaged"


async def test_what_a_reader_tells_comes_through_whole(apart: pytest.MonkeyPatch) -> None:
    data = table(HEADER, "José,Canary,ann@example.com,none", "Bea,,bea@example.com,", encoding="cp1252")()

    async with read_apart(data) as there:
        facts, chunks = there.facts, list(there.chunks(1))
    apart.undo()
    async with read_apart(data) as here:
        assert (facts, chunks) == (here.facts, list(here.chunks(1)))
    assert facts.samples


async def test_a_refusal_comes_through_with_its_facts(apart: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused) as refused:
        async with read_apart(table("Email,Age,City", "ann@example.com,44,x")()):
            pass

    assert (refused.value.code, refused.value.status) == ("columns_missing", 422)
    assert refused.value.facts == {"missing": ["First Name", "Last Name"], "columns": ["Email", "Age", "City"]}


@pytest.mark.parametrize(
    ("does", "code"),
    [
        ("raise KeyError('Canary')", "damaged"),
        ("raise SystemExit(3)", "too_demanding"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "too_demanding"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "too_demanding"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "damaged"),
    ],
)
async def test_however_a_reader_ends_there_is_a_sentence(apart: pytest.MonkeyPatch, does: str, code: str) -> None:
    apart.setattr(bounded, "READER", ("-c", does))

    with pytest.raises(Refused) as refused:
        async with read_apart(table(HEADER, ANN_CSV)()):
            pass

    assert refused.value.code == code


async def test_a_reader_that_takes_too_long_is_ended(apart: pytest.MonkeyPatch) -> None:
    apart.setattr(bounded, "READER", SLEEPS)
    apart.setattr(bounded, "WALL_S", 0.2)

    with pytest.raises(Refused) as refused:
        async with read_apart(table(HEADER, ANN_CSV)()):
            pass

    assert refused.value.code == "too_demanding"
    assert sleepers() == []


async def test_a_reader_ends_with_whoever_wanted_it(apart: pytest.MonkeyPatch) -> None:
    apart.setattr(bounded, "READER", SLEEPS)

    async def want() -> None:
        async with read_apart(table(HEADER, ANN_CSV)()):
            pass

    wanted = asyncio.create_task(want())
    while not sleepers():
        await asyncio.wait([wanted], timeout=0.01)
    wanted.cancel()

    with pytest.raises(asyncio.CancelledError):
        await wanted
    assert sleepers() == []


# What it may not


async def told_by_a_reader(does: str) -> tuple[int, str]:
    """Run a few words after the limits are set; return how they ended and what they printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", f"from people.readers import __main__ as reader\nreader._limit()\n{does}"),
        stdout=PIPE,
        stderr=DEVNULL,
        env={"PYTHONPATH": str(ROOT)},
        cwd="/",
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take this limit and do not keep it")
async def test_a_reader_gets_so_much_memory_and_no_more() -> None:
    _, said = await told_by_a_reader(
        f"try:\n  bytearray({reader.MEMORY})\nexcept MemoryError:\n  print('no')\nelse:\n  print('yes')"
    )

    assert said == "no\n"


async def test_a_reader_cannot_write_without_end() -> None:
    code, _ = await told_by_a_reader(
        "import tempfile\nwith tempfile.TemporaryFile() as out:\n"
        f"  out.truncate({reader.LARGEST_OUT})\n  out.seek({reader.LARGEST_OUT})\n  out.write(b'x')\n  out.flush()"
    )

    assert code != 0


async def test_a_reader_cannot_lift_its_limits() -> None:
    _, said = await told_by_a_reader(
        "import resource\n"
        "try:\n  resource.setrlimit(resource.RLIMIT_CPU, (reader.CPU_S + 1, reader.CPU_S + 1))\n"
        "except (ValueError, PermissionError):\n  print('no')\n"
        "print(resource.getrlimit(resource.RLIMIT_CPU), resource.getrlimit(resource.RLIMIT_CORE))"
    )

    lines = said.splitlines()
    assert lines[-1] == f"({reader.CPU_S}, {reader.CPU_S}) (0, 0)"
    assert lines[0] == "no" or os.geteuid() == 0, "only root may, and a service is not root"


async def test_a_reader_is_told_no_secrets(apart: pytest.MonkeyPatch) -> None:
    """It says what it was given: its surroundings, and which files are open in it."""
    does = (
        "import json, os, sys; sys.stdin.read(); "
        "files = [os.readlink(f'/proc/self/fd/{n}') for n in sorted(os.listdir('/proc/self/fd')) if n.isdigit() "
        "and os.path.lexists(f'/proc/self/fd/{n}')]; "
        "print(json.dumps({'refused': {'code': 'told', 'sentence': 'x', 'status': 422, "
        "'facts': {'names': sorted(os.environ), 'files': files, 'words': sys.argv}}}))"
    )
    apart.setenv("CONSULTLINE_SECRET_KEY", "a-secret-that-no-reader-may-know")
    apart.setattr(bounded, "READER", ("-c", does))

    with pytest.raises(Refused) as refused:
        async with read_apart(table(HEADER, ANN_CSV)()):
            pass

    facts: dict[str, Any] = refused.value.facts
    assert set(facts["names"]) <= {"PYTHONPATH", "LC_CTYPE"}
    assert "socket:" not in json.dumps([name for name in facts["files"] if "pipe" not in name])
    assert sum("(deleted)" in name for name in facts["files"]) == 2, "the file and its rows, neither with a name"


def test_a_limit_of_the_processor_ends_a_process() -> None:
    assert -signal.SIGXCPU in bounded._AT_A_LIMIT
