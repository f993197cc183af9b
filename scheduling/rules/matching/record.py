"""A search as it is kept in a row, and read again: plain lists and codes, since there may be five hundred of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from people.values import Gender
from scheduling.values import (
    Answers,
    DayPart,
    Gate,
    Line,
    LineCode,
    Miss,
    Modality,
    Parts,
    Place,
    Preference,
    Scored,
    SearchRecord,
    SessionType,
)


def write_answers(answers: Answers) -> dict[str, Any]:
    """Return answers as JSON; what was not asked for is left out."""
    place = answers.place
    told: dict[str, Any] = {
        "state": answers.state,
        "age": answers.age,
        "session_type": answers.session_type.value,
        "modality": answers.modality.value if answers.modality else None,
        "problems": list(answers.problems),
        "plan": answers.plan,
        "language": answers.language,
        "gender": answers.gender.value if answers.gender else None,
        "therapy": answers.therapy,
        "affirms": list(answers.affirms),
        "day_parts": sorted(answers.day_parts),
        "only": sorted(answers.only),
        "place": [place.latitude, place.longitude, place.within_miles] if place else None,
        "prescriber": answers.prescriber,
        "timezone": answers.timezone,
        "exclude": sorted(str(one) for one in answers.exclude),
    }
    return {name: value for name, value in told.items() if value is not None and value is not False and value != []}


def read_answers(told: Mapping[str, Any]) -> Answers:
    """Read answers again."""
    return Answers(
        state=told["state"],
        age=told["age"],
        session_type=SessionType(told["session_type"]),
        modality=Modality(told["modality"]) if "modality" in told else None,
        problems=tuple(told.get("problems", ())),
        plan=told.get("plan"),
        language=told.get("language"),
        gender=Gender(told["gender"]) if "gender" in told else None,
        therapy=told.get("therapy"),
        affirms=tuple(told.get("affirms", ())),
        day_parts=frozenset(DayPart(one) for one in told.get("day_parts", ())),
        only=frozenset(Preference(one) for one in told.get("only", ())),
        place=_place(told.get("place")),
        prescriber=told.get("prescriber", False),
        timezone=told.get("timezone"),
        exclude=frozenset(UUID(one) for one in told.get("exclude", ())),
    )


def _place(told: list[float] | None) -> Place | None:
    return Place(latitude=told[0], longitude=told[1], within_miles=told[2]) if told else None


def write_outcome(record: SearchRecord) -> dict[str, Any]:
    """Return what an order was made from, as JSON."""
    return {
        "considered": record.considered,
        "passed": record.passed,
        "failed": [[_write_misses(missed), count] for missed, count in record.failed.items()],
        "scored": [_write_scored(one) for one in record.scored],
        "reasons": {str(one): [_write_line(line) for line in lines] for one, lines in record.reasons.items()},
    }


def read(version: int, seed: str, answers: Mapping[str, Any], outcome: Mapping[str, Any]) -> SearchRecord:
    """Read a stored search again."""
    return SearchRecord(
        version=version,
        seed=seed,
        answers=read_answers(answers),
        scored=tuple(_read_scored(one) for one in outcome["scored"]),
        considered=outcome["considered"],
        passed=outcome["passed"],
        failed={frozenset(_read_miss(one) for one in missed): count for missed, count in outcome["failed"]},
        reasons={UUID(one): tuple(_read_line(line) for line in lines) for one, lines in outcome["reasons"].items()},
    )


def _write_misses(missed: frozenset[Miss]) -> list[str]:
    return sorted(name(miss) for miss in missed)


def name(miss: Miss) -> str:
    """Return the name of a miss in one word: a gate, or a gate and the preference behind it."""
    return f"{miss.gate}.{miss.preference}" if miss.preference else miss.gate.value


def _read_miss(told: str) -> Miss:
    gate, _, preference = told.partition(".")
    return Miss(Gate(gate), Preference(preference) if preference else None)


def _write_scored(one: Scored) -> list[Any]:
    parts = one.parts
    return [
        str(one.provider_id),
        [parts.problems, parts.preferences, parts.soonest, parts.reliability, parts.distance],
        one.exposure,
        one.next_at,
        one.gone,
    ]


def _read_scored(told: list[Any]) -> Scored:
    provider_id, (problems, preferences, soonest, reliability, distance), exposure, next_at, gone = told
    return Scored(
        provider_id=UUID(provider_id),
        parts=Parts(
            problems=problems,
            preferences=preferences,
            soonest=soonest,
            reliability=reliability,
            distance=distance,
        ),
        exposure=exposure,
        next_at=next_at,
        gone=gone,
    )


def _write_line(line: Line) -> dict[str, Any]:
    told = {
        "code": line.code.value,
        "problems": list(line.problems),
        "preferences": list(line.preferences),
        "plan": line.plan,
        "at": line.at.isoformat() if line.at else None,
    }
    return {name: value for name, value in told.items() if value}


def _read_line(told: Mapping[str, Any]) -> Line:
    return Line(
        code=LineCode(told["code"]),
        problems=tuple(told.get("problems", ())),
        preferences=tuple(Preference(one) for one in told.get("preferences", ())),
        plan=told.get("plan"),
        at=datetime.fromisoformat(told["at"]) if "at" in told else None,
    )
