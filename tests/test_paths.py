"""Paths: where somebody should be by now, and who has taken whose id."""

import numpy as np
import pytest

from counter.lines import Lines
from counter.paths import exchanged, fit
from counter.people import Tracks, TrackState
from counter.settings import LineSettings

STEP_S = 0.04
WALK = np.array([[0.3, 0.6]])  # image heights a second


def test_a_straight_path_is_known_from_its_second_step():
    at, speed = np.zeros((1, 2)), np.zeros((1, 2))
    for number in range(30):
        found = number * STEP_S * WALK
        at += STEP_S * speed
        nearer, faster = fit(np.array([number]), found - at, STEP_S)
        at, speed = at + nearer, speed + faster
        np.testing.assert_allclose(at, found, atol=1e-12)
        if number:
            np.testing.assert_allclose(speed, WALK)


def test_noise_is_smoothed():
    """Boxes tremble by a twentieth: the speed is known to a quarter of a body a second."""
    rng = np.random.default_rng(4)
    at, speed = np.zeros((200, 2)), np.zeros((200, 2))
    for number in range(50):
        found = number * STEP_S * WALK + rng.normal(0, 0.015, (200, 2))
        at += STEP_S * speed
        nearer, faster = fit(np.full(200, number), found - at, STEP_S)
        at, speed = at + nearer, speed + faster
    assert np.abs(speed - WALK).std() < 0.25 * 0.3


@pytest.mark.parametrize(
    ("found", "sides", "height", "pairs"),
    [
        ([[0, 1.0], [0, 1.1]], [[-1], [1]], [0.3, 0.3], []),  # each where it should be
        ([[0, 1.1], [0, 1.0]], [[-1], [1]], [0.3, 0.3], [(0, 1)]),  # each where the other should be
        ([[0, 1.1], [0, 1.0]], [[-1], [-1]], [0.3, 0.3], []),  # on one side: nothing to give back
        ([[0, 1.1], [0, 1.0]], [[-1], [1]], [0.3, 0.1], []),  # a child is not its parent
        ([[0, 1.1], [0, 1.1]], [[-1], [1]], [0.3, 0.3], []),  # one alone has strayed
        ([[0, 1.0], [0, 1.5]], [[-1], [1]], [0.3, 0.3], []),
    ],
)
def test_who_would_have_gone_on_better_as_the_other_has_the_others_id(found, sides, height, pairs):
    expected = np.array([[0, 1.0], [0, 1.1]])
    ours, theirs = exchanged(expected, np.array(found), np.array(height), np.array(sides, np.int8))
    assert list(zip(ours.tolist(), theirs.tolist(), strict=True)) == pairs


def test_of_many_only_the_two_that_swapped_are_exchanged():
    rng = np.random.default_rng(1)
    expected = rng.uniform(0, 3, (50, 2))
    expected[7] = expected[31] + 0.15
    sides = np.where(np.arange(50) % 2, 1, -1).astype(np.int8)[:, None]
    sides[7], sides[31] = 1, -1
    found = expected + rng.normal(0, 0.01, (50, 2))
    found[[7, 31]] = found[[31, 7]]
    ours, theirs = exchanged(expected, found, np.full(50, 0.3), sides)
    assert (ours.tolist(), theirs.tolist()) == ([7], [31])


def test_the_same_instant_twice_moves_nobody():
    line = {"door": LineSettings(camera="c", points=[(0.1, 0.5), (0.9, 0.5)])}
    lines = Lines(line, 4)
    box = np.array([[0.4, 0.1, 0.5, 0.4]], np.float32)
    state = np.array([TrackState.CONFIRMED], np.int8)
    for _ in range(3):
        assert lines.update(Tracks(np.array([0]), state, box, np.array([False]), 7, 1.5)) == ()
    assert np.isfinite(lines._rows["at"]).all()
    assert not lines._rows["speed"].any()
