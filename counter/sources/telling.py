"""What is said of a live camera: a line when its state changes, none for an attempt or a picture.

Rule 1: what was well may turn bad at once; every other change is said when it has held for a
while, so that a camera that comes and goes does not fill the log.
Rule 2: a line holds the camera's name, its state and why it could not be opened. The address in
it is masked, and nothing in it follows from how many people were seen.
Rule 3: an error of ours is its type and the places it passed, not its text (P8).
"""

import logging
from typing import Final

from counter.errors import fault
from counter.release import CameraState

# FROZEN is not among them: where a camera gives equal pictures of an empty place, the line's time
# would tell when somebody came.
SAID: Final = {
    CameraState.OK: (logging.INFO, "back"),
    CameraState.LOST: (logging.WARNING, "lost ({why}), trying again"),
    CameraState.STALLED: (logging.WARNING, "stalled (it is open, and no picture comes)"),
    CameraState.BLACK: (logging.WARNING, "black (there is nothing in its picture)"),
}

_log = logging.getLogger("counter.sources")


class News:
    """What was said of one camera last. A camera that is well from the beginning is no news."""

    def __init__(self, camera: str, hold_ns: int) -> None:
        """Say a change from a bad state when the new one has held for `hold_ns`."""
        self._camera = camera
        self._hold_ns = hold_ns
        self._said = CameraState.OK
        self._state = CameraState.OK
        self._since_ns = 0
        self._fault = ""

    def hear(self, state: CameraState, why: str, now_ns: int) -> None:
        """Take the present state; `why` belongs to LOST. Called by whoever takes the pictures."""
        if state is not self._state:
            self._state, self._since_ns = state, now_ns
        held = now_ns - self._since_ns >= self._hold_ns
        if state not in SAID or state is self._said or not (held or self._said is CameraState.OK):
            return
        self._said = state
        level, text = SAID[state]
        _log.log(level, "camera %s: %s", self._camera, text.format(why=why))

    def broke(self, error: Exception) -> None:
        """Take an error of ours; the same one is said once. Called by the thread that reads."""
        what = fault(error)
        if what != self._fault:
            self._fault = what
            _log.error("camera %s: internal error: %s, trying again", self._camera, what)
