"""What waits for the broker: whole releases, in order, within bounds.

Rule 1: a release stays until the broker has acknowledged all of it; one that was under way when
the connection broke comes first again, whole (a broker that lost its memory needs all of it).
Rule 2: at most `limit` releases wait, none for longer than `max_age_s`; the oldest goes (P18).
Rule 3: when nothing waits, a new connection repeats the last acknowledged release, so that a
broker's retained state is complete again and never older than before.

No clock and no socket in here: time enters as a value. Both threads (the engine's and the
courier's) may call every method.
"""

import threading
from collections import deque
from dataclasses import dataclass

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    payload: bytes
    expires: bool = True  # state of an interval, which nobody should take for the present for long


@dataclass(frozen=True, slots=True)
class Release:
    """One interval's messages: every cell's."""

    messages: tuple[Message, ...]
    queued_ns: int  # monotonic


class Outbox:
    def __init__(self, limit: int, max_age_s: float) -> None:
        self._limit = limit
        self._max_age_ns = round(max_age_s * NS)
        self._waiting: deque[Release] = deque()
        self._last: Release | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, release: Release) -> int:
        """Queue a release; return how many old ones had to go."""
        with self._lock:
            self._waiting.append(release)
            return self._trim(release.queued_ns)

    def take(self, now_ns: int) -> Release | None:
        """Hand out the oldest release; `done` or `give_back` must follow."""
        with self._lock:
            self._trim(now_ns)
            return self._waiting.popleft() if self._waiting else None

    def done(self, release: Release) -> None:
        """All of it is acknowledged."""
        with self._lock:
            self._last = release

    def give_back(self, release: Release, now_ns: int) -> None:
        """The connection broke first."""
        with self._lock:
            self._waiting.appendleft(release)
            self._trim(now_ns)

    def first(self, now_ns: int) -> Release | None:
        """What a new connection begins with: the oldest that waits, else the last one again."""
        with self._lock:
            self._trim(now_ns)
            if self._waiting:
                return self._waiting.popleft()
            last, self._last = self._last, None
            return last

    def forget(self, now_ns: int) -> int:
        """Drop what is too old; return how many."""
        with self._lock:
            return self._trim(now_ns)

    def _trim(self, now_ns: int) -> int:
        dropped = 0
        oldest_ns = now_ns - self._max_age_ns
        while self._waiting and (
            len(self._waiting) > self._limit or self._waiting[0].queued_ns < oldest_ns
        ):
            self._waiting.popleft()
            dropped += 1
        if self._last is not None and self._last.queued_ns < oldest_ns:
            self._last = None
        return dropped
