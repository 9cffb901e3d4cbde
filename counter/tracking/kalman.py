"""Where a box will be next: a constant-velocity Kalman filter for all tracks at once.

Rule 1: lengths are in image heights, both ways (x is multiplied by the image's aspect), so that a
step sideways and a step towards the camera weigh the same.
Rule 2: every standard deviation scales with the height of the box: a near person moves faster on
the picture than a far one, and is measured more coarsely (as in DeepSORT, Wojke et al. 2017).
Rule 3: steps of time may differ; nothing here counts frames.

The four coordinates (centre x, centre y, width, height) do not disturb each other, so the usual
8x8 covariance is four 2x2 blocks. A state is (N, 5, 4): for each coordinate its position, its
velocity, and the variances below. The centre has a velocity; width and height only drift.
"""

import numpy as np
from numpy.typing import NDArray

States = NDArray[np.float64]  # (N, 5, 4), rows as below, columns centre x, centre y, width, height
Boxes = NDArray[np.float64]  # (N, 4) centre x, centre y, width, height, in image heights

POSITION, VELOCITY, VAR_POSITION, COVARIANCE, VAR_VELOCITY = range(5)

# In body heights (h). A person is about 1.7 m, walks at 0.8 h/s and runs at 2 h/s.
MEASURED = np.array([0.05, 0.05, 0.05, 0.05]) ** 2  # h^2: detectors miss by h/20 (DeepSORT)
DRIFT = np.array([0.01, 0.01, 0.02, 0.02])  # h^2/s: wandering that is no velocity; size changes
ACCELERATION = np.array([1.0, 1.0, 0.0, 0.0])  # h^2/s^3: DeepSORT's (h/160)^2 a frame at 30 FPS
FIRST_VELOCITY = np.array([1.0, 1.0, 0.0, 0.0]) ** 2  # (h/s)^2: anything up to a run at birth
SMALLEST = 1e-4  # image heights: no box shrinks to nothing


def start(boxes: Boxes) -> States:
    """Begin a state at each of `boxes` (N, 4): measured once, velocity unknown."""
    states = np.zeros((len(boxes), 5, 4))
    scale = boxes[:, 3:4] ** 2
    states[:, POSITION] = boxes
    states[:, VAR_POSITION] = scale * MEASURED
    states[:, VAR_VELOCITY] = scale * FIRST_VELOCITY
    return states


def predict(states: States, dt_s: float) -> States:
    """Move `states` on by `dt_s` >= 0 seconds: white noise acceleration (Bar-Shalom 2001, 6.2)."""
    position, velocity, var, cov, var_velocity = states.transpose(1, 0, 2)
    scale = position[:, 3:4] ** 2
    noise = scale * ACCELERATION
    moved = np.empty_like(states)
    moved[:, POSITION] = position + dt_s * velocity
    moved[:, VELOCITY] = velocity
    moved[:, VAR_POSITION] = (
        var
        + dt_s * (2 * cov + dt_s * var_velocity)
        + (dt_s**3 / 3) * noise
        + dt_s * (scale * DRIFT)
    )
    moved[:, COVARIANCE] = cov + dt_s * var_velocity + (dt_s**2 / 2) * noise
    moved[:, VAR_VELOCITY] = var_velocity + dt_s * noise
    return moved


def correct(states: States, boxes: Boxes) -> States:
    """Join `states` with what was measured, `boxes` (N, 4)."""
    position, velocity, var, cov, var_velocity = states.transpose(1, 0, 2)
    total = var + position[:, 3:4] ** 2 * MEASURED
    gain, gain_velocity = var / total, cov / total
    missed = boxes - position
    joined = np.empty_like(states)
    joined[:, POSITION] = position + gain * missed
    joined[:, VELOCITY] = velocity + gain_velocity * missed
    joined[:, VAR_POSITION] = (1 - gain) * var
    joined[:, COVARIANCE] = (1 - gain) * cov
    joined[:, VAR_VELOCITY] = var_velocity - gain_velocity * cov
    np.maximum(joined[:, POSITION, 2:], SMALLEST, out=joined[:, POSITION, 2:])
    return joined
