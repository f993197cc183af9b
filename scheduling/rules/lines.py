"""Which line of the pool an appointment is given, so that back-to-back ones can be told apart (R103)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduling.values import Neighbour


def choose(
    pool: Sequence[str],
    neighbours: Sequence[Neighbour],
    *,
    starts_at: datetime,
    ends_at: datetime,
    lead: timedelta,
    current: str | None = None,
) -> str | None:
    """Return the line for an appointment of one provider, or None where the pool is empty.

    A line is kept while the pool still has it and no neighbour whose window touches uses it. Otherwise the
    first free one of the pool; where all are taken, the one whose nearest use lies farthest away.
    """
    opens_at = starts_at - lead
    touching = {n.line for n in neighbours if n.starts_at - lead < ends_at and n.ends_at > opens_at}
    if current in pool and current not in touching:
        return current
    free = [line for line in pool if line not in touching]
    if free:
        return free[0]

    def distance(line: str) -> timedelta:
        return min(
            (abs(n.starts_at - starts_at) for n in neighbours if n.line == line),
            default=timedelta.max,
        )

    return max(pool, key=distance, default=None)
