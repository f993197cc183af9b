"""The parameters of each request, by the documentation; the tests compare them with tests/recordings.

Everything is text, as in a form. Empty values are sent, as the carrier sends them.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote

from bridge.carriers.simulator.values import CarrierFault, Leg

API_VERSION = "2010-04-01"
# The seven-bit alphabet of GSM 03.38: a text within it holds 160 characters, any other 70.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€"
)


def rfc2822(instant: datetime) -> str:
    """Write an instant as the carrier does: `Tue, 12 May 2015 17:52:22 +0000`."""
    return format_datetime(instant.astimezone(UTC))


def segments(body: str) -> int:
    """Count the short messages that a text takes."""
    single, part = (160, 153) if set(body) <= _GSM else (70, 67)
    return 1 if len(body) <= single else -(-len(body) // part)


def _places(*names: str, number: str) -> dict[str, str]:
    """Return the geographic parameters of a number: of invented ones nothing is known but the country."""
    country = "US" if number.startswith("+1") else ""
    return {
        f"{name}{part}": country if part == "Country" else ""
        for name in names
        for part in ("City", "State", "Zip", "Country")
    }


def standard(leg: Leg, status: str) -> dict[str, str]:
    """Return what every voice request about a leg carries."""
    return {
        "CallSid": leg.sid,
        "AccountSid": leg.account_sid,
        "ApiVersion": API_VERSION,
        "Direction": leg.direction,
        "CallStatus": status,
        "From": leg.from_,
        "To": leg.to,
        "Caller": leg.from_,
        "Called": leg.to,
        **_places("From", "Caller", number=leg.from_),
        **_places("To", "Called", number=leg.to),
    }


def voice(leg: Leg, *, stir_verstat: str | None, at: datetime) -> dict[str, str]:
    """Return the first request about an inbound call; no attestation, no `StirVerstat`."""
    attested = {} if stir_verstat is None else {"StirVerstat": stir_verstat}
    return {**standard(leg, "ringing"), "CallToken": _call_token(leg, at), **attested}


def _call_token(leg: Leg, at: datetime) -> str:
    """Write a token of the documented form; its signature is not one, and nothing here reads it."""
    claims = {"callSid": leg.sid, "from": leg.from_, "to": leg.to, "iat": str(int(at.timestamp()))}
    coded = [
        base64.urlsafe_b64encode(part).decode().rstrip("=")
        for part in (b'{"alg":"ES256"}', json.dumps(claims, separators=(",", ":")).encode(), b"simulated")
    ]
    token = {"parentCallInfoToken": ".".join(coded), "identityHeaderTokens": []}
    return quote(json.dumps(token, separators=(",", ":")), safe="")


def failed_over(params: Mapping[str, str], fault: CarrierFault) -> dict[str, str]:
    """Return the request for the fallback address: the same, and what went wrong where."""
    return {**params, "ErrorCode": str(fault.code), "ErrorUrl": fault.url}


def gathered(leg: Leg, digits: str, finished_on_key: str) -> dict[str, str]:
    """Return the request with the keys that were pressed."""
    return {
        **standard(leg, "in-progress"),
        "Digits": digits,
        "FinishedOnKey": finished_on_key,
        "msg": "Gather End",
    }


def dialled(leg: Leg, status: str, *, dial_status: str, child_sid: str | None, talk_s: int | None) -> dict[str, str]:
    """Return the request at the end of a Dial; a number that was never dialled has no child."""
    return {
        **standard(leg, status),
        "DialCallStatus": dial_status,
        "DialBridged": "true" if talk_s is not None else "false",
        **({} if child_sid is None else {"DialCallSid": child_sid}),
        **({} if talk_s is None else {"DialCallDuration": str(talk_s)}),
    }


def leg_event(
    leg: Leg,
    status: str,
    *,
    at: datetime,
    sequence: int,
    ended: tuple[int, int] | None = None,
    stir_status: str | None = None,
) -> dict[str, str]:
    """Return one progress callback of the dialled leg; `ended` = (seconds talked, SIP response code)."""
    if leg.parent_sid is None:
        msg = "only a dialled leg reports its progress"
        raise ValueError(msg)
    return {
        **standard(leg, status),
        "ParentCallSid": leg.parent_sid,
        **_progress(at, sequence),
        **({} if ended is None else {**_lengths(ended[0]), "SipResponseCode": str(ended[1])}),
        **({} if stir_status is None else {"StirStatus": stir_status}),
    }


def call_ended(leg: Leg, status: str, *, at: datetime, duration_s: int) -> dict[str, str]:
    """Return the number's status callback: once, when the inbound call is over."""
    return {**standard(leg, status), **_progress(at, 0), **_lengths(duration_s)}


def _progress(at: datetime, sequence: int) -> dict[str, str]:
    """Return the parameters that every status callback of a call carries."""
    return {
        "Timestamp": rfc2822(at),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(sequence),
    }


def _lengths(seconds: int) -> dict[str, str]:
    """Return both lengths of an ended leg: seconds, and the minutes of the bill."""
    return {"CallDuration": str(seconds), "Duration": str(-(-seconds // 60))}


def text(account_sid: str, sid: str, *, from_: str, to: str, body: str) -> dict[str, str]:
    """Return the request about a text that came in."""
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "SmsStatus": "received",
        "From": from_,
        "To": to,
        "Body": body,
        "NumMedia": "0",
        "NumSegments": str(segments(body)),
        **_places("From", number=from_),
        **_places("To", number=to),
    }


def text_status(
    account_sid: str,
    sid: str,
    status: str,
    *,
    from_: str,
    to: str,
    at: datetime,
    error_code: int | None = None,
) -> dict[str, str]:
    """Return the callback about a text that was sent; it has neither timestamp nor sequence number."""
    receipt = {"RawDlrDoneDate": f"{at.astimezone(UTC):%y%m%d%H%M}"} if status in {"delivered", "undelivered"} else {}
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "MessageStatus": status,
        "SmsStatus": status,
        "From": from_,
        "To": to,
        **receipt,
        **({} if error_code is None else {"ErrorCode": str(error_code)}),
    }
