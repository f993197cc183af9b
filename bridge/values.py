"""The words of the line."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from config.phones import CallerId, Unusable
from people.values import CallerFacts, Language
from scheduling.values import Window


class Outcome(StrEnum):
    """How a call ended, as seen from the person who dialled."""

    CONNECTED = "connected"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    CANCELED = "canceled"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a call was refused."""

    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    UNKNOWN_CALLER = "unknown_caller"
    WITHHELD = "withheld"
    NOT_VERIFIED = "not_verified"
    NO_CONSULTATION = "no_consultation"
    ALREADY_IN_CALL = "already_in_call"
    PIN_FAILED = "pin_failed"
    ATTESTATION_FAILED = "attestation_failed"
    NO_CLIENT_NUMBER = "no_client_number"
    BAD_CLIENT_NUMBER = "bad_client_number"
    SERVICE_TROUBLE = "service_trouble"


class Detail(StrEnum):
    """What more is to be said about a refusal than its reason."""

    GROUP_LINE_OFF = "group_line_off"
    SHARED_NUMBER = "shared_number"
    NO_PIN = "no_pin"
    PIN_LOCKED = "pin_locked"
    WRONG_CODE = "wrong_code"
    NOT_CHOSEN = "not_chosen"


class Attestation(StrEnum):
    """What the carriers vouch for about a caller's number (STIR/SHAKEN)."""

    PASSED_A = "passed_a"
    PASSED_B = "passed_b"
    PASSED_C = "passed_c"
    FAILED = "failed"
    NONE = "none"


class FactSource(StrEnum):
    """Which message a fact about a call came with."""

    ANSWER = "answer"
    LEG = "leg"
    ACTION = "action"
    ENDED = "ended"
    REST = "rest"
    FALLBACK = "fallback"


class Heard(StrEnum):
    """What a carrier says of a call or a leg, in our words."""

    DIALLED = "dialled"
    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    CANCELED = "canceled"


FINAL = frozenset({Heard.COMPLETED, Heard.BUSY, Heard.NO_ANSWER, Heard.FAILED, Heard.CANCELED})


class CarrierName(StrEnum):
    """The carriers that the service knows."""

    TWILIO = "twilio"
    SIMULATOR = "simulator"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundCall:
    """A call as it comes in. `arrived_at` is our clock when the request's headers were there (R108)."""

    carrier: CarrierName
    sid: str
    line: str
    caller: CallerId
    attestation: Attestation
    arrived_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that was heard of a call.

    `leg` is the carrier's id of the leg that it is about, `at` the carrier's own instant or None, `duration_s`
    whole seconds, `bridged` whether the two were joined, None where the carrier does not say.
    """

    source: FactSource
    leg: str
    event: Heard
    sequence: int
    at: datetime | None
    duration_s: int | None = None
    bridged: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What all facts of a call amount to.

    `talk_s` is None until two people were joined and that has ended; `live` while they are, as far as is known.
    `off_by_s` is how far the sources disagree about the seconds.
    """

    outcome: Outcome | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    talk_s: int | None = None
    live: bool = False
    caller_gone: bool = False
    off_by_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A window near the call, with what is needed to serve it."""

    window: Window
    client_number: str | None
    occurred: bool
    live_heard_at: datetime | None

    def open_at(self, instant: datetime) -> bool:
        """Tell whether the line is open for it: `opens_at <= t < closes_at` (R108)."""
        return self.window.opens_at <= instant < self.window.closes_at


# What the line does with a call.


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Ring the client; they see the provider's own number (R102)."""

    provider_id: UUID
    appointment_id: UUID
    occurrence: int
    caller_id: str
    client_number: str
    language: Language


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a menu."""

    digit: str
    appointment_id: UUID
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """Ask which of several open consultations of one provider is meant, by its start."""

    provider_id: UUID
    choices: tuple[Choice, ...]
    language: Language
    timezone: str
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPin:
    """Ask who is calling (R114)."""

    language: Language
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCode:
    """Ask for the code that the portal shows (R104)."""

    language: Language
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Greet:
    """Tell that the number is recognised, and when the next consultation opens, if there is one."""

    provider_id: UUID
    language: Language
    timezone: str
    opens_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """Refuse, and say what to do next. `at` is the opening for too_early, the closing for too_late and others."""

    reason: Reason
    language: Language = Language.ENGLISH
    provider_id: UUID | None = None
    appointment_id: UUID | None = None
    timezone: str | None = None
    at: datetime | None = None
    detail: Detail | Unusable | None = None


Route = Connect | Menu | AskPin | AskCode | Greet | Decline


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What is known when a call comes in."""

    callers: tuple[CallerFacts, ...]
    candidates: tuple[Candidate, ...]


# The health of the line.


class Sign(StrEnum):
    """Something that tells how a line is doing."""

    PROBE_OK = "probe_ok"
    PROBE_FAILED = "probe_failed"
    FALLBACK = "fallback"
    WEBHOOK_UNANSWERED = "webhook_unanswered"


class LineState(StrEnum):
    """Whether a line is judged to work."""

    UP = "up"
    DOWN = "down"


class DownReason(StrEnum):
    """Why a line is judged to be down."""

    OPERATOR = "operator"
    PROBES = "probes"
    WEBHOOKS = "webhooks"
    DIALS = "dials"


@dataclass(frozen=True, slots=True)
class Dial:
    """A connected route: when it was dialled, whether a child leg was heard of, whether it failed."""

    at: datetime
    first_leg_at: datetime | None
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFacts:
    """What a line is judged by: the last half hour of signs and dials, and the operator's switch."""

    signs: tuple[tuple[datetime, Sign], ...] = ()
    dials: tuple[Dial, ...] = ()
    declared_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A judgement: since when, and why."""

    state: LineState
    since: datetime | None = None
    reason: DownReason | None = None


# What the pop-up shows.


class ContactKind(StrEnum):
    """Which number a provider is shown for an appointment."""

    LINE = "line"
    DIRECT = "direct"
    NONE = "none"


class ContactReason(StrEnum):
    """Why it is that number."""

    OUTAGE = "outage"
    NUMBER_NOT_VERIFIED = "number_not_verified"
    SHARED_NUMBER = "shared_number"
    GROUP_PRACTICE = "group_practice"
    SELF_SCHEDULED = "self_scheduled"
    NO_CLIENT_NUMBER = "no_client_number"
    WINDOW_OVER = "window_over"
    CANCELLED = "cancelled"
    NOT_A_CALL = "not_a_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What to dial for an appointment, if anything, and when it works."""

    kind: ContactKind
    number: str | None = None
    reason: ContactReason | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
