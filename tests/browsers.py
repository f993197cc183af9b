"""A real browser for tests of pages: one Chromium for each process that runs tests, and what checks its HTML.

Both belong to the machine. With CI set, one that is missing is a failure; elsewhere the tests that want it are
skipped, and the last lines of the run say how many and what to install.
"""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.engines import ROOT

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",  # tests run as root on the machine of the checks
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--mute-audio",
    "--remote-debugging-port=0",
)
HTML_TOOLS = ROOT / "tests" / "portal" / "browser" / "html"
NO_BROWSER = "No Chromium on this machine"
NO_CHECKER = "No html-validate on this machine"
INSTALL = {
    NO_BROWSER: "on Debian and Ubuntu: apt install chromium",
    NO_CHECKER: f"install Node.js, then: npm ci --prefix {HTML_TOOLS.relative_to(ROOT)}",
}
STARTS_WITHIN_S = 60


def missing(what: str) -> None:
    """Skip the test, or let it fail where everything has to be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}; {INSTALL[what]}", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium() -> Iterator[str]:
    """Run one browser for all tests of this process, and return where it is driven from."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing(NO_BROWSER)
    with tempfile.TemporaryDirectory(prefix="consultline-chromium-", ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [str(found), *FLAGS, f"--user-data-dir={folder}/profile", "about:blank"], stdout=out, stderr=out
            )
        try:
            yield f"http://127.0.0.1:{_port(Path(folder) / 'profile' / 'DevToolsActivePort', process, log)}"
        finally:
            _end(process)


def _port(told: Path, process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Return the port that the browser chose, once it has written it down."""
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        if told.exists() and (lines := told.read_text().split()):
            return lines[0]
        time.sleep(0.05)
    pytest.fail(f"Chromium did not start:\n{log.read_text(errors='replace')[-2000:]}", pytrace=False)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the browser with all its children."""
    try:
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    except psutil.NoSuchProcess:
        return
    for one in family:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait(10)


HtmlChecker = Callable[[Mapping[str, str]], Awaitable[list[str]]]


@pytest.fixture(scope="session")
def html_problems() -> Iterator[HtmlChecker]:
    """Return what tells what html-validate has against pages, each named; one process looks at all of them."""
    node = shutil.which("node")
    if node is None or not (HTML_TOOLS / "node_modules" / "html-validate").exists():
        missing(NO_CHECKER)
    process = subprocess.Popen(
        [str(node), "check.mjs"], cwd=HTML_TOOLS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def ask(pages: Mapping[str, str]) -> list[str]:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(list(pages.items())) + "\n")
        process.stdin.flush()
        found: list[str] = json.loads(process.stdout.readline())
        return found

    async def look(pages: Mapping[str, str]) -> list[str]:
        return await asyncio.to_thread(ask, pages)

    try:
        yield look
    finally:
        process.communicate(timeout=10)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what did not run, and what to install."""
    skipped = terminalreporter.stats.get("skipped", [])
    for what, install in INSTALL.items():
        n = sum(what in str(report.longrepr) for report in skipped)
        if n:
            terminalreporter.write_line(f"{n} browser {'test' if n == 1 else 'tests'} did not run: {what}; {install}")
