"""One JSON object a line, the same bytes as on MQTT, for a pipe or a log.

Rule 1: a line is written whole and at once; it is padded like the payload, so that the size of a
log tells nothing either.
Rule 2: a reader that went away is no error: nothing more is written.
Rule 3: `publish` never waits for the reader. A thread does, as any filter would: a reader that is
slow loses nothing as long as at most `limit` releases wait; then the oldest goes, which is said.

Lines go to the file descriptor, past Python's buffer: nothing is left to fail at exit.
"""

import logging
import os
import select
import threading
from collections import deque
from collections.abc import Sequence

from counter.outputs.wire import encode_count
from counter.release import Health, ZoneCount

LIMIT = 120  # releases: as many as wait for a broker (mqtt.queue_intervals)
STDERR = 2

_log = logging.getLogger("counter.stdout")


class StdoutOutput:
    """Writes once constructed. Close it: a thread writes what is left."""

    def __init__(self, descriptor: int = 1, limit: int = LIMIT) -> None:
        self._descriptor = descriptor
        self._limit = limit
        self._waiting: deque[list[bytes]] = deque()  # releases, each a line a cell
        self._changed = threading.Condition()
        self._closing = False
        self._dropping = False  # and it has been said
        self.broken = False  # the reader went away, or the disk behind the stream is full
        # A daemon: where nobody reads, it is in a system call for ever and must not keep us.
        self._thread = threading.Thread(target=self._run, name="counter-stdout", daemon=True)
        self._thread.start()

    def publish(self, counts: Sequence[ZoneCount], health: Health) -> None:  # noqa: ARG002  # a door's shape
        lines = [encode_count(count) + b"\n" for count in counts]
        with self._changed:
            if not lines or self._closing or self.broken:
                return
            self._dropping = self._dropping and bool(self._waiting)  # once all is read, it is over
            self._waiting.append(lines)
            full = len(self._waiting) > self._limit
            if full:
                self._waiting.popleft()
            self._changed.notify()
        if full and not self._dropping:
            self._dropping = _say("standard output is not read: the oldest releases are dropped")

    def close(self, timeout_s: float = 5.0) -> None:
        """Wait at most `timeout_s` for the reader to take what waits. Safe to call twice."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)
        lost = self._thread.is_alive() and not self.broken
        self.broken = True  # whoever still waits for the reader writes nothing after this line
        if lost:
            _say("standard output is not read: what still waits is not written")

    def _run(self) -> None:
        while lines := self._next():
            try:
                for line in lines:
                    self._write(line)
            except BrokenPipeError:
                self.broken = True
            except OSError as error:
                self.broken = True
                _say(f"standard output cannot be written: {error.strerror}")

    def _next(self) -> list[bytes]:
        """Wait for the oldest release; nothing at the end."""
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            return self._waiting.popleft() if self._waiting and not self.broken else []

    def _write(self, line: bytes) -> None:
        """Write a line; up to 4096 bytes (PIPE_BUF) a pipe takes all of it or none."""
        while line and not self.broken:
            try:
                line = line[os.write(self._descriptor, line) :]
            except BlockingIOError:  # somebody who shares the stream has made it so
                waiting = select.poll()
                waiting.register(self._descriptor, select.POLLOUT)
                waiting.poll()


def _say(text: str) -> bool:
    """Log it, unless standard error is the same pipe that nobody reads: then we would wait too."""
    ready = select.poll()
    ready.register(STDERR, select.POLLOUT)
    able = bool(ready.poll(0))
    if able:
        _log.warning("%s", text)
    return able
