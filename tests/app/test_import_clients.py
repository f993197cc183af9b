"""`consultline import-clients`, as it is typed: a process of its own on the database of the test."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import exists, func, select
from sqlmodel import col

from config.deps import Deps
from config.settings import Settings
from people.models import Client, ImportJob, Provider, Relationship
from people.values.imports import ImportState
from tests.builders import World
from tests.canaries import Said

ROOT = Path(__file__).resolve().parents[2]

# A process counts as its own most the memory of the one that it was forked from, so it is asked itself: of what it
# held when everything was loaded, at its most, and of the most that one of its readers held.
ASKED = """
import resource, sys
import app.lists
from app.cli import main

def most():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

loaded = most()
try:
    main()
finally:
    print("held", loaded, most(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


@dataclass(frozen=True)
class Ended:
    """A command that has ended: how, what it printed, and what memory it held, in bytes."""

    code: int
    lines: list[str]
    trouble: str
    loaded: int
    most: int
    most_of_readers: int

    @property
    def told(self) -> dict[str, str]:
        """Return what stands in lines of a name and a value."""
        return {line.split()[0]: line.split(maxsplit=1)[1] for line in self.lines if len(line.split()) > 1}


@dataclass
class Shell:
    """Types commands against the service of the test."""

    settings: Settings
    folder: Path
    said: Said

    async def type(self, *words: str) -> Ended:
        told, trouble = self.settings, self.said.file("import-clients")
        with trouble.open("wb") as stderr:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", ASKED, "import-clients", *words),
                cwd=self.folder,
                stdout=PIPE,
                stderr=stderr,
                env={
                    "PYTHONPATH": str(ROOT),
                    "DATABASE_URL": told.database_url,
                    "REDIS_URL": told.redis_url,
                    "CONSULTLINE_SECRET_KEY": told.secret_key.get_secret_value(),
                    "CONSULTLINE_CARRIER": "simulator",
                    "CONSULTLINE_TWILIO_ACCOUNT_SID": told.twilio_account_sid,
                    "CONSULTLINE_TWILIO_AUTH_TOKENS": ",".join(told.twilio_auth_tokens),
                    "CONSULTLINE_LINES": ",".join(told.lines),
                },
            )
            out, _ = await process.communicate()
        *lines, held = out.decode().splitlines()
        return Ended(process.returncode or 0, lines, trouble.read_text(), *map(int, held.split()[1:]))

    def file(self, *lines: str) -> str:
        path = self.folder / "clients.csv"
        path.write_text("\n".join(["First Name,Last Name,Email,Mobile Phone,Notes", *lines]))
        return str(path)


@pytest.fixture
def shell(settings: Settings, tmp_path: Path, said: Said) -> Shell:
    return Shell(settings, tmp_path, said)


async def counted(deps: Deps) -> tuple[int, int]:
    """Return how many clients and how many imports there are."""
    async with deps.sessions() as session:
        clients = await session.execute(select(func.count()).select_from(Client))
        imports = await session.execute(select(func.count()).select_from(ImportJob))
        return clients.scalar_one(), imports.scalar_one()


async def test_a_file_is_looked_at_and_nothing_is_kept(shell: Shell, world: World, deps: Deps) -> None:
    provider = await world.provider()
    file = shell.file("Ann,Canary,ann@example.com,212-555-0142,x", "Bea,Canary,,,x", "Cat,Canary,ann@example.com,,x")

    ended = await shell.type(file, "--provider", provider.email)

    assert (ended.code, ended.trouble) == (0, "")
    assert ended.lines == [
        "file       .csv, utf-8, 3 rows",
        "reads      First Name as first name",
        "reads      Last Name as last name",
        "reads      Email as email",
        "reads      Mobile Phone as phone",
        "leaves out Notes",
        "valid      1",
        "warning    0",
        "error      1",
        "           row 3: The e-mail address is missing.",
        "duplicate  1",
        "           row 4: A row above has the same address. See row 2.",
        "Nothing is imported yet. Add --commit to import what is valid.",
    ]
    assert await counted(deps) == (0, 0)


async def test_a_file_is_imported_without_a_worker(shell: Shell, world: World, deps: Deps) -> None:
    provider = await world.provider()
    file = shell.file("Ann,Canary,ann@example.com,212-555-0142,x")

    ended = await shell.type(file, "--provider", provider.email.upper(), "--commit", "--do-not-invite")

    assert (ended.code, ended.told["added"]) == (0, "1")
    async with deps.sessions() as session:
        job = (await session.execute(select(ImportJob))).scalar_one()
    assert (job.state, job.invite, job.actor_kind) == (ImportState.COMMITTED, False, "operator")
    assert await counted(deps) == (1, 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["missing.csv", "--provider", "{provider}"], "missing.csv cannot be read: No such file or directory."),
        (["{file}", "--provider", "nobody@example.com"], "Give --provider, the address of one provider"),
        (["{file}", "--provider", "{provider}", "--preset", "other"], "There is no such preset."),
        (["{columns}", "--provider", "{provider}"], "These columns are missing: First Name, Last Name, Email."),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(
    shell: Shell, world: World, words: list[str], sentence: str
) -> None:
    provider = await world.provider()
    (shell.folder / "columns.csv").write_text("a,b,c\n1,2,3\n")
    names = {
        "provider": provider.email,
        "file": shell.file("Ann,Canary,ann@example.com,,"),
        "columns": str(shell.folder / "columns.csv"),
    }

    ended = await shell.type(*(word.format(**names) for word in words))

    assert ended.code == 1
    assert ended.trouble.startswith(f"consultline: {sentence}")


ROWS = 100_000
A_ROW = 1024  # bytes of memory that a row may take, where it has to be compared with all others


async def test_a_hundred_thousand_rows_are_imported_in_bounded_memory_with_progress(
    shell: Shell, world: World, deps: Deps
) -> None:
    provider = await world.provider()
    file = shell.file(
        *(f"Canary{n},Client,client{n}@example.com,212-555-01{n % 100:02d},some words" for n in range(ROWS))
    )

    typed = asyncio.create_task(shell.type(file, "--provider", provider.email, "--commit"))
    seen = await watch(deps, provider, typed)
    ended = await typed

    assert (ended.code, ended.told["added"]) == (0, f"{ROWS:,}")
    assert await counted(deps) == (ROWS, 1)
    assert ended.most - ended.loaded < ROWS * A_ROW
    assert ended.most_of_readers - ended.loaded < ROWS * A_ROW
    done = [count for count, _ in seen]
    assert done == sorted(done)
    assert any(0 < count < ROWS for count in done), "nobody could see how far it was"
    assert not any(there for count, there in seen if count < ROWS), "some were there before all were"


async def watch(deps: Deps, provider: Provider, work: "asyncio.Task[Ended]") -> list[tuple[int, bool]]:
    """Return how many rows were told to be done while they were, each with whether anybody was in the list then."""
    seen = []
    somebody = exists().where(col(Relationship.provider_id) == provider.id)
    while not work.done():
        await asyncio.wait([work], timeout=0.25)
        async with deps.sessions() as session:
            found = await session.execute(
                select(col(ImportJob.done), somebody).where(col(ImportJob.state) == ImportState.COMMITTING)
            )
            seen += [(row[0], row[1]) for row in found]
    return seen
