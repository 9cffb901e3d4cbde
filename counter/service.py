"""The service manager: ready, alive, stopping; and when to stop.

Rule 1: the socket is connected before rights are given up and kept open: afterwards the process
can make none and name no address.
Rule 2: what is told is set before the first picture, or is a fixed word: nothing that was counted
reaches a status line, and the watchdog's beat comes from the loop's turns, not from people.
Rule 3: without a service manager (no NOTIFY_SOCKET) nothing is opened and nothing is told.
Protocol: sd_notify(3), sd_watchdog_enabled(3).
"""

import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Final, Self

from counter.errors import CounterError

MAX_STATUS: Final = 200  # characters
_WATCHDOG: Final = b"WATCHDOG=1"


class ServiceError(CounterError):
    """The service manager named a socket that cannot be used."""


class Service:
    """A connected socket to the service manager, or none."""

    def __init__(self, link: socket.socket | None, beat_ns: int | None) -> None:
        self._link = link
        self._beat_ns = beat_ns  # None: no watchdog waits
        self._due_ns = 0
        self._unsent: list[bytes] = []

    @classmethod
    def connect(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Connect to the socket that the environment names. Raises ServiceError."""
        address = environment.get("NOTIFY_SOCKET", "")
        if not address:
            return cls(None, None)
        if address[0] not in "/@":
            raise ServiceError(
                "NOTIFY_SOCKET: expected a path, or @ and a name",
                "start the counter by systemd, or without NOTIFY_SOCKET",
            )
        beat_ns = _beat_ns(environment)
        link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            link.connect("\0" + address[1:] if address[0] == "@" else address)
        except OSError as error:
            link.close()
            raise _unusable(error) from None
        link.setblocking(False)  # a service manager that hangs shall not hold up the counting
        return cls(link, beat_ns)

    @property
    def watched(self) -> bool:
        """Whether a watchdog waits for beats."""
        return self._beat_ns is not None

    def ready(self, summary: str) -> None:
        """Tell, before the first picture, that counting begins; `summary` is static."""
        said = "".join(c for c in summary if c.isprintable())[:MAX_STATUS]
        self._send(f"READY=1\nSTATUS=counting: {said}".encode())

    def beat(self, now_ns: int) -> None:
        """Tell that the loop turns, at half of the watchdog's time; `now_ns`: monotonic."""
        if self._beat_ns is not None and now_ns >= self._due_ns:
            self._due_ns = now_ns + self._beat_ns
            self._send(_WATCHDOG)
        elif self._unsent:
            self._send()

    def stopping(self) -> None:
        self._send(b"STOPPING=1\nSTATUS=stopping")

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def _send(self, *messages: bytes) -> None:
        """Send what waits and what is new, in order; what finds no room waits for the next beat."""
        if self._link is None:
            return
        new = [message for message in messages if message not in self._unsent]
        self._unsent += new
        try:
            while self._unsent:
                self._link.send(self._unsent[0])
                del self._unsent[0]
        except BlockingIOError:
            return
        except OSError as error:
            raise _unusable(error) from None


def _beat_ns(environment: Mapping[str, str]) -> int | None:
    """Half of the watchdog's time, as sd_watchdog_enabled(3) advises; None if none is for us."""
    given, whose = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not given or (whose and whose != str(os.getpid())):
        return None
    if not given.isdecimal() or not int(given):
        raise ServiceError("WATCHDOG_USEC: expected a number of microseconds", "see WatchdogSec=")
    return int(given) * 1000 // 2


def _unusable(error: OSError) -> ServiceError:
    reason = (error.strerror or str(error)).lower()
    return ServiceError(
        f"NOTIFY_SOCKET: the service manager cannot be told anything: {reason}",
        "systemd: NotifyAccess=main, and AF_UNIX in RestrictAddressFamilies=",
    )


@contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Give a question that is answered with yes after SIGINT or SIGTERM.

    The second signal does what it always did: a loop that hangs can still be ended.
    """
    asked = Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        asked.set()
        for known, handler in before.items():
            signal.signal(known, handler)

    for number in before:
        signal.signal(number, ask)
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
