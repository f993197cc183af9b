"""Who may dial, and what happens (R98–R114). The file with the thinking.

Every function takes values and returns a `Route`. When in doubt it asks, and it never guesses: a wrong
connection is a breach of privacy.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bridge.values import (
    AskCode,
    AskPin,
    Attestation,
    Candidate,
    Choice,
    Connect,
    Decline,
    Detail,
    InboundCall,
    Loaded,
    Menu,
    Reason,
    Route,
)
from config.phones import CallerKind, Unusable, unusable
from people.values import CallerFacts, Language, PracticeKind

# A second call is refused only while the first is known to be live by a fact younger than this.
LIVE_FOR = timedelta(minutes=2)


def decide_route(call: InboundCall, known: Loaded) -> Route:
    """Decide what happens with a call that has just come in."""
    if call.caller.kind is CallerKind.WITHHELD:
        return Decline(reason=Reason.WITHHELD)
    if call.caller.kind is not CallerKind.NUMBER:
        return Decline(reason=Reason.UNKNOWN_CALLER)
    verified = [caller for caller in known.callers if caller.verified]
    if not verified:
        return _unverified(call, known.callers)
    if call.attestation is Attestation.FAILED:
        return _step_up(verified)
    if waiting := _waiting_for_a_code(call, known, verified):
        return AskCode(language=common_language(waiting))
    if all(_line_is_off(caller) for caller in verified):
        return _group_line_off(verified)
    if len(verified) > 1:
        return _ask_pin(verified, Detail.SHARED_NUMBER)
    (caller,) = verified
    if caller.practice_kind is PracticeKind.GROUP:
        return _ask_pin(verified, Detail.NO_PIN)
    return serve(call, caller, known.candidates)


def recognised(call: InboundCall, caller: CallerFacts, candidates: Sequence[Candidate]) -> Route:
    """Decide for a caller who has keyed the right PIN; `candidates` are theirs alone."""
    if _line_is_off(caller):
        return _group_line_off([caller])
    return serve(call, caller, candidates)


def serve(call: InboundCall, caller: CallerFacts, candidates: Sequence[Candidate]) -> Route:
    """Decide for a provider who is known: find their one open window (R103), or say what to do.

    Somebody else may have put the same number into their profile without proving it; their windows are not looked at.
    """
    own = [c for c in candidates if c.window.provider_id == caller.provider_id]
    open_now = [c for c in own if c.open_at(call.arrived_at)]
    if not open_now:
        return _nothing_open(call.arrived_at, caller, own)
    chosen = choose(open_now, call.line)
    if len(chosen) == 1:
        return connect(call, caller, chosen[0])
    return Menu(
        provider_id=caller.provider_id,
        choices=tuple(
            Choice(str(digit), c.window.appointment_id, c.window.starts_at)
            for digit, c in enumerate(sorted(chosen, key=_start)[:9], start=1)
        ),
        language=caller.language,
        timezone=caller.timezone,
    )


def choose(open_now: Sequence[Candidate], line: str) -> Sequence[Candidate]:
    """Narrow several open windows of one provider down as R103 says; what is left is for the menu to ask."""
    if len(open_now) == 1:
        return open_now
    left = [c for c in open_now if c.window.line == line] or list(open_now)
    if len(left) > 1:
        left = [c for c in left if not c.occurred] or left
    return left


def connect(call: InboundCall, caller: CallerFacts, candidate: Candidate) -> Route:
    """Ring the client of one open window, unless their number forbids it or they are being talked to."""
    window = candidate.window
    trouble = unusable(candidate.client_number, call.line)
    if trouble is not None:
        return Decline(
            reason=Reason.NO_CLIENT_NUMBER if trouble is Unusable.NONE else Reason.BAD_CLIENT_NUMBER,
            language=caller.language,
            provider_id=caller.provider_id,
            appointment_id=window.appointment_id,
            timezone=caller.timezone,
            detail=trouble,
        )
    heard = candidate.live_heard_at
    if heard is not None and call.arrived_at - heard < LIVE_FOR:
        return Decline(
            reason=Reason.ALREADY_IN_CALL,
            language=caller.language,
            provider_id=caller.provider_id,
            appointment_id=window.appointment_id,
            timezone=caller.timezone,
            at=window.closes_at,
        )
    assert candidate.client_number is not None  # noqa: S101 - unusable() has looked
    assert call.caller.number is not None  # noqa: S101 - a recognised caller has a number
    return Connect(
        provider_id=caller.provider_id,
        appointment_id=window.appointment_id,
        occurrence=window.occurrence,
        caller_id=call.caller.number,
        client_number=candidate.client_number,
        language=caller.language,
    )


def _unverified(call: InboundCall, callers: Sequence[CallerFacts]) -> Route:
    if not callers:
        return Decline(reason=Reason.UNKNOWN_CALLER)
    if call.attestation is Attestation.FAILED:
        return _about(callers, Reason.ATTESTATION_FAILED)
    if waiting := [caller for caller in callers if caller.verifying]:
        return AskCode(language=common_language(waiting))
    return _about(callers, Reason.NOT_VERIFIED)


def _waiting_for_a_code(call: InboundCall, known: Loaded, verified: Sequence[CallerFacts]) -> Sequence[CallerFacts]:
    """Return who is proving a number that somebody else has proven before, as at a practice's switchboard (R104).

    A code goes before a refusal or a PIN, but never before a consultation: nobody keeps another off the line by
    putting that number into their profile.
    """
    ids = {caller.provider_id for caller in verified}
    if any(c.window.provider_id in ids and c.open_at(call.arrived_at) for c in known.candidates):
        return ()
    return [caller for caller in known.callers if caller.verifying and not caller.verified]


def _step_up(verified: Sequence[CallerFacts]) -> Route:
    """Let a caller whose attestation failed prove themselves by PIN and hear no times (requirements 9)."""
    if any(caller.has_pin for caller in verified):
        return AskPin(language=common_language(verified))
    return _about(verified, Reason.ATTESTATION_FAILED)


def _ask_pin(verified: Sequence[CallerFacts], without: Detail) -> Route:
    """Ask for the PIN where anybody with this number has one; else the line is off for all of them."""
    if any(caller.has_pin for caller in verified):
        return AskPin(language=common_language(verified))
    return _about(verified, Reason.NOT_VERIFIED, without)


def _line_is_off(caller: CallerFacts) -> bool:
    """Tell whether this is a group practice that has not switched the line on; a solo one always has it (R114)."""
    return caller.practice_kind is PracticeKind.GROUP and not caller.line_enabled


def _group_line_off(callers: Sequence[CallerFacts]) -> Decline:
    return _about(callers, Reason.NO_CONSULTATION, Detail.GROUP_LINE_OFF)


def _about(callers: Sequence[CallerFacts], reason: Reason, detail: Detail | None = None) -> Decline:
    """Refuse; history names the provider where it can be one only."""
    only = callers[0] if len(callers) == 1 else None
    return Decline(
        reason=reason,
        language=common_language(callers),
        provider_id=only.provider_id if only else None,
        timezone=only.timezone if only else None,
        detail=detail,
    )


def _nothing_open(at: datetime, caller: CallerFacts, candidates: Sequence[Candidate]) -> Decline:
    """Say when the line opens, or that it has closed: whichever of the two is nearer."""
    ahead = min((c for c in candidates if c.window.opens_at > at), key=_start, default=None)
    over = max((c for c in candidates if c.window.closes_at <= at), key=_end, default=None)
    if over is not None and (ahead is None or at - over.window.closes_at < ahead.window.opens_at - at):
        reason, near, edge = Reason.TOO_LATE, over, over.window.closes_at
    elif ahead is not None:
        reason, near, edge = Reason.TOO_EARLY, ahead, ahead.window.opens_at
    else:
        return Decline(
            reason=Reason.NO_CONSULTATION,
            language=caller.language,
            provider_id=caller.provider_id,
            timezone=caller.timezone,
        )
    return Decline(
        reason=reason,
        language=caller.language,
        provider_id=caller.provider_id,
        appointment_id=near.window.appointment_id,
        timezone=caller.timezone,
        at=edge,
    )


def _start(candidate: Candidate) -> tuple[datetime, str]:
    return candidate.window.starts_at, str(candidate.window.appointment_id)


def _end(candidate: Candidate) -> tuple[datetime, str]:
    return candidate.window.closes_at, str(candidate.window.appointment_id)


def common_language(callers: Sequence[CallerFacts]) -> Language:
    """Return the language that all of them share, else English."""
    return one_language(caller.language for caller in callers)


def one_language(languages: Iterable[Language]) -> Language:
    """Return the one language that there is, else English."""
    found = set(languages)
    return found.pop() if len(found) == 1 else Language.ENGLISH
