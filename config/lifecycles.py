"""How a lifecycle is written down: a table from state and event to the next state.

Everything that is not in the table does not happen. The tables live in `rules/lifecycle.py` of
the floor that owns the thing; `docs/draw.py` draws `docs/lifecycles.md` from them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


def next_state(moves: Mapping[S, Mapping[E, S]], state: S, event: E) -> S | None:
    """Return the state that `event` leads to from `state`, or None where the table has no such move."""
    return moves.get(state, {}).get(event)
