"""Read an answer of the service as the carrier reads it: a tuple of verbs, or a documented error.

This is the part of the language that a telephone bridge needs. Whatever else the carrier may know
(recording, streams, transcription, machine detection, played audio) is refused here like a misspelled
verb, because this service must never say it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from bridge.carriers.simulator.values import CarrierFault

MAX_BYTES = 64 * 1024
MAX_SPOKEN = 4096
MAX_TEXT = 1600
MAX_TALK_S = 14_400
_XML = frozenset({"text/xml", "application/xml", "text/html"})
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_DOCTYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
# What may stand in a spoken text: speech markup, whose words are heard like any others.
_SPEECH = frozenset({"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"})
_ATTRIBUTES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "Response": frozenset(),
        "Dial": frozenset(
            {
                "action",
                "method",
                "timeout",
                "timeLimit",
                "callerId",
                "answerOnBridge",
                "ringTone",
                "hangupOnStar",
            }
        ),
        "Number": frozenset({"statusCallback", "statusCallbackMethod", "statusCallbackEvent"}),
        "Say": frozenset({"voice", "language"}),
        "Gather": frozenset({"action", "method", "timeout", "numDigits", "finishOnKey", "input"}),
        "Pause": frozenset({"length"}),
        "Hangup": frozenset(),
        "Redirect": frozenset({"method"}),
        "Reject": frozenset({"reason"}),
        "Message": frozenset(),
        "Body": frozenset(),
    }
)


@dataclass(frozen=True, kw_only=True)
class Say:
    """Speak a text."""

    text: str
    language: str = "en-US"


@dataclass(frozen=True, kw_only=True)
class Pause:
    """Wait in silence, seconds."""

    length: int


@dataclass(frozen=True, kw_only=True)
class Gather:
    """Take keys; the nested verbs are heard while they may be pressed."""

    action: str
    timeout: int
    num_digits: int | None
    finish_on_key: str
    nested: tuple[Say | Pause, ...]


@dataclass(frozen=True, kw_only=True)
class Dial:
    """Ring one number and bridge it; addresses are absolute, with their fragments."""

    number: str
    action: str | None
    caller_id: str | None
    timeout: int
    time_limit: int
    answer_on_bridge: bool
    status_callback: str | None
    events: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """Go on with another document."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Reject:
    """Refuse the call without answering it."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Hangup:
    """End the call."""


Verb = Say | Pause | Gather | Dial | Redirect | Reject | Hangup


def read_voice(body: bytes, content_type: str, url: str) -> tuple[Verb, ...]:
    """Read an answer to a voice request; addresses in it are relative to `url`. Raises CarrierFault.

    Plain text is read aloud to the caller, as documented: an error page becomes speech.
    """
    if content_type == "text/plain" and body.strip():
        return (_spoken(body.decode(errors="replace"), "en-US", url),)
    return tuple(_verb(element, url) for element in _document(body, content_type, url))


def read_text(body: bytes, content_type: str, url: str) -> tuple[str, ...]:
    """Read an answer to an incoming text: the replies. Plain text is a reply. Raises CarrierFault."""
    if not body.strip():
        return ()
    if content_type == "text/plain":
        return (body.decode(errors="replace"),)
    replies = []
    for element in _document(body, content_type, url):
        if element.tag != "Message":
            raise CarrierFault(12200, f"<{element.tag}> is no verb for a text", url=url)
        _check(element, url, nested=frozenset({"Body"}))
        reply = "".join(element.itertext()).strip()
        if not 0 < len(reply) <= MAX_TEXT:
            raise CarrierFault(14103, f"a text of {len(reply)} characters", url=url)
        replies.append(reply)
    return tuple(replies)


def check_acknowledgement(body: bytes, content_type: str, url: str) -> None:
    """Raise CarrierFault where an answer to a status callback would show in the debugger as a warning.

    Clean are an empty body (204, or 200 and nothing) and an empty `<Response/>`.
    """
    if body.strip() and list(_document(body, content_type, url)):
        raise CarrierFault(12200, "verbs in an answer to a status callback", url=url)


def _document(body: bytes, content_type: str, url: str) -> Iterator[ET.Element]:
    """Yield the verbs of a document that could be parsed."""
    if body and content_type not in _XML:
        raise CarrierFault(12300, f"content type {content_type!r}", url=url)
    if _DOCTYPE.search(body):
        raise CarrierFault(12100, "a document type, which the language has not", url=url)
    try:
        root = ET.fromstring(body)  # noqa: S314 - at most 64 kB, no document type, hence no entities
    except ET.ParseError as error:
        raise CarrierFault(12100, str(error), url=url) from error
    if root.tag != "Response":
        raise CarrierFault(12102, f"the root is <{root.tag}>", url=url)
    _check(root, url, nested=None)
    if root.text and root.text.strip():
        raise CarrierFault(12200, "text outside of a verb", url=url)
    yield from root


def _check(element: ET.Element, url: str, *, nested: frozenset[str] | None) -> None:
    """Hold an element to the schema: its attributes, and what stands in it (None: anything)."""
    unknown = set(element.attrib) - _ATTRIBUTES.get(element.tag, frozenset())
    if unknown:
        raise CarrierFault(12200, f"{sorted(unknown)} on <{element.tag}>", url=url)
    strange = [child.tag for child in element if nested is not None and child.tag not in nested]
    if strange:
        raise CarrierFault(12200, f"<{strange[0]}> in <{element.tag}>", url=url)
    if element.get("method", "POST") != "POST":
        raise CarrierFault(12200, f"method {element.get('method')} on <{element.tag}>: this line posts", url=url)


def _seconds(element: ET.Element, name: str, default: int, *, within: tuple[int, int], code: int, url: str) -> int:
    """Read a number of seconds that has documented limits."""
    written = element.get(name, str(default))
    if not written.isdecimal() or not within[0] <= int(written) <= within[1]:
        raise CarrierFault(code, f'{name}="{written}" on <{element.tag}>', url=url)
    return int(written)


def _spoken(text: str, language: str, url: str) -> Say:
    """Return a text that can be spoken."""
    words = " ".join(text.split())
    if not words:
        raise CarrierFault(13520, "nothing to say", url=url)
    if len(words) > MAX_SPOKEN:
        raise CarrierFault(13521, f"{len(words)} characters to say", url=url)
    return Say(text=words, language=language)


def _verb(element: ET.Element, url: str) -> Verb:
    """Read one verb."""
    readers: Mapping[str, Callable[[ET.Element, str], Verb]] = {
        "Say": _say,
        "Pause": _pause,
        "Gather": _gather,
        "Dial": _dial,
        "Redirect": _redirect,
        "Reject": _reject,
        "Hangup": _hangup,
    }
    if element.tag not in readers:
        raise CarrierFault(12200, f"<{element.tag}> is no verb of this line", url=url)
    return readers[element.tag](element, url)


def _say(element: ET.Element, url: str) -> Say:
    _check(element, url, nested=_SPEECH)
    return _spoken("".join(element.itertext()), element.get("language", "en-US"), url)


def _pause(element: ET.Element, url: str) -> Pause:
    _check(element, url, nested=frozenset())
    return Pause(length=_seconds(element, "length", 1, within=(1, MAX_TALK_S), code=13910, url=url))


def _gather(element: ET.Element, url: str) -> Gather:
    _check(element, url, nested=None)
    nested: list[Say | Pause] = []
    for child in element:
        if child.tag not in {"Say", "Pause"}:
            raise CarrierFault(13320, f"<{child.tag}> in <Gather>", url=url)
        nested.append(_say(child, url) if child.tag == "Say" else _pause(child, url))
    keys = element.get("finishOnKey", "#")
    if len(keys) > 1 or keys not in "0123456789#*":
        raise CarrierFault(13310, f'finishOnKey="{keys}"', url=url)
    if element.get("input", "dtmf") != "dtmf":
        raise CarrierFault(13326, "this line listens to keys only", url=url)
    return Gather(
        action=urljoin(url, element.get("action", "")),
        timeout=_seconds(element, "timeout", 5, within=(1, 600), code=13313, url=url),
        num_digits=(
            _seconds(element, "numDigits", 1, within=(1, 100), code=13314, url=url)
            if "numDigits" in element.attrib
            else None
        ),
        finish_on_key=keys,
        nested=tuple(nested),
    )


def _dial(element: ET.Element, url: str) -> Dial:
    _check(element, url, nested=None)
    numbers = list(element)
    if any(child.tag != "Number" for child in numbers):
        raise CarrierFault(13215, "this line dials a number and nothing else", url=url)
    if len(numbers) > 1:
        raise CarrierFault(12200, "this line dials one number at a time", url=url)
    dialled = numbers[0] if numbers else element
    if numbers:
        _check(dialled, url, nested=frozenset())
    events = dialled.get("statusCallbackEvent", "completed").split()
    if not set(events) <= _EVENTS:
        raise CarrierFault(12200, f"statusCallbackEvent={events}", url=url)
    callback = dialled.get("statusCallback") if numbers else None
    action = element.get("action")
    return Dial(
        number=(dialled.text or "").strip(),
        action=None if action is None else urljoin(url, action),
        caller_id=element.get("callerId"),
        timeout=_seconds(element, "timeout", 30, within=(5, 600), code=13212, url=url),
        time_limit=_seconds(element, "timeLimit", MAX_TALK_S, within=(1, MAX_TALK_S), code=13216, url=url),
        answer_on_bridge=element.get("answerOnBridge", "false") == "true",
        status_callback=None if callback is None else urljoin(url, callback),
        events=frozenset(events),
    )


def is_number(written: str) -> bool:
    """Tell whether the carrier could dial this at all."""
    return _NUMBER.fullmatch(written) is not None


def _redirect(element: ET.Element, url: str) -> Redirect:
    _check(element, url, nested=frozenset())
    return Redirect(url=urljoin(url, (element.text or "").strip()))


def _reject(element: ET.Element, url: str) -> Reject:
    _check(element, url, nested=frozenset())
    reason = element.get("reason", "rejected")
    if reason not in {"rejected", "busy"}:
        raise CarrierFault(12200, f'reason="{reason}"', url=url)
    return Reject(reason=reason)


def _hangup(element: ET.Element, url: str) -> Hangup:
    _check(element, url, nested=frozenset())
    return Hangup()
