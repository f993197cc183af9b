"""Requests as the carrier signs them, one at a time: for what no well-behaved call would send."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlencode

import aiohttp
from multidict import MultiDict
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from yarl import URL

from tests.fixtures import ACCOUNT, LINES, TOKEN

_sids = count(1)


def sid(prefix: str = "CA") -> str:
    """Return a new id of the carrier's form."""
    return f"{prefix}{next(_sids):032x}"


def call(caller: str, *, line: str = LINES[0], call_sid: str | None = None, **more: str) -> dict[str, str]:
    """Return the parameters of a call that comes in."""
    return {
        "AccountSid": ACCOUNT,
        "CallSid": call_sid or sid(),
        "From": caller,
        "To": line,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "StirVerstat": "TN-Validation-Passed-A",
        **more,
    }


def signature(url: str, params: Mapping[str, str] | MultiDict[str], token: str = TOKEN) -> str:
    """Sign by the carrier's own library, so that our reading of the rules is not its own proof."""
    return str(RequestValidator(token).compute_signature(url, params))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, and after how long on the event loop's clock."""

    status: int
    content_type: str
    body: str
    took_s: float

    @property
    def dials(self) -> bool:
        return "<Dial" in self.body

    @property
    def is_document(self) -> bool:
        return self.content_type == "text/xml" and self.body.endswith("</Response>")


@dataclass(frozen=True)
class Poster:
    """Posts to the service at `base`."""

    http: aiohttp.ClientSession
    base: str

    async def __call__(
        self,
        path: str,
        params: Mapping[str, str],
        *,
        signed_as: str | None = None,
        token: str = TOKEN,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Post a form. `signed_as` is the address that the signature is for, `body` what is sent in the form's place.

        A header given as "" is left out.
        """
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature(signed_as or self.base + path, params, token),
            **(headers or {}),
        }
        clock = asyncio.get_running_loop().time
        began = clock()
        async with self.http.post(
            URL(self.base + path, encoded=True),
            data=urlencode(params).encode() if body is None else body,
            headers={name: value for name, value in sent.items() if value},
            skip_auto_headers=[name for name, value in sent.items() if not value],
        ) as answer:
            text = await answer.text(errors="replace")
        return Answer(
            status=answer.status,
            content_type=answer.headers.get("Content-Type", "").partition(";")[0],
            body=text,
            took_s=clock() - began,
        )
