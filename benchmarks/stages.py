"""Clocks at the appliance's own doors: how long each stage takes, while it runs as it always does.

Rule 1: nothing of the loop is copied. A door (a function or a method) is exchanged for one that
calls it and notes the time; when the block ends everything is as it was.
Rule 2: a stage's time is its own: what doors inside of it took is taken off. So the detector's own
time is inference, or the waiting for it, whatever the backend does about it.
Rule 3: each thread has its own account, so that pictures may overlap.
"""

import importlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from threading import local
from typing import Any, Final
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from counter.counting import Counting
from counter.detectors import letterbox, yolo
from counter.detectors.lookout import Lookout
from counter.frame import Frame
from counter.outputs.stdout import StdoutOutput
from counter.sources.capture import Pictures
from counter.tracking import Tracker

Floats = NDArray[np.float64]

READ, LETTERBOX, RUNTIME = "read, mask, judge", "letterbox", "inference in the runtime"
WAITING, DECODE, WIPE = "waiting for the detector", "decode, NMS", "wipe"
TRACKER, TALLY, GATE, PUBLISH = "tracker", "zones, lines, tally", "release (gate)", "publish"
# Each form of input that a network may take: those that are filled from a picture.
BOXES: Final = tuple(
    form for form in vars(letterbox).values() if isinstance(form, type) and hasattr(form, "fill")
)
# In the order of a picture's way. Whose result is empty (no interval has closed) is not noted.
DOORS: Final[tuple[tuple[str, Any, str], ...]] = (
    (READ, Pictures, "take"),
    *((LETTERBOX, box, "fill") for box in BOXES),
    (WAITING, Lookout, "look"),
    (DECODE, yolo, "decode"),
    *((WIPE, box, "wipe") for box in BOXES),
    (WIPE, Frame, "release"),
    (TRACKER, Tracker, "update"),
    (TALLY, Counting, "observe"),
    (GATE, Counting, "release"),
    (PUBLISH, StdoutOutput, "publish"),
)
ORDER: Final = (
    READ, LETTERBOX, RUNTIME, WAITING, DECODE, WIPE, TRACKER, TALLY, GATE, PUBLISH,
)  # fmt: skip
# A percentile is told from so many values on that some of them lie above it.
LEAST: Final = {"p50": 2, "p90": 10, "p95": 20, "p99": 100}


class Series:
    """Times in memory that is taken at once; more than `most` are not kept."""

    def __init__(self, most: int) -> None:
        self._table = np.full((most, 2), -1, np.int64)  # written to, so that it is really there
        self._next = count()  # `next` is one step, so two threads never get the same row

    def add(self, at_ns: int, took_ns: int) -> None:
        index = next(self._next)
        if index < len(self._table):
            self._table[index] = at_ns, took_ns

    def between(self, begin_ns: int, end_ns: int) -> tuple[Floats, Floats]:
        """When, s since `begin_ns`, and how long, ms, of what ended in this time."""
        at, took = self._table.T
        within = (at >= begin_ns) & (at < end_ns)
        return (at[within] - begin_ns) / 1e9, took[within] / 1e6

    def since(self, begin_ns: int) -> Floats:
        """How long, ms, of everything that ended from then on."""
        return self.between(begin_ns, np.iinfo(np.int64).max)[1]


class Stages:
    """The times of each stage, once `timed` runs."""

    def __init__(self, most: int) -> None:
        self.series = {name: Series(most) for name in ORDER}
        self._account = local()

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Put clocks at every door."""
        with ExitStack() as doors:
            for name, owner, door in DOORS:
                function = getattr(owner, door)
                doors.enter_context(patch.object(owner, door, self._clocked(name, function)))
            yield

    @contextmanager
    def runtime(self, name: str) -> Iterator[None]:
        """Put a clock where this backend lets its runtime look, if it has that door."""
        backend = importlib.import_module(f"counter.detectors.{name}")
        looking = getattr(backend, "looking", None)
        if looking is None:
            yield
            return
        with patch.object(backend, "looking", self._looking(looking)):
            yield

    def _clocked(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        always = name != GATE

        def door(*args: Any, **kwargs: Any) -> Any:
            with self._noted(name) as note:
                result = function(*args, **kwargs)
                note[0] = always or bool(result)
            return result

        return door

    def _looking(self, looking: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def door(*args: Any) -> Iterator[None]:
            with self._noted(RUNTIME) as note, looking(*args):
                yield
                note[0] = True

        return door

    @contextmanager
    def _noted(self, name: str) -> Iterator[list[bool]]:
        """Take the time; whoever is inside says whether it counts."""
        outer: list[int] | None = getattr(self._account, "inner", None)
        self._account.inner = inner = [0]  # what the doors inside of this one took
        note = [False]
        began = time.monotonic_ns()
        try:
            yield note
        finally:
            ended = time.monotonic_ns()
            self._account.inner = outer
            if outer is not None:
                outer[0] += ended - began
            if note[0]:
                self.series[name].add(ended, ended - began - inner[0])


def percentiles(took_ms: Floats) -> Mapping[str, float | str]:
    """How many, p50, p90, p95, p99, max; "-" where there are too few to tell."""
    row: dict[str, float | str] = {"n": str(len(took_ms))}
    for name, least in LEAST.items():
        known = len(took_ms) >= least
        row[name] = float(np.percentile(took_ms, int(name[1:]))) if known else "-"
    return row | {"max": float(took_ms.max()) if len(took_ms) else "-"}
