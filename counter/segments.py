"""The geometry of lines on a picture: how far from a line somebody stands, and on which side.

Rule 1: lengths are in image heights both ways, so that a slanted line is measured truly.
Rule 2: the right of a line is the right of somebody who stands on the picture at the first point
and looks at the second: the picture's y points down, so a line drawn left to right has its right
side below it.
Rule 3: a dead band never fills the room between a line and the picture's edge: a line near the
edge counts.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from counter.people import Tracks
from counter.settings import LineSettings
from counter.zones import HEIGHT, anchors_y

END = 0.02  # of the picture: a line that ends this near to its edge goes on beyond it
ROOM = 0.5  # the band takes at most this share of the way from the line to the picture's edge

Floats = NDArray[np.float64]


class Place(NamedTuple):
    """Where everybody stands, seen from every line."""

    across: Floats  # (N, L) distance from the endless line, + on its right
    along: Floats  # (N, L) from its first point towards its second
    side: NDArray[np.int8]  # (N, L) 1 right, -1 left, 0 in the dead band
    height: Floats  # (N,) of the box

    def __repr__(self) -> str:
        return "<Place>"  # ring 1: no value is printed


class Segments:
    """Some lines, in image heights."""

    def __init__(self, lines: tuple[LineSettings, ...]) -> None:
        self._points = np.array([line.points for line in lines], np.float64).reshape(-1, 2, 2)
        self._anchor = np.array([HEIGHT[line.anchor] for line in lines])
        self._band = np.array([line.dead_band for line in lines])
        # A line that ends at the picture's edge has no end: feet are cut off there.
        edge = np.minimum(self._points, 1 - self._points).min(axis=2) <= END
        self._open = edge.T  # (2, L): the first end, the second end
        self._aspect = 0.0

    def place(self, tracks: Tracks) -> Place:
        """Measure all tracks against all lines."""
        if tracks.aspect != self._aspect:
            self._measure(tracks.aspect)
        box = tracks.xyxy
        x = (box[:, 0:1] + box[:, 2:3]).astype(np.float64) * (self._aspect / 2) - self._start[0]
        y = anchors_y(box, self._anchor) - self._start[1]
        along = x * self._toward[0] + y * self._toward[1]
        across = y * self._toward[0] - x * self._toward[1]
        height = (box[:, 3] - box[:, 1]).astype(np.float64)
        band = self._band * height[:, None]
        right, left = (
            np.minimum(band, ROOM * np.maximum(np.minimum(*(far + lean * along)), 0))
            for far, lean in self._room
        )
        side = (across > right).astype(np.int8) - (across < -left).astype(np.int8)
        return Place(across, along, side, height)

    def holds(self, along: Floats, height: Floats, line: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell whether a path that met the endless `line` at `along` met the segment; all (N,).

        The ends reach as far as the dead band: feet are not known better than that.
        """
        spare = self._band[line] * height
        beyond_start = (along >= -spare) | self._open[0, line]
        before_end = (along <= self._length[line] + spare) | self._open[1, line]
        held: NDArray[np.bool_] = beyond_start & before_end
        return held

    def across(self, moved: Floats, line: int) -> tuple[Floats, Floats]:
        """Split moves (N, 2), in image heights, into across `line` and along it."""
        right, down = self._toward[:, line]
        return moved[:, 1] * right - moved[:, 0] * down, moved[:, 0] * right + moved[:, 1] * down

    def _measure(self, aspect: float) -> None:
        scale = np.array([aspect, 1.0])
        points = self._points * scale
        span = points[:, 1] - points[:, 0]
        self._aspect = aspect
        self._length = np.hypot(span[:, 0], span[:, 1])
        self._start = points[:, 0].T
        self._toward = (span / self._length[:, None]).T
        right = np.stack((-self._toward[1], self._toward[0]))
        self._room = [
            _to_edge(self._start, self._toward, sideways, scale) for sideways in (right, -right)
        ]


def feet(tracks: Tracks) -> Floats:
    """Where everybody stands on the picture: (N, 2) x and y in image heights."""
    box = tracks.xyxy.astype(np.float64)
    box[:, 2] += box[:, 0]
    box[:, 2] *= tracks.aspect / 2
    return box[:, 2:]


def _to_edge(
    start: Floats, toward: Floats, sideways: Floats, size: Floats
) -> tuple[Floats, Floats]:
    """How far it is `sideways` from a point of the line to the picture's edge.

    Gives `far` and `lean` (2, 1, L): from the point at `along` (N, L) it is the smaller of both
    far + lean * along. All inputs are (2, L), but `size` (2,).
    """
    edge = np.where(sideways > 0, size[:, None], 0.0)
    level = np.abs(sideways) < 1e-9
    safe = np.where(level, 1.0, sideways)
    far = np.where(level, np.inf, (edge - start) / safe)
    lean = np.where(level, 0.0, -toward / safe)
    return far[:, None], lean[:, None]
