"""A drawn platform with a marker on it: footage whose pictures can be known again anywhere.

Rule 1: the marker is a function of its seed and its size alone, and the same in every frame: what
was kept of any picture, at any time, in part or smaller, holds the same bytes or blocks.
Rule 2: it survives both ways of keeping a picture. Blocks of random colours outlive JPEG and
resizing; noise of two bits a sample makes every row unique for a search byte by byte.
Rule 3: the people are those of the platform with one fixed seed, so that the loop has work.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from counter.sources.synthetic.scene import Scene
from counter.sources.synthetic.truth import Truth

MARKER: Final = "marker"  # synthetic:marker
SHARE: Final = 4  # the marker takes this part of the picture's width, at its left, in full height
BLOCK: Final = 16  # pixels; eight of JPEG's own blocks in a quarter of the area survive quality 30
COLOURS: Final = (24, 208)  # with the noise on top nothing is clipped
NOISE: Final = 6  # times 0, 1, 2 or 3 on every sample
CROWD: Final = 7  # the seed of the people


def draw_marker(seed: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw the marker of pictures of this size (width, height): (height, width / 4, 3), BGR."""
    width, height = size[0] // SHARE, size[1]
    dice = np.random.default_rng([seed, 0x6D61726B])
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    blocks = dice.integers(*COLOURS, (rows, columns, 3), np.uint8)
    large = blocks.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)[:height, :width]
    noise = dice.integers(0, 4, (height, width, 3), np.uint8) * np.uint8(NOISE)
    return np.asarray(cv2.add(large, noise), np.uint8)


class MarkedScene:
    """A Scene of the platform; what it renders has the marker on its left."""

    def __init__(self, *, seed: int, size: tuple[int, int], fps: float, people: float) -> None:
        self._scene = Scene(kind="platform", seed=CROWD, size=size, fps=fps, people=people)
        self._marker = draw_marker(seed, size)

    def render(self, out: NDArray[np.uint8]) -> Truth:
        truth = self._scene.render(out)
        out[:, : self._marker.shape[1]] = self._marker
        return truth
