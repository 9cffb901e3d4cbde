"""The loop: the only place where the core meets I/O.

Rule 1: the picture lives exactly as long as the inner `with`. Its scaled copy in a network's input
lives until that network has run, which may be after: of three pictures at most.
Rule 2: an interval is released before the first picture of the next one is looked at, so that no
person is counted in the wrong one.
Rule 3: a picture that nobody could look at makes the open interval MISSING, whatever else was seen.
So does a map of a crowd that fails: without it the tracker would count too few, unsaid. The next
one is asked for when it is due.
Rule 4: an interval closes on time whether or not a picture comes: a view without a frame is a
turn of the loop too.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from counter.clock import Clock
from counter.counting import Counting
from counter.detectors import CrowdModel
from counter.detectors.lookout import Lookout, Seen
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
    lookout: Lookout
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
            # A camera's picture may have been taken before another's that was looked at: time does
            # not go back for it, or the interval that was opened would have to be doubted.
            frame = view.frame
            self.now_ns = max(self.now_ns, view.now_ns if frame is None else frame.captured_ns)
            now_utc = self.clock.utc(self.now_ns)
            if frame is None or self.counting.closes(now_utc):
                self._observe(self.lookout.drain())
            self.release(now_utc)
            self._look(view)
            if stop():
                return False
        self._observe(self.lookout.drain())
        return True

    def _look(self, view: View) -> None:
        if view.frame is None:
            return
        with view.frame as frame:
            crowd = None
            if self.crowds and self.counting.asks_for_crowd(view.camera, frame.captured_ns):
                crowd = self.lookout.map(self.crowds, frame)
            seen = self.lookout.look(view.camera, frame, crowd, self.now_ns)
        self._observe(seen)

    def _observe(self, seen: Iterable[Seen]) -> None:
        """Count what is known; doubt the interval if a picture was not looked at (Rule 3)."""
        if self.lookout.unseen:
            self.lookout.unseen = False
            self.counting.doubt()
        for camera, people, crowd in seen:
            self.counting.observe(camera, people, crowd)

    def release(self, now_utc: datetime) -> None:
        """Publish the interval that has closed by now, if one has."""
        due = self.counting.release(now_utc)
        if self.counting.held != self._held:
            self._held = self.counting.held
            _log.warning(HELD if self._held else "the clock has caught up: releases go on")
        if due:
            health = self.health.report(
                below_ceiling=self.counting.below_ceiling, blind=self.lookout.blind
            )
            for output in self.outputs:
                output.publish(due, health)
