"""The process that reads one file: `python -m people.readers FILE OUT KIND`, both files as numbers of open ones.

What was chosen comes by standard input, what is to be told goes out by standard output, both as JSON. Anything that
is raised and not said here ends the process, which is what it is there for.
"""

import os
import resource
import sys

import orjson

from config.errors import Refused
from people.readers import read, spool
from people.readers.bounded import OUT_OF_MEMORY
from people.values.imports import ClientField, FileKind, Legacy, ReadChoices

CPU_S = 60
MEMORY = 1024 * 1024 * 1024
LARGEST_OUT = 256 * 1024 * 1024
OPEN_FILES = 64


def main() -> None:
    """Read one file."""
    file, out, kind = int(sys.argv[1]), int(sys.argv[2]), FileKind(sys.argv[3])
    _limit()
    choices = _choices(sys.stdin.buffer.read())
    try:
        with os.fdopen(file, "rb") as data, os.fdopen(out, "wb") as rows:
            told: dict[str, object] = {"facts": spool.facts_as_json(spool.write(read(data, kind, choices), rows))}
    except Refused as no:
        refused = {"code": no.code, "sentence": no.sentence, "status": no.status, "facts": no.facts}
        told = {"refused": refused}
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    sys.stdout.buffer.write(orjson.dumps(told))


def _limit() -> None:
    """Set limits that this process cannot lift again."""
    for what, most in (
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, LARGEST_OUT),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    if sys.platform == "linux":  # others take this limit and do not keep it
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _choices(told: bytes) -> ReadChoices:
    said = orjson.loads(told)
    columns = said["columns"] and {ClientField(field): name for field, name in said["columns"].items()}
    return ReadChoices(
        region=said["region"],
        preset=said["preset"],
        columns=columns,
        encoding=said["encoding"] and Legacy(said["encoding"]),
        sheet=said["sheet"],
    )


if __name__ == "__main__":
    main()
