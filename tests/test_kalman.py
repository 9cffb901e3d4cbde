"""The filter, against the textbook's matrices."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from counter.tracking import kalman

BOX = np.array([[0.8, 0.5, 0.1, 0.3]])


def as_matrices(state: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    position, velocity, var, cov, var_velocity = state[0, :, axis]
    return np.array([position, velocity]), np.array([[var, cov], [cov, var_velocity]])


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 2), st.floats(-0.3, 0.3), st.integers(0, 3))
def test_one_step_is_the_textbooks(dt_s: float, moved: float, axis: int):
    """x' = Fx, P' = FPF' + Q, K = P'H'/(HP'H' + R), as 2x2 matrices of one coordinate."""
    state = kalman.predict(kalman.start(BOX), 0.1)
    state = kalman.correct(state, BOX + 0.01)
    x, p = as_matrices(state, axis)
    scale = state[0, kalman.POSITION, 3] ** 2
    step = np.array([[1, dt_s], [0, 1]])
    noise = kalman.ACCELERATION[axis] * np.array([[dt_s**3 / 3, dt_s**2 / 2], [dt_s**2 / 2, dt_s]])
    noise[0, 0] += kalman.DRIFT[axis] * dt_s
    x, p = step @ x, step @ p @ step.T + scale * noise
    predicted = kalman.predict(state, dt_s)
    np.testing.assert_allclose(as_matrices(predicted, axis)[0], x, atol=1e-12)
    np.testing.assert_allclose(as_matrices(predicted, axis)[1], p, atol=1e-12)

    boxes = predicted[:, kalman.POSITION] + abs(moved)
    height = predicted[0, kalman.POSITION, 3]
    gain = p[:, :1] / (p[0, 0] + height**2 * kalman.MEASURED[axis])
    corrected = kalman.correct(predicted, boxes)
    x = x + gain[:, 0] * (boxes[0, axis] - x[0])
    p = (np.eye(2) - gain @ np.array([[1.0, 0.0]])) @ p
    np.testing.assert_allclose(as_matrices(corrected, axis)[0], x, atol=1e-9)
    np.testing.assert_allclose(as_matrices(corrected, axis)[1], p, atol=1e-9)


def test_a_steady_walk_is_learnt():
    """0.8 body heights a second to the right, at 10 FPS."""
    states = kalman.start(BOX)
    speed = 0.8 * 0.3
    for frame in range(1, 31):
        boxes = BOX + np.array([speed * frame / 10, 0, 0, 0])
        states = kalman.correct(kalman.predict(states, 0.1), boxes)
    np.testing.assert_allclose(states[0, kalman.VELOCITY, :2], (speed, 0), atol=0.02 * speed)
    ahead = kalman.predict(states, 0.5)[0, kalman.POSITION, 0]
    np.testing.assert_allclose(ahead, 0.8 + speed * 3.5, atol=0.005)


def test_two_short_steps_are_one_long_one():
    state = kalman.correct(kalman.predict(kalman.start(BOX), 0.1), BOX + 0.01)
    twice = kalman.predict(kalman.predict(state, 0.05), 0.15)
    np.testing.assert_allclose(twice, kalman.predict(state, 0.2), rtol=1e-9, atol=1e-12)


def test_noise_scales_with_the_height():
    small = kalman.predict(kalman.start(BOX), 0.1)
    large = kalman.predict(kalman.start(BOX * 2), 0.1)
    np.testing.assert_allclose(large[:, 2:], small[:, 2:] * 4)


def test_tracks_do_not_disturb_each_other():
    boxes = np.concatenate((BOX, BOX * 1.5, BOX * 0.7))
    together = kalman.correct(kalman.predict(kalman.start(boxes), 0.1), boxes + 0.01)
    for index in range(3):
        one = boxes[index : index + 1]
        alone = kalman.correct(kalman.predict(kalman.start(one), 0.1), one + 0.01)
        np.testing.assert_array_equal(together[index], alone[0])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 3), st.floats(-1, 1)), min_size=1, max_size=30))
def test_variances_stay_positive_and_boxes_keep_a_size(steps: list[tuple[float, float]]):
    states = kalman.start(BOX)
    for dt_s, moved in steps:
        states = kalman.predict(states, dt_s)
        states = kalman.correct(states, BOX * (1 + moved))
        assert (states[0, kalman.VAR_POSITION] > 0).all()
        assert (states[0, kalman.VAR_VELOCITY] >= 0).all()
        assert (states[0, kalman.POSITION, 2:] >= kalman.SMALLEST).all()
