"""Privacy masks: what lies under one is overwritten before anybody looks at the picture (P17).

Rule 1: pixels are overwritten in the buffer that they were decoded into, before a Frame exists and
before the picture is judged: nothing that is computed later can follow from them.
Rule 2: a polygon is rounded outwards: no pixel survives whose square it touches, be it by a corner.
Rule 3: it is worked out once for each size of picture, and costs two passes over the mask's box.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from counter.frame import Pixels
from counter.settings import Point

Hidden = NDArray[np.bool_]  # (height, width), True where the picture is overwritten

# The grey of the letterbox around a picture, which a detector is trained to ignore. Two masks of a
# tenth on 480 drawn pictures (counter-n): false boxes 80 with this grey, 61 with black, 86 without
# masks; none of 637 people under a mask was found with either. But of people who stand half behind
# a mask fewer get a box that reaches into it: 21 in 80 pictures, 47 with black.
FILL: Final = 114
# Pixels. Corners are fractions that a person wrote: a product that errs by 1e-12 stays inside this.
TOUCHES: Final = 1e-6


class _Patch(NamedTuple):
    """The box around one mask: what stays of each byte in it, and what is written."""

    rows: slice
    columns: slice
    keep: Pixels  # 255 or 0
    fill: Pixels  # 0 or FILL


class Masks:
    """The masks of one camera."""

    def __init__(self, polygons: Sequence[Sequence[Point]] = ()) -> None:
        """Take rings of points, fractions of the picture."""
        self._polygons = [np.array(polygon, np.float64) for polygon in polygons]
        self._size = (0, 0)
        self._patches: list[_Patch] = []
        self._hidden: Hidden | None = None

    def cover(self, pixels: Pixels) -> None:
        """Overwrite what is under the masks, in place."""
        self._measure(pixels)
        for rows, columns, keep, fill in self._patches:
            # In numpy, so that it is in place whatever the strides: cv2.copyTo with a kept mask
            # takes 0.03 ms for two masks of a tenth of 1280x720, this 0.13, cv2.fillPoly 0.04; but
            # cv2 writes into a copy where it cannot use the buffer, and says nothing.
            box = pixels[rows, columns]
            np.bitwise_and(box, keep, out=box)
            np.bitwise_or(box, fill, out=box)

    def hidden(self, pixels: Pixels) -> Hidden | None:
        """(height, width) of what is overwritten in a picture like this one; None: nothing is."""
        self._measure(pixels)
        return self._hidden

    def _measure(self, pixels: Pixels) -> None:
        if not self._polygons or pixels.shape[:2] == self._size:
            return
        height, width = self._size = pixels.shape[0], pixels.shape[1]
        touched = [_touched(ring * (width, height), self._size) for ring in self._polygons]
        self._hidden = np.logical_or.reduce(touched)
        self._patches = [_patch(one) for one in touched]


def _patch(hidden: Hidden) -> _Patch:
    down, across = np.nonzero(hidden)
    rows, columns = slice(down.min(), down.max() + 1), slice(across.min(), across.max() + 1)
    box = np.repeat(hidden[rows, columns, None], 3, axis=2)
    return _Patch(rows, columns, np.where(box, 0, 255).astype(np.uint8), box * np.uint8(FILL))


def _touched(ring: NDArray[np.float64], size: tuple[int, int]) -> Hidden:
    """Which pixels of a (height, width) picture a polygon touches; `ring` (n, 2) in pixels.

    A pixel that no edge touches lies wholly inside or wholly outside, as its middle does.
    """
    height, width = size
    across, down = np.arange(0.5, width), np.arange(0.5, height)
    odd = np.zeros(size, np.bool_)
    border = np.zeros(size, np.bool_)
    for start, end in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        low, high = sorted((start, end), key=lambda point: float(point[1]))
        between = np.flatnonzero((low[1] <= down) & (down < high[1]))
        met = _x_at(low, high, down[between])
        odd[between] ^= across > met[:, None]
        _draw(border, low, high)
    return odd | border


def _draw(border: Hidden, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    """Mark every pixel that the edge from `low` down to `high` touches, row by row."""
    height, width = border.shape
    first = max(int(np.floor(low[1] - TOUCHES)), 0)
    last = min(int(np.floor(high[1] + TOUCHES)), height - 1)
    rows = np.arange(first, last + 1)
    # The edge within the row, from its upper to its lower end.
    ends = [
        _x_at(low, high, np.clip(rows + step, low[1], high[1])) for step in (-TOUCHES, 1 + TOUCHES)
    ]
    if low[1] == high[1]:
        ends = [np.full(len(rows), low[0]), np.full(len(rows), high[0])]
    left = np.floor(np.minimum(*ends) - TOUCHES).astype(np.intp).clip(0, width - 1)
    right = np.floor(np.maximum(*ends) + TOUCHES).astype(np.intp).clip(0, width - 1)
    columns = np.arange(width)
    border[rows] |= (columns >= left[:, None]) & (columns <= right[:, None])


def _x_at(
    low: NDArray[np.float64], high: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where the edge is at the heights `y`."""
    rise = high[1] - low[1]
    share = (y - low[1]) / rise if rise else np.zeros_like(y)
    x: NDArray[np.float64] = low[0] + share * (high[0] - low[0])
    return x
