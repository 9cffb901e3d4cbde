"""The loop: the only place where the core meets I/O.

Rule 1: the picture lives exactly as long as the inner `with`.
Rule 2: an interval is released before the first picture of the next one is looked at, so that no
person is counted in the wrong one.
Rule 3: an interval closes on time whether or not a picture comes: a view without a frame is a
turn of the loop too.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from counter.clock import Clock
from counter.counting import Counting
from counter.detectors import CrowdModel, Detector
from counter.health import Monitor
from counter.outputs import Output
from counter.sources.merge import View

HELD = (
    "the clock went back behind what was released: nothing is released until it has caught up; "
    "if it was wrong before, restart"
)
_log = logging.getLogger("counter.engine")


@dataclass(slots=True)
class Engine:
    detector: Detector
    counting: Counting
    outputs: Sequence[Output]
    health: Monitor
    clock: Clock
    crowds: CrowdModel | None = None
    now_ns: int = 0  # of the last view; never goes back
    _held: bool = False

    def run(self, views: Iterable[View], stop: Callable[[], bool]) -> bool:
        """Turn until the views end (True) or `stop` says so (False)."""
        for view in views:
            frame = view.frame
            # A camera's picture may have been taken before another's that was looked at: time does
            # not go back for it, or the interval that was opened would have to be doubted.
            self.now_ns = max(self.now_ns, view.now_ns if frame is None else frame.captured_ns)
            self.release(self.clock.utc(self.now_ns))
            if frame is not None:
                with frame:
                    people = self.detector.detect(frame)
                    crowd = None
                    if self.crowds and self.counting.asks_for_crowd(view.camera, frame.captured_ns):
                        crowd = self.crowds.look(frame)
                self.counting.observe(view.camera, people, crowd)
            if stop():
                return False
        return True

    def release(self, now_utc: datetime) -> None:
        """Publish the interval that has closed by now, if one has."""
        due = self.counting.release(now_utc)
        if self.counting.held != self._held:
            self._held = self.counting.held
            _log.warning(HELD if self._held else "the clock has caught up: releases go on")
        if due:
            health = self.health.report(below_ceiling=self.counting.below_ceiling)
            for output in self.outputs:
                output.publish(due, health)
