"""Recorded footage: a video file or a directory of pictures, with a clock of its own.

Rule 1: picture n was captured at n / fps seconds; the machine's clock has no say.
Rule 2: a picture that cannot be read is skipped, and its time with it; the next keeps its place.
Rule 3: footage that ends early by its own account ends in the state LOST, so that a truncated file
is not mistaken for a quiet evening. What was readable has been used by then.
"""

from collections.abc import Iterator
from typing import Final

from counter.frame import Frame
from counter.release import CameraState
from counter.settings import CameraSettings
from counter.sources.capture import Capture, Pictures

UNREADABLE_IN_A_ROW: Final = 250  # after so many the footage is over: 10 s at 25 fps
# A container's count can be an estimate (its duration times fps, where the sound may be longer than
# the picture): footage is cut short when more than a second and more than 1 % of it is missing.
TOLERATED_S: Final = 1.0
TOLERATED_SHARE: Final = 0.01


class Footage:
    """One pass over an opened capture."""

    live = False

    def __init__(self, camera: str, capture: Capture, fps: float, settings: CameraSettings) -> None:
        self.camera = camera
        self.now_ns = 0
        self.fps = fps
        self._capture = capture
        self._pictures = Pictures.of(settings)
        self._cut_short = False
        self._closed = False

    @property
    def state(self) -> CameraState:
        return CameraState.LOST if self._cut_short else self._pictures.state

    def frames(self) -> Iterator[Frame | None]:
        """Yield each picture (None: black or frozen), then None once more when the clock has
        reached the end of the last picture's time.
        """
        index = skipped = 0
        while skipped <= UNREADABLE_IN_A_ROW and not self._closed:
            at_ns = self._at_ns(index + skipped)
            taken = self._pictures.take(self._capture, at_ns) if self._capture.grab() else None
            if taken is None or taken is CameraState.LOST:
                skipped += 1
                continue
            index, skipped = index + skipped + 1, 0
            self.now_ns = at_ns
            yield taken if isinstance(taken, Frame) else None
        if self._closed:
            return
        missing = self._capture.pictures - index
        tolerated = max(TOLERATED_S * self.fps, TOLERATED_SHARE * self._capture.pictures)
        self._cut_short = missing > tolerated
        self.now_ns = self._at_ns(index)
        yield None

    def close(self) -> None:
        self._closed = True
        self._capture.close()

    def _at_ns(self, index: int) -> int:
        return round(index * 1e9 / self.fps)
