"""The two clocks: monotonic nanoseconds inside, aware UTC at the release grid.

Rule 1: nothing below the engine reads a clock; time enters the core as a value.
Rule 2: a picture belongs to the instant it was captured, not to the one it was looked at.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from counter.interval import interval_at


class Clock(Protocol):
    def utc(self, at_ns: int) -> datetime:
        """Turn an instant of the inner clock into aware UTC."""
        ...


class LiveClock:
    """Of cameras: the inner clock is CLOCK_MONOTONIC."""

    def utc(self, at_ns: int) -> datetime:
        return datetime.now(UTC) - timedelta(microseconds=(time.monotonic_ns() - at_ns) / 1000)


class FootageClock:
    """Of footage: the inner clock begins at 0, when the first picture was taken."""

    def __init__(self, starts_at: datetime) -> None:
        self._starts_at = starts_at

    def utc(self, at_ns: int) -> datetime:
        return self._starts_at + timedelta(microseconds=at_ns / 1000)


def footage_clock(starts_at: str | None, interval_s: int) -> FootageClock:
    """Begin at `starts_at` (RFC 3339), or at the grid point before now: a whole first interval."""
    if starts_at is not None:
        return FootageClock(datetime.fromisoformat(starts_at).astimezone(UTC))
    return FootageClock(interval_at(datetime.now(UTC), interval_s).start)
