"""Is there a picture in the picture? Black and frozen ones are not looked at.

Rule 1: a covered lens or a dead signal is not an empty platform: its time is not covered.
Rule 2: what is kept of a picture to compare the next one with is a checksum, never a thumbnail:
nothing that could be looked at outlives its frame. The price: a camera that hangs but encodes its
last picture anew, with other rounding, is not called frozen.
Rule 3: what is under a mask has no say, neither as it was nor as the grey that it became: a picture
of which all the rest is black is black, also beside a bright mask or under a clock that is masked.
"""

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from counter.frame import Pixels
from counter.release import CameraState

ROWS: Final = 60  # samples along the picture's shorter side

# Of 838 real photographs and 4,771 frames of footage, day and night, the darkest had a mean of 10
# (with lights in it: a standard deviation of 40) and the flattest a standard deviation of 11 (a
# bright one). Black is dark AND without contrast; a sensor's noise under a cap stays below both.
BLACK_MEAN: Final = 24.0
BLACK_SPREAD: Final = 8.0
# Whatever its brightness, a picture of one tone is a screen of "no signal", a hand on the lens, or
# the grey that a decoder makes up when it has lost its key frame.
FLAT_SPREAD: Final = 2.0


class Judge:
    """Judges the pictures of one camera, in order of time."""

    def __init__(self, frozen_s: float) -> None:
        """Call a picture frozen when it has been the same for `frozen_s` seconds.

        Same is bit for bit, in the sample. In the footage at hand the longest such run of a
        working camera is 0.2 s: noise and every new key frame change something.
        """
        self._frozen_ns = round(frozen_s * 1e9)
        self._checksum: int | None = None
        self._since_ns = 0

    def verdict(
        self, pixels: Pixels, captured_ns: int, hidden: NDArray[np.bool_] | None = None
    ) -> CameraState:
        """Give OK, BLACK or FROZEN for (height, width, 3) uint8 `pixels`.

        `hidden` (height, width) is what lies under a mask.
        """
        step = max(1, min(pixels.shape[:2]) // ROWS)
        sample = np.ascontiguousarray(pixels[::step, ::step])
        if hidden is not None:
            sample = sample[~hidden[::step, ::step]]
            if not sample.size:
                return CameraState.BLACK  # there is nothing to see
        checksum = zlib.crc32(sample.data)
        if checksum != self._checksum:
            self._checksum, self._since_ns = checksum, captured_ns
        spread = float(sample.std())
        if spread < FLAT_SPREAD or (spread < BLACK_SPREAD and float(sample.mean()) < BLACK_MEAN):
            return CameraState.BLACK
        if captured_ns - self._since_ns >= self._frozen_ns:
            return CameraState.FROZEN
        return CameraState.OK
