"""The release grid: pure arithmetic on aware UTC times.

Rule 1: intervals are tumbling, of one length per device, and aligned to midnight UTC (P5, P6).
Rule 2: an interval's sequence number is its index since 1970, so that two devices, or one device
before and after a restart, name the same interval alike.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY_S = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Interval:
    start: datetime  # aware, UTC
    length_s: int

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.length_s)

    @property
    def sequence(self) -> int:
        return (self.start - EPOCH) // timedelta(seconds=self.length_s)


def interval_at(now_utc: datetime, length_s: int) -> Interval:
    """Name the interval of the grid that holds `now_utc`.

    Raises ValueError for a naive time and for a length that does not divide the day.
    """
    if now_utc.tzinfo is None:
        raise ValueError("a naive time has no place on the grid")
    if length_s <= 0 or DAY_S % length_s:
        raise ValueError(f"an interval of {length_s} s does not divide the day")
    index = (now_utc - EPOCH) // timedelta(seconds=length_s)
    return Interval(EPOCH + timedelta(seconds=index * length_s), length_s)
