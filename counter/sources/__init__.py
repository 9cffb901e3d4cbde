"""The door to pictures: a Source yields frames, and says when it has none."""

from collections.abc import Iterator
from typing import Protocol

from counter.frame import Frame
from counter.release import CameraState


class Source(Protocol):
    """One camera, or footage of one.

    `frames()` yields the newest picture, or None when there is none to look at (nothing arrived
    for a short while, or what arrived is black or frozen): the caller's loop turns at least four
    times a second whatever the camera does. Footage ends; a camera does not: a camera that fails
    is opened again with back-off, and `state` says so. Footage that ended earlier than it said it
    would ends in the state LOST. Raises SourceError only from its opening.
    """

    camera: str  # its name in the configuration
    live: bool  # False: footage with a clock of its own, read as fast as possible

    @property
    def state(self) -> CameraState: ...
    def frames(self) -> Iterator[Frame | None]: ...
    def close(self) -> None: ...


class TimedSource(Source, Protocol):
    """A Source whose clock can be read, so that time passes also while there is no picture."""

    @property
    def now_ns(self) -> int:
        """Footage: the time of the last picture read, from 0. A camera: CLOCK_MONOTONIC."""
