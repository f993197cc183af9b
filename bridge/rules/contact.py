"""Which number a provider is shown for an appointment (R98, R105–R107, R111)."""

from dataclasses import dataclass
from datetime import datetime

from bridge.values import Contact, ContactKind, ContactReason
from config.phones import unusable
from people.values import PracticeKind
from scheduling.values import AppointmentState, SessionType


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFacts:
    """What the answer depends on. `shared_by` counts the active providers with the same verified dial number."""

    session_type: SessionType
    tracked: bool
    state: AppointmentState
    opens_at: datetime
    ends_at: datetime
    line: str | None
    client_number: str | None
    verified: bool
    shared_by: int
    has_pin: bool
    practice_kind: PracticeKind
    line_enabled: bool
    revealed: bool


def contact(facts: ContactFacts, now: datetime) -> Contact:
    """Return what to dial: the line while it will serve, the client's own number where it will not."""
    trouble = _nothing_to_dial(facts, now)
    if trouble is not None:
        return Contact(kind=ContactKind.NONE, reason=trouble)
    why_direct = _why_direct(facts)
    if why_direct is not None:
        return Contact(kind=ContactKind.DIRECT, number=facts.client_number, reason=why_direct)
    return Contact(kind=ContactKind.LINE, number=facts.line, opens_at=facts.opens_at, closes_at=facts.ends_at)


def _nothing_to_dial(facts: ContactFacts, now: datetime) -> ContactReason | None:
    if facts.session_type is not SessionType.PHONE_CONSULTATION:
        return ContactReason.NOT_A_CALL
    if facts.state.given_up:
        return ContactReason.CANCELLED
    if now >= facts.ends_at:
        return ContactReason.WINDOW_OVER
    if not facts.client_number or (facts.tracked and facts.line and unusable(facts.client_number, facts.line)):
        return ContactReason.NO_CLIENT_NUMBER
    return None


def _why_direct(facts: ContactFacts) -> ContactReason | None:
    if not facts.tracked:
        return ContactReason.SELF_SCHEDULED
    if facts.revealed or facts.line is None:
        return ContactReason.OUTAGE
    if not facts.verified:
        return ContactReason.NUMBER_NOT_VERIFIED
    if facts.practice_kind is PracticeKind.GROUP and not (facts.line_enabled and facts.has_pin):
        return ContactReason.GROUP_PRACTICE
    if facts.shared_by > 1 and not facts.has_pin:
        return ContactReason.SHARED_NUMBER
    return None
