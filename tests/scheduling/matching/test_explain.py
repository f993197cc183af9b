"""Why somebody is shown, in at most four lines, and what is missing."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people.values import Gender
from scheduling.rules.matching.explain import MOST, explain
from scheduling.rules.matching.weights import ORDERING
from scheduling.rules.vocabulary import PROBLEMS
from scheduling.values import Answers, Candidate, DayPart, Line, LineCode, Modality, Place, Preference
from tests.scheduling.matching.examples import DAY, START, asking, candidate

AT = datetime.fromtimestamp(START + 2 * DAY, UTC)
HERE: dict[str, Any] = {"latitude": 40.7128, "longitude": -74.0060}
OPENING = Line(code=LineCode.OPENING, at=AT)
NEAR = Place(latitude=40.7128, longitude=-74.0060, within_miles=5)


def told(found: Candidate, answers: Answers, *, next_at: int | None = START + 2 * DAY) -> list[Line]:
    return list(explain(found, answers, next_at=next_at, by=ORDERING))


def specialties(focus: str = "", also: str = "", **more: Any) -> Candidate:
    return candidate(focus=frozenset(focus.split()), also=frozenset(also.split()), **more)


def about(code: LineCode, *problems: str) -> Line:
    return Line(code=code, problems=problems)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(told(specialties(), asking()), [OPENING], id="nothing asked"),
        pytest.param(told(specialties(), asking(), next_at=None), [], id="nothing asked, nothing open"),
        pytest.param(
            told(specialties("anxiety"), asking(problems=("anxiety",))),
            [about(LineCode.FOCUS, "anxiety"), OPENING],
            id="in focus",
        ),
        pytest.param(
            told(specialties("anxiety", "grief sleep"), asking(problems=("grief", "anxiety", "sleep"))),
            [about(LineCode.FOCUS, "anxiety"), OPENING],
            id="the best that can be said, in one line",
        ),
        pytest.param(
            told(specialties("", "grief sleep"), asking(problems=("sleep", "grief"))),
            [about(LineCode.LISTED, "sleep", "grief"), OPENING],
            id="listed, as the client ordered them",
        ),
        pytest.param(
            told(specialties("anxiety"), asking(problems=("panic",))),
            [about(LineCode.RELATED, "panic"), OPENING, about(LineCode.NOT_LISTED, "panic")],
            id="near it, and not listed itself",
        ),
        pytest.param(
            told(specialties("anxiety"), asking(problems=("anxiety", "grief"))),
            [about(LineCode.FOCUS, "anxiety"), OPENING, about(LineCode.NOT_LISTED, "grief")],
            id="what is missing",
        ),
        pytest.param(
            told(specialties("anxiety"), asking(problems=("self_harm",))), [OPENING], id="not a word of a crisis (R14)"
        ),
        pytest.param(
            told(specialties(languages=frozenset({"es"})), asking(language="es", plan="aetna")),
            [
                OPENING,
                Line(code=LineCode.MEETS, preferences=(Preference.LANGUAGE,)),
                Line(code=LineCode.PLAN, plan="aetna"),
            ],
            id="as they asked, and with their plan",
        ),
        pytest.param(
            told(specialties(), asking(language="es", therapy="emdr")),
            [OPENING, Line(code=LineCode.DOES_NOT_MEET, preferences=(Preference.LANGUAGE, Preference.THERAPY))],
            id="wishes that are not met are one line",
        ),
        pytest.param(
            told(specialties(taxonomy="2084P0800X"), asking(problems=("medication",))),
            [OPENING, Line(code=LineCode.PRESCRIBES)],
            id="prescribes",
        ),
        pytest.param(
            told(specialties(**HERE), asking(modality=Modality.IN_PERSON, place=NEAR)),
            [OPENING, Line(code=LineCode.NEAR)],
            id="near",
        ),
        pytest.param(
            told(specialties(latitude=40.75, longitude=-74.0060), asking(modality=Modality.IN_PERSON, place=NEAR)),
            [OPENING],
            id="not so near",
        ),
        pytest.param(
            told(
                specialties("anxiety", languages=frozenset({"es"})),
                asking(problems=("anxiety", "grief"), language="es", gender=Gender.MAN, plan="aetna"),
            ),
            [
                about(LineCode.FOCUS, "anxiety"),
                OPENING,
                about(LineCode.NOT_LISTED, "grief"),
                Line(code=LineCode.DOES_NOT_MEET, preferences=(Preference.GENDER,)),
            ],
            id="four lines at most, and what is missing stays",
        ),
    ],
)
def test_lines(found: list[Line], expected: list[Line]) -> None:
    assert found == expected


WORDS = st.lists(st.sampled_from(sorted(PROBLEMS)), max_size=5, unique=True)


@given(
    focus=WORDS,
    also=WORDS,
    problems=WORDS,
    language=st.sampled_from([None, "es", "fr"]),
    plan=st.sampled_from([None, "aetna"]),
    gender=st.sampled_from([None, *Gender]),
    day_parts=st.frozensets(st.sampled_from(list(DayPart))),
    prescriber=st.booleans(),
)
def test_never_more_than_four_lines_each_of_another_kind_and_what_is_missing_is_last(
    focus: list[str], also: list[str], problems: list[str], **asked: Any
) -> None:
    lines = told(specialties(" ".join(focus), " ".join(also)), asking(problems=tuple(problems), **asked))
    missing = [one.code in {LineCode.NOT_LISTED, LineCode.DOES_NOT_MEET} for one in lines]

    assert len(lines) <= MOST == 4
    assert len({one.code for one in lines}) == len(lines)
    assert missing == sorted(missing)


def test_a_line_has_no_place_for_a_number() -> None:
    kinds = {field.name: field.type for field in fields(Line)}

    assert not [name for name, kind in kinds.items() if kind in {int, float}]
