"""What was heard of a call, folded: a table of calls, and every order, repetition and loss of their facts."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rules.talk import LONGEST_S, fold
from bridge.values import FINAL, Conclusion, Fact, FactSource, Heard, Outcome

SID, CHILD = "CA1b2c3d4e5f60718293a4b5c6d7e8f901", "CAf0e1d2c3b4a5968778695a4b3c2d1e0f"
DIALLED_AT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return DIALLED_AT + timedelta(seconds=seconds)


def leg(event: Heard, seconds: float | None, *, n: int, talk: int | None = None, of: str = CHILD) -> Fact:
    return Fact(
        source=FactSource.LEG,
        leg=of,
        event=event,
        sequence=n,
        at=None if seconds is None else at(seconds),
        duration_s=talk,
    )


def action(event: Heard, *, talk: int | None = None, bridged: bool | None, of: str = CHILD) -> Fact:
    return Fact(
        source=FactSource.ACTION,
        leg=of,
        event=event,
        sequence=0,
        at=None,
        duration_s=talk,
        bridged=bridged,
    )


def parent(event: Heard, seconds: float | None, *, lasted: int | None = None) -> Fact:
    return Fact(
        source=FactSource.ENDED,
        leg=SID,
        event=event,
        sequence=0,
        at=None if seconds is None else at(seconds),
        duration_s=lasted,
    )


def rest(event: Heard, seconds: float | None, *, of: str = CHILD, talk: int | None = None) -> Fact:
    return Fact(
        source=FactSource.REST,
        leg=of,
        event=event,
        sequence=0,
        at=None if seconds is None else at(seconds),
        duration_s=talk,
    )


ANSWER = Fact(source=FactSource.ANSWER, leg=SID, event=Heard.DIALLED, sequence=0, at=DIALLED_AT)
FELL_BACK = Fact(source=FactSource.FALLBACK, leg=SID, event=Heard.FAILED, sequence=0, at=None)
RANG = (ANSWER, leg(Heard.INITIATED, 0, n=0), leg(Heard.RINGING, 2, n=1))
PICKED_UP = (*RANG, leg(Heard.ANSWERED, 8, n=2))
TALKED = leg(Heard.COMPLETED, 320, n=3, talk=312)
TALKED_BY_ACTION = action(Heard.COMPLETED, talk=312, bridged=True)
PARENT_OVER = parent(Heard.COMPLETED, 321, lasted=313)

TALK = Conclusion(
    outcome=Outcome.CONNECTED,
    answered_at=at(8),
    ended_at=at(320),
    talk_s=312,
    caller_gone=True,
)


def unheard(ending: Heard, *, seconds: float = 25) -> tuple[Fact, ...]:
    """Return the facts of a call whose client was not reached; the caller then hears a sentence."""
    return (
        *RANG,
        leg(ending, seconds, n=2, talk=0),
        action(ending, bridged=False),
        parent(Heard.COMPLETED, seconds + 6, lasted=6),
    )


# Whole calls, as carriers tell them.
SCRIPTS: dict[str, tuple[Fact, ...]] = {
    "answered": (*PICKED_UP, TALKED, TALKED_BY_ACTION, PARENT_OVER),
    "voicemail": (
        *PICKED_UP,
        leg(Heard.COMPLETED, 28, n=3, talk=20),
        action(Heard.COMPLETED, talk=20, bridged=True),
        parent(Heard.COMPLETED, 28, lasted=20),
    ),
    "no answer": unheard(Heard.NO_ANSWER),
    "busy": unheard(Heard.BUSY, seconds=3),
    "failed": unheard(Heard.FAILED, seconds=1),
    "given up while it rang": (
        *RANG,
        leg(Heard.CANCELED, 12, n=2, talk=0),
        parent(Heard.NO_ANSWER, 12, lasted=0),
    ),
    "picked up as the caller left": (
        *PICKED_UP,
        leg(Heard.COMPLETED, 9, n=3, talk=1),
        action(Heard.COMPLETED, bridged=False),
        parent(Heard.COMPLETED, 9, lasted=0),
    ),
    "never dialled": (ANSWER, action(Heard.FAILED, bridged=False, of=SID), parent(Heard.COMPLETED, 5)),
}


def cut(outcome: Outcome, seconds: float | None, *, gone: bool = True) -> Conclusion:
    return Conclusion(outcome=outcome, ended_at=None if seconds is None else at(seconds), caller_gone=gone)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param((), Conclusion(), id="nothing"),
        pytest.param((ANSWER,), Conclusion(), id="dialled"),
        pytest.param(RANG, Conclusion(), id="ringing"),
        pytest.param((*RANG, FELL_BACK), Conclusion(), id="a fallback says nothing of the client"),
        pytest.param(
            PICKED_UP,
            Conclusion(outcome=Outcome.CONNECTED, answered_at=at(8), live=True),
            id="picked up: live",
        ),
        pytest.param(SCRIPTS["answered"], TALK, id="answered and over"),
        pytest.param(
            SCRIPTS["voicemail"],
            Conclusion(
                outcome=Outcome.CONNECTED,
                answered_at=at(8),
                ended_at=at(28),
                talk_s=20,
                caller_gone=True,
            ),
            id="a voicemail is a short talk",
        ),
        pytest.param(SCRIPTS["no answer"], cut(Outcome.NO_ANSWER, 25), id="no answer"),
        pytest.param(SCRIPTS["busy"], cut(Outcome.BUSY, 3), id="busy"),
        pytest.param(SCRIPTS["failed"], cut(Outcome.FAILED, 1), id="failed"),
        pytest.param(SCRIPTS["given up while it rang"], cut(Outcome.CANCELED, 12), id="given up, no action comes"),
        pytest.param(SCRIPTS["picked up as the caller left"], cut(Outcome.CANCELED, 9), id="DialBridged is false"),
        pytest.param(SCRIPTS["never dialled"], cut(Outcome.FAILED, 5), id="could not be dialled: no leg at all"),
        # One voice only
        pytest.param(
            (TALKED_BY_ACTION,),
            Conclusion(outcome=Outcome.CONNECTED, talk_s=312),
            id="action only",
        ),
        pytest.param(
            (TALKED_BY_ACTION, PARENT_OVER),
            Conclusion(outcome=Outcome.CONNECTED, ended_at=at(321), talk_s=312, caller_gone=True),
            id="action and the caller's end: the end is known",
        ),
        pytest.param(
            (TALKED,),
            Conclusion(outcome=Outcome.CONNECTED, ended_at=at(320), talk_s=312),
            id="the leg's end only",
        ),
        pytest.param(
            (rest(Heard.COMPLETED, 320, talk=312), rest(Heard.COMPLETED, 321, of=SID, talk=313)),
            Conclusion(outcome=Outcome.CONNECTED, ended_at=at(320), talk_s=312, caller_gone=True),
            id="the carrier's record only",
        ),
        pytest.param(
            (rest(Heard.NO_ANSWER, 25), rest(Heard.COMPLETED, 30, of=SID)),
            cut(Outcome.NO_ANSWER, 25),
            id="the carrier's record of no answer",
        ),
        pytest.param(
            (action(Heard.NO_ANSWER, bridged=False),),
            cut(Outcome.NO_ANSWER, None, gone=False),
            id="no answer, by the action only",
        ),
        pytest.param(
            (action(Heard.NO_ANSWER, bridged=False), parent(Heard.COMPLETED, 31)),
            cut(Outcome.NO_ANSWER, 31),
            id="no answer, by action and end",
        ),
        pytest.param(
            (action(Heard.COMPLETED, talk=312, bridged=None),),
            Conclusion(outcome=Outcome.CONNECTED, talk_s=312),
            id="a carrier that does not say whether it bridged",
        ),
        pytest.param(
            (action(Heard.COMPLETED, bridged=False),),
            cut(Outcome.CANCELED, None, gone=False),
            id="completed but never bridged",
        ),
        # Lost facts
        pytest.param(
            (*PICKED_UP, PARENT_OVER),
            Conclusion(
                outcome=Outcome.CONNECTED,
                answered_at=at(8),
                ended_at=at(321),
                talk_s=313,
                caller_gone=True,
            ),
            id="the end of the leg was lost: the caller's end stands in",
        ),
        pytest.param(
            (*PICKED_UP, leg(Heard.COMPLETED, 320, n=3)),
            Conclusion(outcome=Outcome.CONNECTED, answered_at=at(8), ended_at=at(320), talk_s=312),
            id="no figure: the two instants make one",
        ),
        pytest.param(
            (*PICKED_UP, leg(Heard.COMPLETED, None, n=3)),
            Conclusion(outcome=Outcome.CONNECTED, answered_at=at(8), talk_s=0),
            id="no figure and no instant: nothing is made up",
        ),
        pytest.param(
            (*PICKED_UP, leg(Heard.COMPLETED, 3, n=3)),
            Conclusion(outcome=Outcome.CONNECTED, answered_at=at(8), ended_at=at(3), talk_s=0),
            id="clocks that run backwards: never negative",
        ),
        pytest.param(
            (*PICKED_UP, leg(Heard.FAILED, 20, n=3)),
            Conclusion(outcome=Outcome.CONNECTED, answered_at=at(8), ended_at=at(20), talk_s=12),
            id="dropped in the middle",
        ),
        pytest.param(
            (*RANG, parent(Heard.COMPLETED, 14)),
            cut(Outcome.CANCELED, 14),
            id="the caller left and the leg's end was lost",
        ),
        pytest.param((PARENT_OVER,), cut(Outcome.CANCELED, 321), id="nothing but the caller's end"),
        # Figures that disagree
        pytest.param(
            (*PICKED_UP, TALKED, action(Heard.COMPLETED, talk=309, bridged=True)),
            Conclusion(
                outcome=Outcome.CONNECTED,
                answered_at=at(8),
                ended_at=at(320),
                talk_s=312,
                off_by_s=3,
            ),
            id="the leg is believed, the difference is told",
        ),
        pytest.param(
            (*PICKED_UP, TALKED, TALKED_BY_ACTION, rest(Heard.COMPLETED, 320, talk=400)),
            Conclusion(
                outcome=Outcome.CONNECTED,
                answered_at=at(8),
                ended_at=at(320),
                talk_s=312,
                off_by_s=88,
            ),
            id="the record disagrees",
        ),
        pytest.param(
            (leg(Heard.COMPLETED, 320, n=3, talk=999_999_999),),
            Conclusion(outcome=Outcome.CONNECTED, ended_at=at(320), talk_s=LONGEST_S),
            id="no call lasts longer than a day",
        ),
        # A second leg, as carriers make one when a call is dialled twice
        pytest.param(
            (
                leg(Heard.NO_ANSWER, 20, n=2, of="CA01"),
                leg(Heard.ANSWERED, 30, n=2, of="CA02"),
                leg(Heard.COMPLETED, 90, n=3, talk=60, of="CA02"),
                leg(Heard.ANSWERED, 100, n=2, of="CA03"),
                leg(Heard.COMPLETED, 130, n=3, talk=30, of="CA03"),
            ),
            Conclusion(outcome=Outcome.CONNECTED, answered_at=at(30), ended_at=at(130), talk_s=90),
            id="talk of several legs adds up",
        ),
        pytest.param(
            (
                leg(Heard.ANSWERED, 30, n=2, of="CA02"),
                leg(Heard.COMPLETED, 90, n=3, talk=60, of="CA02"),
                leg(Heard.ANSWERED, 100, n=2, of="CA03"),
            ),
            Conclusion(outcome=Outcome.CONNECTED, answered_at=at(30), talk_s=60, live=True),
            id="one leg is over, one is live",
        ),
    ],
)
def test_a_call_amounts_to_what_was_heard(facts: Sequence[Fact], expected: Conclusion) -> None:
    assert expected == fold(SID, facts)


# Every order and repetition (F10, F11)


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_f11_every_order_of_a_call_comes_to_the_same(script: tuple[Fact, ...]) -> None:
    told = {fold(SID, order) for order in permutations(script)}

    assert told == {fold(SID, script)}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([*SCRIPTS.values()]), st.data())
def test_f10_every_repetition_in_any_order_comes_to_the_same(script: tuple[Fact, ...], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(script), max_size=10))
    heard = data.draw(st.permutations([*script, *again]))

    assert fold(SID, heard) == fold(SID, script)


def subsets(script: Sequence[Fact]) -> Iterable[tuple[Fact, ...]]:
    return chain.from_iterable(combinations(script, size) for size in range(len(script)))


NOT_REACHED = [name for name in SCRIPTS if fold(SID, SCRIPTS[name]).outcome is not Outcome.CONNECTED]


@pytest.mark.parametrize("name", [name for name in NOT_REACHED if name != "picked up as the caller left"])
def test_whatever_is_lost_nobody_is_said_to_have_talked_who_did_not(name: str) -> None:
    assert Outcome.CONNECTED not in {fold(SID, some).outcome for some in subsets(SCRIPTS[name])}


def test_a_lost_action_makes_at_most_a_second_of_a_client_who_picked_up_too_late() -> None:
    """The action alone knows that the two were never joined; `min_talk_s` is what guards then."""
    talks = {fold(SID, some).talk_s for some in subsets(SCRIPTS["picked up as the caller left"])}

    assert talks <= {None, 0, 1}


@pytest.mark.parametrize("name", ["answered", "voicemail"])
def test_whatever_is_lost_talk_does_not_grow(name: str) -> None:
    whole = fold(SID, SCRIPTS[name])
    assert whole.talk_s is not None

    told = {fold(SID, some).talk_s or 0 for some in subsets(SCRIPTS[name])}

    assert max(told) <= whole.talk_s + 1  # the caller's end stands in for the leg's, a second later


# Arbitrary facts: carriers send what nobody foresaw

facts = st.builds(
    Fact,
    source=st.sampled_from(FactSource),
    leg=st.sampled_from([SID, CHILD, "CA02"]),
    event=st.sampled_from(Heard),
    sequence=st.integers(-1, 4),
    at=st.none() | st.integers(-100_000, 1_000_000).map(at),
    duration_s=st.none() | st.integers(-5, 5) | st.integers(0, 999_999_999),
    bridged=st.none() | st.booleans(),
)


@settings(max_examples=250, deadline=None)
@given(st.lists(facts, max_size=8), st.data())
def test_any_facts_in_any_order_come_to_the_same_and_make_sense(heard: list[Fact], data: st.DataObject) -> None:
    told = fold(SID, heard)
    again = data.draw(st.lists(st.sampled_from(heard), max_size=4)) if heard else []

    assert fold(SID, data.draw(st.permutations([*heard, *again]))) == told
    assert told.talk_s is None or told.talk_s >= 0
    assert told.off_by_s >= 0
    assert not (told.live and told.caller_gone)
    assert not (told.live and told.ended_at)
    if told.live or told.talk_s is not None:
        assert told.outcome is Outcome.CONNECTED
    if told.outcome is Outcome.CONNECTED:
        assert any(f.event in {Heard.ANSWERED, Heard.COMPLETED} for f in heard)
    if told.caller_gone:
        assert any(f.event in FINAL for f in heard)
    assert told.outcome is not Outcome.REFUSED  # that is for the rules to say, not for a carrier
