"""The letterbox: a picture becomes a network's input, in buffers that are used for every picture.

Rule 1: pure: numpy, resizing and splitting of arrays; no clock, file, log or randomness.
Rule 2: the input is made as in training (ultralytics' LetterBox): scale to fit, rounded, centred on
grey 114, bilinear, larger or smaller; R G B.
Rule 3: a quantised network gets its numbers through a table of 256 entries: no float in between.
Rule 4: what was written of a picture is overwritten by `wipe` as soon as the network has run.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from counter.frame import Pixels

Floats = NDArray[np.float32]
Size = tuple[int, int]  # width, height

PADDING: Final = 114  # the grey of the letterbox in every YOLO since v5
GREY: Final = np.float32(PADDING) / np.float32(255)
ONE: Final = np.float32(1)


@dataclass(frozen=True)
class Fit:
    """Where a picture lies in the network's input, all in pixels."""

    picture: Size
    size: Size  # of the input
    scaled: Size  # of the picture within it
    left: int
    top: int

    @property
    def aspect(self) -> float:
        return self.picture[0] / self.picture[1]

    @cached_property
    def to_picture(self) -> tuple[Floats, Floats]:
        """Factor and summand (2,) that make places in the input, pixels, places in the picture,
        0..1.
        """
        scaled = np.array(self.scaled, np.float32)
        margin = np.array((self.left, self.top), np.float32)
        return ONE / scaled, -margin / scaled

    @property
    def rows(self) -> slice:
        return slice(self.top, self.top + self.scaled[1])

    @property
    def columns(self) -> slice:
        return slice(self.left, self.left + self.scaled[0])


def fit(picture: Size, size: Size) -> Fit:
    """Place `picture` in `size` as ultralytics' LetterBox does (center, scaleup; not auto)."""
    ratio = min(size[0] / picture[0], size[1] / picture[1])
    scaled = max(round(picture[0] * ratio), 1), max(round(picture[1] * ratio), 1)
    # -0.1: of an odd margin the smaller half comes first
    left, top = (round((size[axis] - scaled[axis]) / 2 - 0.1) for axis in (0, 1))
    return Fit(picture, size, scaled, left, top)


class Camera:
    """For runtimes that do the rest: `tensor` is (1, height, width, 3) uint8, B G R as it comes."""

    def __init__(self, size: Size) -> None:
        self.tensor: NDArray[np.uint8] = np.full((1, size[1], size[0], 3), PADDING, np.uint8)
        self._set(fit(size, size))

    def fill(self, pixels: Pixels) -> Fit:
        """Write `pixels` ((height, width, 3) uint8, BGR) into `tensor`; say where they lie."""
        picture = pixels.shape[1], pixels.shape[0]
        if picture != self._place.picture:
            self._set(fit(picture, self._place.size))
        if picture == self._place.scaled:
            np.copyto(self._inner, pixels)
        else:
            cv2.resize(pixels, self._place.scaled, self._inner, interpolation=cv2.INTER_LINEAR)
        return self._place

    def wipe(self) -> None:
        """Overwrite everything that came from the picture: `tensor` is plain grey again."""
        self._inner.fill(PADDING)

    def _set(self, place: Fit) -> None:
        self._place = place
        self._inner = self.tensor[0, place.rows, place.columns]


class Planes:
    """For networks that take one plane a colour: `tensor` is (1, 3, height, width), 0..1."""

    def __init__(self, size: Size) -> None:
        width, height = size
        self.tensor: Floats = np.full((1, 3, height, width), GREY, np.float32)
        self._canvas = _Canvas(size)
        self._split = np.zeros((3, height * width), np.uint8)
        self._set(self._canvas.place)

    def fill(self, pixels: Pixels) -> Fit:
        """Write `pixels` ((height, width, 3) uint8, BGR) into `tensor`; say where they lie."""
        scaled = self._canvas.scale(pixels)
        if self._canvas.place is not self._place:
            self._set(self._canvas.place)
        # Whole planes at a time, converted and then divided where they lie: the fastest of the ways
        # that were tried by hand (divided on the way, cv2.LUT, cv2.multiply, cv2's blobFromImage).
        # Multiplying by 1/255 is not exact.
        cv2.split(scaled, self._bgr)
        np.copyto(self._inner, self._rgb)
        np.divide(self._inner, np.float32(255), out=self._inner)
        return self._place

    def wipe(self) -> None:
        """Overwrite everything that came from the picture: `tensor` is plain grey again."""
        self._inner.fill(GREY)
        self._rgb.fill(0)
        self._canvas.wipe()

    def _set(self, place: Fit) -> None:
        """Point the views at the part of each buffer that pictures of this size use."""
        width, height = place.scaled
        self._place = place
        self._rgb = self._split[:, : width * height].reshape(3, height, width)
        self._bgr = [self._rgb[2], self._rgb[1], self._rgb[0]]
        self._inner = self.tensor[0, :, place.rows, place.columns]


class Interleaved:
    """For networks that take R G B side by side: `tensor` is (1, height, width, 3).

    `table` ((256,) int8, uint8 or float32) holds the network's number for each pixel value; the
    grey around the picture goes through it, too.
    """

    def __init__(self, size: Size, table: NDArray[Any]) -> None:
        width, height = size
        self._grey = table[PADDING]
        self.tensor: NDArray[Any] = np.full((1, height, width, 3), self._grey, table.dtype)
        self._canvas = _Canvas(size)
        self._small = table.dtype.itemsize == 1
        # OpenCV's table of bytes knows no int8: both sides are looked at as uint8, same bits.
        self._table: NDArray[Any] = table.view(np.uint8) if self._small else table
        self._bytes = self.tensor.view(np.uint8) if self._small else None
        # 0..255 and -128..127 need no table: a bit is turned over, or nothing.
        flips = np.bitwise_xor(self._table, np.arange(256)) if self._small else self._table
        self._flip = int(flips[0]) if (flips == flips[0]).all() and self._small else None
        self._rgb = np.zeros(0 if self._small else width * height * 3, np.uint8)
        self._set(self._canvas.place)

    def fill(self, pixels: Pixels) -> Fit:
        """Write `pixels` ((height, width, 3) uint8, BGR) into `tensor`; say where they lie."""
        scaled = self._canvas.scale(pixels)
        if self._canvas.place is not self._place:
            self._set(self._canvas.place)
        cv2.cvtColor(scaled, cv2.COLOR_BGR2RGB, dst=self._colours)
        if self._flip is None:
            cv2.LUT(self._colours, self._table, dst=self._target)
        elif self._flip:
            np.bitwise_xor(self._colours, np.uint8(self._flip), out=self._colours)
        return self._place

    def wipe(self) -> None:
        """Overwrite everything that came from the picture: `tensor` is plain grey again."""
        self._inner.fill(self._grey)
        if not self._small:
            self._colours.fill(0)
        self._canvas.wipe()

    def _set(self, place: Fit) -> None:
        width, height = place.scaled
        self._place = place
        self._inner = self.tensor[0, place.rows, place.columns]
        if self._bytes is None:
            self._target = self._inner
            self._colours = self._rgb[: width * height * 3].reshape(height, width, 3)
        else:
            self._target = self._colours = self._bytes[0, place.rows, place.columns]


class _Canvas:
    """The picture at its size in the input; `place` says where that is."""

    def __init__(self, size: Size) -> None:
        self._buffer = np.zeros(size[0] * size[1] * 3, np.uint8)
        self._set(fit(size, size))

    def scale(self, pixels: Pixels) -> Pixels:
        """Scale the picture, or give it back untouched where it has the size already."""
        picture = pixels.shape[1], pixels.shape[0]
        if picture != self.place.picture:
            self._set(fit(picture, self.place.size))
        if picture == self.place.scaled:
            return pixels
        self._used = True
        return cv2.resize(  # type: ignore[return-value]  # its stub forgets the element type
            pixels, self.place.scaled, dst=self._view, interpolation=cv2.INTER_LINEAR
        )

    def wipe(self) -> None:
        if self._used:
            self._view.fill(0)
            self._used = False

    def _set(self, place: Fit) -> None:
        width, height = place.scaled
        self.place, self._used = place, False
        self._view = self._buffer[: width * height * 3].reshape(height, width, 3)
