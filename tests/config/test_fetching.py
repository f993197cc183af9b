"""Fetching from an address that somebody has typed: real servers on this machine, some of them hostile."""

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from config.fetching import Bounds, Fetched, Unfetched, Why, fetch, is_public

SMALL = Bounds(seconds=2, size=10_000, redirects=3)
Answers = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Elsewhere:
    """A server of somebody else's: what it answers, and what it was asked."""

    server: TestServer
    answers: dict[str, Answers] = field(default_factory=dict)
    asked: list[web.Request] = field(default_factory=list)

    def at(self, path: str) -> str:
        return str(self.server.make_url(path))

    async def fetch(self, path: str, *, etag: str | None = None, bounds: Bounds = SMALL) -> Fetched | None:
        return await fetch(self.at(path), etag=etag, loopback=True, bounds=bounds)


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    async def answer(request: web.Request) -> web.StreamResponse:
        found.asked.append(request)
        return await found.answers[request.path](request)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server(access_log=None)
    found = Elsewhere(server)
    yield found
    await server.close()


def saying(body: bytes, status: int = 200, **headers: str) -> Answers:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


async def why(fetching: Awaitable[object]) -> Why:
    with pytest.raises(Unfetched) as no:
        await fetching
    return no.value.why


async def test_a_file_comes_with_the_name_of_its_state(elsewhere: Elsewhere) -> None:
    elsewhere.answers["/a.ics"] = saying(b"words", ETag='"7"')

    assert await elsewhere.fetch("/a.ics") == Fetched(b"words", '"7"')
    assert "If-None-Match" not in elsewhere.asked[0].headers
    assert elsewhere.asked[0].headers["User-Agent"] == "Consultline"


async def test_what_has_not_changed_is_not_fetched_again(elsewhere: Elsewhere) -> None:
    elsewhere.answers["/a.ics"] = saying(b"", 304)

    assert await elsewhere.fetch("/a.ics", etag='"7"') is None
    assert elsewhere.asked[0].headers["If-None-Match"] == '"7"'
    assert await why(elsewhere.fetch("/a.ics")) is Why.REFUSED  # nobody has asked whether it had


@pytest.mark.parametrize("etag", ["", "x" * 201, "caf\xe9"])
async def test_a_state_without_a_decent_name_is_fetched_each_time(elsewhere: Elsewhere, etag: str) -> None:
    elsewhere.answers["/a.ics"] = saying(b"words", ETag=etag)

    assert await elsewhere.fetch("/a.ics") == Fetched(b"words", None)


# How much is borne


@pytest.mark.parametrize(("size", "fits"), [(9_999, True), (10_000, True), (10_001, False), (5_000_000, False)])
@pytest.mark.parametrize("told", [True, False], ids=["length told", "length not told"])
async def test_a_file_has_a_size(elsewhere: Elsewhere, size: int, fits: bool, told: bool) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if told:
            return web.Response(body=b"x" * size)
        response = web.StreamResponse()
        await response.prepare(request)
        for sent in range(0, size, 1_000):
            await response.write(b"x" * min(1_000, size - sent))
        return response

    elsewhere.answers["/a.ics"] = answer
    if fits:
        assert await elsewhere.fetch("/a.ics") == Fetched(b"x" * size, None)
    else:
        assert await why(elsewhere.fetch("/a.ics")) is Why.TOO_LARGE


@pytest.mark.parametrize(("size", "fits"), [(10_000, True), (10_001, False), (100_000_000, False)])
async def test_what_is_packed_has_its_unpacked_size(elsewhere: Elsewhere, size: int, fits: bool) -> None:
    elsewhere.answers["/bomb.ics"] = saying(gzip.compress(bytes(size), 9), Content_Encoding="gzip")
    wide = Bounds(seconds=5, size=10_000) if size < 1_000_000 else Bounds(seconds=5, size=2_000_000)

    if fits:
        assert await elsewhere.fetch("/bomb.ics", bounds=wide) == Fetched(bytes(size), None)
    else:
        assert await why(elsewhere.fetch("/bomb.ics", bounds=wide)) is Why.TOO_LARGE


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        pytest.param(b"not packed at all", "gzip", Why.REFUSED, id="a lie"),
        pytest.param(gzip.compress(b"words")[:-9], "gzip", Why.UNREACHABLE, id="broken off"),
        pytest.param(zlib.compress(b"words"), "br", Why.REFUSED, id="nobody asked for that"),
        pytest.param(gzip.compress(gzip.compress(b"words")), "gzip, gzip", Why.REFUSED, id="twice"),
    ],
)
async def test_what_is_packed_otherwise_is_refused(
    elsewhere: Elsewhere, body: bytes, encoding: str, expected: Why
) -> None:
    elsewhere.answers["/a.ics"] = saying(body, Content_Encoding=encoding)

    assert await why(elsewhere.fetch("/a.ics")) is expected


async def test_a_server_that_drips_is_left(elsewhere: Elsewhere) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:  # until the one who waits has gone
            await response.write(b"x")
            await asyncio.sleep(0.05)

    elsewhere.answers["/slow.ics"] = answer

    assert await why(elsewhere.fetch("/slow.ics", bounds=Bounds(seconds=0.3))) is Why.UNREACHABLE


async def test_a_server_that_breaks_off_is_unreachable(elsewhere: Elsewhere) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"only this")
        assert request.transport
        request.transport.abort()
        return response

    elsewhere.answers["/a.ics"] = answer

    assert await why(elsewhere.fetch("/a.ics")) is Why.UNREACHABLE


@pytest.mark.parametrize(
    ("status", "expected"),
    [(204, Why.REFUSED), (401, Why.REFUSED), (404, Why.REFUSED), (500, Why.UNREACHABLE), (503, Why.UNREACHABLE)],
)
async def test_what_is_no_file_says_whose_fault_it_is(elsewhere: Elsewhere, status: int, expected: Why) -> None:
    elsewhere.answers["/a.ics"] = saying(b"", status)

    assert await why(elsewhere.fetch("/a.ics")) is expected


async def test_nobody_listens(unused_tcp_port: int) -> None:
    assert await why(fetch(f"http://127.0.0.1:{unused_tcp_port}/a.ics", loopback=True)) is Why.UNREACHABLE


# Redirects


@pytest.mark.parametrize(("hops", "arrives"), [(0, True), (3, True), (4, False)])
async def test_three_redirects_are_followed(elsewhere: Elsewhere, hops: int, arrives: bool) -> None:
    for hop in range(hops):
        elsewhere.answers[f"/{hop}"] = saying(b"", 302, Location=f"/{hop + 1}")
    elsewhere.answers[f"/{hops}"] = saying(b"here")

    if arrives:
        assert await elsewhere.fetch("/0") == Fetched(b"here", None)
    else:
        assert await why(elsewhere.fetch("/0")) is Why.REFUSED


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        pytest.param("http://192.0.2.1/a.ics", Why.NOT_PUBLIC, id="leaves https"),
        pytest.param("https://10.0.0.1/a.ics", Why.NOT_PUBLIC, id="into a private network"),
        pytest.param("https://169.254.169.254/latest/meta-data", Why.NOT_PUBLIC, id="to a cloud's own address"),
        pytest.param("https://[::ffff:10.0.0.1]/a.ics", Why.NOT_PUBLIC, id="in other clothes"),
        pytest.param("file:///etc/passwd", Why.NOT_PUBLIC, id="to a file"),
        pytest.param("http://[", Why.REFUSED, id="to nowhere"),
    ],
)
async def test_a_redirect_is_looked_at_like_the_address_itself(
    elsewhere: Elsewhere, location: str, expected: Why
) -> None:
    elsewhere.answers["/a.ics"] = saying(b"", 302, Location=location)

    assert await why(elsewhere.fetch("/a.ics")) is expected


# Which addresses


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("::127.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("2001:0:7f00:1::", False),
        ("2001:db8::1", False),
        ("fc00::1", False),
        ("fe80::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_which_addresses_are_of_the_public_internet(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", Why.NOT_PUBLIC),
        ("localhost", Why.NOT_PUBLIC),
        ("[::1]", Why.NOT_PUBLIC),
        # No spellings that anybody uses: the client does not even try the first two
        ("127.1", Why.UNREACHABLE),
        ("2130706433", Why.UNREACHABLE),
        ("0x7f000001", Why.NOT_PUBLIC),
    ],
)
async def test_this_machine_is_no_address_whatever_it_is_called(elsewhere: Elsewhere, host: str, expected: Why) -> None:
    assert await why(fetch(f"https://{host}:{elsewhere.server.port}/a.ics")) is expected
    assert elsewhere.asked == []


async def test_without_https_only_loopback_and_only_in_tests(elsewhere: Elsewhere) -> None:
    elsewhere.answers["/a.ics"] = saying(b"words")

    assert await elsewhere.fetch("/a.ics") is not None
    assert await why(fetch(elsewhere.at("/a.ics"))) is Why.NOT_PUBLIC
    assert await why(fetch("http://192.0.2.1/a.ics", loopback=True)) is Why.NOT_PUBLIC
    assert len(elsewhere.asked) == 1


@dataclass
class Names(AbstractResolver):
    """Answers for a name with one address after the other, as somebody does who means to be let in."""

    answers: list[str]
    asked: int = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        flags = socket.AI_NUMERICHOST
        return [{"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": flags}]

    async def close(self) -> None:
        pass


async def test_a_name_that_leads_into_the_house_is_refused(elsewhere: Elsewhere) -> None:
    port = elsewhere.server.port

    assert await why(fetch(f"https://rebinding.test:{port}/", resolver=Names(["127.0.0.1"]))) is Why.NOT_PUBLIC
    assert elsewhere.asked == []


async def test_a_name_is_asked_for_once_for_each_connection(elsewhere: Elsewhere) -> None:
    """Who looks at one answer and connects to another is let in by the second (DNS rebinding)."""
    names = Names(["127.0.0.1", "10.0.0.1"])

    with pytest.raises(Unfetched):  # no certificate there
        await fetch(f"https://rebinding.test:{elsewhere.server.port}/", loopback=True, resolver=names, bounds=SMALL)

    assert names.asked == 1
