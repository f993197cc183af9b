"""Why a provider is shown, or not: what this week's searches make of them as they are now (3.3).

A provider learns counts and never what somebody answered; below five of anything there is nothing to be learned.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from scheduling.rules.matching.gates import misses
from scheduling.values import Answers, Candidate, Gate, Miss, SessionType

LEAST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """What came of it; `searches` is None where there were too few to tell, and `passed` where that would tell.

    `missed` counts the searches in which a gate was not passed, the most frequent first, without those of fewer
    than five searches.
    """

    searches: int | None
    passed: int | None = None
    missed: tuple[tuple[Miss, int], ...] = ()


def visibility(seen: Mapping[SessionType, Candidate], asked: Iterable[Answers], *, now: datetime) -> Visibility:
    """Return what the searches make of a provider, as they are seen by those who ask for a session type.

    That a client wants to see somebody else is theirs to know.
    """
    searches, passed, counted = 0, 0, Counter[Miss]()
    for answers in asked:
        searches += 1
        missed = {
            miss for miss in misses(seen[answers.session_type], answers, now=now) if miss.gate is not Gate.EXCLUDED
        }
        passed += not missed
        counted.update(missed)
    if searches < LEAST:
        return Visibility(searches=None)
    told = [(miss, count) for miss, count in counted.most_common() if count >= LEAST]
    return Visibility(
        searches=searches,
        passed=passed if passed == 0 or passed >= LEAST else None,
        missed=tuple(sorted(told, key=lambda one: (-one[1], one[0]))),
    )
