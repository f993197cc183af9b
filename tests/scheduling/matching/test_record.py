"""A search that was written down reads the same, as JSON and after years."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from people.values import Gender
from scheduling.rules.matching import record as records
from scheduling.rules.vocabulary import PROBLEMS
from scheduling.values import (
    Answers,
    DayPart,
    Gate,
    Miss,
    Modality,
    Parts,
    Place,
    Preference,
    Scored,
    SearchRecord,
    SessionType,
)
from tests.scheduling.matching.examples import ANSWERS

UNIT = st.integers(0, 1_000_000).map(lambda n: n / 1_000_000)
ANY_ANSWERS = st.builds(
    Answers,
    state=st.sampled_from(["NY", "CA"]),
    age=st.integers(0, 120),
    session_type=st.sampled_from(SessionType),
    modality=st.none() | st.sampled_from(Modality),
    problems=st.lists(st.sampled_from(sorted(PROBLEMS)), max_size=5, unique=True).map(tuple),
    plan=st.none() | st.just("aetna"),
    language=st.none() | st.just("es"),
    gender=st.none() | st.sampled_from(Gender),
    therapy=st.none() | st.just("emdr"),
    affirms=st.sampled_from([(), ("black", "veterans")]),
    day_parts=st.frozensets(st.sampled_from(DayPart)),
    only=st.frozensets(st.sampled_from(Preference)),
    place=st.none() | st.builds(Place, latitude=UNIT, longitude=UNIT, within_miles=UNIT),
    prescriber=st.booleans(),
    timezone=st.none() | st.just("America/New_York"),
    exclude=st.frozensets(st.uuids(), max_size=3),
)
MISSES = st.sampled_from([*(Miss(gate) for gate in Gate), *(Miss(Gate.PREFERENCE, wish) for wish in Preference)])
RECORDS = st.builds(
    SearchRecord,
    version=st.just(1),
    seed=st.just("2026-11-24/x"),
    answers=ANY_ANSWERS,
    scored=st.lists(
        st.builds(
            Scored,
            provider_id=st.uuids(),
            parts=st.builds(
                Parts, problems=UNIT, preferences=UNIT, soonest=UNIT, reliability=UNIT, distance=st.none() | UNIT
            ),
            exposure=UNIT,
            next_at=st.none() | st.integers(0, 2**33),
            gone=st.booleans(),
        ),
        max_size=5,
    ).map(tuple),
    considered=st.integers(0, 9999),
    passed=st.integers(0, 9999),
    failed=st.dictionaries(st.frozensets(MISSES, min_size=1), st.integers(1, 99), max_size=4),
)


@given(RECORDS)
def test_what_is_written_reads_the_same(record: SearchRecord) -> None:
    answers = orjson.loads(orjson.dumps(records.write_answers(record.answers)))
    outcome = orjson.loads(orjson.dumps(records.write_outcome(record)))

    assert records.read(record.version, record.seed, answers, outcome) == record


def test_what_was_not_asked_for_is_not_written() -> None:
    assert records.write_answers(ANSWERS) == {
        "state": "NY",
        "age": 34,
        "session_type": "full_session",
        "timezone": "America/New_York",
    }


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        # As the first version wrote them: these never change, since rows hold them.
        (
            {
                "state": "NY",
                "age": 0,
                "session_type": "phone_consultation",
                "modality": "in_person",
                "problems": ["grief"],
                "plan": "aetna",
                "language": "es",
                "gender": "woman",
                "therapy": "emdr",
                "affirms": ["black"],
                "day_parts": ["evening"],
                "only": ["language"],
                "place": [40.7, -74.0, 5],
                "prescriber": True,
                "timezone": "America/New_York",
                "exclude": ["00000000-0000-0000-0000-000000000001"],
            },
            Answers(
                state="NY",
                age=0,
                session_type=SessionType.PHONE_CONSULTATION,
                modality=Modality.IN_PERSON,
                problems=("grief",),
                plan="aetna",
                language="es",
                gender=Gender.WOMAN,
                therapy="emdr",
                affirms=("black",),
                day_parts=frozenset({DayPart.EVENING}),
                only=frozenset({Preference.LANGUAGE}),
                place=Place(latitude=40.7, longitude=-74.0, within_miles=5),
                prescriber=True,
                timezone="America/New_York",
                exclude=frozenset({UUID(int=1)}),
            ),
        ),
    ],
)
def test_answers_of_the_first_version(answers: dict[str, Any], expected: Answers) -> None:
    assert records.read_answers(answers) == expected
    assert records.write_answers(expected) == answers
