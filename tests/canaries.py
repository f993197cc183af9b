"""P7: in all that is said during a test run there is no number, no name, no address, no token (F43).

Everybody whom the builders invent is a canary: numbers are NNN-555-01NN, every name has the word in it, addresses
are at example.com. Whatever the service says is collected in one folder for the whole run, by each process that
runs tests: every logger's lines, rendered as production renders them; what the tests' own child processes write;
the figures of /metrics. At the end the folder is searched, with the logs of the engines. One hit fails the run.
"""

import logging
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest
from prometheus_client import generate_latest

from config import logging as service_logging
from tests.engines import RUN_FOLDER

FOLDER = pytest.StashKey[Path]()
HANDLER = pytest.StashKey["logging.StreamHandler[Any]"]()
HITS = pytest.StashKey[list["Hit"]]()
SHOWN = 30  # characters of a line on both sides of a hit
TEST_MARK = "# test "
# What the processes of a run write may be a line without end; longer ones are searched in parts that overlap.
_PIECE, _OVERLAP = 20_000, 300

# --- what a canary looks like --------------------------------------------------------------------------

_BETWEEN = (
    r"(?:[\s().\-\u00a0\u2010-\u2015\u2212/+_]|\\u00a0|\\u20[0-9a-f]{2}"
    r"|%(?:25)*(?:20|28|29|2[BDEF]|C2%A0|E2%80%9[0-5]))"
)


def _spelled(digits: str) -> str:
    return rf"{_BETWEEN}{{0,3}}".join(digits)


_AREA = "|".join(_spelled(area) for area in ("212", "646", "917", "718", "332", "347"))
_PLUS = r"(?:\+|%(?:25)*2B|\\u002b|00)"
CANARIES: Mapping[str, re.Pattern[str]] = {
    "number": re.compile(
        rf"(?:{_PLUS}|(?<![0-9a-f]))"  # no seven digits out of the middle of an id
        rf"(?:1?{_BETWEEN}{{0,3}}(?:{_AREA}){_BETWEEN}{{0,3}})?"
        rf"{_spelled('55501')}{_BETWEEN}{{0,3}}\d{_BETWEEN}{{0,3}}\d(?![0-9a-f])",
        re.IGNORECASE,
    ),
    "name": re.compile(r"[\w%'-]{0,40}canary[\w%'-]{0,40}", re.IGNORECASE),
    "address": re.compile(r"[\w.+%'-]{0,64}(?:@|%(?:25)*40)[\w.-]{0,64}example\.(?:com|org|net)", re.IGNORECASE),
    "token": re.compile(
        r"-of-the-tests\b|a-secret-for-tests"  # those of tests/fixtures.py
        r"|\bcl_[a-z]+_[\w-]{8,}|\bBearer\s+[\w.-]{8,}|\bBasic\s+[\w+/=]{8,}|://[^/\s:@\"]*:[^/\s@\"]+@"
        r"|\b(?:digits|pin)[\"']?\s*[=:]\s*[\"']?\d{4,}",
        re.IGNORECASE,
    ),
    "document": re.compile(r"(?:<|%3C|&lt;)/?(?:Response|Dial|Say|Gather|Number|Message)\b", re.IGNORECASE),
}


class Hit(NamedTuple):
    """A canary where none may be: of what kind, in which file and line, after which test began, and around what."""

    kind: str
    file: str
    line: int
    test: str
    excerpt: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: a {self.kind}: {self.excerpt}{f'  ({self.test})' if self.test else ''}"


def search(name: str, lines: Iterator[str]) -> Iterator[Hit]:
    """Yield every canary of a file, itself made unreadable."""
    test = ""
    for number, line in enumerate(lines, 1):
        if line.startswith(TEST_MARK):
            test = line.removeprefix(TEST_MARK).strip()
            continue
        for kind, start, end, text in _found(line):
            around = f"{text[max(0, start - SHOWN) : start]}[{kind}]{text[end : end + SHOWN]}"
            yield Hit(kind, name, number, test, _unreadable(around))


def _found(line: str) -> Iterator[tuple[str, int, int, str]]:
    pieces = [line[at : at + _PIECE + _OVERLAP] for at in range(0, max(1, len(line)), _PIECE)]
    for piece in pieces:
        for text in dict.fromkeys((piece, unquote(unquote(piece)))):
            for kind, pattern in CANARIES.items():
                if (found := pattern.search(text)) is not None:
                    yield kind, found.start(), found.end(), text


def _unreadable(text: str) -> str:
    for kind, pattern in CANARIES.items():
        text = pattern.sub(f"[{kind}]", text)
    return re.sub(r"\d", "#", text.strip())


def search_folder(folder: Path, pattern: str = "**/*") -> Iterator[Hit]:
    for path in sorted(folder.glob(pattern)):
        if path.is_file():
            with path.open(errors="replace") as lines:
                yield from search(path.name, iter(lines))


# --- collecting ----------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    told = getattr(config, "workerinput", None)  # by the process that shares the tests out
    folder = Path(told["canaries"]) if told else Path(tempfile.mkdtemp(prefix="consultline-said-"))
    config.stash[FOLDER] = folder
    service_logging.configure(production=True)
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream((folder / f"{_process(config)}.log").open("a", buffering=1))
    config.stash[HANDLER] = handler


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["canaries"] = str(node.config.stash[FOLDER])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Hear every logger again: a test may have set logging up as a role does, which begins anew."""
    handler, root = item.config.stash[HANDLER], logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if type(one) is not logging.StreamHandler]
    root.addHandler(handler)
    handler.stream.write(f"{TEST_MARK}{item.nodeid.partition('[')[0]}\n")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what a test's process wrote to its standard error; standard output belongs to whoever types commands."""
    written = [text for name, text in report.sections if name.startswith("Captured stderr")]
    if written and _folder is not None and report.when == "teardown":  # has the sections of the others as well
        with (_folder / "stderr.log").open("a") as out:
            out.write(f"{TEST_MARK}{report.nodeid.partition('[')[0]}\n" + "\n".join(written) + "\n")


_folder: Path | None = None  # of the process that shares the tests out: its reports come without a config


@pytest.fixture(scope="session")
def said(pytestconfig: pytest.Config) -> "Said":
    """Return where the output of a child process belongs."""
    return Said(pytestconfig.stash[FOLDER], _process(pytestconfig))


class Said:
    """Files for what child processes write, one for each."""

    def __init__(self, folder: Path, process: str) -> None:
        self._names = (folder / f"{process}-{number}" for number in count(1))

    def file(self, name: str) -> Path:
        """Return a new file for the output of a child, or for a page that it served."""
        return Path(f"{next(self._names)}-{name}.log")


def _process(config: pytest.Config) -> str:
    told = getattr(config, "workerinput", {"workerid": "main"})
    return str(told["workerid"])


# --- judging -------------------------------------------------------------------------------------------


def pytest_sessionstart(session: pytest.Session) -> None:
    global _folder  # noqa: PLW0603 - see there
    if not hasattr(session.config, "workerinput"):
        _folder = session.config.stash[FOLDER]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    folder = config.stash[FOLDER]
    (folder / f"{_process(config)}.metrics").write_bytes(generate_latest())
    if hasattr(config, "workerinput"):
        return
    hits = [*search_folder(folder)]
    engines = config.stash.get(RUN_FOLDER, None)
    if engines is not None:
        hits += [*search_folder(engines, "*.log*"), *search_folder(engines / "data", "*.log*")]
    config.stash[HITS] = hits
    if hits and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    hits = config.stash.get(HITS, [])
    if not hits:
        return
    terminalreporter.section("what was said in this run names somebody", red=True)
    for hit in hits[:20]:
        terminalreporter.line(str(hit))
    if len(hits) > 20:
        terminalreporter.line(f"… and {len(hits) - 20} more")
    terminalreporter.line(f"The files are kept in {config.stash[FOLDER]}.")


def pytest_unconfigure(config: pytest.Config) -> None:
    handler = config.stash.get(HANDLER, None)
    if handler is None:
        return
    logging.getLogger().removeHandler(handler)
    handler.stream.close()
    if not hasattr(config, "workerinput") and not config.stash.get(HITS, []):
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)
