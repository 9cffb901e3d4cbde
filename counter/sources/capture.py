"""From a device or file to frames, through buffers that are used again.

Rule 1: while pictures keep their size, none is allocated: a buffer goes from the pool to the
capture, to the frame, and back to the pool, zeroed.
Rule 2: a picture that shows nothing (black, frozen) is wiped at once and never becomes a frame.
Rule 3: what is under a mask is overwritten before anything else is done with a picture.
"""

from typing import Final, Protocol, Self

from counter.frame import Frame, Pixels
from counter.release import CameraState
from counter.settings import CameraSettings
from counter.sources.mask import Masks
from counter.sources.picture import Judge

KEEP: Final = 4  # buffers: one in the box, one ahead of a merge, two in flight in a detector


class Capture(Protocol):
    """An opened device, stream, file or directory. Used by one thread."""

    fps: float  # pictures per second by its own account; 0: it does not say
    pictures: int  # how many it holds by its own account; 0: it does not say

    def grab(self) -> bool:
        """Wait for the next picture. False: none could be read."""

    def retrieve(self, buffer: Pixels | None) -> Pixels | None:
        """Give the grabbed picture: in `buffer` if it fits, else in a new array. None: unreadable.

        (height, width, 3) uint8, BGR, not rotated.
        """

    def close(self) -> None: ...


class Pictures:
    """Turns what one capture after another grabs into the frames of one camera."""

    def __init__(self, judge: Judge, masks: Masks | None = None) -> None:
        self._judge = judge
        self._masks = masks or Masks()
        self._free: list[Pixels] = []
        self.state = CameraState.OK  # of the last readable picture: OK, BLACK or FROZEN

    @classmethod
    def of(cls, settings: CameraSettings) -> Self:
        return cls(Judge(settings.frozen_s), Masks(settings.masks))

    def take(self, capture: Capture, captured_ns: int) -> Frame | CameraState:
        """Give the grabbed picture as a frame, or say why it is none: LOST is unreadable."""
        buffer = self._free.pop() if self._free else None
        pixels = capture.retrieve(buffer)
        if pixels is None:
            if buffer is not None:
                self._wipe(buffer)
            return CameraState.LOST
        self._masks.cover(pixels)  # Rule 3
        self.state = self._judge.verdict(pixels, captured_ns, self._masks.hidden(pixels))
        if self.state is not CameraState.OK:
            self._wipe(pixels)
            return self.state
        return Frame(pixels, captured_ns, self.give_back)

    def give_back(self, buffer: Pixels) -> None:
        """Keep a zeroed buffer for the next picture. Called from whichever thread released it."""
        if len(self._free) < KEEP:
            self._free.append(buffer)

    def _wipe(self, buffer: Pixels) -> None:
        buffer.fill(0)
        self.give_back(buffer)
