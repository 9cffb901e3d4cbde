"""Surfaces made of numbers: floors, walls, posters, cloth.

Rule 1: a texture is (height, width, 3) uint8 BGR; its scale in metres is up to the caller.
Rule 2: noise is made once per process from a fixed seed, then cut, shifted and mixed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Bgr = tuple[float, float, float]
BANK: Final = 512  # pixels of a side of the noise bank


@lru_cache(maxsize=1)
def noise_bank() -> NDArray[np.float32]:
    """(4, 2 BANK, 2 BANK): four octaves, mean 0, deviation about 1, fine to cloudy, 2 x 2 times."""
    rng = np.random.default_rng(20240229)
    layers = []
    for side in (BANK, BANK // 4, BANK // 16, BANK // 64):
        coarse = rng.normal(0, 1, (side, side)).astype(np.float32)
        layer = cv2.resize(coarse, (BANK, BANK), interpolation=cv2.INTER_CUBIC)
        layers.append(np.tile(layer / layer.std(), (2, 2)))
    return np.stack(layers).astype(np.float32)


def grain(
    rng: np.random.Generator, size: tuple[int, int], weights: tuple[float, ...]
) -> NDArray[np.float32]:
    """(height, width) noise; weights of the octaves in grey levels; size is (width, height)."""
    width, height = min(size[0], BANK), min(size[1], BANK)
    row, column = (int(v) for v in rng.integers(0, BANK, 2))
    mixed = np.zeros((height, width), np.float32)
    for layer, weight in zip(noise_bank(), weights, strict=True):
        cut = np.ascontiguousarray(layer[row : row + height, column : column + width])
        mixed = np.asarray(cv2.scaleAdd(cut, weight, mixed), np.float32)
    return mixed if size == (width, height) else np.asarray(cv2.resize(mixed, size), np.float32)


def _coloured(level: NDArray[np.float32], colour: Bgr) -> Image:
    """Grey offsets (height, width) added to a colour."""
    planes = [cv2.convertScaleAbs(np.maximum(level + channel, 0)) for channel in colour]
    return np.asarray(cv2.merge(planes), np.uint8)


def plain(rng: np.random.Generator, size: tuple[int, int], colour: Bgr) -> Image:
    return _coloured(grain(rng, size, (3, 3, 4, 6)), colour)


def terrazzo(rng: np.random.Generator, size: tuple[int, int], colour: Bgr) -> Image:
    picture = _coloured(grain(rng, size, (9, 7, 3, 7)), colour)
    for x in range(0, size[0], max(24, size[0] // 8)):
        cv2.line(picture, (x, 0), (x, size[1]), tuple(c * 0.8 for c in colour), 1)
    for y in range(0, size[1], max(24, size[0] // 8)):
        cv2.line(picture, (0, y), (size[0], y), tuple(c * 0.8 for c in colour), 1)
    return picture


def tiles(rng: np.random.Generator, size: tuple[int, int], colour: Bgr) -> Image:
    """Square tiles, each with its own shade, and dark joints."""
    side = int(rng.integers(14, 40))
    across, down = size[0] // side + 1, size[1] // side + 1
    shade = rng.normal(0, 9, (down, across)).astype(np.float32)
    level = cv2.resize(shade, (across * side, down * side), interpolation=cv2.INTER_NEAREST)
    picture = _coloured(level[: size[1], : size[0]] + grain(rng, size, (4, 3, 2, 8)), colour)
    joint = [c * float(rng.uniform(0.55, 0.85)) for c in colour]
    picture[::side] = joint
    picture[:, ::side] = joint
    return picture


def bricks(rng: np.random.Generator, size: tuple[int, int], colour: Bgr) -> Image:
    picture = _coloured(grain(rng, size, (7, 6, 4, 6)), colour)
    high = int(rng.integers(9, 20))
    joint = [c * 0.62 + 30 for c in colour]
    picture[::high] = joint
    for row, y in enumerate(range(0, size[1], high)):
        picture[y : y + high, (row % 2) * high :: high * 2] = joint
    return picture


def boards(rng: np.random.Generator, size: tuple[int, int], colour: Bgr) -> Image:
    wide = int(rng.integers(12, 34))
    shade = rng.normal(0, 10, (1, size[0] // wide + 1)).astype(np.float32)
    level = np.repeat(shade, wide, axis=1)[:, : size[0]]
    streak = cv2.resize(grain(rng, (size[0], 16), (6, 5, 3, 3)), size)
    picture = _coloured(level + streak, colour)
    picture[:, ::wide] = [c * 0.6 for c in colour]
    return picture


def carpet(rng: np.random.Generator, size: tuple[int, int], colour: Bgr) -> Image:
    picture = _coloured(grain(rng, size, (16, 8, 3, 5)), colour)
    dots = rng.integers(0, (size[1], size[0]), (size[0] * size[1] // 900, 2))
    picture[dots[:, 0], dots[:, 1]] = rng.integers(0, 255, 3)
    return picture


def asphalt(rng: np.random.Generator, size: tuple[int, int], colour: Bgr) -> Image:
    return _coloured(grain(rng, size, (18, 6, 4, 12)), colour)


def poster(rng: np.random.Generator, size: tuple[int, int], _: Bgr) -> Image:
    """Coloured blocks, discs and lines of 'text': clutter that is not people."""
    picture = np.empty((size[1], size[0], 3), np.uint8)
    picture[:] = rng.integers(20, 250, 3)
    width, height = size
    for _block in range(int(rng.integers(2, 7))):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        w, h = int(rng.integers(4, width)), int(rng.integers(4, height // 2 + 5))
        ink = [int(v) for v in rng.integers(0, 255, 3)]
        if rng.random() < 0.5:
            cv2.rectangle(picture, (x, y), (x + w, y + h), ink, -1)
        else:
            cv2.ellipse(picture, (x, y), (w // 2 + 1, h // 2 + 1), 0, 0, 360, ink, -1, cv2.LINE_AA)
    ink = [int(v) for v in rng.integers(0, 255, 3)]
    for y in range(int(height * rng.uniform(0.5, 0.8)), height - 4, 7):
        cv2.line(picture, (6, y), (int(width * rng.uniform(0.4, 0.95)), y), ink, 2)
    cv2.rectangle(picture, (0, 0), (width - 1, height - 1), [70, 70, 70], 3)
    return picture


Maker = Callable[[np.random.Generator, tuple[int, int], Bgr], Image]
FLOORS: Final[tuple[Maker, ...]] = (terrazzo, tiles, boards, carpet, asphalt, plain)
WALLS: Final[tuple[Maker, ...]] = (plain, tiles, bricks, boards, terrazzo)
