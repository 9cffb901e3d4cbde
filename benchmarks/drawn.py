"""A camera that shows a drawn platform at its own pace, whoever looks or not.

Rule 1: it is a `Capture`: the appliance's own reading thread and one-slot box come after it.
Rule 2: it waits for nobody: a picture that was not fetched in time is missed, and counted.
Rule 3: pictures lie in memory before anything is measured; fetching one is a copy. What decoding a
stream takes is not in it.
"""

import time
from functools import cache
from threading import Event
from typing import Final

import numpy as np

from counter.frame import Pixels
from counter.sources.synthetic import Scene

PICTURES: Final = 60
SEED: Final = 3
STEP_FPS: Final = 15.0  # people move as far from picture to picture as at this rate

Size = tuple[int, int]


@cache
def pictures(size: Size, people: int, count: int = PICTURES) -> tuple[Pixels, ...]:
    """Draw a walk and the same walk back, so that nobody jumps when it begins again."""
    scene = Scene(kind="platform", seed=SEED, size=size, fps=STEP_FPS, people=people)
    forth = []
    for _ in range(count):
        picture: Pixels = np.zeros((size[1], size[0], 3), np.uint8)
        scene.render(picture)
        forth.append(picture)
    return (*forth, *forth[-2:0:-1])


class Drawn:
    """`phase` is the part of a picture's time by which it begins later than the others."""

    pictures = 0

    def __init__(self, shown: tuple[Pixels, ...], fps: float, phase: float = 0.0) -> None:
        self.fps = fps
        self.offered = 0  # pictures that a camera of this pace has shown
        self.missed = 0  # of them those that were over before they were fetched
        self.late_ns: list[int] | None = None  # how long after its time each was fetched
        self._shown = shown
        self._period_ns = round(1e9 / fps)
        self._phase_ns = round(phase * self._period_ns)
        self._due_ns: int | None = None
        self._closed = Event()

    def grab(self) -> bool:
        """Wait for the next picture's time. False: closed."""
        now_ns = time.monotonic_ns()
        if self._due_ns is None:
            self._due_ns = now_ns + self._phase_ns
        else:
            self._due_ns += self._period_ns
        over = max(0, now_ns - self._due_ns) // self._period_ns
        self._due_ns += over * self._period_ns
        self.missed += over
        self.offered += over + 1
        if self._closed.wait(max(0, self._due_ns - now_ns) / 1e9):
            return False
        if self.late_ns is not None:
            self.late_ns.append(time.monotonic_ns() - self._due_ns)
        return True

    def retrieve(self, buffer: Pixels | None) -> Pixels:
        picture = self._shown[self.offered % len(self._shown)]
        if buffer is None or buffer.shape != picture.shape:
            return picture.copy()
        np.copyto(buffer, picture)
        return buffer

    def close(self) -> None:
        self._closed.set()
