"""The data folder: who runs on it, what is secret in it, and what a killed run has left there."""

import json
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import psutil
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from app.embedded.engine import POLL_S, WAIT_STOP_S, EnginesBusy, EnginesUnavailable

log = structlog.get_logger(__name__)


class RunFacts(BaseModel):
    """What `run.json` tells other commands about the process that runs; more keys may be added."""

    model_config = ConfigDict(frozen=True, extra="allow")

    pid: int
    started_at: datetime
    database_url: str
    redis_url: str
    port: int
    secret_key: str


def write_run(data: Path, facts: RunFacts) -> None:
    """Tell other commands that this process runs; whoever reads sees all of it or none."""
    _write_private(data / "run.json", facts.model_dump_json(indent=2))


def read_run(data: Path) -> RunFacts | None:
    """Return the facts of the process that runs on `data`; None where none does or it has died.

    A pid that was given away again is told by its age: whoever wrote the file is older than the file.
    """
    path = data / "run.json"
    try:
        facts = RunFacts.model_validate_json(path.read_bytes())
        process = psutil.Process(facts.pid)
        alive = process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= path.stat().st_mtime + 1
    except (FileNotFoundError, ValidationError, psutil.NoSuchProcess):
        return None
    return facts if alive else None


def forget_run(data: Path) -> None:
    """Remove `run.json`: the last act of the process that wrote it."""
    (data / "run.json").unlink(missing_ok=True)


def has_secret(data: Path, name: str) -> bool:
    """Tell whether the secret of this name was made already."""
    return name in _secrets(data)


def keep_secret(data: Path, name: str) -> str:
    """Return the secret of this name, made at the first call and kept in `secrets.json`."""
    known = _secrets(data)
    if name not in known:
        known[name] = secrets.token_urlsafe(32)
        _write_private(data / "secrets.json", json.dumps(known, indent=2))
    return known[name]


def _secrets(data: Path) -> dict[str, str]:
    path = data / "secrets.json"
    known: dict[str, str] = json.loads(path.read_bytes()) if path.exists() else {}
    return known


def _write_private(path: Path, text: str) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)
    Path(draft).replace(path)


def make_folder(data: Path) -> Path:
    """Make the data folder where it is missing, for us alone; under root others may pass through it."""
    if not data.exists():
        data.mkdir(parents=True)
        data.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return data.resolve()


def erase(data: Path) -> None:
    """Remove data, secrets and `run.json`, for a start from nothing. Raises EnginesBusy where one runs."""
    if not data.exists():
        return
    with alone(data):
        stop_orphans(data.resolve())
        home = data / "postgres"
        if home.is_symlink():
            shutil.rmtree(home.resolve().parent, ignore_errors=True)
            home.unlink()
        for folder in (home, data / "valkey"):
            if folder.exists():
                shutil.rmtree(folder)
        for name in ("run.json", "secrets.json"):
            (data / name).unlink(missing_ok=True)


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Hold the folder's lock. The kernel frees it when we are gone, however we went; no child inherits it."""
    import fcntl  # noqa: PLC0415 - Windows has none, and this file is imported there too

    try:
        lock = (data / "lock").open("a+")
    except PermissionError:
        msg = f"The data folder {data} belongs to another user: set CONSULTLINE_DATA_DIR to one of yours."
        raise EnginesUnavailable(msg) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            msg = (
                f"Another consultline (process {lock.read() or 'unknown'}) runs on the data folder {data}: "
                "stop it first, or set CONSULTLINE_DATA_DIR to another folder."
            )
            raise EnginesBusy(msg) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def stop_orphans(data: Path) -> None:
    """Stop the engines that a killed process has left at work on this folder; the caller holds its lock."""
    postgres, valkey = (data / "postgres").resolve(), data / "valkey"
    _stop_orphan("postgres", postgres, postgres / "postmaster.pid", signal.SIGINT)
    _stop_orphan("valkey-server", valkey, valkey / "valkey.pid", signal.SIGTERM)


def _stop_orphan(program: str, home: Path, pid_file: Path, farewell: signal.Signals) -> None:
    orphan = process_named_in(pid_file)
    if orphan is None or not _works_as(orphan, program, home):
        return
    log.warning("stopping an engine that a killed run has left behind", program=program, pid=orphan.pid)
    for number in (farewell, signal.SIGKILL):
        with suppress(psutil.NoSuchProcess):
            orphan.send_signal(number)
        for _ in range(round(WAIT_STOP_S / POLL_S)):
            if not _works_as(orphan, program, home):  # an exit that nobody has noted, a zombie, counts as well
                return
            time.sleep(POLL_S)


def process_named_in(pid_file: Path) -> psutil.Process | None:
    """Return the living process whose pid leads this file, whatever it is by now."""
    try:
        return psutil.Process(int(pid_file.read_text().split(maxsplit=1)[0]))
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return None


def _works_as(process: psutil.Process, program: str, home: Path) -> bool:
    """Tell whether the process is this program at work in this folder: both engines change into theirs."""
    try:
        return process.name() == program and Path(process.cwd()) == home
    except (psutil.NoSuchProcess, psutil.AccessDenied):  # one that we may not look at is none of ours
        return False
