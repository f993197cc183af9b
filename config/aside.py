"""Reading what strangers have written, in a process of its own.

A file from outside may be made to stall or to fill whoever reads it. Its reader is a plain function from bytes to
bytes; it runs as a child with limits of its own, without our environment and its secrets, and is ended when it
takes too much. What goes wrong in it is told by the name of its error alone: its words could repeat the file.
"""

import asyncio
import os
import resource
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import TracebackType

import structlog

_ROOT = Path(__file__).resolve().parent.parent
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a reader may take: seconds of a processor, seconds in all, and megabytes of memory."""

    cpu_s: int = 10
    wall_s: float = 60
    memory_mb: int = 1024


class TookTooMuch(Exception):  # noqa: N818 - says what is so
    """A reader was ended: it took too long, or too much memory."""


class Unreadable(Exception):  # noqa: N818 - as above
    """A reader could not make sense of what it was given."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its status, negative for a signal, and what it wrote to its two outputs."""

    status: int
    made: bytes
    said: bytes


async def run(*words: str, given: bytes, wall_s: float, pass_fds: tuple[int, ...] = ()) -> Ended:
    """Run Python with these words, without our environment, and return how it ended. Raises TookTooMuch.

    It is ended as well when whoever waits for it gives up.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=pass_fds,
        cwd=_ROOT,
        env={},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(wall_s):
            made, said = await child.communicate(given)
    except TimeoutError:
        raise TookTooMuch from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode is not None  # noqa: S101 - it has ended
    return Ended(child.returncode, made, said)


async def read_aside(reader: str, given: bytes, *, limits: Limits) -> bytes:
    """Return what `reader`, named as `module:function`, makes of `given`. Raises TookTooMuch or Unreadable."""
    words = ("-m", __name__, reader, str(limits.cpu_s), str(limits.memory_mb))
    child = await run(*words, given=given, wall_s=limits.wall_s)
    if child.status == 0:
        return child.made
    error = child.said.decode(errors="replace").strip()[-60:]
    _log.warning("aside.failed", reader=reader, status=child.status, error=error)
    if child.status < 0 or error == MemoryError.__name__:
        raise TookTooMuch
    raise Unreadable


def main(reader: str, cpu_s: int, memory_mb: int) -> None:
    """Be the child."""
    sys.excepthook = _name_only
    _confine(cpu_s, memory_mb)
    module, _, function = reader.partition(":")
    read = getattr(import_module(module), function)
    sys.stdout.buffer.write(read(sys.stdin.buffer.read()))


def _confine(cpu_s: int, memory_mb: int) -> None:
    """Take the limits on; calls go first, also where they run on the same machine."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # macOS has no such limit; time is limited there as everywhere
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))


def _name_only(kind: type[BaseException], _error: BaseException, _trace: TracebackType | None) -> None:
    sys.stderr.write(kind.__name__)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
