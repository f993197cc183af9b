"""The gates of R18: who may book with a provider, and what is said to who may not."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.rules.gates import SENTENCES, failed_gates, sentence
from scheduling.values import Gate, Modality, ReferralRules, SessionType, Source

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

RULES = ReferralRules(
    accepting=True,
    paused_until=None,
    session_types=frozenset({SessionType.FULL_SESSION}),
    by_source={Source.COLLEAGUE: frozenset({SessionType.PHONE_CONSULTATION})},
    modalities=frozenset({Modality.TELEHEALTH}),
    plans=frozenset({"elm_health"}),
    states=frozenset({"NY", "NJ"}),
    youngest=18,
    oldest=65,
    not_treated=frozenset({"psychosis"}),
)
WHO: Mapping[str, Any] = {
    "session_type": SessionType.FULL_SESSION,
    "source": Source.PLATFORM_SEARCH,
    "age": 40,
    "state": "NY",
    "plan": "elm_health",
    "problems": ["anxiety"],
}


def failed(rules: ReferralRules = RULES, **but: Any) -> set[Gate]:
    return set(failed_gates(rules, **{**WHO, **but}, now=NOW))


def test_who_fits_passes_every_gate() -> None:
    assert failed() == set()


@pytest.mark.parametrize(
    ("gate", "but", "fails"),
    [
        (Gate.AGE, {"age": 17}, True),
        (Gate.AGE, {"age": 18}, False),
        (Gate.AGE, {"age": 65}, False),
        (Gate.AGE, {"age": 66}, True),
        (Gate.AGE, {"age": None}, False),
        (Gate.LICENSED, {"state": "NJ"}, False),
        (Gate.LICENSED, {"state": "CT"}, True),
        (Gate.LICENSED, {"state": None}, False),
        (Gate.PLAN, {"plan": "oak_health"}, True),
        (Gate.PLAN, {"plan": None}, False),
        (Gate.PROBLEM, {"problems": ["anxiety", "psychosis"]}, True),
        (Gate.PROBLEM, {"problems": []}, False),
        (Gate.SESSION_TYPE, {"session_type": SessionType.PHONE_CONSULTATION}, True),
        (Gate.SESSION_TYPE, {"session_type": SessionType.PHONE_CONSULTATION, "source": Source.COLLEAGUE}, False),
        (Gate.SESSION_TYPE, {"source": Source.COLLEAGUE}, True),
    ],
)
def test_each_gate_has_its_edges(gate: Gate, but: Mapping[str, Any], fails: bool) -> None:
    assert failed(**but) == ({gate} if fails else set())


@pytest.mark.parametrize(
    ("paused_until", "fails"), [(NOW - SECOND, False), (NOW, False), (NOW + SECOND, True), (None, False)]
)
def test_a_pause_ends_at_its_instant(paused_until: datetime | None, fails: bool) -> None:
    assert failed(replace(RULES, paused_until=paused_until)) == ({Gate.ACCEPTING} if fails else set())


def test_new_clients_are_not_taken_and_known_ones_are() -> None:
    closed = replace(RULES, accepting=False)

    assert failed(closed) == {Gate.ACCEPTING}
    assert failed(closed, source=Source.CLIENT_PORTAL) == set()


def test_nothing_ticked_takes_nobody() -> None:
    """R26: neither kind of session, no plan and no state are choices, too."""
    bare = replace(RULES, session_types=frozenset(), plans=frozenset(), states=frozenset())

    assert failed(bare) == {Gate.SESSION_TYPE, Gate.PLAN, Gate.LICENSED}
    assert failed(bare, plan=None, state=None) == {Gate.SESSION_TYPE}


@given(
    age=st.none() | st.integers(0, 120),
    state=st.none() | st.sampled_from(["NY", "CT"]),
    plan=st.none() | st.sampled_from(["elm_health", "oak_health"]),
    problems=st.lists(st.sampled_from(["anxiety", "psychosis"])),
    source=st.sampled_from(Source),
)
def test_whoever_tells_less_fails_no_more(
    age: int | None, state: str | None, plan: str | None, problems: list[str], source: Source
) -> None:
    told = failed(age=age, state=state, plan=plan, problems=problems, source=source)

    assert failed(age=None, state=None, plan=None, problems=[], source=source) <= told


def test_every_gate_says_what_is_so() -> None:
    assert set(SENTENCES) == set(Gate)
    assert sentence({Gate.PLAN, Gate.AGE}) == f"{SENTENCES[Gate.AGE]} {SENTENCES[Gate.PLAN]}"
