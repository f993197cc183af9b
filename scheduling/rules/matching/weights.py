"""The figures of every order that was ever in service, by their version (3.2).

A change is a new version beside the old ones, since stored searches are replayed by theirs. Weights change in small
steps: providers live with what they cause.
"""

from collections.abc import Mapping

from scheduling.values import Ordering

ORDERING = Ordering(
    version=1,
    problems=0.50,
    preferences=0.20,
    soonest=0.20,
    reliability=0.10,
    distance=0.10,
    focus=1.0,
    listed=0.7,
    related=0.4,
    unasked=0.7,
    soon_days=3,
    halved_every_days=7,
    near_miles=2,
    kept_ahead=4,
    of_ahead=5,
    band=0.05,
    exposure=2.0,
    scored_at_most=500,
    page=10,
)

VERSIONS: Mapping[int, Ordering] = {one.version: one for one in (ORDERING,)}
