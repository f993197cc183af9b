"""That the search for canaries finds them, and nothing else (F43): `tests/canaries.py`."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.builders import World
from tests.canaries import search
from tests.engines import ROOT
from tests.faults import signed
from tests.faults.signed import Poster

E164 = "+12125550123"
SPELLINGS = [
    E164,
    "12125550123",
    "2125550123",
    "5550123",
    "555-0123",
    "555 01 23",
    "212-555-0123",
    "212.555.0123",
    "212 555 0123",
    "(212) 555-0123",
    "+1 (212) 555-0123",
    "+1 212\u2011555\u20110123",
    "+1\u00a0212\u00a0555\u00a00123",
    "0012125550123",
    "tel:+1-212-555-0123",
    "646_555_0199",
    quote(E164),
    quote(quote(E164)),
    quote_plus("(212) 555-0123"),
    r"\u002b12125550123",
    r"212\u00a0555\u00a00123",
    "{'From': '+12125550123'}",
    "From=%2B12125550123&To=x",
    "x5550123x".replace("x", "z"),
]
OTHERS = {
    "name": ["Canary-Pat", "CANARY-CLIENT7", "Canary%20Street", "['Canary-Casey']"],
    "address": ["client1@example.com", "a.b+c@mail.example.org", "client1%40example.com", "<x@example.com>"],
    "token": [
        "the-auth-token-of-the-tests",
        "a-secret-for-tests-that-is-long-enough",
        "cl_admin_abcdefgh12345678",
        "Authorization: Bearer abcdefgh12345678",
        "postgresql://someone:secret@127.0.0.1/db",
        "Digits=123456",
        '"pin": "123456"',
    ],
    "document": ["<Response><Say>", "&lt;Dial", "%3CNumber%3E", "</Gather>"],
}
INNOCENT = [
    "2026-11-24T19:05:55.012345Z",
    "2026-11-22 02:55:50.123 UTC [5550]",
    "CA55501234567890abcdef5550123456",
    "1c555012-3555-4012-8555-0123456789ab",
    "deadbeef-5550-1230-8123-456789abcdef",
    "duration_ms=555.01",
    '{"port":55501,"pid":5550}',
    "/twilio/voice/pin/{call}",
    'consultline_http_request_seconds_bucket{le="0.005"} 555.0',
    "redis://127.0.0.1:6379/0",
    "postgresql://127.0.0.1:5432/db",
    '"code": "30003"',
    "tests/canaries.py:55",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_f43_a_number_is_found_in_any_spelling_and_told_without_it(spelling: str) -> None:
    (hit,) = {hit.kind: hit for hit in search("x.log", iter(["fine\n", f'{{"event": "{spelling} came"}}\n']))}.values()

    assert (hit.kind, hit.file, hit.line) == ("number", "x.log", 2)
    assert not re.search(r"\d", hit.excerpt)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in OTHERS.items() for text in texts])
def test_f43_whatever_else_tells_on_somebody_is_found(kind: str, text: str) -> None:
    assert kind in {hit.kind for hit in search("x.log", iter([f"so {text} it says\n"]))}


@pytest.mark.parametrize("text", INNOCENT)
def test_f43_ids_instants_and_figures_are_nobody(text: str) -> None:
    assert list(search("x.log", iter([f"{text}\n"]))) == []


def test_f43_a_canary_in_a_line_without_end_is_found() -> None:
    line = "z" * 250_000 + E164 + "z" * 250_000

    assert {hit.kind for hit in search("x.log", iter([line]))} == {"number"}


LEAK = '''
import structlog
from tests.canaries import Said

log = structlog.get_logger("leaky")


def test_by_log():
    """A name has no form by which a mask could know it."""
    log.info("hello", who="Canary-Casey")


def test_by_a_child(said: Said):
    said.file("child").write_text("dialled (212) 555-0123\\n")


def test_by_stderr():
    import sys
    print("sent to client1@example.com", file=sys.stderr)


def test_by_the_library():
    import logging
    logging.getLogger("some.library").warning("asked for %s", "/x?who=Canary-Pat")


def test_fine():
    log.info("hello", number="+12125550123", note="call +1 (212) 555-0123", trace="to client1@example.com")
'''


@pytest.mark.parametrize("processes", [[], ["-p", "xdist.plugin", "-n", "2"]], ids=["alone", "shared-out"])
def test_f43_a_leak_fails_the_run_and_is_told_by_its_place(tmp_path: Path, processes: list[str]) -> None:
    (tmp_path / "test_leaky.py").write_text(LEAK)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.canaries", *processes]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    run = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False)

    assert run.returncode == 1, run.stdout + run.stderr
    assert "5 passed" in run.stdout
    told = run.stdout[run.stdout.index("names somebody") :].splitlines()[1:-2]
    assert len([line for line in told if re.match(r"[\w.-]+\.log:\d+: a (name|number|address): ", line)]) == 4
    assert "test_by_log" in run.stdout
    assert "Casey" not in "".join(told)
    assert "0123" not in "".join(told)


def test_f43_every_run_is_searched(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.hasplugin("tests.canaries")


async def test_f43_a_request_of_a_canary_is_logged_without_it(post: Poster, world: World) -> None:
    """What the rest of the run proves by its size, in small: something was said, and it can be searched."""
    provider, _, _ = await world.consultation()
    await post("/twilio/voice", signed.call(provider.dial_phone or ""))
    async with post.http.get(f"{post.base}/metrics") as metrics:
        page = await metrics.text()

    assert "/twilio/voice" in page
    assert list(search("metrics", iter(page.splitlines()))) == []
