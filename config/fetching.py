"""Fetching a file from an address that somebody has typed, who may mean this house and not the world.

Only https, only addresses of the public internet, and not more than it may hold. A name is resolved once and the
connection goes to the very address that was looked at, so a name that answers differently the second time (DNS
rebinding) gains nothing; each redirect is looked at anew.
"""

import asyncio
import errno
import socket
import zlib
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Any

import aiohttp
from aiohttp import hdrs
from aiohttp.abc import AbstractResolver
from yarl import URL

from config.settings import is_loopback


class Why(StrEnum):
    """Why nothing was fetched."""

    NOT_PUBLIC = "not_public"  # not https, or an address that is not of the public internet
    UNREACHABLE = "unreachable"  # no answer, not in time, or the server's own failure
    REFUSED = "refused"  # an answer, but no file
    TOO_LARGE = "too_large"


class Unfetched(Exception):  # noqa: N818 - says what is so
    """Nothing was fetched; `why` says what stood in the way."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much of a stranger's server is borne: seconds in all, bytes on the wire and unpacked, redirects."""

    seconds: float = 5
    size: int = 2 * 1024 * 1024
    redirects: int = 3


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file, and by what its server knows this state of it."""

    body: bytes
    etag: str | None


DEFAULT = Bounds()


async def fetch(
    address: str,
    *,
    etag: str | None = None,
    loopback: bool = False,
    bounds: Bounds = DEFAULT,
    resolver: AbstractResolver | None = None,
) -> Fetched | None:
    """Fetch a file; None where it is still the one with this `etag`. Raises Unfetched.

    `loopback` opens this machine, also without https: for tests.
    """
    gate = _Gate(loopback=loopback)
    connector = aiohttp.TCPConnector(
        resolver=resolver, use_dns_cache=False, force_close=True, socket_factory=gate.socket
    )
    try:
        async with (
            asyncio.timeout(bounds.seconds),
            aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
            ) as http,
        ):
            return await _follow(http, _url(address), etag, loopback=loopback, bounds=bounds)
    except (aiohttp.ClientError, OSError, TimeoutError):
        raise Unfetched(Why.NOT_PUBLIC if gate.refused else Why.UNREACHABLE) from None


def is_public(text: str) -> bool:
    """Tell whether an IP address belongs to the public internet, also where it wraps another (tunnels, NAT64)."""
    address = ip_address(text)
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    inner = address.ipv4_mapped
    if inner is not None:
        return is_public(str(inner))
    return address in _GLOBAL_UNICAST and address.is_global and not any(address in net for net in _TUNNELS)


_GLOBAL_UNICAST = IPv6Network("2000::/3")
_TUNNELS = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))


class _Gate:
    """Looks at every address at the moment of connecting to it."""

    def __init__(self, *, loopback: bool) -> None:
        self.loopback = loopback
        self.refused = False

    def socket(self, where: Any) -> socket.socket:
        family, kind, protocol, _, address = where
        host = str(address[0]).partition("%")[0]
        if not (is_public(host) or (self.loopback and ip_address(host).is_loopback)):
            self.refused = True
            raise OSError(errno.EACCES, "not a public address")
        return socket.socket(family, kind, protocol)


async def _follow(
    http: aiohttp.ClientSession, url: URL, etag: str | None, *, loopback: bool, bounds: Bounds
) -> Fetched | None:
    headers = {hdrs.ACCEPT: "text/calendar, */*;q=0.1", hdrs.ACCEPT_ENCODING: "gzip", hdrs.USER_AGENT: "Consultline"}
    if etag:
        headers[hdrs.IF_NONE_MATCH] = etag
    for _ in range(bounds.redirects + 1):
        if url.scheme != "https" and not (url.scheme == "http" and loopback and is_loopback(url.host or "")):
            raise Unfetched(Why.NOT_PUBLIC)
        async with http.get(url.with_user(None), headers=headers, allow_redirects=False) as response:
            if response.status in _REDIRECTS and hdrs.LOCATION in response.headers:
                url = url.join(_url(response.headers[hdrs.LOCATION]))
                continue
            if response.status == _UNCHANGED and etag:
                return None
            if response.status != _OK:
                raise Unfetched(Why.UNREACHABLE if response.status >= _ITS_OWN_FAULT else Why.REFUSED)
            return Fetched(await _body(response, bounds.size), _etag(response))
    raise Unfetched(Why.REFUSED)


_OK, _UNCHANGED, _ITS_OWN_FAULT = 200, 304, 500
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def _url(text: str) -> URL:
    try:
        return URL(text)
    except ValueError:
        raise Unfetched(Why.REFUSED) from None


def _etag(response: aiohttp.ClientResponse) -> str | None:
    etag = response.headers.get(hdrs.ETAG, "")
    return etag if 0 < len(etag) <= 200 and etag.isascii() and etag.isprintable() else None


async def _body(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Read a body up to a size, counted as it comes and again as it is unpacked."""
    unpack = _unpacking(response.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().lower())
    if (response.content_length or 0) > most:
        raise Unfetched(Why.TOO_LARGE)
    body, wire = bytearray(), 0
    async for chunk in response.content.iter_chunked(1 << 16):
        wire += len(chunk)
        try:
            body += unpack.decompress(chunk, most + 1 - len(body)) if unpack else chunk
        except zlib.error:
            raise Unfetched(Why.REFUSED) from None
        if max(wire, len(body)) > most:
            raise Unfetched(Why.TOO_LARGE)
    if unpack and not unpack.eof:
        raise Unfetched(Why.UNREACHABLE)
    return bytes(body)


def _unpacking(encoding: str) -> "zlib._Decompress | None":
    if encoding == "identity":
        return None
    if encoding in {"gzip", "x-gzip"}:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    raise Unfetched(Why.REFUSED)
