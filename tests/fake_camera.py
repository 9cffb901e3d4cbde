"""A camera and a clock of the test's own for the source that reads a live camera."""

import threading
from queue import Queue

import numpy as np

from counter.errors import SourceError
from counter.frame import Frame, Pixels
from counter.settings import CameraSettings
from counter.sources.capture import Capture
from counter.sources.live import LiveSource
from counter.sources.timing import Clock

SECOND = 1_000_000_000
SETTINGS = CameraSettings(source="rtsp://camera/", stall_s=2, frozen_s=10)
BAD = object()  # a packet that is no picture


class FakeCamera:
    """Shows what the test puts in, one picture after another; its reader waits in between."""

    fps, pictures = 0.0, 0

    def __init__(self) -> None:
        self._script: Queue[object] = Queue()
        self._asked = threading.Semaphore(0)
        self._next: object = BAD
        self.closed = False

    def show(self, *items: object) -> None:
        """Play each item (a brightness, BAD, an exception); return when the reader is done."""
        self.show_last(*items)
        assert self._asked.acquire(timeout=5)
        self._asked.release()

    def show_last(self, *items: object) -> None:
        """Play each item, the last of which makes the reader give up."""
        for item in items:
            assert self._asked.acquire(timeout=5)
            self._script.put(item)

    def grab(self) -> bool:
        self._asked.release()
        self._next = self._script.get(timeout=10)
        if isinstance(self._next, Exception):
            raise self._next
        return isinstance(self._next, int)

    def retrieve(self, buffer: Pixels | None) -> Pixels:
        assert isinstance(self._next, int)
        if buffer is None:
            buffer = np.zeros((60, 80, 3), np.uint8)
        assert not buffer.any(), "a buffer comes back wiped"
        buffer[::2] = self._next
        buffer[1::2] = 255 - self._next
        return buffer

    def close(self) -> None:
        self.closed = True


class Site:
    """Opens the given cameras one after another under a clock of its own.

    None: nobody answers; an event: nobody answers, and that is known when the event is set.
    """

    def __init__(self, *cameras: FakeCamera | threading.Event | Exception | None) -> None:
        self._cameras = list(cameras)
        self.now_ns = 100 * SECOND
        self.waits: list[float] = []
        self.exhausted = threading.Event()
        self.source = LiveSource("door", self._open, SETTINGS, clock=Clock(self.read, self.wait))
        self.source.ring(threading.Event())

    def read(self) -> int:
        return self.now_ns

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        if not self._cameras:
            self.exhausted.set()
            return event.wait(20)
        self.now_ns += round(seconds * SECOND)
        return event.is_set()

    def _open(self) -> Capture:
        camera = self._cameras.pop(0)
        if isinstance(camera, threading.Event):
            camera.wait(5)
            camera = None
        if isinstance(camera, Exception):
            raise camera
        if camera is None:
            raise SourceError("rtsp://host:554/...: no stream there")
        return camera

    def end(self, camera: FakeCamera) -> None:
        threading.Timer(0.1, camera.show_last, [BAD]).start()
        self.source.close()
        assert not self.source.running


def brightness(frame: Frame | None) -> int | None:
    if frame is None:
        return None
    with frame:
        return int(frame.pixels[0, 0, 0])
