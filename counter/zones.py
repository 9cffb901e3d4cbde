"""Who stands where: anchors and polygons, all people and all zones at once.

Rule 1: a person stands where the anchor of the box is; a box may reach over an edge, an anchor not.
Rule 2: two zones that share an edge never both hold an anchor on it, and never neither.
Rule 3: who was believed and is not detected now counts for a moment longer, not for as long as the
track is kept: a lost track may be somebody who has left, or who is followed under another slot.
Rule 4: somebody whose feet are cut off by the picture's edge stands at that edge, inside.
Rule 5: a thing that never moves is nobody (still.py).
Rule 6: where boxes overlap so much that NMS must merge people, the zone says that it is crowded;
so does every zone of a picture with about as many people as a detector or the tracker can hold.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from counter.nearby import touching
from counter.people import MOST_SEEN, Boxes, Tracks, TrackState
from counter.settings import TrackerSettings, ZoneSettings
from counter.still import Still

HEIGHT = {"foot": 1.0, "center": 0.5, "head": 0.0}  # of the anchor, from the top of the box
# Rule 3. Mean error of the occupancy of the whole picture (5 s medians), 7 sequences with their
# public detections: 1.85 persons when lost tracks do not count, 0.84 when they count for 0.2 s,
# 0.99 for 0.35 s, 1.03 for 0.5 s, 1.38 for 1 s; the bias is nil between 0.2 s and 0.35 s.
LINGER_NS = 250_000_000
TENTATIVE, LOST = int(TrackState.TENTATIVE), int(TrackState.LOST)  # numbers: see the tracker
MOST_TRACKS = 4096  # the most that TrackerSettings allows
# Rule 6. A zone is crowded when at least CROWDED of its people, and FEWEST or more, have a box that
# overlaps another by more than OVERLAP. Share of pictures that are, and boxes / people: where
# 0.8 or more are found, at most 0.10 (PETS, vtest, TUD, CAMPUS, MOT17-04, with six detectors);
# MOT17-02 0.89 (0.77 found); shtech_b with counter-n 0.70 (0.28 found). Not told by overlap: who is
# too small to be seen, shtech_b with yolo11n-640 0.29 (0.15 found), mall 0.01 (0.58 found).
CROWDED = 0.6
OVERLAP = 0.1
FEWEST = 4
FULL = 0.9  # of MOST_SEEN people: of 300 boxes some are too unsure to be a track
LOOK_NS = 1_000_000_000  # how often crowding is looked for: it lasts longer, and costs a look
LEVEL = 1e-12  # an edge that rises by less is level
INSIDE = 1e-6  # how far inside the picture an anchor at its very edge is put


def anchors_y(xyxy: Boxes, heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height on the picture of each box's (N, 4) anchor for each of `heights` (Z,): (N, Z)."""
    top, bottom = xyxy[:, 1:2].astype(np.float64), xyxy[:, 3:4].astype(np.float64)
    y: NDArray[np.float64] = top + heights * (bottom - top)
    return y


class Zones:
    """The polygons of one camera."""

    def __init__(
        self,
        zones: Iterable[ZoneSettings],
        max_tracks: int = MOST_TRACKS,
        still_s: float = TrackerSettings().still_s,
    ) -> None:
        chosen = list(zones)
        edges = [(a, b) for zone in chosen for a, b in _edges(zone.polygon)]
        starts, ends = np.array(edges, np.float64).reshape(-1, 2, 2).transpose(1, 2, 0)
        self._owner = np.repeat(np.arange(len(chosen)), [len(zone.polygon) for zone in chosen])
        self._member = np.eye(len(chosen))[self._owner]  # (E, Z) one where edge e is of zone z
        self._height = np.array([HEIGHT[zone.anchor] for zone in chosen])
        self._x, self._y, self._end_y = starts[0], starts[1], ends[1]
        rise = ends[1] - starts[1]
        self._lean = np.divide(
            ends[0] - starts[0], rise, out=np.zeros_like(rise), where=np.abs(rise) > LEVEL
        )  # a level edge is never between two heights, whatever its lean

        self._seen_ns = np.zeros(max_tracks, np.int64)  # of each slot, when last detected
        self._last_ns: int | None = None
        self._still = Still(max_tracks, still_s)
        self._max_tracks = max_tracks
        self._crowded = np.zeros(len(chosen), np.bool_)
        self._looked_ns: int | None = None

    @property
    def crowded(self) -> NDArray[np.bool_]:
        """(Z,) whether more people may be there than `persons` said, when last looked for."""
        return self._crowded

    def persons(self, tracks: Tracks) -> NDArray[np.intp]:
        """Count the people in each zone after one frame: (Z,)."""
        self._seen_ns[tracks.slot[tracks.state != LOST]] = tracks.captured_ns
        step_ns = 0 if self._last_ns is None else tracks.captured_ns - self._last_ns
        self._last_ns = tracks.captured_ns
        # One missed frame is forgiven at every frame rate.
        lately = tracks.captured_ns - self._seen_ns[tracks.slot] <= max(LINGER_NS, step_ns)
        counted = lately & (tracks.state != TENTATIVE)
        boxes = tracks.xyxy[self._still.people(tracks, counted)]
        inside = self.inside(boxes)
        if self._looked_ns is None or abs(tracks.captured_ns - self._looked_ns) >= LOOK_NS:
            self._looked_ns = tracks.captured_ns
            self._crowded = self._crowding(boxes, inside) | self._full(tracks)
        persons: NDArray[np.intp] = inside.sum(axis=0, dtype=np.intp)
        return persons

    def _full(self, tracks: Tracks) -> bool:
        """Rule 6: may more people be in the picture than anybody could tell?"""
        seen = np.count_nonzero(tracks.state != LOST)
        return len(tracks) >= self._max_tracks or bool(seen >= FULL * MOST_SEEN)

    def _crowding(self, boxes: Boxes, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Rule 6: (Z,)."""
        many = inside.sum(axis=0)
        if not (many >= FEWEST).any():
            return np.zeros(len(many), np.bool_)
        among = inside[overlapping(boxes)].sum(axis=0)
        crowded: NDArray[np.bool_] = (many >= FEWEST) & (among >= CROWDED * many)
        return crowded

    def inside(self, xyxy: Boxes) -> NDArray[np.bool_]:
        """Tell for each box (N, 4) and each zone whether its anchor is inside: (N, Z).

        Even-odd rule: a ray to the right of the anchor meets an odd number of edges (Shimrat 1962).
        """
        x = np.clip((xyxy[:, 0:1] + xyxy[:, 2:3]).astype(np.float64) / 2, INSIDE, 1 - INSIDE)
        y = np.clip(anchors_y(xyxy, self._height), INSIDE, 1 - INSIDE)[:, self._owner]
        between = (self._y > y) != (self._end_y > y)
        met = between & (x < self._x + (y - self._y) * self._lean)
        odd: NDArray[np.bool_] = (met @ self._member) % 2 == 1
        return odd


def overlapping(boxes: Boxes) -> NDArray[np.bool_]:
    """(N,) whose box has more than OVERLAP of its union with another's in common."""
    one, other = touching(boxes, boxes)
    left, top, right, bottom = np.ascontiguousarray(boxes.T)
    width = np.minimum(right[one], right[other]) - np.maximum(left[one], left[other])
    height = np.minimum(bottom[one], bottom[other]) - np.maximum(top[one], top[other])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    area = (right - left) * (bottom - top)
    near = shared > OVERLAP * (area[one] + area[other] - shared)
    overlaps: NDArray[np.bool_] = np.bincount(one[near], minlength=len(boxes)) > 1  # it is its own
    return overlaps


def _edges(
    polygon: list[tuple[float, float]],
) -> Iterable[tuple[tuple[float, float], tuple[float, float]]]:
    return zip(polygon, polygon[1:] + polygon[:1], strict=True)
