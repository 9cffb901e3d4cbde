"""From joints to outlines in the picture, for all people at once.

Rule 1: limbs are capsules, trunk and garments are hulls of rings, the head is an ellipse.
Rule 2: nothing here paints; every array is in pixels of the whole picture.
Rule 3: sizes are shares of stature; breadths after the segment tables named in body.py, plus cloth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from counter.sources.synthetic import body
from counter.sources.synthetic.camera import Camera
from counter.sources.synthetic.head import faces, turned
from counter.sources.synthetic.wardrobe import Look

Floats = NDArray[np.float64]

# From, to, radius at both ends, is it a leg.
LIMBS: Final = (
    (body.HIP_L, body.KNEE_L, 0.052, 0.036, True),
    (body.HIP_R, body.KNEE_R, 0.052, 0.036, True),
    (body.KNEE_L, body.ANKLE_L, 0.037, 0.024, True),
    (body.KNEE_R, body.ANKLE_R, 0.037, 0.024, True),
    (body.HEEL_L, body.TOE_L, 0.023, 0.019, False),
    (body.HEEL_R, body.TOE_R, 0.023, 0.019, False),
    (body.SHOULDER_L, body.ELBOW_L, 0.036, 0.028, False),
    (body.SHOULDER_R, body.ELBOW_R, 0.036, 0.028, False),
    (body.ELBOW_L, body.WRIST_L, 0.027, 0.019, False),
    (body.ELBOW_R, body.WRIST_R, 0.027, 0.019, False),
    (body.WRIST_L, body.HAND_L, 0.017, 0.018, False),
    (body.WRIST_R, body.HAND_R, 0.017, 0.018, False),
    (body.NECK, body.HEAD, 0.033, 0.031, False),
)
# Centre, half breadth, half depth, shift backwards: hips, waist, chest, shoulders, collar; pack.
RINGS: Final = (
    (body.HIP, 0.098, 0.070, 0.0),
    (body.WAIST, 0.086, 0.064, 0.0),
    (body.CHEST, 0.108, 0.070, 0.0),
    (body.NECK, 0.112, 0.052, 0.0),
    (body.NECK, 0.050, 0.042, 0.0),
    (body.WAIST, 0.080, 0.050, 0.115),
    (body.CHEST, 0.085, 0.060, 0.120),
)
SPOKES: Final = 8
_TURN: Final = np.arange(SPOKES) * (2 * np.pi / SPOKES)
_CAP: Final = np.radians(np.linspace(90, 270, 6))
_LIGHT: Final = np.array([-0.34, -0.22])  # the bright side of a limb: left and up, in radii
HEAD_M: Final = 0.112  # radius of a head at 1.7 m with hair
HEM = 0.078  # radius of a hem around one leg


@dataclass(frozen=True)
class Crowd:
    """Everything drawn about P people, in pixels."""

    limbs: Floats  # (P, limbs, 12, 2)
    shine: Floats  # (P, limbs, 12, 2) the lit part of each limb
    rings: Floats  # (P, rings, SPOKES, 2)
    hem: Floats  # (P, 2 * SPOKES, 2)
    head: Floats  # (P, 14, 2)
    face: Floats  # (P, 14, 2)
    features: Floats  # (P, 3, 2) eyes and mouth
    facing: Floats  # (P,) 1 looks at the camera, -1 away
    joints: Floats  # (P, JOINTS, 2)
    depth: Floats  # (P, JOINTS) metres
    head_px: Floats  # (P,)
    range_m: Floats  # (P,) distance used for the painter's order
    foot: Floats  # (P, 2) the floor midway between the ankles
    floor: Floats  # (P, 2) the same in metres


@dataclass(frozen=True)
class Stand:
    """Where and how P people are: floor (P, 2), heading (P,) radians, poses (P, 14)."""

    floor: Floats
    heading: Floats
    poses: Floats
    looks: tuple[Look, ...]


def _capsules(start: Floats, end: Floats, radius: Floats) -> Floats:
    """start, end (..., 2), radius (..., 2) at both ends; outlines (..., 12, 2)."""
    along = np.arctan2(end[..., 1] - start[..., 1], end[..., 0] - start[..., 0])[..., None]
    back = np.stack([np.cos(along + _CAP), np.sin(along + _CAP)], axis=-1)
    front = -back
    return np.concatenate(
        [
            start[..., None, :] + back * radius[..., 0, None, None],
            end[..., None, :] + front * radius[..., 1, None, None],
        ],
        axis=-2,
    )


def _hems(joint: Floats, looks: tuple[Look, ...]) -> Floats:
    """Centres (P, 2, 3) of the hem around both legs, in the joints' own frame."""
    share = np.array([look.hem for look in looks])[:, None]
    upper, lower = np.clip(share, 0, 1), np.clip(share - 1, 0, 1)
    centres = []
    for hip, knee, ankle in (
        (body.HIP_L, body.KNEE_L, body.ANKLE_L),
        (body.HIP_R, body.KNEE_R, body.ANKLE_R),
    ):
        thigh = joint[:, knee] - joint[:, hip]
        shin = joint[:, ankle] - joint[:, knee]
        centres.append(joint[:, hip] + thigh * upper + shin * lower)
    return np.stack(centres, axis=1)


@dataclass(frozen=True)
class _Pose:
    """Joints in the body's frame and the way from there into the world, for P people."""

    joint: Floats  # (P, JOINTS, 3) metres
    basis: Floats  # (P, 3, 3) rows side, forward, up
    origin: Floats  # (P, 1, 3)
    stature: Floats  # (P,) metres
    girth: Floats  # (P,) metres

    def world(self, local: Floats) -> Floats:
        """(P, n, 3) of the body's frame to the world."""
        return local @ self.basis + self.origin


def _posed(stand: Stand) -> _Pose:
    stature = np.array([look.stature_m for look in stand.looks])
    build = np.array([look.build for look in stand.looks])
    basis = np.zeros((len(stature), 3, 3))
    basis[:, 1, 0], basis[:, 1, 1] = np.cos(stand.heading), np.sin(stand.heading)
    basis[:, 0, 0], basis[:, 0, 1] = basis[:, 1, 1], -basis[:, 1, 0]
    basis[:, 2, 2] = 1
    return _Pose(
        joint=body.joints(stand.poses) * stature[:, None, None],
        basis=basis,
        origin=np.concatenate([stand.floor, np.zeros((len(stature), 1))], axis=1)[:, None],
        stature=stature,
        girth=stature * build,
    )


def _limbs(pose: _Pose, stand: Stand, points: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Limbs and their lit parts (P, limbs, 12, 2); points, scale (px per metre) of the joints."""
    table = np.array([(a, b, r, s, leg) for a, b, r, s, leg in LIMBS])
    start, end = table[:, 0].astype(int), table[:, 1].astype(int)
    loose = np.array([1.18 if look.legwear == 2 else 1.0 for look in stand.looks])
    wide = np.where(table[:, 4] > 0, (pose.girth * loose)[:, None], pose.girth[:, None])
    radius = np.stack(
        [wide * table[:, 2] * scale[:, start], wide * table[:, 3] * scale[:, end]], -1
    )
    lit = _LIGHT * radius.mean(axis=-1, keepdims=True)
    first, last = points[:, start], points[:, end]
    return _capsules(first, last, radius), _capsules(first + lit, last + lit, radius * 0.5)


def _garments(camera: Camera, pose: _Pose, stand: Stand) -> tuple[Floats, Floats]:
    """Rings (P, rings, SPOKES, 2) and hem (P, 2 * SPOKES, 2) in pixels."""
    count = len(pose.stature)
    spokes = np.stack([np.cos(_TURN), np.sin(_TURN), np.zeros(SPOKES)], axis=-1)
    ring = np.array([(a, b, back) for _, a, b, back in RINGS])
    centres = pose.joint[:, [row[0] for row in RINGS]].copy()
    centres[:, :, 1] -= ring[:, 2] * pose.stature[:, None]
    size = np.stack([ring[:, 0], ring[:, 1], np.zeros(len(RINGS))], -1)[None, :, None]
    girth = pose.girth[:, None, None, None]
    rings = centres[:, :, None] + spokes * size * girth
    hems = _hems(pose.joint, stand.looks)[:, :, None] + spokes * girth * HEM
    points, _ = camera.project(pose.world(np.concatenate([rings, hems], 1).reshape(count, -1, 3)))
    points = points.reshape(count, len(RINGS) + 2, SPOKES, 2)
    return points[:, : len(RINGS)], points[:, len(RINGS) :].reshape(count, 2 * SPOKES, 2)


def outlines(camera: Camera, stand: Stand) -> Crowd:
    """All outlines of the people of a stand."""
    pose = _posed(stand)
    standing = pose.world(pose.joint)
    points, depth = camera.project(standing)
    scale = camera.focal_px / depth
    limbs, shine = _limbs(pose, stand, points, scale)
    rings, hem = _garments(camera, pose, stand)
    centre = standing[:, body.HEAD]
    bow = np.radians(stand.poses[:, 12:14].sum(axis=1))
    heads = turned(camera.position_m, centre, pose.basis, bow)
    head_m = HEAD_M * np.sqrt(pose.stature / 1.7)  # heads grow less than bodies
    drawn, _ = camera.project(centre[:, None] + faces(heads) * head_m[:, None, None])
    feet = standing[:, [body.ANKLE_L, body.ANKLE_R]].mean(axis=1) * (1, 1, 0)
    ground, _ = camera.project(feet)
    return Crowd(
        limbs=limbs,
        shine=shine,
        rings=rings,
        hem=hem,
        head=drawn[:, :14],
        face=drawn[:, 14:28],
        features=drawn[:, 28:],
        facing=-np.einsum("pk,pk->p", heads.nose, heads.sight),
        joints=points,
        depth=depth,
        head_px=head_m * scale[:, body.HEAD],
        range_m=np.linalg.norm(stand.floor - camera.position_m[:2], axis=1),
        foot=ground,
        floor=feet[:, :2],
    )
