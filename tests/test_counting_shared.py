"""Counting on real sequences with their public detections, against counts from their true boxes.

Bounds are a little looser than what was measured in 2026-11 with benchmarks/counting.py, where one
setting serves every sequence. Measured (MAE of the picture's occupancy per frame, of its 5 s
medians, sum of the line errors): PETS09-S2L1 0.59, 0.35, 3 of 66 crossings; TUD-Stadtmitte 0.81,
0.50, 4 of 11; MOT17-04 2.01, 2.25, 8 of 24, where 46 people stand close together.
"""

from pathlib import Path

import pytest

from benchmarks import mot
from benchmarks.counting import count


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "frame", "median", "lines"),
    [
        ("PETS09-S2L1", 0.7, 0.5, 6),
        ("TUD-Stadtmitte", 1.0, 0.8, 6),
        ("MOT17-04", 2.4, 2.6, 11),
    ],
)
def test_counts_on_real_sequences_are_as_good_as_measured(
    shared: Path, name: str, frame: float, median: float, lines: int
):
    result = count(mot.read(shared / "data/mot" / name))
    picture = result.zones[0]
    assert picture.zone == "all"
    assert picture.frame <= frame
    assert picture.median <= median
    assert result.line_error <= lines
