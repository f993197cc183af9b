"""Why somebody stands in a list, in at most four lines (3.3): codes and facts, no numbers, and what is missing.

The words are the portal's.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

from scheduling.rules import vocabulary
from scheduling.rules.matching import gates
from scheduling.values import Answers, Line, LineCode, Ordering, Person, Preference

MOST = 4


def explain(person: Person, answers: Answers, *, next_at: int | None, by: Ordering) -> tuple[Line, ...]:
    """Return at most four lines; what is missing is never the part that is cut off."""
    missing = [*_not_listed(person, answers), *_not_met(person, answers)]
    here = [
        *_problems(person, answers),
        *_opening(next_at),
        *_others(person, answers, by),
    ]
    return (*islice(here, MOST - len(missing)), *missing)


def _problems(person: Person, answers: Answers) -> Sequence[Line]:
    """Say the best that can be said of the problems that were picked."""
    picked = vocabulary.counting(answers.problems)
    specialties = person.focus | person.also
    said = {
        LineCode.FOCUS: [one for one in picked if one in person.focus],
        LineCode.LISTED: [one for one in picked if one in person.also - person.focus],
        LineCode.RELATED: [
            one for one in picked if one not in specialties and not vocabulary.relatives(one).isdisjoint(specialties)
        ],
    }
    lines = [Line(code=code, problems=tuple(problems)) for code, problems in said.items() if problems]
    return lines[:1]


def _opening(next_at: int | None) -> Sequence[Line]:
    if next_at is None:
        return ()
    return [Line(code=LineCode.OPENING, at=datetime.fromtimestamp(next_at, UTC))]


def _others(person: Person, answers: Answers, by: Ordering) -> Sequence[Line]:
    lines = []
    met = tuple(wish for wish, is_met in gates.meets(person, answers).items() if is_met)
    if met:
        lines.append(Line(code=LineCode.MEETS, preferences=met))
    if answers.plan:
        lines.append(Line(code=LineCode.PLAN, plan=answers.plan))
    if gates.wants_prescriber(answers):
        lines.append(Line(code=LineCode.PRESCRIBES))
    if answers.near:
        miles = gates.distance(person, answers.near)
        if miles is not None and miles <= by.near_miles:
            lines.append(Line(code=LineCode.NEAR))
    return lines


def _not_listed(person: Person, answers: Answers) -> Sequence[Line]:
    specialties = person.focus | person.also
    missing = tuple(one for one in vocabulary.counting(answers.problems) if one not in specialties)
    return [Line(code=LineCode.NOT_LISTED, problems=missing)] if missing else ()


def _not_met(person: Person, answers: Answers) -> Sequence[Line]:
    missing: tuple[Preference, ...] = tuple(wish for wish, is_met in gates.meets(person, answers).items() if not is_met)
    return [Line(code=LineCode.DOES_NOT_MEET, preferences=missing)] if missing else ()
