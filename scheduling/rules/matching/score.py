"""The score, part by part (3.2): plain arithmetic that can be published and said in a sentence.

Never used: what anybody pays us, photos, ratings by clients, a diagnosis, answers about a crisis, and what a client
is, unless they asked to find somebody by it.
"""

from collections.abc import Collection, Mapping

from scheduling.rules import vocabulary
from scheduling.rules.matching import gates
from scheduling.values import Answers, Ordering, Parts, Person, Preference, Record
from status.rules import sharing

_DIGITS = 6
_MILLION = 1_000_000
_DAY = 86_400


def parts(person: Person, answers: Answers, *, by: Ordering, now: int) -> Parts:
    """Return the parts of a provider's score, to six digits."""
    miles = gates.distance(person, answers.near) if answers.near else None
    far = None
    if answers.near and miles is not None:
        far = round(nearness(miles, answers.near.within_miles, by=by), _DIGITS)
    return Parts(
        problems=round(problem_fit(answers.problems, person.focus, person.also, by=by), _DIGITS),
        preferences=round(wishes_met(gates.meets(person, answers), answers.only), _DIGITS),
        soonest=round(soonness(gates.opening(person, answers), now, by=by), _DIGITS),
        reliability=round(reliability(person.record, by=by), _DIGITS),
        distance=far,
    )


def score(found: Parts, *, by: Ordering) -> int:
    """Return the weighted sum in millionths: whole numbers, so that equal parts never fall into two bands."""
    total = (
        by.problems * found.problems
        + (by.preferences - (0 if found.distance is None else by.distance)) * found.preferences
        + by.soonest * found.soonest
        + by.reliability * found.reliability
        + (0 if found.distance is None else by.distance * found.distance)
    )
    return round(total * _MILLION)


def band(millionths: int, *, by: Ordering) -> int:
    """Return the number of the band that a score rounds to, half upwards."""
    width = round(by.band * _MILLION)
    return (millionths + width // 2) // width


def problem_fit(picked: Collection[str], focus: Collection[str], also: Collection[str], *, by: Ordering) -> float:
    """Return how well a provider's specialties fit what was picked: the mean over the picks that count."""
    counting = vocabulary.counting(picked)
    if not counting:
        return by.unasked
    return sum(_fit(one, focus, also, by) for one in counting) / len(counting)


def _fit(problem: str, focus: Collection[str], also: Collection[str], by: Ordering) -> float:
    if problem in focus:
        return by.focus
    if problem in also:
        return by.listed
    return 0.0 if vocabulary.relatives(problem).isdisjoint([*focus, *also]) else by.related


def wishes_met(met: Mapping[Preference, bool], only: Collection[Preference]) -> float:
    """Return the share of wishes that are met; a wish that was made a rule is a gate, and no wish any more."""
    wishes = [is_met for wish, is_met in met.items() if wish not in only]
    return sum(wishes) / len(wishes) if wishes else 1.0


def soonness(next_at: int | None, now: int, *, by: Ordering) -> float:
    """Return how soon the next opening is: 1 for the first days, then halved with every week."""
    if next_at is None:
        return 0.0
    days = (next_at - now) / _DAY
    return float(0.5 ** (max(0.0, days - by.soon_days) / by.halved_every_days))


def reliability(record: Record, *, by: Ordering) -> float:
    """Return how surely a booking is kept; who has no history begins with four of five, and is told apart by none."""
    kept = (record.kept + by.kept_ahead) / (record.kept + record.dropped + by.of_ahead)
    return kept * sharing.factor(record.shared, record.missed)


def nearness(miles: float, within_miles: float, *, by: Ordering) -> float:
    """Return how near a practice is: 1 within two miles, then in a straight line to 0 at the client's limit."""
    if miles <= by.near_miles:
        return 1.0
    if miles >= within_miles:
        return 0.0
    return (within_miles - miles) / (within_miles - by.near_miles)
