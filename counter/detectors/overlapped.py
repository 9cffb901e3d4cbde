"""Pictures in flight on a CPU: while networks look at some, the next is made ready.

Two runs side by side, with half of the threads each, do more than one after the other with all of
them, and all other work runs beside them. Measured by hand: two runs of one thread side by side
took 0.81 and 0.70 of the time of two threads one after the other (yolo11n, 640 and 320,
onnxruntime 1.32).

Rule 1: a frame is read when it is submitted, and not afterwards.
Rule 2: persons come in the order of the frames.
Rule 3: the threads begin with the detector, and with them those that a runtime makes for each
thread that asks it (OpenMP): a sealed process need not begin any.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from threading import Barrier
from typing import Final, Protocol, Self

import numpy as np

from counter.detectors import Detector
from counter.detectors.running import cores
from counter.errors import DeviceError, ModelError
from counter.frame import Frame
from counter.people import Detections

AHEAD: Final = 2  # pictures that are looked at side by side
SPARE: Final = 1  # one more is made ready, so that no thread waits for the next (4 to 8 % more)
BEGIN_S: Final = 10.0  # a thread begins within milliseconds, or not at all


class Halved(Detector, Protocol):
    """A detector that works in two halves, and of which there can be several around one network."""

    def take(self, frame: Frame) -> None:
        """Make the network's input of the frame; all that needs it."""

    def forget(self) -> None:
        """Overwrite what was taken, where nobody will look at it."""

    def look(self) -> Detections:
        """Run the network on it, overwrite its input, and tell who is there."""

    def renewed(self) -> Self:
        """Give a copy, which shares the network, an input and an output of its own."""


class Overlapped:
    """As many of a detector as pictures may be in flight, looked at in threads of their own."""

    def __init__(self, first: Halved, threads: int, spare: int = 0) -> None:
        """Begin the threads. Raises ModelError where they cannot begin."""
        self.name, self.backend, self.depth = first.name, first.backend, threads + spare
        self._places = deque([first, *(copy(first).renewed() for _ in range(self.depth - 1))])
        self._flight: deque[Future[Detections]] = deque()
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"counter-{first.backend}")
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def submit(self, frame: Frame) -> None:
        """Begin to look at a frame, which may be released then."""
        if len(self._flight) == self.depth:
            raise RuntimeError(f"{self.depth} pictures are in flight: collect first")
        place = self._places[0]
        place.take(frame)
        try:
            self._flight.append(self._pool.submit(place.look))
        except BaseException:
            place.forget()
            raise
        self._places.rotate(-1)

    @property
    def done(self) -> bool:
        """Whether there is somebody to collect without waiting."""
        return bool(self._flight) and self._flight[0].done()

    def collect(self) -> Detections:
        """Wait for the earliest frame in flight. Raises DeviceError, for this frame."""
        return self._flight.popleft().result()

    def detect(self, frame: Frame) -> Detections:
        """Look at one frame and wait for it; none may be in flight."""
        if self._flight:
            raise RuntimeError("pictures are in flight: collect them first")
        self.submit(frame)
        return self.collect()

    def close(self) -> None:
        """Wait for what is in flight, forget it, and close. Safe to call twice."""
        self._pool.shutdown()
        self._flight.clear()
        for place in self._places:
            place.close()

    def _begin(self) -> None:
        """Let each place look at a grey picture in a thread of its own (Rule 3)."""
        together = Barrier(self._threads, timeout=BEGIN_S)

        def begin(place: Halved) -> None:
            together.wait()
            place.look()

        with Frame(np.full((1, 1, 3), 114, np.uint8), 0) as grey:
            for place in self._places:
                place.take(grey)
        places = list(self._places)
        try:
            for begun in [self._pool.submit(begin, place) for place in places[: self._threads]]:
                begun.result()
            for place in places[self._threads :]:
                self._pool.submit(place.look).result()
        except DeviceError as error:
            raise ModelError(error.message, error.hint) from None
        except RuntimeError:  # no thread, or one that does not come: BrokenBarrierError is one too
            together.abort()  # who came may go
            raise ModelError(
                f"model {self.name}: its {self._threads} threads do not begin",
                "see how many this user or service may have (`ulimit -u`, TasksMax), or write"
                " model.threads = 1",
            ) from None


def depth_of(ahead: int, threads: int) -> int:
    """How many of `ahead` pictures in flight there are threads for."""
    return max(min(ahead, cores(threads)), 1)


def overlapped(make: Callable[[int], Halved], threads: int, ahead: int) -> Detector:
    """Make a detector, or as many of it as there are threads for; `make` is told how many."""
    depth = depth_of(ahead, threads)
    first = make(depth)
    return first if depth == 1 else Overlapped(first, depth, SPARE)
