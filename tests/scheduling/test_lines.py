"""Which line an appointment is given, so that two that touch can be told apart."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.rules.lines import choose
from scheduling.values import Neighbour

START = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
LEAD, LENGTH = timedelta(seconds=60), timedelta(minutes=15)
A, B, C = "+12125550100", "+12125550101", "+12125550102"
POOL = (A, B, C)


def beside(line: str | None, minutes: float, *, length: timedelta = LENGTH) -> Neighbour:
    """Return a neighbour that starts so many minutes after this one."""
    starts_at = START + timedelta(minutes=minutes)
    return Neighbour(line, starts_at, starts_at + length)


def chosen(
    *neighbours: Neighbour, pool: tuple[str, ...] = POOL, current: str | None = None, lead: timedelta = LEAD
) -> str | None:
    return choose(pool, neighbours, starts_at=START, ends_at=START + LENGTH, lead=lead, current=current)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(chosen(), A, id="nobody near: the first"),
        pytest.param(chosen(pool=()), None, id="no pool"),
        pytest.param(chosen(beside(A, -15)), B, id="back to back, before"),
        pytest.param(chosen(beside(A, 15)), B, id="back to back, after"),
        pytest.param(chosen(beside(A, -15), beside(B, 15)), C, id="back to back on both sides"),
        pytest.param(chosen(beside(None, 15)), A, id="a neighbour without a line takes none"),
        pytest.param(chosen(beside(A, 120)), A, id="far away"),
        # The window of one opens a minute before its start, while the other may run
        pytest.param(chosen(beside(A, 15 + 59 / 60)), B, id="59 s apart: the windows touch"),
        pytest.param(chosen(beside(A, 16)), A, id="60 s apart: one closes as the other opens"),
        pytest.param(chosen(beside(A, -15 - 59 / 60)), B, id="59 s apart, before"),
        pytest.param(chosen(beside(A, -16)), A, id="60 s apart, before"),
        pytest.param(chosen(beside(A, 15), lead=timedelta()), A, id="without a lead, back to back is apart"),
        pytest.param(chosen(beside(A, 1), lead=timedelta()), B, id="without a lead, an overlap is one"),
        # A line is kept (R103)
        pytest.param(chosen(current=B), B, id="kept"),
        pytest.param(chosen(beside(A, 15), current=B), B, id="kept beside another"),
        pytest.param(chosen(beside(B, 15), current=B), A, id="given up where it would touch"),
        pytest.param(chosen(current="+12125550199"), A, id="given up where the pool has it no more"),
        # All taken
        pytest.param(chosen(beside(A, 15), beside(B, -15), pool=(A, B)), A, id="all taken, equally near: the first"),
        pytest.param(chosen(beside(A, 5), beside(B, -15), pool=(A, B)), B, id="all taken: the one farthest away"),
        pytest.param(
            chosen(beside(A, 15), beside(A, -15), beside(B, 10), pool=(A, B)),
            A,
            id="all taken: by the nearest use of each",
        ),
        pytest.param(chosen(beside(A, 15), pool=(A,), current=A), A, id="a pool of one"),
    ],
)
def test_the_line(found: str | None, expected: str | None) -> None:
    assert found == expected


neighbours = st.lists(st.builds(beside, st.sampled_from([*POOL, None]), st.integers(-40, 40)), max_size=6).map(tuple)


@settings(deadline=None)
@given(neighbours, st.sampled_from([*POOL, None, "+12125550199"]), st.data())
def test_touching_ones_get_different_lines_while_the_pool_allows(
    found: tuple[Neighbour, ...], current: str | None, data: st.DataObject
) -> None:
    line = chosen(*found, current=current)
    opens, closes = START - LEAD, START + LENGTH
    touching = {n.line for n in found if n.starts_at - LEAD < closes and opens < n.ends_at}

    assert line in POOL
    if set(POOL) - touching:
        assert line not in touching
    if current in POOL and current not in touching:
        assert line == current
    assert chosen(*data.draw(st.permutations(found)), current=current) == line
