"""One JSON object a line, the same bytes as on MQTT, for a pipe or a log.

Rule 1: a line is written whole and at once; it is padded like the payload, so that the size of a
log tells nothing either.
Rule 2: a reader that went away is no error: nothing more is written.
Rule 3: a slow reader is waited for, as any filter does: a line must not be lost to `| less`.

Lines go to the file descriptor, past Python's buffer: nothing is left to fail at exit.
"""

import logging
import os
import select
from collections.abc import Sequence

from counter.outputs.wire import encode_count
from counter.release import Health, ZoneCount

_log = logging.getLogger("counter.stdout")


class StdoutOutput:
    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self.broken = False  # the reader went away, or the disk behind the stream is full

    def publish(self, counts: Sequence[ZoneCount], health: Health) -> None:  # noqa: ARG002  # a door's shape
        for count in counts:
            if not self.broken:
                self._write(encode_count(count) + b"\n")

    def close(self, timeout_s: float = 5.0) -> None:  # noqa: ARG002  # nothing waits here
        self.broken = True

    def _write(self, line: bytes) -> None:
        try:
            while line:
                line = self._write_some(line)
        except BrokenPipeError:
            self.broken = True
        except OSError as error:
            self.broken = True
            _log.warning("standard output cannot be written: %s", error.strerror)

    def _write_some(self, line: bytes) -> bytes:
        """Give what is left of the line."""
        try:
            return line[os.write(self._descriptor, line) :]
        except BlockingIOError:  # somebody who shares the stream has made it so
            waiting = select.poll()
            waiting.register(self._descriptor, select.POLLOUT)
            waiting.poll()
            return line
