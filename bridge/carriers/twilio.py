"""Twilio's words, in both directions: its parameters become our values, our routes become its TwiML.

Nothing else in the house knows what a CallSid or a `<Dial>` is. The TwiML is written out, since a prepared
string costs a microsecond where the library's renderer costs fifty; the library is the oracle in the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import assert_never
from urllib.parse import unquote_plus
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

from bridge.rules import speech
from bridge.values import (
    AskCode,
    AskPin,
    Attestation,
    CarrierName,
    Connect,
    Decline,
    Fact,
    FactSource,
    Greet,
    Heard,
    InboundCall,
    Menu,
    Route,
)
from config.errors import BadInput, Problem
from config.phones import read_caller
from people.values import Language

MAX_PARAMS = 200
CONTENT_TYPE = "text/xml"

# Twilio's statuses of a call, a leg and a Dial. `queued` says nothing that we could use.
_HEARD: Mapping[str, Heard] = {
    "initiated": Heard.INITIATED,
    "ringing": Heard.RINGING,
    "in-progress": Heard.ANSWERED,
    "answered": Heard.COMPLETED,
    "completed": Heard.COMPLETED,
    "busy": Heard.BUSY,
    "no-answer": Heard.NO_ANSWER,
    "failed": Heard.FAILED,
    "canceled": Heard.CANCELED,
}

# Retries and timeouts of Twilio's requests; fragments are neither sent nor signed (telephony 3).
CALLBACK = "#rc=3&rp=ct,rt,5xx"
STEP = "#ct=2000&rt=5000&tt=12000&rc=2&rp=ct,rt,5xx"

_LOCALE = {Language.ENGLISH: "en-US", Language.SPANISH: "es-US"}

Params = Mapping[str, str]


def read_form(body: bytes) -> list[tuple[str, str]]:
    """Return the parameters of a form as they stand there, blanks kept, for signature and parsing.

    Raises BadInput where it is no form, has too many fields, or is not UTF-8.
    """
    try:
        fields = body.decode("ascii").split("&")
        if len(fields) <= MAX_PARAMS:
            pairs = (field.partition("=") for field in fields if field)
            return [(_unquoted(name), _unquoted(value)) for name, _, value in pairs]
    except UnicodeDecodeError:
        pass
    raise BadInput(Problem("body", "This is not a form of at most 200 fields in UTF-8."))


def _unquoted(part: str) -> str:
    """Return a name or a value as it was before it was put into a form; most of them need no change."""
    return unquote_plus(part, errors="strict") if "%" in part or "+" in part else part


def parse_call(params: Params, *, carrier: CarrierName, arrived_at: datetime) -> InboundCall:
    """Read a voice webhook; unknown parameters are ignored, since the carrier adds some without notice."""
    return InboundCall(
        carrier=carrier,
        sid=_sid(params, "CallSid"),
        line=params.get("To", ""),
        caller=read_caller(params.get("From", "")),
        attestation=attestation(params.get("StirVerstat")),
        arrived_at=arrived_at,
    )


def attestation(verstat: str | None) -> Attestation:
    """Read StirVerstat. Suffixes (`-Diverted`, `-Passthrough`) mean a forwarded call and count as their stem."""
    if not verstat or not verstat.startswith("TN-Validation-"):
        return Attestation.NONE  # absent, "NULL", "No-TN-Validation"
    if verstat.startswith("TN-Validation-Failed"):
        return Attestation.FAILED
    stem = verstat.removeprefix("TN-Validation-Passed-").split("-", 1)[0]
    return {"A": Attestation.PASSED_A, "B": Attestation.PASSED_B, "C": Attestation.PASSED_C}.get(stem, Attestation.NONE)


def parse_leg(params: Params) -> Fact:
    """Read a status callback of the child leg; `CallDuration` is in seconds, `Duration` in minutes and not read."""
    return Fact(
        source=FactSource.LEG,
        leg=_sid(params, "CallSid"),
        event=_heard(params, "CallStatus"),
        sequence=_count(params, "SequenceNumber") or 0,
        at=_instant(params.get("Timestamp")),
        duration_s=_count(params, "CallDuration"),
    )


def parse_dialled(params: Params) -> Fact:
    """Read the action of `<Dial>`; it has no instant and no number of its own."""
    bridged = params.get("DialBridged")
    return Fact(
        source=FactSource.ACTION,
        leg=_sid(params, "DialCallSid" if params.get("DialCallSid") else "CallSid"),
        event=_heard(params, "DialCallStatus"),
        sequence=0,
        at=None,
        duration_s=_count(params, "DialCallDuration"),
        bridged=None if bridged is None else bridged == "true",
    )


def parse_ended(params: Params) -> Fact:
    """Read the number-level status callback: the parent call has ended."""
    return Fact(
        source=FactSource.ENDED,
        leg=_sid(params, "CallSid"),
        event=_heard(params, "CallStatus"),
        sequence=_count(params, "SequenceNumber") or 0,
        at=_instant(params.get("Timestamp")),
        duration_s=_count(params, "CallDuration"),
    )


def rest_status(status: str) -> Heard | None:
    """Return what a status of the REST API means, or None for one that says nothing yet."""
    return _HEARD.get(status)


@dataclass(frozen=True, slots=True)
class InboundText:
    """A text that came in, as the carrier tells it."""

    sid: str
    sender: str | None
    line: str
    body: str


def parse_text(params: Params) -> InboundText:
    """Read an inbound text."""
    return InboundText(
        sid=_sid(params, "MessageSid"),
        sender=read_caller(params.get("From", "")).number,
        line=params.get("To", ""),
        body=params.get("Body", "")[:1600],
    )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a text of ours: delivered, surely not, or still on its way (None); `sid` is the carrier's id."""

    sid: str
    delivered: bool | None
    code: str | None


def parse_receipt(params: Params) -> Receipt:
    """Read a message status callback; it has no instant and no sequence, so a final state counts for good."""
    status = params.get("MessageStatus", "")
    final = {"delivered": True, "read": True, "undelivered": False, "failed": False, "canceled": False}
    code = params.get("ErrorCode", "")
    return Receipt(
        sid=_sid(params, "MessageSid"),
        delivered=final.get(status),
        code=code if code.isascii() and code.isalnum() and len(code) <= 20 else None,
    )


def failed_at(params: Params) -> str:
    """Return the path of the address whose failure led to the fallback, without host and query."""
    url = params.get("ErrorUrl", "")
    return "/" + url.split("://", 1)[-1].partition("/")[2].split("?", 1)[0].split("#", 1)[0]


def _sid(params: Params, name: str) -> str:
    value = params.get(name, "")
    if not value or len(value) > 64 or not value.isascii() or not value.isprintable():
        raise BadInput(Problem(name, "is missing or malformed"))
    return value


def _heard(params: Params, name: str) -> Heard:
    found = _HEARD.get(params.get(name, ""))
    if found is None:
        raise BadInput(Problem(name, "is not a status that we know"))
    return found


def _count(params: Params, name: str) -> int | None:
    """Read a count of seconds or of messages; what has more than nine digits is neither."""
    value = params.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        return None
    return int(value)


def _instant(value: str | None) -> datetime | None:
    """Read an RFC 2822 instant; a leap second counts as the second before, nonsense as none.

    "-0000" is UTC by somebody who does not tell where they are; it must not be taken for this machine's own zone.
    """
    if not value:
        return None
    try:
        read = parsedate_to_datetime(value.replace(":60 ", ":59 "))
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


# Our routes, as TwiML.


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a document needs besides the route: where callbacks go, and the figures of the dial."""

    base: str
    ring_s: int
    time_limit_s: int


def render(route: Route, call_id: UUID, told: Telling, now: datetime) -> str:
    """Return the TwiML for a route.

    No document records, streams, transcribes or listens, and no address in it holds more than an opaque id.
    """
    match route:
        case Connect():
            return _dial(route, call_id, told)
        case Decline() | Greet():
            return say(speech.sentence(route, now), route.language)
        case AskPin():
            return _gather(route.language, speech.sentence(route, now), 6, f"pin/{call_id}?n={route.step}", told)
        case AskCode():
            return _gather(route.language, speech.sentence(route, now), 6, f"code/{call_id}?n={route.step}", told)
        case Menu():
            return _gather(route.language, speech.sentence(route, now), 1, f"menu/{call_id}?n={route.step}", told)
        case _:
            assert_never(route)


def say(text: str, language: Language) -> str:
    """Return a document that speaks one sentence and hangs up."""
    return f"{_OPEN}{_say(text, language)}<Hangup />{_CLOSE}"


def hang_up() -> str:
    """Return a document that ends the call."""
    return f"{_OPEN}<Hangup />{_CLOSE}"


def nothing() -> str:
    """Return the empty document, the right answer to a status callback."""
    return f"{_OPEN}{_CLOSE}"


def reply(text: str) -> str:
    """Return a document that answers a text."""
    return f"{_OPEN}<Message>{escape(text)}</Message>{_CLOSE}" if text else nothing()


_OPEN = '<?xml version="1.0" encoding="UTF-8"?><Response>'
_CLOSE = "</Response>"


def _say(text: str, language: Language) -> str:
    return f'<Say language="{_LOCALE[language]}">{escape(text)}</Say>'


def _dial(route: Connect, call_id: UUID, told: Telling) -> str:
    """Dial stands first, or `answerOnBridge` has no effect and the caller pays for the ringing."""
    base = f"{told.base}/twilio/voice"
    action = quoteattr(f"{base}/dialled/{call_id}{STEP}")
    leg = quoteattr(f"{base}/leg/{call_id}{CALLBACK}")
    return (
        f'{_OPEN}<Dial action={action} answerOnBridge="true" callerId={quoteattr(route.caller_id)} '
        f'timeLimit="{told.time_limit_s}" timeout="{told.ring_s}">'
        f'<Number statusCallback={leg} statusCallbackEvent="initiated ringing answered completed">'
        f"{escape(route.client_number)}</Number></Dial>{_CLOSE}"
    )


def _gather(language: Language, text: str, digits: int, path: str, told: Telling) -> str:
    action = quoteattr(f"{told.base}/twilio/voice/{path}{STEP}")
    return (
        f'{_OPEN}<Gather action={action} input="dtmf" numDigits="{digits}" timeout="10">{_say(text, language)}</Gather>'
        f"{_say(speech.NOTHING_KEYED[language], language)}<Hangup />{_CLOSE}"
    )
