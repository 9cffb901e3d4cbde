"""An appliance that is open: sealed, then run until there is no more to do.

Rule 1: the process is sealed (stage 2 of the sandbox) before the first picture is asked for.
Rule 2: what a sealed process cannot mend ends it, in a line that says so: whoever started it starts
it again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from counter.engine import Engine
from counter.errors import SourceError
from counter.interval import interval_at
from counter.release import CameraState
from counter.sandbox import Enclosure
from counter.service import Service
from counter.sources import TimedSource
from counter.sources.merge import View

# A device that gave no picture for so long is gone: its first picture, and one after a hiccup of
# the bus, come within a second or two.
DEVICE_GONE_S: Final = 15.0


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
    devices: Sequence[TimedSource]  # those that a sealed process cannot open again
    _lost_since: dict[str, float] = field(default_factory=dict)  # monotonic seconds

    def run(self, stop: Callable[[], bool]) -> None:
        """Count until `stop`, or until the footage has ended and its last interval is released.

        Raises SandboxError before the first picture when the process cannot be sealed, SourceError
        for footage that ended before its end (after its last release) and for a device that is
        gone.
        """
        self._seal()
        self.service.ready(self.summary)
        try:
            ended = self.engine.run(self.views, lambda: self._turned() or stop() or self._unheard())
        finally:
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

    def _turned(self) -> bool:
        """Look after the machine once a turn of the loop; never a reason to stop."""
        self.service.beat(time.monotonic_ns())
        for source in self.devices if self.enclosure is not None else ():
            if source.state is not CameraState.LOST:
                self._lost_since.pop(source.camera, None)
            elif (
                time.monotonic() - self._lost_since.setdefault(source.camera, time.monotonic())
                > DEVICE_GONE_S
            ):
                raise SourceError(
                    f"cameras.{source.camera}.source: the device gives no picture any more",
                    "a sealed process cannot open it again: start it again (systemd does)",
                )
        return False

    def _unheard(self) -> bool:
        """Nobody listens any more: the reader of standard output, the only output, has gone."""
        outputs = self.engine.outputs
        return bool(outputs) and all(output.broken for output in outputs)
