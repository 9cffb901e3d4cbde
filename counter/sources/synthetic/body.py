"""From a pose to the joints of a body.

Rule 1: lengths are shares of stature; segment shares after Drillis and Contini as printed in
Winter, Biomechanics and Motor Control of Human Movement, chapter 4.
Rule 2: angles are degrees; a positive hip or shoulder swings forward, a positive knee or elbow
bends.
Rule 3: the lowest foot stands on the floor, so sitting is only another pose.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

THIGH, SHIN, ANKLE, FOOT = 0.245, 0.246, 0.039, 0.125
TRUNK, UPPER_ARM, FOREARM, HAND = 0.288, 0.186, 0.146, 0.075
HALF_SHOULDERS, HALF_HIPS, HEAD_ABOVE_NECK = 0.108, 0.052, 0.108

# One row a pose: hip L R, knee L R, shoulder L R, abduction L R, elbow L R, inward L R, lean, nod.
POSES: Final[dict[str, tuple[float, ...]]] = {
    "stand": (2, -3, 4, 5, 2, -4, 8, 8, 14, 12, 4, 4, 1, 6),
    "relaxed": (8, -4, 16, 3, -6, 4, 10, 7, 20, 10, 8, 4, 0, 2),
    "pockets": (3, -2, 6, 3, -14, -14, 14, 14, 42, 42, 12, 12, 0, 6),
    "crossed": (2, -2, 4, 4, 22, 18, 8, 8, 95, 100, 55, 55, -2, 4),
    "phone": (4, -2, 10, 3, 3, 30, 7, 8, 12, 112, 4, 22, 3, 24),
    "two_hands": (2, -2, 5, 5, 26, 26, 8, 8, 95, 95, 32, 32, 4, 26),
    "call": (2, -4, 5, 5, 4, 42, 8, 26, 14, 138, 4, 28, 1, 4),
    "carry": (2, -2, 4, 4, 0, 2, 9, 12, 6, 4, 2, 0, 0, 4),
    "strap": (3, -3, 6, 4, 0, 128, 8, 14, 12, 38, 4, 6, 1, 8),
    "pole": (3, -3, 6, 4, 0, 72, 8, 10, 12, 46, 4, 6, 1, 8),
    "sit": (84, 82, 84, 80, 22, 20, 8, 8, 58, 62, 24, 24, -4, 8),
    "sit_phone": (86, 82, 86, 78, 24, 26, 8, 8, 92, 98, 28, 28, 2, 28),
    "sit_slack": (80, 74, 70, 60, 14, 8, 10, 12, 44, 40, 16, 18, -10, 2),
    "sit_bag": (85, 85, 86, 86, 30, 30, 8, 8, 72, 72, 36, 36, -2, 12),
}
STANDING: Final = ("stand", "relaxed", "pockets", "crossed", "phone", "two_hands", "call", "carry")
SEATED: Final = ("sit", "sit_phone", "sit_slack", "sit_bag")

# Places in the second axis of the joints.
(
    HIP, HIP_L, HIP_R, KNEE_L, KNEE_R, ANKLE_L, ANKLE_R, TOE_L, TOE_R, NECK, SHOULDER_L, SHOULDER_R,
    ELBOW_L, ELBOW_R, WRIST_L, WRIST_R, HAND_L, HAND_R, HEAD, HEEL_L, HEEL_R, WAIST, CHEST,
) = range(23)  # fmt: skip
JOINTS: Final = 23


def stride(pose: tuple[float, ...], phase: float, vigour: float) -> tuple[float, ...]:
    """The pose of a walker at a phase in radians; arms that hold something keep their pose."""
    swing, lift = np.sin(phase), np.cos(phase)
    legs = (
        25 * vigour * swing + 2,
        -25 * vigour * swing + 2,
        6 + 46 * vigour * max(0.0, lift),
        6 + 46 * vigour * max(0.0, -lift),
    )
    left = -22 * vigour * swing if pose[8] < 30 else 4 * swing
    right = 22 * vigour * swing if pose[9] < 30 else -4 * swing
    arms = (pose[4] + left, pose[5] + right, *pose[6:8])
    return (*legs, *arms, pose[8] + 8, pose[9] + 8, *pose[10:12], pose[12] + 3, pose[13])


def _swing(angle: Floats, length: float) -> Floats:
    """(P,) radians from hanging down to (P, 3) side, forward, up."""
    zero = np.zeros_like(angle)
    return length * np.stack([zero, np.sin(angle), -np.cos(angle)], axis=-1)


def _arm(angles: Floats, side: float, shoulder: Floats) -> tuple[Floats, Floats, Floats]:
    """Angles (P, 4) shoulder, abduction, elbow, inward in radians; elbow, wrist, hand (P, 3)."""
    lift, out, bend, inward = angles.T
    upper = np.stack(
        [side * np.sin(out) * np.cos(lift), np.sin(lift), -np.cos(lift) * np.cos(out)], axis=-1
    )
    fore = np.stack(
        [
            -side * np.sin(inward),
            np.sin(lift + bend) * np.cos(inward),
            -np.cos(lift + bend) * np.cos(inward),
        ],
        axis=-1,
    )
    elbow = shoulder + UPPER_ARM * upper
    wrist = elbow + FOREARM * fore
    return elbow, wrist, wrist + HAND * fore


def joints(poses: Floats) -> Floats:
    """(P, 14) degrees to (P, JOINTS, 3) side, forward, up; stature 1, standing at the origin."""
    angle = np.radians(poses)
    out = np.zeros((len(poses), JOINTS, 3))
    for side, hip, knee, ankle, toe, heel, column in (
        (-1.0, HIP_L, KNEE_L, ANKLE_L, TOE_L, HEEL_L, 0),
        (1.0, HIP_R, KNEE_R, ANKLE_R, TOE_R, HEEL_R, 1),
    ):
        out[:, hip, 0] = side * HALF_HIPS
        thigh, shin = angle[:, column], angle[:, column] - angle[:, 2 + column]
        out[:, knee] = out[:, hip] + _swing(thigh, THIGH)
        out[:, ankle] = out[:, knee] + _swing(shin, SHIN)
        sole = np.clip(shin + 0.35, -0.9, 0.35)[:, None] * 0.5 - 0.17
        forward = np.concatenate([np.zeros_like(sole), np.cos(sole), np.sin(sole)], axis=1)
        out[:, toe] = out[:, ankle] + forward * FOOT * 0.78 + (side * 0.012, 0, -0.018)
        out[:, heel] = out[:, ankle] - forward * FOOT * 0.2 + (0, 0, -0.015)
    lean, nod = angle[:, 12], angle[:, 13]
    up = np.stack([np.zeros_like(lean), np.sin(lean), np.cos(lean)], axis=-1)
    for joint, share in ((WAIST, 0.34), (CHEST, 0.76), (NECK, 1.0)):
        out[:, joint] = up * TRUNK * share
    tip = lean + nod * 0.6
    out[:, HEAD] = out[:, NECK] + HEAD_ABOVE_NECK * np.stack(
        [np.zeros_like(tip), np.sin(tip) + 0.1, np.cos(tip)], axis=-1
    )
    for side, column, shoulder, elbow in (
        (-1.0, 4, SHOULDER_L, ELBOW_L),
        (1.0, 5, SHOULDER_R, ELBOW_R),
    ):
        out[:, shoulder] = up * TRUNK * 0.95 + np.array([side * HALF_SHOULDERS, 0, 0])
        arm = angle[:, [column, column + 2, column + 4, column + 6]]
        out[:, elbow], out[:, elbow + 2], out[:, elbow + 4] = _arm(arm, side, out[:, shoulder])
    floor = np.minimum(out[:, ANKLE_L, 2], out[:, ANKLE_R, 2]) - ANKLE
    out[:, :, 2] -= floor[:, None]
    return out
