"""When: a clock that tests can replace, and how long to wait before a camera is tried again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Final

TICK_S: Final = 0.2  # a loop over sources turns at least this often; the door promises 0.25 s
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0  # a camera that comes back is seen within this time


@dataclass(frozen=True, slots=True)
class Clock:
    now_ns: Callable[[], int] = time.monotonic_ns
    wait: Callable[[Event, float], bool] = Event.wait  # until the event or the seconds are over


class Backoff:
    """The waits between attempts, seconds: each twice the one before, up to the longest.

    Without jitter: an appliance has a handful of cameras, and the same loss should give the same
    log twice.
    """

    def __init__(self) -> None:
        self._next_s = FIRST_WAIT_S

    def next_s(self) -> float:
        wait_s, self._next_s = self._next_s, min(2 * self._next_s, LONGEST_WAIT_S)
        return wait_s

    def reset(self) -> None:
        """Begin anew: the camera was well for a while."""
        self._next_s = FIRST_WAIT_S
