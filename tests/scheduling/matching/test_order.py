"""Bands, the rotation inside them, and the guard over who is shown."""

from datetime import date
from hashlib import sha256
from itertools import pairwise
from statistics import NormalDist
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.rules.matching.order import exposure, order, replay, seed, turn
from scheduling.rules.matching.score import band, score
from scheduling.rules.matching.weights import ORDERING
from scheduling.values import Parts, Scored, SearchRecord
from tests.scheduling.matching.examples import ANSWERS, provider_id, scored

BY = ORDERING
DAY = date(2026, 11, 24)
SEED = seed(DAY, UUID(int=7))


def ids(found: tuple[Scored, ...]) -> list[int]:
    return [one.provider_id.int for one in found]


def band_of(one: Scored) -> int:
    return band(score(one.parts, by=BY), by=BY)


def test_better_bands_come_first_whatever_the_rotation_says() -> None:
    found = [scored(1, problems=0.0), scored(2, problems=1.0), scored(3, problems=0.5)]

    for n in range(20):
        assert ids(order(found, seed(DAY, UUID(int=n)), by=BY)) == [2, 3, 1]


def test_inside_a_band_the_better_score_has_no_advantage() -> None:
    # 0.828 and 0.870 both round to 0.85.
    found = [scored(1, problems=0.696), scored(2, problems=0.78)]
    assert band_of(found[0]) == band_of(found[1])

    firsts = {ids(order(found, seed(DAY, UUID(int=n)), by=BY))[0] for n in range(20)}

    assert firsts == {1, 2}


def test_the_rotation_is_by_day_search_and_provider() -> None:
    assert seed(DAY, UUID(int=7)) == "2026-11-24/00000000-0000-0000-0000-000000000007"
    others = [turn(seed(date(2026, 11, 25), UUID(int=7)), provider_id(1)), turn(seed(DAY, UUID(int=8)), provider_id(1))]
    assert turn(SEED, provider_id(1)) not in others
    # As published, so that anybody can compute it.
    told = "2026-11-24/00000000-0000-0000-0000-000000000007/00000000-0000-0000-0000-000000000001"
    assert turn(SEED, provider_id(1)) == sha256(told.encode()).digest()


def test_equals_take_turns_evenly() -> None:
    """Each of 20 equals is first as often as chance has it: within bounds that one in a million fair runs leaves."""
    people, searches = 20, 4000
    found = [scored(n) for n in range(people)]
    firsts = [0] * people

    for n in range(searches):
        firsts[order(found, seed(DAY, UUID(int=n)), by=BY)[0].provider_id.int] += 1

    share = 1 / people
    spread = (searches * share * (1 - share)) ** 0.5
    reach = NormalDist().inv_cdf(1 - 1e-6 / people / 2) * spread
    assert all(abs(one - searches * share) <= reach for one in firsts)
    assert sum((one - searches * share) ** 2 / (searches * share) for one in firsts) > 0, "or nothing rotates"


def test_every_place_is_given_evenly_and_not_the_first_alone() -> None:
    people, searches = 6, 2400
    found = [scored(n) for n in range(people)]
    places = [[0] * people for _ in range(people)]

    for n in range(searches):
        for place, one in enumerate(order(found, seed(DAY, UUID(int=n)), by=BY)):
            places[one.provider_id.int][place] += 1

    share = 1 / people
    reach = NormalDist().inv_cdf(1 - 1e-6 / people**2 / 2) * (searches * share * (1 - share)) ** 0.5
    assert max(abs(count - searches * share) for row in places for count in row) <= reach


@pytest.mark.parametrize(
    ("exposures", "last"),
    [
        pytest.param([1.0, 1.0, 1.0], set(), id="all alike"),
        pytest.param([2.0, 1.0, 1.0], set(), id="twice the median is not above it"),
        pytest.param([2.1, 1.0, 1.0], {0}, id="above twice the median"),
        pytest.param([5.0, 5.0, 1.0], set(), id="the median is theirs"),
        pytest.param([0.1, 0.0, 0.0], {0}, id="where the median is nothing, whoever was shown waits"),
        pytest.param([0.0, 0.0, 0.0], set(), id="the first search of a week"),
        pytest.param([9.0], set(), id="alone"),
        pytest.param([9.0, 1.0], set(), id="of two, the median lies between: (9 + 1) / 2"),
        pytest.param([9.0, 1.0, 1.0, 8.0, 1.0], {0, 3}, id="two of five"),
    ],
)
def test_whoever_was_shown_too_often_stands_at_the_end_of_the_band(exposures: list[float], last: set[int]) -> None:
    found = [scored(n, exposure=shown) for n, shown in enumerate(exposures)]

    for n in range(20):
        ordered = ids(order(found, seed(DAY, UUID(int=n)), by=BY))
        assert set(ordered[len(ordered) - len(last) :]) == last


def test_the_guard_moves_nobody_below_their_band() -> None:
    found = [scored(1, exposure=99.0), scored(2), scored(3), scored(4, problems=0.0)]

    assert ids(order(found, SEED, by=BY))[2:] == [1, 4]


@pytest.mark.parametrize(
    ("shown", "open_sessions", "expected"), [(0, 0, 0.0), (3, 0, 3.0), (3, 1, 3.0), (3, 4, 0.75), (1, 3, 0.333333)]
)
def test_exposure_is_told_for_each_open_session(shown: int, open_sessions: int, expected: float) -> None:
    assert exposure(shown, open_sessions) == expected


def test_the_guard_gives_a_short_calendar_fewer_first_places() -> None:
    """A week of searches: who has few sessions open is shown less than who has many, and nobody is left out."""
    open_sessions = [2, 10, 10, 10, 10, 10, 10, 10]
    shown = [0] * len(open_sessions)

    for n in range(200):
        found = [scored(m, exposure=exposure(shown[m], many)) for m, many in enumerate(open_sessions)]
        for one in order(found, seed(DAY, UUID(int=n)), by=BY)[:3]:
            shown[one.provider_id.int] += 1

    rates = [exposure(one, many) for one, many in zip(shown, open_sessions, strict=True)]
    assert min(shown) > 0
    assert shown[0] < min(shown[1:])
    # Nobody is moved back before twice the median, and one search adds one for a session at most.
    assert max(rates) <= 2 * sorted(rates)[len(rates) // 2] + 1


UNIT = st.integers(0, 1_000_000).map(lambda n: n / 1_000_000)
FOUND = st.lists(
    st.builds(
        Scored,
        provider_id=st.uuids(),
        parts=st.builds(
            Parts,
            problems=UNIT,
            preferences=UNIT,
            soonest=UNIT,
            reliability=UNIT,
            distance=st.none() | UNIT,
        ),
        exposure=st.floats(0, 100).map(lambda x: round(x, 6)),
        gone=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: one.provider_id,
)


@given(FOUND, st.uuids(), st.randoms(use_true_random=False))
def test_an_order_is_everybody_once_by_bands_and_the_same_whenever_it_is_made(
    found: list[Scored], search_id: UUID, chance: object
) -> None:
    seeded = seed(DAY, search_id)
    ordered = order(found, seeded, by=BY)

    assert sorted(one.provider_id for one in ordered) == sorted(one.provider_id for one in found)
    assert all(band_of(one) >= band_of(other) for one, other in pairwise(ordered))
    shuffled = found.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert order(shuffled, seeded, by=BY) == ordered


@given(FOUND, st.uuids())
def test_a_record_gives_the_same_order_again_without_those_who_were_gone(found: list[Scored], search_id: UUID) -> None:
    record = SearchRecord(
        version=BY.version,
        seed=seed(DAY, search_id),
        answers=ANSWERS,
        scored=tuple(found),
        considered=len(found),
        passed=len(found),
    )

    assert replay(record) == tuple(one for one in order(found, record.seed, by=BY) if not one.gone)
