"""Charts as numbers: where each bar stands, so that a template can draw it without script and a test can read it.

Each chart has its table beside it: what is drawn is for those who would rather look than read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 220
_LEFT, _BOTTOM, _TOP, _GAP = 36, 24, 8, 0.25


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a column: what it stands for, and its rectangle."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A word beside an axis."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns in parts, with the marks of both axes; `lines` are the heights of the marks on the left."""

    bars: Sequence[Bar]
    below: Sequence[Mark]
    beside: Sequence[Mark]
    left: float = _LEFT
    width: float = WIDTH
    height: float = HEIGHT


def columns(told: Sequence[tuple[str, Mapping[str, int]]], kinds: Sequence[str]) -> Chart:
    """Return a chart of columns, each in parts in the order of `kinds`; a part of nothing has no bar."""
    most = max((sum(parts.values()) for _, parts in told), default=0)
    top = round_up(most)
    floor, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    step = (WIDTH - _LEFT) / max(1, len(told))
    bars: list[Bar] = []
    for n, (_, parts) in enumerate(told):
        y = float(floor)
        for kind in kinds:
            height = room * parts.get(kind, 0) / top
            if height:
                y -= height
                x = _LEFT + (n + _GAP / 2) * step
                bars.append(Bar(kind, round(x, 1), round(y, 1), round(step * (1 - _GAP), 1), round(height, 1)))
    return Chart(
        bars=bars,
        below=[Mark(round(_LEFT + (n + 0.5) * step, 1), HEIGHT - 6, label) for n, (label, _) in enumerate(told)],
        beside=[Mark(_LEFT - 6, round(floor - room * part, 1), str(int(top * part))) for part in (0, 0.5, 1)],
    )


def round_up(most: int) -> int:
    """Return where an axis ends: an even number of two digits at most and zeros, no less than this and than two."""
    step = 2
    while step * 10 < most:
        step *= 5 if str(step)[0] == "2" else 2
    return max(2, -(-most // step) * step)
