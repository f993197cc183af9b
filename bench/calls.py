"""Signed requests of a carrier, made before a round, so that the generator of load only has to send them."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode
from uuid import uuid4

from bridge.carriers.signature import signature

LINE: Final = "+12125550100"
ACCOUNT: Final = "AC" + "0123456789abcdef" * 2
TOKEN: Final = "the-auth-token-of-the-bench"
# As in service: the address that is signed is a name behind TLS, not the port that the server listens on.
BASE: Final = "https://line.example.com"
PATH: Final = "/twilio/voice"


def form(caller: str, sid: str) -> list[tuple[str, str]]:
    """Return the 25 fields of an incoming call, as the carrier documents them."""
    of_line = {"": LINE, "City": "NEW YORK", "Country": "US", "State": "NY", "Zip": "10001"}
    of_caller = {"": caller, "City": "BUFFALO", "Country": "US", "State": "NY", "Zip": "14201"}
    fields = {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "CallSid": sid,
        "CallStatus": "ringing",
        "Direction": "inbound",
        **{f"{end}{part}": value for end in ("Called", "To") for part, value in of_line.items()},
        **{f"{end}{part}": value for end in ("Caller", "From") for part, value in of_caller.items()},
    }
    return sorted(fields.items())


def new_sid() -> str:
    """Return a call's id as the carrier makes them."""
    return f"CA{uuid4().hex}"


def requests(callers: Sequence[str], count: int) -> list[bytes]:
    """Return as many webhooks as wanted, each a call of its own, from these callers in turn."""
    return [_request(callers[n % len(callers)]) for n in range(count)]


def _request(caller: str) -> bytes:
    fields = form(caller, new_sid())
    body = urlencode(fields)
    head = (
        f"POST {PATH} HTTP/1.1\r\n"
        "Host: line.example.com\r\n"
        "User-Agent: TwilioProxy/1.1\r\n"
        "Accept: */*\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        f"I-Twilio-Idempotency-Token: {uuid4()}\r\n"
        f"X-Twilio-Signature: {signature(TOKEN, BASE + PATH, fields)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()
