"""A pinhole camera above a floor.

Rule 1: world points are metres: x to the right, y away from the camera, z up, the floor is z = 0.
Rule 2: picture points are pixels from the top left corner of the picture.
Rule 3: nothing nearer than NEAR_M is projected; polygons are cut there first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NEAR_M = 0.35


@dataclass(frozen=True)
class Camera:
    """position_m (3,); rotation (3, 3) rows right, down, forward; size (width, height)."""

    position_m: Floats
    rotation: Floats
    focal_px: float
    size: tuple[int, int]

    def project(self, points_m: Floats) -> tuple[Floats, Floats]:
        """(..., 3) metres to (..., 2) pixels and (...) depth in metres (cut off at NEAR_M)."""
        eye = (points_m - self.position_m) @ self.rotation.T
        depth = np.maximum(eye[..., 2], NEAR_M)
        centre = np.array(self.size, dtype=np.float64) / 2
        return eye[..., :2] * (self.focal_px / depth)[..., None] + centre, depth

    def outline(self, polygon_m: Floats) -> Floats:
        """(n, 3) convex polygon in metres to (m, 2) pixels, cut at the near plane; m may be 0."""
        eye = (polygon_m - self.position_m) @ self.rotation.T
        kept: list[Floats] = []
        for here, there in zip(eye, np.roll(eye, -1, axis=0), strict=True):
            if here[2] >= NEAR_M:
                kept.append(here)
            if (here[2] >= NEAR_M) != (there[2] >= NEAR_M):
                share = (NEAR_M - here[2]) / (there[2] - here[2])
                kept.append(here + share * (there - here))
        if len(kept) < 3:
            return np.empty((0, 2))
        cut = np.array(kept)
        centre = np.array(self.size, dtype=np.float64) / 2
        return cut[:, :2] * (self.focal_px / cut[:, 2:]) + centre

    def plane_to_picture(self, origin_m: Floats, across_m: Floats, along_m: Floats) -> Floats:
        """Homography (3, 3) from plane coordinates (s, t, 1) to homogeneous pixels."""
        width, height = self.size
        lens = np.array(
            [[self.focal_px, 0, width / 2], [0, self.focal_px, height / 2], [0, 0, 1]], np.float64
        )
        columns = np.stack([across_m, along_m, origin_m - self.position_m], axis=1)
        homography: Floats = lens @ self.rotation @ columns
        return homography

    def floor_at(self, pixel: tuple[float, float]) -> tuple[float, float] | None:
        """Floor point in metres seen at a pixel, None above the horizon."""
        width, height = self.size
        ray = np.array([pixel[0] - width / 2, pixel[1] - height / 2, self.focal_px])
        ray = self.rotation.T @ ray
        if ray[2] > -1e-6:
            return None
        reach = -self.position_m[2] / ray[2]
        return (
            float(self.position_m[0] + reach * ray[0]),
            float(self.position_m[1] + reach * ray[1]),
        )


@dataclass(frozen=True)
class Mount:
    """Where a camera hangs: place_m (x, y, z), tilt down, yaw to the right, horizontal view."""

    place_m: tuple[float, float, float]
    tilt_deg: float
    fov_deg: float
    yaw_deg: float = 0.0
    roll_deg: float = 0.0


def aim(mount: Mount, size: tuple[int, int]) -> Camera:
    """The camera of a mount for a picture of (width, height) pixels."""
    tilt, yaw, roll = (math.radians(a) for a in (mount.tilt_deg, mount.yaw_deg, mount.roll_deg))
    forward = np.array(
        [math.sin(yaw) * math.cos(tilt), math.cos(yaw) * math.cos(tilt), -math.sin(tilt)]
    )
    right = np.array([math.cos(yaw), -math.sin(yaw), 0.0])
    down = np.cross(forward, right)
    turned = math.cos(roll) * right + math.sin(roll) * down
    down = np.cross(forward, turned)
    focal_px = size[0] / 2 / math.tan(math.radians(mount.fov_deg) / 2)
    return Camera(np.array(mount.place_m), np.stack([turned, down, forward]), focal_px, size)
