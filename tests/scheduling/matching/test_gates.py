"""Each gate of a search, with its edges; those of R18 are in test_gates.py beside this folder."""

from dataclasses import replace
from typing import Any

import pytest

from people.values import Gender
from scheduling.rules.matching.gates import distance, meets, misses, opening
from scheduling.values import (
    Answers,
    Candidate,
    DayPart,
    Gate,
    Miss,
    Modality,
    Openings,
    Place,
    Preference,
    SessionType,
    Source,
)
from tests.scheduling.matching.examples import (
    ANSWERS,
    CANDIDATE,
    DAY,
    HOUR,
    NOW,
    START,
    asking,
    candidate,
    provider_id,
    settings,
)

# City Hall, and a place that is one degree of latitude (69.09 miles) north of it.
HERE = {"latitude": 40.7128, "longitude": -74.0060}
NORTH = {"latitude": 41.7128, "longitude": -74.0060}
MILES = 69.09


def missed(found: Candidate = CANDIDATE, answers: Answers = ANSWERS) -> set[str]:
    return {miss.preference or miss.gate for miss in misses(found, answers, now=NOW)}


def within(miles: float) -> dict[str, Any]:
    return {"modality": Modality.IN_PERSON, "place": Place(**HERE, within_miles=miles)}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(missed(), set(), id="who fits passes"),
        # R10
        pytest.param(missed(candidate(shown=False)), {"published"}, id="not published, not listed or no longer here"),
        # R18, as far as a search asks for it
        pytest.param(missed(settings(accepting=False)), {"accepting"}, id="takes nobody"),
        pytest.param(missed(answers=asking(state="CA")), {"licensed"}, id="not licensed where the client is"),
        pytest.param(missed(settings(states=frozenset())), {"licensed"}, id="no state at all"),
        pytest.param(missed(answers=asking(age=18)), set(), id="the youngest"),
        pytest.param(missed(answers=asking(age=17)), {"age"}, id="a year too young"),
        pytest.param(missed(answers=asking(age=65)), set(), id="the oldest"),
        pytest.param(missed(answers=asking(age=66)), {"age"}, id="a year too old"),
        pytest.param(missed(answers=asking(plan="cigna")), set(), id="a plan that is taken"),
        pytest.param(missed(answers=asking(plan="medicare")), {"plan"}, id="a plan that is not"),
        pytest.param(missed(settings(plans=frozenset())), set(), id="no plan named, none taken"),
        pytest.param(
            missed(settings(session_types=frozenset({SessionType.PHONE_CONSULTATION}))),
            {"session_type"},
            id="the session type is not offered",
        ),
        pytest.param(
            missed(settings(by_source={Source.PLATFORM_SEARCH: frozenset()})),
            {"session_type"},
            id="not to those who come by a search (R26)",
        ),
        pytest.param(
            missed(settings(by_source={Source.BOOKING_LINK: frozenset()})), set(), id="another source is no matter"
        ),
        # Problems
        pytest.param(
            missed(settings(not_treated=frozenset({"panic"})), asking(problems=("panic",))), {"problem"}, id="excluded"
        ),
        pytest.param(
            missed(settings(not_treated=frozenset({"anxiety"})), asking(problems=("panic",))),
            {"problem"},
            id="its parent is excluded",
        ),
        pytest.param(
            missed(settings(not_treated=frozenset({"panic"})), asking(problems=("anxiety",))),
            set(),
            id="a child of it is excluded",
        ),
        pytest.param(
            missed(settings(not_treated=frozenset({"self_harm"})), asking(problems=("self_harm",))),
            set(),
            id="a crisis closes no gate (R14)",
        ),
        # Where
        pytest.param(
            missed(settings(modalities=frozenset({Modality.TELEHEALTH})), asking(modality=Modality.IN_PERSON)),
            {"modality"},
            id="not in person",
        ),
        pytest.param(missed(settings(modalities=frozenset())), set(), id="no modality asked for"),
        pytest.param(missed(candidate(**HERE), asking(**within(1))), set(), id="next door"),
        pytest.param(missed(candidate(**NORTH), asking(**within(MILES + 0.01))), set(), id="just within reach"),
        pytest.param(missed(candidate(**NORTH), asking(**within(MILES - 0.01))), {"modality"}, id="just too far"),
        pytest.param(missed(answers=asking(**within(500))), {"modality"}, id="a practice without a place"),
        pytest.param(
            missed(candidate(**NORTH), asking(modality=Modality.TELEHEALTH, place=Place(**HERE, within_miles=1))),
            set(),
            id="distance counts in person only",
        ),
        # The rest
        pytest.param(missed(candidate(openings=Openings())), {"opening"}, id="no opening"),
        pytest.param(missed(answers=asking(exclude=frozenset({provider_id(1)}))), {"excluded"}, id="seen before"),
        pytest.param(missed(answers=asking(exclude=frozenset({provider_id(2)}))), set(), id="somebody else was"),
        pytest.param(missed(answers=asking(prescriber=True)), {"prescriber"}, id="does not prescribe"),
        pytest.param(missed(answers=asking(problems=("medication",))), {"prescriber"}, id="medication leads there"),
        pytest.param(
            missed(candidate(taxonomy="2084P0800X"), asking(problems=("medication",))), set(), id="a psychiatrist"
        ),
        # All at once
        pytest.param(
            missed(candidate(shown=False, openings=Openings()), asking(state="CA", age=12, plan="medicare")),
            {"published", "opening", "licensed", "age", "plan"},
            id="every gate that is not passed is named",
        ),
    ],
)
def test_gates(found: set[str], expected: set[str]) -> None:
    assert found == expected


SPANISH = candidate(
    languages=frozenset({"en", "es"}),
    gender=Gender.WOMAN,
    therapies=frozenset({"emdr"}),
    affirms=frozenset({"latine", "veterans"}),
)


@pytest.mark.parametrize(
    ("wish", "asked", "expected"),
    [
        (Preference.LANGUAGE, {"language": "es"}, True),
        (Preference.LANGUAGE, {"language": "fr"}, False),
        (Preference.GENDER, {"gender": Gender.WOMAN}, True),
        (Preference.GENDER, {"gender": Gender.NONBINARY}, False),
        (Preference.THERAPY, {"therapy": "emdr"}, True),
        (Preference.THERAPY, {"therapy": "art"}, False),
        (Preference.AFFIRMS, {"affirms": ("veterans",)}, True),
        (Preference.AFFIRMS, {"affirms": ("veterans", "latine")}, True),
        (Preference.AFFIRMS, {"affirms": ("veterans", "black")}, False),
        (Preference.DAY_PARTS, {"day_parts": frozenset({DayPart.AFTERNOON})}, True),
        (Preference.DAY_PARTS, {"day_parts": frozenset({DayPart.MORNING, DayPart.WEEKEND})}, False),
    ],
)
def test_a_wish_closes_no_gate_until_it_is_made_a_rule(wish: Preference, asked: dict[str, Any], expected: bool) -> None:
    wished, insisted = asking(**asked), asking(**asked, only=frozenset({wish}))

    assert meets(SPANISH, wished) == {wish: expected}
    assert misses(SPANISH, wished, now=NOW) == frozenset()
    assert misses(SPANISH, insisted, now=NOW) == (set() if expected else {Miss(Gate.PREFERENCE, wish)})


def test_a_rule_about_what_was_not_asked_for_is_none() -> None:
    assert misses(SPANISH, asking(only=frozenset(Preference)), now=NOW) == frozenset()


def test_nobody_is_taken_to_be_of_a_gender_that_they_have_not_given() -> None:
    assert meets(CANDIDATE, asking(gender=Gender.MAN)) == {Preference.GENDER: False}


def test_hours_are_read_by_the_clients_clock() -> None:
    # Tomorrow at 8 PM in New York is 5 PM in Los Angeles.
    late = replace(CANDIDATE, openings=Openings(next_at=START, starts=(START + DAY + 5 * HOUR, START + DAY + 6 * HOUR)))
    evening = frozenset({DayPart.EVENING})

    assert opening(late, asking(day_parts=evening)) == START + DAY + 5 * HOUR
    assert opening(late, asking(day_parts=evening, timezone="America/Los_Angeles")) == START + DAY + 6 * HOUR
    assert opening(late, asking(day_parts=evening, timezone=None)) == START + DAY + 5 * HOUR
    assert opening(late, asking()) == START


def test_distance_is_that_of_a_round_earth() -> None:
    los_angeles = candidate(latitude=34.0522, longitude=-118.2437)

    assert distance(los_angeles, Place(**HERE, within_miles=1)) == pytest.approx(2446, abs=5)
    assert distance(candidate(**NORTH), Place(**HERE, within_miles=1)) == pytest.approx(MILES, abs=0.01)
    assert distance(candidate(latitude=0.0, longitude=179.9), Place(latitude=0, longitude=-179.9, within_miles=1)) == (
        pytest.approx(0.2 * MILES, abs=0.1)
    )
