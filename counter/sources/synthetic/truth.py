"""What is really in a picture: boxes, visibility, identities, feet.

Rule 1: boxes are the tight boxes of the whole drawn figure, hidden parts too, cut at the picture.
Rule 2: a person counts in a polygon by the foot point, in a crossing by the path of the foot point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]


@dataclass(frozen=True)
class Truth:
    """N people whose box touches the picture; fractions are of its width and height."""

    frame: int
    seconds: float
    xyxy: NDArray[np.float32]  # (N, 4) left, top, right, bottom, 0..1
    visible: NDArray[np.float32]  # (N,) share of the figure's pixels that is seen, 0..1
    person: NDArray[np.int64]  # (N,) stable identity
    foot: NDArray[np.float32]  # (N, 2) where the person touches the floor; may be outside 0..1
    floor: NDArray[np.float32]  # (N, 2) metres

    def occupancy(self, polygon: Sequence[Point]) -> int:
        """Persons whose foot point lies in a polygon of fractions (even-odd rule)."""
        return int(inside(self.foot, polygon).sum())


def inside(points: NDArray[np.float32], polygon: Sequence[Point]) -> NDArray[np.bool_]:
    """(N, 2) points in a polygon by the even-odd rule: (N,) bool."""
    x, y = points[:, 0].astype(np.float64), points[:, 1].astype(np.float64)
    odd = np.zeros(len(points), dtype=np.bool_)
    for (ax, ay), (bx, by) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if ay == by:
            continue
        spans = (ay > y) != (by > y)
        odd ^= spans & (x < ax + (y - ay) * (bx - ax) / (by - ay))
    return odd


def _side(line: tuple[Point, Point], point: Point) -> bool:
    """Whether a point is to the right of the line for one who walks it, as seen in the picture."""
    (ax, ay), (bx, by) = line
    return (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax) >= 0


class Crossings:
    """Adds up foot paths over a line between the truths shown to it, in order.

    entries: from the left of start->end to its right in the picture; exits: back.
    """

    def __init__(self, line: tuple[Point, Point]) -> None:
        self._line = line
        self._before: dict[int, Point] = {}
        self.entries = 0
        self.exits = 0

    def observe(self, truth: Truth) -> None:
        """Compares with the previous truth; people who are new or gone cross nothing."""
        now = {
            int(who): (float(x), float(y))
            for who, (x, y) in zip(truth.person, truth.foot, strict=True)
        }
        for who, there in now.items():
            here = self._before.get(who)
            if here is None or not self._meets(here, there):
                continue
            if _side(self._line, there):
                self.entries += 1
            else:
                self.exits += 1
        self._before = now

    def _meets(self, here: Point, there: Point) -> bool:
        if _side(self._line, here) == _side(self._line, there):
            return False
        start, end = self._line
        return _side((here, there), start) != _side((here, there), end)
