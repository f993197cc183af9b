"""The gates that a provider passes or is not found behind, each with a name that can be shown (3.2).

Those of R18 are asked again when something is booked; the others are about the search alone.
"""

from collections.abc import Mapping
from datetime import datetime
from math import asin, cos, radians, sin, sqrt
from zoneinfo import ZoneInfo

from scheduling.rules import vocabulary
from scheduling.rules.gates import failed_gates
from scheduling.rules.matching.day_parts import first_in
from scheduling.values import Answers, Candidate, Gate, Miss, Person, Place, Preference, Source

SOURCE = Source.PLATFORM_SEARCH
EARTH_MILES = 3958.8


def misses(candidate: Candidate, answers: Answers, *, now: datetime) -> frozenset[Miss]:
    """Return everything that keeps a provider out of a search; nothing is ever passed over in silence (R16)."""
    of_the_provider = failed_gates(
        candidate.rules,
        session_type=answers.session_type,
        source=SOURCE,
        age=answers.age,
        state=answers.state,
        plan=answers.plan,
        problems=treated(answers),
        now=now,
    )
    of_the_search = {
        Gate.PUBLISHED: not candidate.shown,
        Gate.MODALITY: not _reaches(candidate, answers),
        Gate.OPENING: candidate.openings.next_at is None,
        Gate.EXCLUDED: candidate.provider_id in answers.exclude,
        Gate.PRESCRIBER: wants_prescriber(answers) and not vocabulary.prescribes(candidate.taxonomy),
    }
    met = meets(candidate, answers)
    return frozenset(
        [
            *(Miss(gate) for gate in of_the_provider),
            *(Miss(gate) for gate, missed in of_the_search.items() if missed),
            *(Miss(Gate.PREFERENCE, wish) for wish in met if wish in answers.only and not met[wish]),
        ]
    )


def treated(answers: Answers) -> frozenset[str]:
    """Return the problems that a provider must not have excluded, with their parents; none of a crisis (R14)."""
    return vocabulary.with_parents(vocabulary.counting(answers.problems))


def wants_prescriber(answers: Answers) -> bool:
    """Tell whether only those who prescribe are looked for."""
    return answers.prescriber or vocabulary.leads_to_prescribers(answers.problems)


def meets(person: Person, answers: Answers) -> Mapping[Preference, bool]:
    """Return the preferences that were asked for, and whether each is met."""
    asked_and_met = {
        Preference.LANGUAGE: (answers.language, answers.language in person.languages),
        Preference.GENDER: (answers.gender, answers.gender is person.gender),
        Preference.THERAPY: (answers.therapy, answers.therapy in person.therapies),
        Preference.AFFIRMS: (answers.affirms, person.affirms.issuperset(answers.affirms)),
        Preference.DAY_PARTS: (answers.day_parts, opening(person, answers) is not None),
    }
    return {wish: met for wish, (asked, met) in asked_and_met.items() if asked}


def opening(person: Person, answers: Answers) -> int | None:
    """Return the next start, in the stated parts of the day where there are some."""
    if not answers.day_parts:
        return person.openings.next_at
    return first_in(person.openings.starts, answers.day_parts, clock(person, answers))


def clock(person: Person, answers: Answers) -> ZoneInfo:
    """Return the zone by which the hours of a provider are read."""
    return ZoneInfo(answers.timezone or person.timezone)


def _reaches(candidate: Candidate, answers: Answers) -> bool:
    if answers.modality is None:
        return True
    if answers.modality not in candidate.rules.modalities:
        return False
    if answers.near is None:
        return True
    miles = distance(candidate, answers.near)
    return miles is not None and miles <= answers.near.within_miles


def distance(person: Person, place: Place) -> float | None:
    """Return the miles between a place and a practice, on a round Earth; None where the practice is nowhere."""
    if person.latitude is None or person.longitude is None:
        return None
    here, there = radians(place.latitude), radians(person.latitude)
    across = radians(person.longitude - place.longitude)
    half = sin((there - here) / 2) ** 2 + cos(here) * cos(there) * sin(across / 2) ** 2
    return 2 * EARTH_MILES * asin(min(1.0, sqrt(half)))
