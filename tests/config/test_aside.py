"""Readers of strangers' files run in a process of their own, with limits and without secrets."""

import json
import sys

import pytest

from config.aside import Limits, TookTooMuch, Unreadable, read_aside

HERE = "tests.config.test_aside"
SHORT = Limits(cpu_s=1, wall_s=10, memory_mb=256)
# For readers that do no wrong: on a busy machine only starting one may take a second.
ENOUGH = Limits(cpu_s=20, wall_s=60, memory_mb=512)


def shout(given: bytes) -> bytes:
    return given.upper()


def tell(given: bytes) -> bytes:
    import os  # noqa: PLC0415 - what a child finds around itself

    return json.dumps(sorted(os.environ)).encode()


def spin(given: bytes) -> bytes:
    while True:
        pass


def sleep(given: bytes) -> bytes:
    import time  # noqa: PLC0415 - for a child only

    time.sleep(60)
    return given


def swell(given: bytes) -> bytes:
    return bytes(1 << 30)


def complain(given: bytes) -> bytes:
    raise ValueError(given.decode())


async def test_a_reader_returns_what_it_makes() -> None:
    assert await read_aside(f"{HERE}:shout", b"quiet " * 100_000, limits=ENOUGH) == b"QUIET " * 100_000


async def test_a_reader_has_none_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSULTLINE_SECRET_KEY", "not for strangers")

    found = json.loads(await read_aside(f"{HERE}:tell", b"", limits=ENOUGH))

    assert set(found) <= {"LC_CTYPE"}  # set by Python itself where no language is


async def test_a_reader_that_never_ends_is_ended() -> None:
    with pytest.raises(TookTooMuch):
        await read_aside(f"{HERE}:spin", b"", limits=SHORT)


async def test_a_reader_that_waits_is_ended_as_well() -> None:
    with pytest.raises(TookTooMuch):
        await read_aside(f"{HERE}:sleep", b"", limits=Limits(cpu_s=1, wall_s=0.5, memory_mb=256))


@pytest.mark.skipif(sys.platform == "darwin", reason="there is no such limit")
async def test_a_reader_that_swells_is_ended() -> None:
    with pytest.raises(TookTooMuch):
        await read_aside(f"{HERE}:swell", b"", limits=SHORT)


async def test_what_a_reader_cannot_read_is_named_without_a_word_of_it(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Unreadable):
        await read_aside(f"{HERE}:complain", b"a stranger's words", limits=ENOUGH)

    assert "ValueError" in caplog.text
    assert "stranger" not in caplog.text
