"""Puts people and solids into the picture, far ones first, and keeps count of their pixels.

Rule 1: a label image says who is seen at each pixel; visibility is counted in it, not guessed.
Rule 2: a figure is drawn larger than it is and shrunk, so its edges are soft; no pixel is kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from counter.sources.synthetic.figure import Piece
from counter.sources.synthetic.surfaces import SHIFT, UNIT, Sprite
from counter.sources.synthetic.textures import Image, noise_bank

Floats = NDArray[np.float64]
MOST = 250  # people a picture can label with one byte
LARGEST_PX = 900  # taller figures are drawn at this height and enlarged
NEUTRAL: Final = 200.0


@lru_cache(maxsize=1)
def cloth_shades() -> tuple[Image, ...]:
    """Eight (128, 64, 4) multipliers, NEUTRAL leaves a colour as it is: light from above, folds."""
    bank = noise_bank()
    shades = []
    fall = np.linspace(1.08, 0.84, 128, dtype=np.float32)[:, None]
    for index in range(8):
        cut = bank[:, index * 31 : index * 31 + 128, index * 47 : index * 47 + 64]
        side = np.linspace(1.06, 0.92, 64, dtype=np.float32)[None, :]
        level = fall * side * (1 + 0.035 * cut[0] + 0.05 * cut[1] + 0.04 * cut[2])
        shade = np.clip(level * NEUTRAL, 0, 255)
        alpha = np.full_like(shade, NEUTRAL)
        shades.append(np.dstack([shade, shade, shade, alpha]).astype(np.uint8))
    return tuple(shades)


@dataclass(frozen=True)
class Painted:
    """A figure's box in pixels (left, top, right, bottom), not clipped, and its pixel count."""

    box: tuple[float, float, float, float]
    area_px: float


class Painter:
    """Paints one frame; labels (height, width) is 0 where no person is seen."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.labels: Image = np.zeros((size[1], size[0]), np.uint8)

    def begin(self) -> None:
        self.labels[:] = 0

    def solid(self, picture: Image, sprite: Sprite) -> None:
        """An occluder: covers people already painted."""
        self._compose(picture, sprite.bgra, (sprite.left, sprite.top), 0)

    def person(
        self, picture: Image, pieces: Sequence[Piece], mark: tuple[int, int], clip: Image | None
    ) -> Painted:
        """A figure; mark is its label 1..MOST and its cloth's folds; seen where clip is 255."""
        label, shade = mark
        points = np.concatenate([outline for outline, _ in pieces])
        low_x, low_y = np.minimum.reduce(points).tolist()
        high_x, high_y = np.maximum.reduce(points).tolist()
        left, top = math.floor(low_x) - 1, math.floor(low_y) - 1
        wide, tall = math.ceil(high_x) + 1 - left, math.ceil(high_y) + 1 - top
        enlarge = 3.0 if tall < 56 else 2.0 if tall < 260 else min(1.0, LARGEST_PX / tall)
        size = (max(2, int(wide * enlarge)), max(2, int(tall * enlarge)))
        scale = np.array([size[0] / wide, size[1] / tall])
        grid = ((points - (left, top)) * (scale * UNIT) - (UNIT // 2 - 0.5)).astype(np.int32)
        patch = np.zeros((size[1], size[0], 4), np.uint8)
        start = 0
        for outline, ink in pieces:
            stop = start + len(outline)
            cv2.fillConvexPoly(patch, grid[start:stop], ink, cv2.LINE_8, SHIFT)
            start = stop
        shades = cloth_shades()
        folds = cv2.resize(shades[shade % len(shades)], size)
        cv2.multiply(patch, folds, dst=patch, scale=1 / NEUTRAL)
        if size != (wide, tall):
            way = cv2.INTER_AREA if enlarge >= 1 else cv2.INTER_LINEAR
            patch = np.asarray(cv2.resize(patch, (wide, tall), interpolation=way), np.uint8)
        corner = (left, top)
        area = float(cv2.countNonZero(_solid(patch)))
        if clip is not None:
            patch = _clipped(patch, corner, clip)
        self._compose(picture, patch, corner, label)
        return Painted((low_x, low_y, high_x, high_y), area)

    def _compose(self, picture: Image, bgra: Image, corner: tuple[int, int], label: int) -> None:
        """Lays a premultiplied patch over picture and labels."""
        height, width = self.labels.shape
        left, top = corner
        tall, wide = bgra.shape[:2]
        alpha = cv2.extractChannel(bgra, 3)
        solid = _solid(bgra)
        x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + wide, width), min(top + tall, height)
        if x1 <= x0 or y1 <= y0:
            return
        cut = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        target = picture[y0:y1, x0:x1]
        clear = cv2.cvtColor(cv2.bitwise_not(alpha[cut]), cv2.COLOR_GRAY2BGR)
        behind = cv2.multiply(target, clear, scale=1 / 255)
        cv2.add(behind, cv2.cvtColor(bgra[cut], cv2.COLOR_BGRA2BGR), dst=target)
        self.labels[y0:y1, x0:x1][solid[cut] > 0] = label

    def seen(self, people: int) -> Floats:
        """Visible pixels of labels 1..people."""
        counts = cv2.calcHist([self.labels], [0], None, [256], [0, 256]).reshape(-1)
        seen: Floats = counts[1 : people + 1].astype(np.float64)
        return seen


def _solid(bgra: Image) -> Image:
    """255 where a patch covers at least half of a pixel."""
    return np.asarray(
        cv2.threshold(cv2.extractChannel(bgra, 3), 127, 255, cv2.THRESH_BINARY)[1], np.uint8
    )


def _clipped(patch: Image, corner: tuple[int, int], clip: Image) -> Image:
    """The part of a patch that lies where clip (height, width) is 255."""
    height, width = clip.shape
    left, top = corner
    tall, wide = patch.shape[:2]
    cut = np.zeros((tall, wide), np.uint8)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + wide, width), min(top + tall, height)
    if x1 > x0 and y1 > y0:
        cut[y0 - top : y1 - top, x0 - left : x1 - left] = clip[y0:y1, x0:x1]
    return np.asarray(cv2.copyTo(patch, cut), np.uint8)


def contact_shadows(picture: Image, feet: Floats, strength: float) -> None:
    """Soft dark patches under feet, outlines (n, points, 2) in pixels; painted before anyone."""
    height, width = picture.shape[:2]
    quarter = np.zeros((height // 4 + 1, width // 4 + 1), np.uint8)
    for points in np.round(np.clip(feet / 4, -4000, 4000) * UNIT).astype(np.int32):
        cv2.fillConvexPoly(quarter, points, 255.0 * strength, cv2.LINE_8, SHIFT)
    soft = cv2.blur(quarter, (3, 3))
    light = cv2.bitwise_not(cv2.resize(soft, (quarter.shape[1] * 4, quarter.shape[0] * 4)))
    light = light[:height, :width]
    cv2.multiply(picture, cv2.cvtColor(light, cv2.COLOR_GRAY2BGR), dst=picture, scale=1 / 255)
