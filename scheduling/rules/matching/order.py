"""From scores to an order: coarse bands, a rotation inside each, and a guard over who is shown (3.2)."""

from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from itertools import groupby
from statistics import median
from uuid import UUID

from scheduling.rules.matching.score import band, score
from scheduling.rules.matching.weights import VERSIONS
from scheduling.values import Ordering, Scored, SearchRecord


def seed(day: date, search_id: UUID) -> str:
    """Return what the rotation of one search begins with: with a day alone, equals would not take turns evenly."""
    return f"{day.isoformat()}/{search_id}"


def turn(seeded: str, provider_id: UUID) -> bytes:
    """Return a provider's place in the rotation of one search."""
    return sha256(f"{seeded}/{provider_id}".encode()).digest()


def order(found: Iterable[Scored], seeded: str, *, by: Ordering) -> tuple[Scored, ...]:
    """Return everybody in order: better bands first; in a band by turns, and last whoever was shown too often."""

    def of_band(one: Scored) -> int:
        return -band(score(one.parts, by=by), by=by)

    by_band = sorted(found, key=of_band)
    return tuple(
        one for _, equals in groupby(by_band, key=of_band) for one in _rotated(list(equals), seeded, by.exposure)
    )


def _rotated(equals: Sequence[Scored], seeded: str, limit: float) -> list[Scored]:
    too_often = limit * median(one.exposure for one in equals)
    return sorted(equals, key=lambda one: (one.exposure > too_often, turn(seeded, one.provider_id)))


def exposure(shown: int, open_sessions: int) -> float:
    """Return how often somebody was shown this week for each session that they have open; one, where none is."""
    return round(shown / max(1, open_sessions), 6)


def replay(record: SearchRecord) -> tuple[Scored, ...]:
    """Return the order of a stored search as it was, from what is stored and nothing else."""
    ordered = order(record.scored, record.seed, by=VERSIONS[record.version])
    return tuple(one for one in ordered if not one.gone)
