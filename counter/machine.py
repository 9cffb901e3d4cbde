"""An appliance that is open: sealed, then run until there is no more to do.

Rule 1: the process is sealed (stage 2 of the sandbox) before the first picture is asked for. The
first of a film was decoded by then, to see whether it is one; of a camera none was.
Rule 2: what a sealed process cannot mend ends it, in a line that says so: whoever started it starts
it again.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from counter.engine import Engine
from counter.errors import CounterError, SourceError
from counter.interval import interval_at
from counter.release import CameraState
from counter.sandbox import Enclosure
from counter.service import Service
from counter.sources import TimedSource
from counter.sources.merge import View

# A sealed process opens no device and looks no name up. A device that gave no picture for so long
# is gone: its first one, and one after a hiccup of the bus, come within a second or two.
DEVICE_GONE_S: Final = 15.0
# A camera that was found by its name may have got another address; one that is switched off or
# restarted is back before. Each start costs a part of an interval, so not sooner.
NAME_GONE_S: Final = 1800.0


@dataclass(slots=True)
class Machine:
    engine: Engine
    sources: Sequence[TimedSource]
    views: Iterator[View]
    interval_s: int
    live: bool
    summary: str
    service: Service
    enclosure: Enclosure | None  # None: all rights are kept
    patience_s: Mapping[str, float]  # with cameras that a sealed process cannot find again
    _lost_since: dict[str, float] = field(default_factory=dict)  # monotonic seconds

    def run(self, stop: Callable[[], bool]) -> None:
        """Count until `stop`, or until the footage has ended and its last interval is released.

        Raises SandboxError before the first picture when the process cannot be sealed, SourceError
        for footage that ended before its end (after its last release) and for a camera that is
        gone and cannot be found again.
        """
        self._seal()
        self.service.ready(self.summary)
        try:
            ended = self.engine.run(self.views, lambda: self._over(stop))
        finally:
            with suppress(CounterError):  # it must not hide what ended the run
                self.service.stopping()
        if not ended or self.live:
            return
        ended_at = self.engine.clock.utc(self.engine.now_ns)
        if ended_at > interval_at(ended_at, self.interval_s).start:  # else nothing is open
            self.engine.release(ended_at + timedelta(seconds=self.interval_s))
        for source in self.sources:
            if source.state is CameraState.LOST:
                raise SourceError(
                    f"cameras.{source.camera}.source: the footage ended before its end",
                    "it is cut off or damaged; what could be read was counted",
                )

    def _seal(self) -> None:
        if self.enclosure is None:
            return
        proof = self.enclosure.seal()
        health = self.engine.health
        self.engine.health = replace(health, standing=replace(health.standing, sandbox=proof.level))

    def _over(self, stop: Callable[[], bool]) -> bool:
        """Once a turn: whether to stop. Raises SourceError for a camera that is gone."""
        now_ns = time.monotonic_ns()
        self.service.beat(now_ns)
        if self.enclosure is not None:
            self._look_for_lost_cameras(now_ns / 1e9)
        return stop() or self._unheard()

    def _look_for_lost_cameras(self, now_s: float) -> None:
        for source in self.sources:
            name = source.camera
            if name not in self.patience_s or source.state is not CameraState.LOST:
                self._lost_since.pop(name, None)
            elif now_s - self._lost_since.setdefault(name, now_s) > self.patience_s[name]:
                raise SourceError(
                    f"cameras.{name}.source: no picture for {self.patience_s[name]:.0f} s",
                    "a sealed process can neither open a device nor look up a name again: start it"
                    " again (systemd does)",
                )

    def _unheard(self) -> bool:
        """Nobody listens any more: the reader of standard output, the only output, has gone."""
        outputs = self.engine.outputs
        return bool(outputs) and all(output.broken for output in outputs)
