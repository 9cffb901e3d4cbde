"""Ring 1, people. What a detector saw and a tracker follows, until the track is deleted.

Rule 1: boxes and confidences only; no class but person, no appearance, no embedding (P10, P11).
Rule 2: a track is named by a slot that is used again for somebody else; a Crossing has no slot.
Rule 3: nothing here prints a value, is pickled, or is imported above `counting`.

Arrays, not objects per person: every step works on all people of a frame at once.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

MOST_SEEN = 300  # persons in a picture, as end-to-end heads deliver at most
Boxes = NDArray[np.float32]  # (N, 4) left, top, right, bottom, fractions of the image


class TrackState(IntEnum):
    TENTATIVE = 0  # seen, not yet believed: not counted
    CONFIRMED = 1
    LOST = 2  # believed, but not detected in this frame: its box is predicted


class Direction(IntEnum):
    IN = 1  # along the line's direction
    OUT = -1


class _Sealed:
    """No value of a ring 1 type is printed or pickled."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce__(self) -> str:
        raise TypeError(f"{type(self).__name__} stays in this process")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Detections(_Sealed):
    """The persons of one frame, as one camera's detector saw them."""

    xyxy: Boxes  # (N, 4)
    confidence: NDArray[np.float32]  # (N,), 0..1
    captured_ns: int
    aspect: float = 16 / 9  # image width / height: makes distances comparable in both directions
    height_px: int = 0  # of the source's picture; 0: not known, so no person has a height in pixels

    def __len__(self) -> int:
        return len(self.xyxy)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Crowd(_Sealed):
    """How many persons are where in one frame, without telling them apart: a density model's map.

    The cells lie over the whole picture, from its top left corner, all of one size.
    """

    persons: NDArray[np.float32]  # (rows, columns) in each cell, by their heads
    captured_ns: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tracks(_Sealed):
    """The tracks of one camera after one frame; all arrays share their first axis."""

    slot: NDArray[np.intp]  # (N,) 0..max_tracks-1, recycled
    state: NDArray[np.int8]  # (N,) TrackState
    xyxy: Boxes  # (N, 4) filtered boxes
    born: NDArray[np.bool_]  # (N,) True in the first frame of a slot's new life
    captured_ns: int
    aspect: float

    def __len__(self) -> int:
        return len(self.slot)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Crossing(_Sealed):
    """Somebody went over a line. Whose crossing it was is forgotten here."""

    line: str
    direction: Direction
    captured_ns: int
