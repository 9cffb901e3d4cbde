"""What a camera adds: vignette, blur, colour, darkness, lost detail and noise.

Rule 1: noise is cut from a bank made once; a frame costs a few passes over the picture, no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from counter.sources.synthetic.textures import Image


@dataclass(frozen=True)
class Sensor:
    """gain and gamma act on light, cast (B, G, R) on colour; detail < 1 is a coarser sensor."""

    gain: float = 1.0
    gamma: float = 1.0
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    haze: float = 0.0
    noise: float = 2.0  # grey levels, deviation
    blur_px: float = 0.4
    detail: float = 1.0
    soft_colour: bool = False  # colour at half resolution, as video coding leaves it
    vignette: float = 0.18


@lru_cache(maxsize=4)
def _noise(width: int, height: int) -> tuple[Image, Image]:
    """What to add and what to subtract at deviation 8, (height + 32, width + 32, 3)."""
    rng = np.random.default_rng(977)
    grey = rng.normal(0, 6.5, (height + 32, width + 32, 1))
    raw = cv2.GaussianBlur(
        (grey + rng.normal(0, 6.5, (height + 32, width + 32, 3))).astype(np.float32), (3, 3), 0.5
    )
    raw *= 8.0 / raw.std()
    return np.clip(raw, 0, 60).astype(np.uint8), np.clip(-raw, 0, 60).astype(np.uint8)


def vignette(picture: Image, strength: float) -> None:
    """Darkens towards the corners, in place; done once for a still background."""
    height, width = picture.shape[:2]
    down, across = np.linspace(-1, 1, height) ** 2, np.linspace(-1, 1, width) ** 2
    fall = 255 * (1 - strength * 0.5 * (down[:, None] + across))
    light = cv2.cvtColor(fall.astype(np.uint8), cv2.COLOR_GRAY2BGR)
    cv2.multiply(picture, light, dst=picture, scale=1 / 255)


class Development:
    """The passes of one camera for one size (width, height)."""

    def __init__(self, sensor: Sensor, size: tuple[int, int]) -> None:
        self._sensor = sensor
        self._size = size
        level = np.arange(256, dtype=np.float64) / 255
        light = np.clip(level * sensor.gain, 0, 1) ** sensor.gamma
        light = light * (1 - sensor.haze) + 0.62 * sensor.haze
        curve = np.stack([light * cast for cast in sensor.cast], axis=-1)
        self._curve = np.clip(curve * 255, 0, 255).astype(np.uint8)[None]
        self._plain = sensor == Sensor(
            noise=sensor.noise, blur_px=sensor.blur_px, vignette=sensor.vignette
        )

    def apply(self, picture: Image, rng: np.random.Generator) -> None:
        """Develops a frame in place."""
        sensor, (width, height) = self._sensor, self._size
        if sensor.detail < 1:
            small = (max(16, int(width * sensor.detail)), max(16, int(height * sensor.detail)))
            coarse = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
            cv2.resize(coarse, self._size, dst=picture, interpolation=cv2.INTER_LINEAR)
        if sensor.blur_px > 0.2:
            side = 3 if sensor.blur_px < 0.9 else 5 if sensor.blur_px < 1.6 else 7
            cv2.GaussianBlur(picture, (side, side), sensor.blur_px, dst=picture)
        if not self._plain:
            cv2.LUT(picture, self._curve, dst=picture)
        if sensor.noise > 0.2:
            self._speckle(picture, rng)
        if sensor.soft_colour:
            self._soften(picture)

    def _speckle(self, picture: Image, rng: np.random.Generator) -> None:
        width, height = self._size
        row, column = (int(v) for v in rng.integers(0, 32, 2))
        share = self._sensor.noise / 8.0
        for bank, way in zip(_noise(width, height), (cv2.add, cv2.subtract), strict=True):
            cut = bank[row : row + height, column : column + width]
            way(picture, cv2.convertScaleAbs(cut, alpha=share), dst=picture)

    def _soften(self, picture: Image) -> None:
        width, height = self._size
        ycc = cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb)
        half = cv2.resize(ycc, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        wide = cv2.resize(half, self._size, interpolation=cv2.INTER_LINEAR)
        cv2.mixChannels([ycc], [wide], [0, 0])
        cv2.cvtColor(wide, cv2.COLOR_YCrCb2BGR, dst=picture)
