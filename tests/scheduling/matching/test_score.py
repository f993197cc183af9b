"""Each part of the score, as it is published, with its edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.rules.matching.score import (
    band,
    nearness,
    parts,
    problem_fit,
    reliability,
    score,
    soonness,
    wishes_met,
)
from scheduling.rules.matching.weights import ORDERING, VERSIONS
from scheduling.rules.vocabulary import PROBLEMS
from scheduling.values import DayPart, Modality, Openings, Parts, Place, Preference, Record
from tests.scheduling.matching.examples import ANSWERS, DAY, HOUR, START, asking, candidate

BY = ORDERING
LANGUAGE, GENDER, THERAPY = Preference.LANGUAGE, Preference.GENDER, Preference.THERAPY


def fit(*picked: str, focus: str = "", also: str = "") -> float:
    return problem_fit(picked, focus.split(), also.split(), by=BY)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(fit(), 0.7, id="none picked: the same for all"),
        pytest.param(fit(focus="grief"), 0.7, id="none picked, whatever is in focus"),
        pytest.param(fit("grief", focus="grief"), 1.0, id="in focus"),
        pytest.param(fit("grief", also="grief"), 0.7, id="listed"),
        pytest.param(fit("panic", focus="anxiety"), 0.4, id="its parent, in focus"),
        pytest.param(fit("panic", also="anxiety"), 0.4, id="its parent, listed"),
        pytest.param(fit("anxiety", also="panic"), 0.4, id="a child of it"),
        pytest.param(fit("panic", also="phobia"), 0.0, id="a sibling is no relative"),
        pytest.param(fit("grief"), 0.0, id="nothing of it"),
        pytest.param(fit("grief", "panic", focus="grief"), 0.5, id="the mean of two"),
        pytest.param(fit("grief", "panic", "sleep", focus="grief", also="anxiety sleep"), 0.7, id="the mean of three"),
        pytest.param(fit("self_harm"), 0.7, id="a crisis alone is as none picked (R14)"),
        pytest.param(fit("self_harm", focus="self_harm"), 0.7, id="a crisis raises nobody (R14)"),
        pytest.param(fit("grief", "self_harm", focus="grief"), 1.0, id="a crisis beside another changes nothing (R14)"),
        pytest.param(fit("medication"), 0.7, id="medication is settled by a gate"),
    ],
)
def test_problem_fit(found: float, expected: float) -> None:
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("met", "only", "expected"),
    [
        pytest.param({}, set(), 1.0, id="none asked"),
        pytest.param({LANGUAGE: True}, set(), 1.0, id="one of one"),
        pytest.param({LANGUAGE: False}, set(), 0.0, id="none of one"),
        pytest.param({LANGUAGE: True, GENDER: False, THERAPY: False}, set(), 1 / 3, id="one of three"),
        pytest.param({LANGUAGE: True, GENDER: False}, {LANGUAGE}, 0.0, id="a rule is no wish any more"),
        pytest.param({LANGUAGE: True}, {LANGUAGE}, 1.0, id="rules alone"),
    ],
)
def test_preferences_met(met: dict[Preference, bool], only: set[Preference], expected: float) -> None:
    assert wishes_met(met, only) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, 1.0),
        (-1, 1.0),  # it has begun meanwhile; the page is looked at again before it is shown
        (3 * DAY, 1.0),
        (3 * DAY + 1, 0.5 ** (1 / DAY / 7)),
        (10 * DAY, 0.5),
        (17 * DAY, 0.25),
        (60 * DAY, 0.5 ** (57 / 7)),
    ],
)
def test_soonest_opening(seconds: int, expected: float) -> None:
    assert soonness(START + seconds, START, by=BY) == pytest.approx(expected, rel=1e-12)


def test_no_opening_at_the_stated_time_is_worth_nothing() -> None:
    assert soonness(None, START, by=BY) == 0.0


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param({}, 4 / 5, id="a newcomer"),
        pytest.param({"kept": 10}, 14 / 15, id="all kept"),
        pytest.param({"kept": 10, "dropped": 1}, 14 / 16, id="one dropped"),
        pytest.param({"dropped": 1}, 4 / 6, id="the first one dropped"),
        pytest.param({"kept": 95, "dropped": 0}, 99 / 100, id="a hundred"),
        # × the factor of 3.4
        pytest.param({"missed": 1}, 4 / 5, id="one miss costs nothing"),
        pytest.param({"missed": 2}, 4 / 5 * (1 - 0.3 * (2 / 7 - 0.2)), id="two misses"),
        pytest.param({"shared": 5, "missed": 2}, 4 / 5, id="two misses among many told"),
        pytest.param({"missed": 10_000}, 4 / 5 * (1 - 0.3 * (10_000 / 10_005 - 0.2)), id="never told"),
    ],
)
def test_reliability(told: dict[str, int], expected: float) -> None:
    assert reliability(Record(**told), by=BY) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("miles", "limit", "expected"),
    [
        (0, 10, 1.0),
        (2, 10, 1.0),
        (2.01, 10, 7.99 / 8),
        (6, 10, 0.5),
        (10, 10, 0.0),
        (10.1, 10, 0.0),
        (1.5, 1.5, 1.0),
        (2, 2, 1.0),
        (2.01, 2, 0.0),
    ],
)
def test_nearness(miles: float, limit: float, expected: float) -> None:
    assert nearness(miles, limit, by=BY) == pytest.approx(expected)


def test_weights_sum_to_one() -> None:
    assert BY.problems + BY.preferences + BY.soonest + BY.reliability == pytest.approx(1)
    assert BY.distance < BY.preferences


def test_every_version_is_found_by_its_number() -> None:
    assert all(version == one.version for version, one in VERSIONS.items())
    assert VERSIONS[BY.version] is BY


WHOLE = Parts(problems=1, preferences=1, soonest=1, reliability=1)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (WHOLE, 1_000_000),
        (Parts(problems=0, preferences=0, soonest=0, reliability=0), 0),
        (Parts(problems=1, preferences=0, soonest=0, reliability=0), 500_000),
        (Parts(problems=0, preferences=1, soonest=0, reliability=0), 200_000),
        (Parts(problems=0, preferences=0, soonest=1, reliability=0), 200_000),
        (Parts(problems=0, preferences=0, soonest=0, reliability=1), 100_000),
        # In person, distance takes its weight from the preferences.
        (Parts(problems=0, preferences=1, soonest=0, reliability=0, distance=0), 100_000),
        (Parts(problems=0, preferences=0, soonest=0, reliability=0, distance=1), 100_000),
        (Parts(problems=1, preferences=1, soonest=1, reliability=1, distance=1), 1_000_000),
    ],
)
def test_the_score_is_the_weighted_sum(found: Parts, expected: int) -> None:
    assert score(found, by=BY) == expected


@pytest.mark.parametrize(
    ("millionths", "expected"),
    [(0, 0), (24_999, 0), (25_000, 1), (74_999, 1), (75_000, 2), (674_999, 13), (675_000, 14), (1_000_000, 20)],
)
def test_bands_round_half_upwards(millionths: int, expected: int) -> None:
    assert band(millionths, by=BY) == expected


@given(st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_a_better_score_is_never_in_a_worse_band(one: int, other: int) -> None:
    worse, better = sorted((one, other))

    assert band(worse, by=BY) <= band(better, by=BY)
    assert abs(band(better, by=BY) * 50_000 - better) <= 25_000


PICKS = st.lists(st.sampled_from([name for name, one in PROBLEMS.items() if not one.crisis]), max_size=4, unique=True)
CRISES = st.lists(st.sampled_from([name for name, one in PROBLEMS.items() if one.crisis]), max_size=2, unique=True)
SPECIALTIES = st.frozensets(st.sampled_from(sorted(PROBLEMS)), max_size=5)


@given(PICKS, CRISES, SPECIALTIES, SPECIALTIES)
def test_r14_a_crisis_changes_no_part(
    picks: list[str], crises: list[str], focus: frozenset[str], also: frozenset[str]
) -> None:
    found = candidate(focus=focus, also=also)
    with_crisis, without = asking(problems=(*picks, *crises)), asking(problems=tuple(picks))

    told = [parts(found, answers, by=BY, now=START) for answers in (with_crisis, without)]

    assert told[0] == told[1]


@given(PICKS, SPECIALTIES, SPECIALTIES, st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_every_part_lies_between_nothing_and_one(
    picks: list[str], focus: frozenset[str], also: frozenset[str], kept: int, dropped: int, shared: int, missed: int
) -> None:
    told = Record(kept=kept, dropped=dropped, shared=shared, missed=missed)
    found = parts(candidate(focus=focus, also=also, record=told), asking(problems=tuple(picks)), by=BY, now=START)

    assert all(0 <= one <= 1 for one in (found.problems, found.preferences, found.soonest, found.reliability))
    assert found.distance is None
    assert 0 <= score(found, by=BY) <= 1_000_000


def test_all_parts_of_one_provider() -> None:
    found = candidate(
        focus=frozenset({"grief"}),
        languages=frozenset({"es"}),
        latitude=40.7128,
        longitude=-74.0060,
        openings=Openings(next_at=START + DAY, starts=(START + DAY, START + 10 * DAY + 4 * HOUR)),
        record=Record(kept=1),
    )
    answers = asking(
        problems=("grief", "panic"),
        language="es",
        therapy="art",
        day_parts=frozenset({DayPart.EVENING}),
        modality=Modality.IN_PERSON,
        place=Place(latitude=40.7128, longitude=-74.0060, within_miles=5),
    )

    told = parts(found, answers, by=BY, now=START)

    # An evening comes in ten days and four hours; tomorrow's opening is at two in the afternoon.
    assert told == Parts(
        problems=0.5,
        preferences=0.666667,
        soonest=round(0.5 ** ((7 + 4 / 24) / 7), 6),
        reliability=0.833333,
        distance=1,
    )


def test_a_part_is_kept_to_six_digits_so_that_a_replay_adds_up_the_same() -> None:
    told = parts(candidate(record=Record(kept=2)), ANSWERS, by=BY, now=START)

    assert told.reliability == 0.857143
