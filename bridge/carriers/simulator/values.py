"""What is told to the simulated carrier, and what it tells afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """How the dialled person's phone behaves."""

    ANSWERED = "answered"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    FAILED = "failed"
    CANCELED = "canceled"  # the caller gives up while it rings; the Dial action is still requested
    VOICEMAIL = "voicemail"  # a machine answers: for the carrier a call like any other


class Party(StrEnum):
    """Who ends a conversation."""

    CALLER = "caller"
    CALLEE = "callee"


# The names by which `Mischief` speaks of callbacks, in the order in which they are due.
EVENTS = ("initiated", "ringing", "answered", "completed", "action", "ended")


@dataclass(frozen=True, kw_only=True)
class Mischief:
    """Hostile timings, all documented as possible: callbacks get lost, late, doubled and reordered."""

    copies: int = 1  # each callback arrives that often
    same_token: bool = True  # copies carry one idempotency token, as the carrier's own retries do
    order: tuple[str, ...] = ()  # names in order of arrival; a name given twice arrives twice; the rest follow
    at_once: bool = False  # the callbacks of a dial are sent in parallel
    lose: frozenset[str] = frozenset()  # never arrive
    late: frozenset[str] = frozenset()  # held until `PlacedCall.deliver_late()`
    hang_up_while_ringing: bool = False  # the caller gives up, and no action is requested

    def __post_init__(self) -> None:
        """Refuse a misspelled event: it would make a test pass for no reason."""
        unknown = {*self.order, *self.lose, *self.late} - {*EVENTS}
        if unknown:
            msg = f"no such callbacks: {sorted(unknown)}; there are {EVENTS}"
            raise ValueError(msg)


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whose requests these are: the first token signs, either token or a key opens the REST API."""

    sid: str  # "AC" and 32 hex digits
    auth_token: str
    keys: Mapping[str, str] = field(default_factory=dict)  # API key -> secret


@dataclass(frozen=True, kw_only=True)
class Webhooks:
    """What a number asks; each may carry connection overrides in its fragment."""

    voice_url: str
    fallback_url: str | None = None
    ended_url: str | None = None  # the number's status callback: once, at the end of the inbound call
    text_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One thing that was said to the caller; `by_carrier` marks the canned message after an error."""

    text: str
    language: str = "en-US"
    by_carrier: bool = False


@dataclass(frozen=True, kw_only=True)
class Rang:
    """A phone that was dialled, and how; seconds."""

    number: str
    caller_id: str
    timeout: int
    time_limit: int
    answer_on_bridge: bool


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One HTTP request and what came back; `status` is None where nothing came back."""

    kind: str  # the name of its recording in tests/recordings
    url: str  # as configured, with its fragment
    params: Mapping[str, str]
    token: str
    status: int | None
    content_type: str
    body: str
    elapsed: float  # seconds on the event loop's clock, for people and benches; nothing is decided by it


class CarrierFault(Exception):  # noqa: N818 - what the carrier's debugger lists: errors and warnings
    """Something the carrier could not do, by its documented number."""

    def __init__(self, code: int, detail: str, *, url: str = "", retry: str | None = None) -> None:
        """Keep the number, and `retry`: the class of failure as the retry policy `rp` names it."""
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.url = url
        self.retry = retry


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One leg of a call, as it stands in every request about it."""

    sid: str
    account_sid: str
    from_: str
    to: str
    direction: str  # "inbound" | "outbound-dial"
    parent_sid: str | None = None


@dataclass(kw_only=True)
class CallRecord:
    """A leg as the REST API knows it; `duration_s` is None until it ends and where it was not answered."""

    leg: Leg
    status: str
    created: datetime
    updated: datetime
    stir_verstat: str | None = None
    answered: datetime | None = None
    ended: datetime | None = None
    duration_s: int | None = None


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What becomes of a text: the callbacks in order of arrival, and how it ends."""

    status: str = "delivered"
    error_code: int | None = None
    callbacks: tuple[str, ...] = ("sent", "delivered")


@dataclass(kw_only=True)
class MessageRecord:
    """A text as the REST API knows it."""

    sid: str
    from_: str | None
    to: str
    body: str
    direction: str  # "inbound" | "outbound-api" | "outbound-reply"
    status: str
    created: datetime
    updated: datetime
    sent: datetime | None = None
    error_code: int | None = None
    status_callback: str | None = None
    messaging_service_sid: str | None = None


@dataclass(frozen=True, kw_only=True)
class RestFailure:
    """How the REST API fails: `status` is an HTTP status, None = it never answers, 0 = the line drops."""

    status: int | None = 500
    code: int = 20500
    took_it: bool = False  # the request was carried out all the same: the ambiguous case
