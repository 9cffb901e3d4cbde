"""A live camera: a thread reads ahead into a box that holds the newest frame.

Rule 1: the camera is never kept waiting: a frame that nobody took in time is wiped and dropped.
Rule 2: a camera that is lost is tried again, with growing waits, until the source is closed;
whatever goes wrong in its thread, an error of ours too, is a loss and not its end.
Rule 3: `captured_ns` is CLOCK_MONOTONIC at the moment the picture was there.
Rule 4: nothing is read before somebody asks for frames: until then rights are still being given up.
"""

from collections.abc import Callable, Iterator
from threading import Event, Lock, Thread
from typing import Final

from counter.errors import SourceError
from counter.frame import Frame
from counter.release import CameraState
from counter.settings import CameraSettings
from counter.sources.capture import Capture, Pictures
from counter.sources.telling import News
from counter.sources.timing import TICK_S, Backoff, Clock

Opener = Callable[[], Capture]  # raises SourceError

BAD_IN_A_ROW: Final = 30  # packets: a stream begins with pictures that lack their key frame
STEADY_S: Final = 10.0  # a connection that held so long was a good one: the next wait is short
# A read and the opening of a stream end within 5 s by their own limits; the opening of a device can
# take 10, and its thread is then left to end by itself.
JOIN_S: Final = 6.0


class LiveSource:
    """One camera that is read all the time, and handed on as fast as the caller takes it."""

    live = True

    def __init__(
        self,
        camera: str,
        opener: Opener,
        settings: CameraSettings,
        *,
        first: Capture | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Read, once asked: from `first` when it is open already, else from what `opener` opens."""
        self.camera = camera
        self.dropped = 0  # frames that were too late; for benchmarks, never released
        self._opener = opener
        self._first = first
        self._clock = clock or Clock()
        self._stall_ns = round(settings.stall_s * 1e9)
        self._pictures = Pictures.of(settings)
        self._box: Frame | None = None
        self._lock = Lock()  # of the box
        self._bell = Event()  # rung when a frame is in the box
        self._stop = Event()
        self._reading = False  # the present connection has given a picture
        self._seen_ns = 0  # when it gave the last one
        self._held_s = 0.0  # how long the last attempt went well
        self._why = ""  # the last attempt failed; empty while there is no failure to tell
        self._news = News(camera, round(min(2 * settings.stall_s, STEADY_S) * 1e9))
        self._thread: Thread | None = None

    @property
    def now_ns(self) -> int:
        return self._clock.now_ns()

    @property
    def state(self) -> CameraState:
        if not self._reading:
            return CameraState.LOST
        if self._clock.now_ns() - self._seen_ns > self._stall_ns:
            return CameraState.STALLED
        return self._pictures.state

    @property
    def running(self) -> bool:
        """Whether its thread lives."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def closed(self) -> bool:
        return self._stop.is_set()

    def frames(self) -> Iterator[Frame | None]:
        self.ring(self._bell)
        while not self.closed:
            self._bell.wait(TICK_S)
            self._bell.clear()
            yield self.take()

    def take(self) -> Frame | None:
        """Take the newest frame out of the box, or None: there is no new one."""
        self._tell()
        with self._lock:
            frame, self._box = self._box, None
        return frame

    def ring(self, bell: Event) -> None:
        """Begin to read, and ring `bell` when there is a frame: several cameras may share one."""
        self._bell = bell
        if self._thread is None and not self.closed:
            name = f"camera {self.camera}"
            self._thread = Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread and wipe the box. Waits for a read that blocks, JOIN_S at most."""
        self._stop.set()
        self._bell.set()
        if self._thread is not None:
            self._thread.join(JOIN_S)
        elif self._first is not None:
            self._first.close()
        left = self.take()
        if left is not None:
            left.release()

    def _run(self) -> None:
        backoff = Backoff()
        while not self.closed:
            self._held_s = 0.0
            self._why = self._attempt()
            if self._held_s > STEADY_S:
                backoff.reset()
            self._clock.wait(self._stop, backoff.next_s())

    def _attempt(self) -> str:
        """Open the camera and read it until it is lost; why it is. Raises nothing."""
        first, self._first = self._first, None
        try:
            self._read(first or self._opener())
        except SourceError as error:
            return error.message
        except Exception as error:  # noqa: BLE001  # Rule 2; its text stays inside
            self._news.broke(error)
            return "an internal error"
        return "no picture can be read"

    def _read(self, capture: Capture) -> None:
        """Read until the camera is lost or the source closed."""
        bad = 0
        began_ns = self._seen_ns = self._clock.now_ns()
        try:
            while not self.closed and bad <= BAD_IN_A_ROW:
                if capture.grab() and self._look(capture):
                    bad = 0
                    continue
                bad += 1
                if self._clock.now_ns() - self._seen_ns > self._stall_ns:
                    break  # the read did not fail at once, it waited for nothing
        finally:
            self._reading = False
            self._held_s = (self._seen_ns - began_ns) / 1e9
            capture.close()

    def _look(self, capture: Capture) -> bool:
        """Put the grabbed picture into the box. False: it cannot be read."""
        captured_ns = self._clock.now_ns()
        taken = self._pictures.take(capture, captured_ns)
        if taken is CameraState.LOST:
            return False
        self._seen_ns = captured_ns
        self._why = ""
        self._reading = True
        if isinstance(taken, Frame):
            self._put(taken)
        return True

    def _put(self, frame: Frame) -> None:
        with self._lock:
            if self.closed:  # the closing caller has emptied the box, and nobody will again
                frame.release()
                return
            late, self._box = self._box, frame
        if late is not None:
            late.release()
            self.dropped += 1
        self._bell.set()

    def _tell(self) -> None:
        """Say what has changed. LOST without a failure is a camera that was not tried yet."""
        why, state = self._why, self.state
        if not self.closed and (why or state is not CameraState.LOST):
            self._news.hear(state, why, self.now_ns)
