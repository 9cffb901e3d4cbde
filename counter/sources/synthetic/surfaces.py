"""Textured planes and simple solids, put into a picture through the camera.

Rule 1: planes are painted in the order given; solids become sprites sorted with the people.
Rule 2: a sprite is premultiplied BGRA with its place in the picture and its distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from counter.sources.synthetic.camera import Camera
from counter.sources.synthetic.textures import Image

Floats = NDArray[np.float64]
Point = tuple[float, float, float]
SHIFT = 4
UNIT = 1 << SHIFT


@dataclass(frozen=True)
class Plane:
    """A parallelogram: corner, two edges in metres, and the texture over it.

    The texture is stretched over all of it, or repeated every tile_m metres.
    """

    corner: Point
    across: Point
    along: Point
    texture: Image
    tile_m: float = 0.0


@dataclass(frozen=True)
class Face:
    """A convex polygon (n, 3) in metres with one colour."""

    points: Floats
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class Sprite:
    """Premultiplied BGRA (h, w, 4) at (left, top), range_m away."""

    bgra: Image
    left: int
    top: int
    range_m: float


def fixed(outline: Floats) -> NDArray[np.int32]:
    """Pixels to fixed point with SHIFT bits, pixel centres at .5."""
    points: NDArray[np.int32] = np.round((outline - 0.5) * UNIT).astype(np.int32)
    return points


def lay(picture: Image, camera: Camera, plane: Plane) -> None:
    """Paints a plane over the picture."""
    corner, across, along = (
        np.array(v, np.float64) for v in (plane.corner, plane.across, plane.along)
    )
    quad = np.stack([corner, corner + across, corner + across + along, corner + along])
    outline = camera.outline(quad)
    if len(outline) < 3 or np.abs(outline).max() > 30000:
        outline = np.clip(outline, -30000, 30000)
    if len(outline) < 3:
        return
    width, height = camera.size
    left, top = np.clip(np.floor(outline.min(axis=0)), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(outline.max(axis=0)), 0, (width, height)).astype(int)
    if right <= left or bottom <= top:
        return
    tall, wide = plane.texture.shape[:2]
    once = np.array([np.linalg.norm(across), np.linalg.norm(along)]) if plane.tile_m else np.ones(2)
    share = (plane.tile_m or 1.0) / once
    scale = np.diag([share[0] / wide, share[1] / tall, 1.0])
    moved = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]])
    homography = moved @ camera.plane_to_picture(corner, across, along) @ scale
    if abs(np.linalg.det(homography)) < 1e-9:
        return
    size = (int(right - left), int(bottom - top))
    warped = cv2.warpPerspective(
        plane.texture,
        homography,
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP if plane.tile_m else cv2.BORDER_REPLICATE,
    )
    mask = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(mask, [fixed(outline - (left, top))], 255, cv2.LINE_AA, SHIFT)
    blend(picture[top:bottom, left:right], np.asarray(warped, np.uint8), mask)


def blend(target: Image, source: Image, alpha: Image) -> None:
    """Lays source over target where alpha is 255; all (h, w[, 3]); target is changed in place."""
    cover = cv2.merge([alpha, alpha, alpha])
    front = cv2.multiply(source, cover, scale=1 / 255)
    behind = cv2.multiply(target, cv2.bitwise_not(cover), scale=1 / 255)
    cv2.add(front, behind, dst=target)


def box(low: Point, high: Point, colour: tuple[float, float, float]) -> list[Face]:
    """The six faces of an upright box, shaded by the side they look to."""
    (a, b, c), (d, e, f) = low, high
    sides = (
        (((a, b, c), (d, b, c), (d, b, f), (a, b, f)), 0.82),
        (((a, e, c), (d, e, c), (d, e, f), (a, e, f)), 0.7),
        (((a, b, c), (a, e, c), (a, e, f), (a, b, f)), 0.66),
        (((d, b, c), (d, e, c), (d, e, f), (d, b, f)), 0.74),
        (((a, b, f), (d, b, f), (d, e, f), (a, e, f)), 1.05),
    )
    return [
        Face(np.array(points), (colour[0] * s, colour[1] * s, colour[2] * s)) for points, s in sides
    ]


def column(
    centre: tuple[float, float],
    radius: float,
    span: tuple[float, float],
    colour: tuple[float, float, float],
) -> list[Face]:
    """A round upright as strips with the light from the left; span is (bottom, top) in metres."""
    turn = np.linspace(0, 2 * np.pi, 13)
    faces = []
    for here, there in pairwise(turn):
        x0, x1 = (centre[0] + radius * np.cos(t) for t in (here, there))
        y0, y1 = (centre[1] + radius * np.sin(t) for t in (here, there))
        shade = 0.78 - 0.26 * np.cos((here + there) / 2 + 0.6)
        strip = [(x0, y0, span[0]), (x1, y1, span[0]), (x1, y1, span[1]), (x0, y0, span[1])]
        faces.append(
            Face(np.array(strip), (colour[0] * shade, colour[1] * shade, colour[2] * shade))
        )
    return faces


def sprite(camera: Camera, faces: Sequence[Face], stand: tuple[float, float]) -> Sprite | None:
    """A solid seen by the camera, far faces first; None when outside the picture."""
    order = sorted(
        faces, key=lambda face: -float(np.linalg.norm(face.points.mean(axis=0) - camera.position_m))
    )
    outlines = [(camera.outline(face.points), face.colour) for face in order]
    outlines = [(outline, colour) for outline, colour in outlines if len(outline) >= 3]
    if not outlines:
        return None
    every = np.concatenate([outline for outline, _ in outlines])
    width, height = camera.size
    left, top = np.clip(np.floor(every.min(axis=0)) - 1, 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(every.max(axis=0)) + 1, 0, (width, height)).astype(int)
    if right - left < 1 or bottom - top < 1:
        return None
    twice = np.zeros(((bottom - top) * 2, (right - left) * 2, 4), np.uint8)
    for outline, colour in outlines:
        points = fixed(np.clip((outline - (left, top)) * 2, -8000, 8000))
        cv2.fillPoly(twice, [points], (*colour, 255.0), cv2.LINE_8, SHIFT)
    small = cv2.resize(twice, (int(right - left), int(bottom - top)), interpolation=cv2.INTER_AREA)
    reach = float(np.hypot(stand[0] - camera.position_m[0], stand[1] - camera.position_m[1]))
    return Sprite(np.asarray(small, np.uint8), int(left), int(top), reach)
