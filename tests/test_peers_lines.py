"""The true crossings that `benchmarks peers_lines` compares with."""

import numpy as np
import pytest

from benchmarks.mot import Truth
from benchmarks.peers_lines import LINES, count, lines
from counter.settings import LineSettings

SIZE = (200.0, 100.0)
FPS = 10.0  # so that a side holds after two frames
NOTHING = np.zeros((0, 4))
LEVEL = LineSettings(camera="c", points=[(0.0, 0.5), (1.0, 0.5)])  # IN is downwards


def path(feet: list[float]) -> list[Truth]:
    """One person, 20 pixels tall: a foot a frame."""
    return [
        Truth(np.array([0]), np.array([[90.0, foot - 20, 100.0, foot]]), NOTHING) for foot in feet
    ]


@pytest.mark.parametrize(
    ("feet", "expected"),
    [
        ([40, 45, 55, 60], (1, 0)),
        ([60, 55, 45, 40], (0, 1)),
        ([40, 45, 55, 45, 40], (0, 0)),  # one frame: a tremble
        ([40, 45, 55, 56, 45, 40], (1, 1)),  # turned back
        ([40, 45, 48], (0, 0)),
        ([55, 45, 44, 56, 57], (1, 0)),  # where the path began for one frame is not known
    ],
)
def test_a_side_that_held_is_a_crossing(feet, expected):
    assert count(path(feet), LEVEL, SIZE, FPS) == expected


def test_the_point_decides():
    centre = LineSettings(camera="c", points=LEVEL.points, anchor="center")
    assert count(path([40, 45, 55, 58]), centre, SIZE, FPS) == (0, 0)
    assert count(path([50, 55, 65, 70]), centre, SIZE, FPS) == (1, 0)


def test_lines_are_the_same_each_time_and_go_from_edge_to_edge():
    truth = path([40.0, 45, 50, 55, 60])
    drawn = lines(truth, SIZE, "foot")
    assert drawn == lines(truth, SIZE, "foot")
    assert len(drawn) == LINES
    ends = np.array([line.points for line in drawn.values()])
    assert np.minimum(ends, 1 - ends).min(axis=2) == pytest.approx(0, abs=1e-9)


def test_lines_point_so_that_in_is_to_the_right_or_down():
    """So that ultralytics, which knows no other IN, means the same."""
    for line in lines(path([40.0, 45, 50, 55, 60]), SIZE, "foot").values():
        (x, y), (to_x, to_y) = (np.array(point) * SIZE for point in line.points)
        steep = abs(to_x - x) < abs(to_y - y)
        assert (to_y < y) if steep else (to_x > x)
