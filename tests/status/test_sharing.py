"""The factor on sharing outcomes (3.4): its published figures, its bounds, and when a miss drops out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from status.rules.sharing import WINDOW, drops_out_at, factor

COUNT = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("shared", "missed", "expected"),
    [
        (0, 0, 1.0),  # a newcomer
        (0, 1, 1.0),
        (100, 0, 1.0),
        (3, 2, 1.0),  # 2 of 10: just allowed
        (2, 2, 1 - 0.3 * (2 / 9 - 0.2)),
        (0, 2, 1 - 0.3 * (2 / 7 - 0.2)),
        (0, 5, 0.91),
        (5, 10, 0.91),
        (0, 45, 0.79),
    ],
)
def test_r122_the_factor_by_its_formula(shared: int, missed: int, expected: float) -> None:
    assert factor(shared, missed) == pytest.approx(expected)


@given(COUNT, COUNT)
def test_it_takes_less_than_a_quarter_off_and_adds_nothing(shared: int, missed: int) -> None:
    assert 0.76 < factor(shared, missed) <= 1


@given(COUNT)
def test_one_miss_never_costs_anything(shared: int) -> None:
    assert factor(shared, 1) == 1


@given(COUNT, COUNT)
def test_a_miss_never_helps_and_sharing_never_hurts(shared: int, missed: int) -> None:
    assert factor(shared, missed + 1) <= factor(shared, missed) <= factor(shared + 1, missed)


@given(COUNT, st.integers(2, 10_000))
def test_one_miss_in_five_is_free(shared: int, missed: int) -> None:
    free = missed / (shared + missed + 5) <= 0.2

    assert (factor(shared, missed) == 1) is free


def test_a_miss_counts_for_ninety_days_of_elapsed_time() -> None:
    ends_at = datetime(2026, 3, 1, 15, tzinfo=UTC)  # a clock change lies between

    assert drops_out_at(ends_at) == datetime(2026, 5, 30, 15, tzinfo=UTC) == ends_at + WINDOW
    assert timedelta(days=90) == WINDOW
