"""What was heard of a call, folded into what happened.

Facts come late, twice, out of order or not at all, so the fold looks at the set of them and at nothing else:
any order and any repetition gives the same conclusion. Talk is measured on the child leg (the client's),
since a parent's seconds count ringing and prompts; the Dial action, the carrier's REST API and the end of
the parent stand in where the leg's own facts were lost.
"""

from collections.abc import Iterable
from datetime import datetime

from bridge.values import FINAL, Conclusion, Fact, FactSource, Heard, Outcome

# No carrier lets a call run longer than a day; a figure beyond that is nonsense, as is a negative one.
LONGEST_S = 86_400

_ENDED_AS = {
    Heard.BUSY: Outcome.BUSY,
    Heard.NO_ANSWER: Outcome.NO_ANSWER,
    Heard.FAILED: Outcome.FAILED,
    Heard.CANCELED: Outcome.CANCELED,
}


def fold(sid: str, facts: Iterable[Fact]) -> Conclusion:
    """Return what the facts of the call `sid` amount to."""
    known = set(facts)
    ended = sorted((f for f in known if f.event in FINAL and _of_parent(f, sid)), key=_order)
    legs = _by_leg(sid, known)
    parts = [_fold_leg(legs[leg], ended) for leg in sorted(legs)]
    joined = [part for part in parts if part.outcome is Outcome.CONNECTED]
    if joined:
        talks = [part.talk_s for part in joined if part.talk_s is not None]
        live = any(part.live for part in joined)
        return Conclusion(
            outcome=Outcome.CONNECTED,
            answered_at=min((p.answered_at for p in joined if p.answered_at), default=None),
            ended_at=None if live else max((p.ended_at for p in joined if p.ended_at), default=None),
            talk_s=sum(talks) if talks else None,
            live=live,
            caller_gone=bool(ended),
            off_by_s=max(part.off_by_s for part in joined),
        )
    settled = [part for part in parts if part.outcome is not None]
    if settled:
        return Conclusion(
            outcome=settled[-1].outcome,
            ended_at=settled[-1].ended_at or _latest(ended),
            caller_gone=bool(ended),
        )
    if ended:
        # The caller left while it rang, and the leg's own end was lost.
        return Conclusion(outcome=Outcome.CANCELED, ended_at=_latest(ended), caller_gone=True)
    return Conclusion()


def _of_parent(fact: Fact, sid: str) -> bool:
    return fact.source is FactSource.ENDED or (fact.source is FactSource.REST and fact.leg == sid)


def _by_leg(sid: str, known: set[Fact]) -> dict[str, list[Fact]]:
    """Group what is about the client's leg; an action that does not name its leg goes to the first one."""
    about = [f for f in known if f.source in _LEG_SOURCES and not _of_parent(f, sid)]
    named = sorted({f.leg for f in about if f.leg != sid})
    legs: dict[str, list[Fact]] = {leg: [] for leg in named or ([sid] if about else [])}
    for fact in about:
        legs[fact.leg if fact.leg in legs else next(iter(legs))].append(fact)
    return legs


_LEG_SOURCES = frozenset({FactSource.LEG, FactSource.ACTION, FactSource.REST})


def _fold_leg(facts: list[Fact], parent_ended: list[Fact]) -> Conclusion:
    own = [f for f in facts if f.source is FactSource.LEG]
    action = [f for f in facts if f.source is FactSource.ACTION]
    rest = [f for f in facts if f.source is FactSource.REST]
    answered = sorted((f for f in own + rest if f.event is Heard.ANSWERED), key=_order)
    final = sorted((f for f in own + action + rest if f.event in FINAL), key=_order)
    completed = [f for f in final if f.event is Heard.COMPLETED]
    never_joined = any(f.bridged is False for f in action)
    if never_joined or not (answered or completed):
        return _not_joined(final, never_joined=never_joined)
    answered_at = answered[0].at if answered else None
    measured = [min(max(0, told), LONGEST_S) for told in _seconds(own, action, rest, answered_at, parent_ended)]
    over = bool(final) or bool(parent_ended)
    return Conclusion(
        outcome=Outcome.CONNECTED,
        answered_at=answered_at,
        ended_at=_latest(completed) or _latest(final) or _latest(parent_ended) if over else None,
        talk_s=measured[0] if over and measured else None,
        live=not over,
        off_by_s=max(measured) - min(measured) if over and measured else 0,
    )


def _not_joined(final: list[Fact], *, never_joined: bool) -> Conclusion:
    told = [f for f in final if f.event in _ENDED_AS]
    if told:
        return Conclusion(outcome=_ENDED_AS[told[-1].event], ended_at=_latest(told))
    if never_joined:
        # The client picked up as the caller left: nobody was joined.
        return Conclusion(outcome=Outcome.CANCELED, ended_at=_latest(final))
    return Conclusion()


def _seconds(
    own: list[Fact],
    action: list[Fact],
    rest: list[Fact],
    answered_at: datetime | None,
    parent_ended: list[Fact],
) -> list[int]:
    """Return the talk time as each source tells it, the most trusted first."""
    told = [
        [f.duration_s for f in source if f.event is Heard.COMPLETED and f.duration_s is not None]
        for source in (own, action, rest)
    ]
    if any(told):
        return [max(seconds) for seconds in told if seconds]
    ends = [f.at for f in own + rest if f.event in FINAL and f.at] or [f.at for f in parent_ended if f.at]
    if answered_at and ends:
        return [int((max(ends) - answered_at).total_seconds())]
    return [0] if any(f.event in FINAL for f in own + action + rest) or parent_ended else []


# A final fact outranks others of the same instant; the rest only makes the order total.
_SOURCES = list(FactSource)


def _order(fact: Fact) -> tuple[bool, float, int, int, str, str]:
    return (
        fact.event in FINAL,
        fact.at.timestamp() if fact.at else float("inf"),
        fact.sequence,
        -_SOURCES.index(fact.source),
        fact.event.value,
        fact.leg,
    )


def _latest(facts: list[Fact]) -> datetime | None:
    return max((f.at for f in facts if f.at), default=None)
