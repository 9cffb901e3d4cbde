"""A loop that counts twelve people in every picture, and a chip that goes away for a while."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from counter.detectors import Detector
from counter.engine import Engine
from counter.frame import Frame
from counter.release import Status
from counter.sources.merge import View
from tests.test_device_failures import engine_of, statuses
from tests.test_engine import Kept, never

SEEN = 15  # what the gate makes of twelve
FAILS_S, WELL_S, ENDS_S = 35, 50, 121  # of intervals of 30 s


def street_view(at_s: float) -> View:
    """A street of green cells: for the tiny detector each of them is a person."""
    pixels = np.zeros((96, 128, 3), np.uint8)
    pixels[..., 1] = 255
    return View("eye", Frame(pixels, round(at_s * 1e9)), round(at_s * 1e9))


@dataclass
class Outage:
    """What opens the detector, and what happens to its chip."""

    opens: Callable[[], Detector]
    breaks: Callable[[], None]  # while it runs, at FAILS_S
    stays: Callable[[], None]  # before each time that it is opened again
    mends: Callable[[], None]  # from WELL_S on, instead
    asked_s: list[float] = field(default_factory=list)

    def play(self) -> tuple[Engine, Kept]:
        self.engine, kept = engine_of(self.opens(), self._again)
        self.engine.run(self._views(), never)
        return self.engine, kept

    def _again(self) -> Detector:
        self.asked_s.append(self.engine.now_ns / 1e9)
        (self.stays if self.asked_s[-1] < WELL_S else self.mends)()
        return self.opens()

    def _views(self) -> Iterator[View]:
        for s in range(ENDS_S):
            if s == FAILS_S:
                self.breaks()
            yield street_view(s)


def never_zero(kept: Kept) -> None:
    """The interval of the outage is MISSING; those around it have everybody."""
    assert statuses(kept) == [
        Status.PUBLISHED, Status.MISSING, Status.PUBLISHED, Status.PUBLISHED
    ]  # fmt: skip
    assert [release[0].value for release in kept.releases] == [SEEN, None, SEEN, SEEN]
