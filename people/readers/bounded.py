"""The way in to the readers: what may be large or hostile is read in a process of its own, with limits.

The process is given two open files and what somebody has chosen, no secrets and no addresses. Whatever goes wrong in
it, the one that started it says a sentence and goes on.
"""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from tempfile import TemporaryFile
from typing import BinaryIO

import orjson
import structlog

from config import aside
from config.errors import Refused
from people.readers import kind_of, read, spool
from people.readers.damage import damaged, too_demanding
from people.readers.spool import Reading
from people.values.imports import FileKind, ReadChoices

# Texts of this size are read in a few thousandths of a second; starting a process takes longer.
SMALL = 64 * 1024
WALL_S = 120.0
READER = ("-m", "people.readers")
OUT_OF_MEMORY = 3  # how the process ends when its memory is not enough

_AT_A_LIMIT = frozenset({-signal.SIGXCPU, -signal.SIGXFSZ, -signal.SIGKILL, OUT_OF_MEMORY})
_log = structlog.get_logger(__name__)


@asynccontextmanager
async def reading(file: BinaryIO, name: str, choices: ReadChoices) -> AsyncIterator[Reading]:
    """Read a file of the system's, and keep its rows while the block runs; Refused if it cannot be read."""
    kind = kind_of(file, name)
    size = file.seek(0, 2)
    with TemporaryFile() as out:
        if size <= SMALL and kind is not FileKind.XLSX:
            facts = spool.write(read(file, kind, choices), out)
        else:
            facts = spool.facts_of_json(await _apart(file, kind, choices, out))
        yield Reading(facts, out)


async def _apart(file: BinaryIO, kind: FileKind, choices: ReadChoices, out: BinaryIO) -> dict[str, object]:
    """Have a process read a file into another one; return the facts that it tells."""
    files = (file.fileno(), out.fileno())
    words = (*READER, *map(str, files), kind.value)
    chosen = orjson.dumps(choices, option=orjson.OPT_NON_STR_KEYS)
    try:
        process = await aside.run(*words, given=chosen, wall_s=WALL_S, pass_fds=files)
    except aside.TookTooMuch:
        raise too_demanding() from None
    # What it says beside its answer stays unread: a traceback could name somebody.
    if process.status != 0:
        _log.warning("reader.ended", kind=kind.value, code=process.status)
        raise too_demanding() if process.status in _AT_A_LIMIT else damaged()
    answer = orjson.loads(process.made)
    if "refused" in answer:
        no = answer["refused"]
        raise Refused(no["code"], no["sentence"], status=no["status"], **no["facts"])
    facts: dict[str, object] = answer["facts"]
    return facts
