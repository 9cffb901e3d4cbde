"""The detector while it works, while it fails, and when it comes back.

Rule 1: a picture whose persons are not known is never one with nobody: it is told as unseen.
Rule 2: after a DeviceError the detector is closed, and opened again after 1, 2, 4 ... 60 s.
Rule 3: where that is not possible (a sealed process opens no device and loads no library), the
error ends the run: whoever started the process starts it again, as with a camera that is gone.
Rule 4: a detector that keeps pictures in flight gives their persons later, in order.
Rule 5: a crowd's map that fails makes its picture one that is not known, too: a tracker alone would
count too few. The next map is asked for when it is due.
Rule 6: time enters as a value; nothing here reads a clock.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from counter.detectors import CrowdModel, Detector
from counter.errors import CounterError, DeviceError
from counter.frame import Frame
from counter.people import Crowd, Detections

FIRST_WAIT_S: Final = 1
LONGEST_WAIT_S: Final = 60
STEADY_S: Final = 60  # who worked for so long was well: the next wait is short again
MAPLESS: Final = "without the crowd's map an interval is missing; it is asked for again"
SEALED: Final = "a sealed process cannot open it again: start it again (systemd does)"

Seen = tuple[str, Detections, Crowd | None]  # of which camera
_log = logging.getLogger("counter.detectors.lookout")


@runtime_checkable
class Overlapping(Protocol):
    """A detector that works on a picture while the next one is made ready."""

    depth: int  # pictures that may be in flight

    @property
    def done(self) -> bool: ...  # whether the earliest need not be waited for

    def submit(self, frame: Frame) -> None: ...
    def collect(self) -> Detections: ...


@dataclass(slots=True)
class Lookout:
    detector: Detector | None  # None: it has failed
    reopen: Callable[[], Detector] | None = None  # None: it cannot be opened again
    sealed: bool = False  # what does not open again at the first try never will
    unseen: bool = False  # a picture came and nobody looked, since `unseen` was last set to False
    _flight: deque[tuple[str, Crowd | None]] = field(default_factory=deque)
    _mapless: bool = False  # the last map failed
    _known: Detector | None = None  # of which `_overlapping` is known
    _overlapping: Overlapping | None = None
    _wait_s: int = FIRST_WAIT_S
    _since_ns: int = 0  # when it was opened, or failed
    _now_ns: int = 0
    backend: str = field(default="", init=False)

    def __post_init__(self) -> None:
        if self.detector is not None:
            self.backend = self.detector.backend

    @property
    def blind(self) -> bool:
        return self.detector is None

    @property
    def in_flight(self) -> int:
        return len(self._flight)

    def look(self, camera: str, frame: Frame, crowd: Crowd | None, now_ns: int) -> list[Seen]:
        """Give the persons that are known by now: those in `frame`, or in the one before.

        Raises DeviceError where it cannot be opened again.
        """
        self._now_ns = now_ns
        detector = self._ready()
        if detector is None:
            self.unseen = True
            return []
        try:
            overlapping = self._ahead_of(detector)
            if overlapping is None:
                return [(camera, detector.detect(frame), crowd)]
            overlapping.submit(frame)
            self._flight.append((camera, crowd))
            return list(self._collected(overlapping, overlapping.depth - 1))
        except DeviceError as error:
            self._fail(error)
            return []

    def map(self, crowds: CrowdModel, frame: Frame) -> Crowd | None:
        """Give the crowd's map of `frame`; None if it fails (Rule 5)."""
        try:
            crowd = crowds.look(frame)
        except DeviceError as error:
            if not self._mapless:
                _log.warning("%s; %s", error.message, MAPLESS)
            self.unseen = self._mapless = True
            return None
        if self._mapless:
            _log.warning("the crowd's map is back")
        self._mapless = False
        return crowd

    def drain(self) -> list[Seen]:
        """Wait for every picture in flight. Raises DeviceError as `look` does."""
        try:
            if overlapping := self._ahead_of(self.detector):
                return list(self._collected(overlapping, 0))
        except DeviceError as error:
            self._fail(error)
        return []

    def close(self) -> None:
        detector, self.detector = self.detector, None
        self._known = self._overlapping = None
        self._flight.clear()
        if detector is not None:
            detector.close()

    def _ahead_of(self, detector: Detector | None) -> Overlapping | None:
        """The detector, if it keeps pictures in flight: asked once of each, not of each picture."""
        if detector is not self._known:
            self._known = detector
            self._overlapping = detector if isinstance(detector, Overlapping) else None
        return self._overlapping

    def _collected(self, detector: Overlapping, left: int) -> Iterator[Seen]:
        while len(self._flight) > left or (self._flight and detector.done):
            people = detector.collect()
            camera, crowd = self._flight.popleft()
            yield camera, people, crowd

    def _ready(self) -> Detector | None:
        """The detector; opened again if it is time to."""
        for_ns = self._now_ns - self._since_ns
        if self.detector is not None:
            if for_ns > STEADY_S * 1_000_000_000:
                self._wait_s = FIRST_WAIT_S
            return self.detector
        if self.reopen is None or for_ns < self._wait_s * 1_000_000_000:
            return None
        self._since_ns, self._wait_s = self._now_ns, min(2 * self._wait_s, LONGEST_WAIT_S)
        try:
            self.detector = self.reopen()
        except CounterError as error:
            if self.sealed:
                raise DeviceError(error.message, f"{error.hint}; {SEALED}") from None
            _log.warning("%s; tried again in %d s (%s)", error.message, self._wait_s, error.hint)
            return None
        _log.warning("the detector is open again")
        return self.detector

    def _fail(self, error: DeviceError) -> None:
        """Give the detector up, and with it what was in flight (Rule 1)."""
        self.unseen = True
        with suppress(Exception):  # a device that is gone cannot be closed well
            self.close()
        self.detector = None
        self._since_ns = self._now_ns
        if self.reopen is None:
            raise DeviceError(error.message, f"{error.hint}; {SEALED}") from None
        _log.warning("%s; tried again in %d s (%s)", error.message, self._wait_s, error.hint)
