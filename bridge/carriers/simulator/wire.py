"""One signed request, with the documented time limits and retries.

A URL's fragment may override the defaults (`#ct=2000&rt=5000&tt=12000&rc=2&rp=ct,rt,5xx`); limits as in
https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides. Every attempt for one event has
the same `I-Twilio-Idempotency-Token`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import parse_qsl, urldefrag, urlencode
from uuid import UUID

import aiohttp
from yarl import URL

from bridge.carriers.simulator.signing import signature, signed_url
from bridge.carriers.simulator.twiml import MAX_BYTES
from bridge.carriers.simulator.values import Account, CarrierFault, Exchange

# name -> (default, least, greatest); times in milliseconds
_LIMITS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {"ct": (5000, 100, 10_000), "rt": (15_000, 100, 15_000), "tt": (15_000, 100, 15_000), "rc": (1, 0, 5)}
)
_POLICIES = frozenset({"4xx", "5xx", "ct", "rt", "all"})
MAX_REDIRECTS = 10


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """How long to wait (seconds) and what to repeat how often."""

    connect_s: float
    read_s: float
    total_s: float
    retries: int
    policy: frozenset[str]


def overrides(url: str) -> Overrides:
    """Read the fragment; raise CarrierFault where it is outside of the documented limits."""
    written = dict(parse_qsl(urldefrag(url).fragment))
    read = {}
    for name, (default, least, greatest) in _LIMITS.items():
        value = written.get(name, str(default))
        if not value.isdecimal() or not least <= int(value) <= greatest:
            raise CarrierFault(11100, f"connection override {name}={value}", url=urldefrag(url).url)
        read[name] = int(value)
    policy = frozenset(written.get("rp", "ct").split(","))
    if not policy <= _POLICIES:
        raise CarrierFault(11243, f"retry policy {','.join(sorted(policy))}", url=urldefrag(url).url)
    return Overrides(
        connect_s=read["ct"] / 1000,
        read_s=read["rt"] / 1000,
        total_s=read["tt"] / 1000,
        retries=read["rc"],
        policy=policy,
    )


class Wire:
    """The carrier's way to the service's addresses."""

    def __init__(self, http: aiohttp.ClientSession, account: Account, *, new_id: Callable[[], UUID]) -> None:
        """Use a session that the caller closes."""
        self._http = http
        self._account = account
        self._new_id = new_id

    def new_token(self) -> str:
        """Return a new idempotency token."""
        return str(self._new_id())

    async def post(
        self,
        url: str,
        params: Mapping[str, str],
        *,
        kind: str,
        seen: list[Exchange],
        token: str | None = None,
        voice: bool = True,
    ) -> Exchange:
        """Post and return the answer if it is 2xx and not too long; each attempt is put on `seen`.

        Raises CarrierFault for everything else, once the retries that the URL asks for are spent.
        """
        limits = overrides(url)
        token = token or self.new_token()
        try:
            async with asyncio.timeout(limits.total_s):
                for attempt in range(limits.retries + 1):
                    try:
                        return await self._attempt(url, params, limits, kind=kind, token=token, seen=seen, voice=voice)
                    except CarrierFault as fault:
                        again = fault.retry is not None and not limits.policy.isdisjoint({fault.retry, "all"})
                        if attempt == limits.retries or not again:
                            raise
        except TimeoutError as error:
            raise CarrierFault(11203, f"no answer in {limits.total_s:g} s", url=urldefrag(url).url) from error
        raise AssertionError  # the last attempt returned or raised

    async def _attempt(
        self,
        url: str,
        params: Mapping[str, str],
        limits: Overrides,
        *,
        kind: str,
        token: str,
        seen: list[Exchange],
        voice: bool,
    ) -> Exchange:
        """Make one request. 301 and 302 turn it into a GET without parameters, as documented."""
        where = urldefrag(url).url
        clock = asyncio.get_running_loop().time
        began = clock()
        status, content_type, body = None, "", b""
        try:
            async with self._http.post(
                URL(where, encoded=True),
                data=urlencode(params).encode(),
                headers={
                    "Accept": "*/*",
                    "Content-Type": "application/x-www-form-urlencoded",
                    "I-Twilio-Idempotency-Token": token,
                    "User-Agent": "TwilioProxy/1.1",
                    "X-Home-Region": "us1",
                    "X-Twilio-Signature": signature(
                        self._account.auth_token, signed_url(url, voice=voice), params.items()
                    ),
                },
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=limits.connect_s, sock_read=limits.read_s),
                max_redirects=MAX_REDIRECTS,
            ) as response:
                status = response.status
                content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                async for chunk in response.content.iter_chunked(MAX_BYTES):
                    body += chunk
                    if len(body) > MAX_BYTES:
                        raise CarrierFault(11750, "an answer of more than 64 kB", url=where)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _failure(error, where) from error
        finally:
            exchange = Exchange(
                kind=kind,
                url=url,
                params=MappingProxyType(dict(params)),
                token=token,
                status=status,
                content_type=content_type,
                body=body.decode(errors="replace"),
                elapsed=clock() - began,
            )
            seen.append(exchange)
        if not 200 <= status < 300:
            raise CarrierFault(11217, f"HTTP status {status}", url=where, retry=f"{status // 100}xx")
        return exchange


def _failure(error: aiohttp.ClientError | TimeoutError, url: str) -> CarrierFault:
    """Turn a failed request into the documented error, and the class by which `rp` knows it."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return CarrierFault(11201, "TCP connection timed out", url=url, retry="ct")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return CarrierFault(11210, "bad host name", url=url, retry="ct")
    if isinstance(error, aiohttp.ClientConnectorError):
        return CarrierFault(11202, "TCP connection refused", url=url, retry="ct")
    if isinstance(error, aiohttp.TooManyRedirects):
        return CarrierFault(11215, "too many redirects", url=url)
    return CarrierFault(11205, f"no whole answer: {type(error).__name__}", url=url, retry="rt")
