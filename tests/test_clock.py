"""Two clocks: the inner one becomes UTC at the grid, and nowhere else."""

import time
from datetime import UTC, datetime, timedelta

from counter.clock import FootageClock, LiveClock, footage_clock

START = datetime(2026, 1, 1, 8, tzinfo=UTC)


def test_footage_begins_where_it_is_told():
    assert FootageClock(START).utc(0) == START
    assert FootageClock(START).utc(1_500_000_000) == START + timedelta(seconds=1.5)


def test_a_start_in_another_offset_is_the_same_instant():
    assert footage_clock("2026-01-01T09:00:00+01:00", 60).utc(0) == START


def test_footage_begins_at_a_grid_point_when_it_is_not_told():
    start = footage_clock(None, 30).utc(0)
    assert start.second % 30 == 0
    assert start.microsecond == 0
    assert timedelta(0) <= datetime.now(UTC) - start < timedelta(seconds=35)


def test_a_picture_of_a_camera_is_as_old_as_it_is():
    now_ns = time.monotonic_ns()
    taken = LiveClock().utc(now_ns - 10_000_000_000)
    assert timedelta(seconds=9.9) < datetime.now(UTC) - taken < timedelta(seconds=15)
