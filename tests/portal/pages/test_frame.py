"""What stands around every page: from where it may be asked, in which zone and language it speaks, how it says no."""

import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer

from app import web
from config.deps import Deps
from portal import assets, words

ROOT = Path(__file__).resolve().parents[3]
HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def browser(deps: Deps) -> AsyncIterator[ClientSession]:
    server = TestServer(web.build(deps))
    await server.start_server(access_log=None)
    async with ClientSession(server.make_url("/"), cookie_jar=CookieJar(unsafe=True)) as found:
        yield found
    await server.close()


async def test_what_is_not_there_is_told_as_a_page(browser: ClientSession) -> None:
    async with browser.get("/no-such-page") as reply:
        text = await reply.text()
    assert reply.status == 404
    assert reply.content_type == "text/html"
    assert "There is nothing here" in text
    assert "script-src 'self'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


async def test_programs_are_answered_as_programs(browser: ClientSession) -> None:
    async with browser.get("/api/v1/no-such-noun") as reply:
        assert (reply.status, reply.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "https://elsewhere.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_f37_a_form_is_taken_from_our_own_pages_only(
    browser: ClientSession, headers: dict[str, str], status: int
) -> None:
    async with browser.post("/preferences", data={"language": "es"}, headers=headers, allow_redirects=False) as reply:
        assert reply.status == status
        assert ("language" in reply.cookies) is (status == 303)


async def test_f37_an_older_browser_is_known_by_its_origin(browser: ClientSession) -> None:
    origin = str(browser._base_url).rstrip("/")
    async with browser.post(
        "/preferences", data={"language": "es"}, headers={"Origin": origin}, allow_redirects=False
    ) as reply:
        assert reply.status == 303


async def test_a_choice_of_language_and_zone_is_kept(browser: ClientSession) -> None:
    chosen = {"language": "es", "zone": "America/Denver", "to": "/no-such-page"}
    async with browser.post("/preferences", data=chosen, headers=HERE) as reply:
        text = await reply.text()
    assert reply.url.path == "/no-such-page"
    assert "Aquí no hay nada" in text
    assert 'value="America/Denver"' in text
    assert re.search(r"\((MST|MDT)\)", text)


@pytest.mark.parametrize(
    "to", ["https://elsewhere.example.com/", "//elsewhere.example.com", "/\\elsewhere.example.com"]
)
async def test_nobody_is_sent_elsewhere(browser: ClientSession, to: str) -> None:
    async with browser.post("/preferences", data={"to": to}, headers=HERE, allow_redirects=False) as reply:
        assert reply.headers["Location"] == "/"


async def test_a_zone_that_does_not_exist_is_not_kept(browser: ClientSession) -> None:
    async with browser.post("/preferences", data={"zone": "Mars/Base"}, headers=HERE, allow_redirects=False) as reply:
        assert "zone" not in reply.cookies


async def test_a_file_is_served_under_the_address_of_its_content_only(browser: ClientSession) -> None:
    async with browser.get(assets.address("portal.css")) as reply:
        assert (reply.status, reply.content_type) == (200, "text/css")
        assert "immutable" in reply.headers["Cache-Control"]
    for path in ("/static/000000000000/portal.css", "/static/x/../../etc/passwd", "/static/x/no.css"):
        async with browser.get(path) as reply:
            assert reply.status == 404


async def test_hints_are_for_who_is_signed_in(browser: ClientSession) -> None:
    async with browser.get("/live") as reply:
        assert reply.status == 204


def test_vendored_files_are_those_that_were_vendored() -> None:
    folder = ROOT / "portal" / "static" / "vendor"
    told = dict(re.findall(r"\| ([\w.-]+\.(?:js|css)) \|.*\| ([0-9a-f]{64}) \|", (folder / "README.md").read_text()))
    files = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.glob("*.min.*")}
    assert told == files


def test_every_sentence_is_there_in_both_languages_and_names_the_same_things() -> None:
    assert len(words.catalogue()) > 20
    for key, entry in words.catalogue().items():
        assert {"en", "es"} <= set(entry) <= {"en", "es", "en_one", "es_one"}, key
        assert ("en_one" in entry) == ("es_one" in entry), key
        named = [set(re.findall(r"\{(\w+)[^}]*\}", entry[language])) for language in ("en", "es")]
        assert named[0] == named[1], key
        assert all(text.strip() == text and text for text in entry.values()), key


@pytest.mark.parametrize("body", [b"--x\r\nNone--x--\r\n", b"no form at all"])
async def test_f32_a_form_that_is_none_is_refused_as_a_page(browser: ClientSession, body: bytes) -> None:
    headers = HERE | {"Content-Type": "multipart/form-data; boundary=x"}
    async with browser.post("/preferences", data=body, headers=headers, allow_redirects=False) as reply:
        assert (reply.status, reply.content_type) == (400, "text/html")
