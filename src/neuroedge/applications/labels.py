"""Where the labels of points go, so that none covers another or a point."""

from typing import List, Sequence, Tuple

__all__ = ["Box", "place_labels"]

# left, bottom, right, top; points (1/72 inch)
Box = Tuple[float, float, float, float]

# where a label's middle lies from its point, in half widths and half heights of both: near places first
_SIDES = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
# rings of places, each further out; points (1/72 inch) between a point and its label
_RINGS, _GAP = 6, 7.0


def place_labels(
    points: Sequence[Tuple[float, float]], sizes: Sequence[Tuple[float, float]], frame: Box,
    avoid: Sequence[Box] = (),
) -> List[Tuple[float, float]]:  # fmt: skip
    """Offsets of the labels' middles from their points, all in points (1/72 inch).

    points: x, y; sizes: width, height of each label; frame: what labels should stay within; avoid: what else
    they should not cover. Each label takes the place, of those next to its point
    and further out, that covers least.
    """
    taken: List[Box] = [(x - _GAP / 2, y - _GAP / 2, x + _GAP / 2, y + _GAP / 2) for x, y in points]
    taken.extend(avoid)
    found = []
    for (x, y), (wide, high) in zip(points, sizes):
        best = min(_places(wide, high), key=lambda place: _cost(_box(x, y, place, wide, high), taken, frame))
        taken.append(_box(x, y, best, wide, high))
        found.append(best)
    return found


def _places(wide: float, high: float) -> List[Tuple[float, float]]:
    """Offsets in the order in which they are wanted: `min` takes the first of equals."""
    return [
        (across * (wide / 2 + _GAP * ring), up * (high / 2 + _GAP * ring))
        for ring in range(1, _RINGS + 1)
        for across, up in _SIDES
    ]


def _box(x: float, y: float, place: Tuple[float, float], wide: float, high: float) -> Box:
    return x + place[0] - wide / 2, y + place[1] - high / 2, x + place[0] + wide / 2, y + place[1] + high / 2


def _cost(box: Box, taken: Sequence[Box], frame: Box) -> float:
    """Area that a label would share with others, and that it would have outside of the frame."""
    own = (box[2] - box[0]) * (box[3] - box[1])
    return sum(_shared(box, other) for other in taken) + own - _shared(box, frame)


def _shared(a: Box, b: Box) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
