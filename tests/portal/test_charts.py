"""Where the bars of a chart stand: in order, in proportion, and nothing for nothing."""

import pytest

from portal.charts import HEIGHT, WIDTH, columns, round_up


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 2), (1, 2), (2, 2), (3, 4), (19, 20), (20, 20), (21, 30), (100, 100), (101, 120), (999, 1000), (1001, 1200)],
)
def test_an_axis_ends_at_a_round_number_above_all(most: int, top: int) -> None:
    assert round_up(most) == top


def test_parts_stand_on_each_other_in_their_order_and_nothing_reaches_out() -> None:
    drawn = columns([("1", {"a": 1, "b": 3}), ("2", {"b": 2}), ("3", {})], ["a", "b"])
    assert [bar.kind for bar in drawn.bars] == ["a", "b", "b"]
    first, above, second = drawn.bars
    assert above.y + above.height == pytest.approx(first.y)
    assert above.height == pytest.approx(3 * first.height, abs=0.2)
    assert second.height == pytest.approx(2 * first.height, abs=0.2)
    assert first.x + first.width < second.x
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH and bar.y >= 0 and bar.y < HEIGHT for bar in drawn.bars)
    assert [mark.words for mark in drawn.beside] == ["0", "2", "4"]
    assert [mark.words for mark in drawn.below] == ["1", "2", "3"]


def test_a_chart_of_nothing_is_an_empty_one() -> None:
    assert columns([], ["a"]).bars == []
