"""Bodies: a box that suddenly shows more or less of a person is no step."""

import numpy as np
import pytest
from numpy.typing import NDArray

from counter.bodies import FIELDS, GROWN, STAYS_NS, stand
from counter.lines import Lines
from counter.people import Direction, Tracks, TrackState
from counter.settings import LineSettings

FPS = 20
CONFIRMED, LOST = TrackState.CONFIRMED, TrackState.LOST
LINE = {"door": LineSettings(camera="c", points=[(0.0, 0.5), (1.0, 0.5)], dead_band=0.1)}
Span = tuple[float, float]  # top and bottom of a box


def seen(number: int, span: Span, state: TrackState = CONFIRMED) -> Tracks:
    box = np.array([[0.4, span[0], 0.5, span[1]]], np.float32)
    instant = round(number * 1e9 / FPS)
    states = np.array([state], np.int8)
    return Tracks(np.array([0]), states, box, np.array([number == 0]), instant, 1.5)


def feet(spans: list[Span], state: TrackState = CONFIRMED) -> NDArray[np.float64]:
    rows = np.zeros(1, FIELDS)
    return np.array(
        [
            stand(rows, seen(n, span, state), np.array([n == 0]), 1 / FPS)[0, 3]
            for n, span in enumerate(spans)
        ]
    )


def crossed(spans: list[Span]) -> list[Direction]:
    lines = Lines(LINE, 4)
    return [c.direction for n, span in enumerate(spans) for c in lines.update(seen(n, span))]


WHOLE, HIDDEN, TALLER = (0.3, 0.6), (0.3, 0.45), (0.3, 0.75)


@pytest.mark.parametrize("other", [HIDDEN, TALLER])
def test_the_feet_stay_below_the_head_while_the_box_is_another(other):
    assert feet([WHOLE] * 20 + [other] * 10 + [WHOLE] * 10) == pytest.approx(0.6, abs=1e-6)


def test_the_hidden_walk_on_below_their_heads():
    walk = [(0.3 + 0.01 * step, 0.45 + 0.01 * step) for step in range(10)]
    expected = [0.6] * 20 + [0.6 + 0.01 * step for step in range(10)]
    assert feet([WHOLE] * 20 + walk) == pytest.approx(expected, abs=1e-6)


def test_a_hidden_head_moves_no_feet():
    assert feet([WHOLE] * 20 + [(0.45, 0.6)] * 10) == pytest.approx(0.6)


def test_a_size_that_stays_is_believed():
    stays = STAYS_NS * FPS // 1_000_000_000
    found = feet([WHOLE] * 20 + [HIDDEN] * (stays + 5))
    assert found[20 + stays - 2] == pytest.approx(0.6, abs=1e-6)
    assert found[-1] == pytest.approx(0.45)


def test_who_comes_nearer_grows_and_is_believed_all_the_way():
    """A fifth taller each second: somebody who walks up to a camera from six metres."""
    heights = 0.2 * 1.2 ** (np.arange(60) / FPS)
    assert heights[-1] > GROWN * heights[0]
    spans = [(0.2, 0.2 + height) for height in heights]
    assert feet(spans) == pytest.approx([bottom for _, bottom in spans], abs=1e-6)


def test_a_prediction_is_taken_as_it_is():
    assert feet([WHOLE] * 5, LOST) == pytest.approx(0.6)


def test_legs_that_vanish_at_a_line_count_nobody():
    assert crossed([WHOLE] * 20 + [HIDDEN] * 10 + [WHOLE] * 20) == []


def test_who_walks_over_a_line_with_hidden_legs_counts():
    """Below the line, hidden from there on: the head goes up, the unseen feet with it."""
    up = [(0.3 - 0.01 * step, 0.45 - 0.01 * step) for step in range(19)]
    assert crossed([WHOLE] * 20 + up) == [Direction.OUT]
