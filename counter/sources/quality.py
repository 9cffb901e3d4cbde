"""Can anybody be seen in the pictures? Dark and blurred ones, for aiming a camera.

Rule 1: what is kept of a picture is two numbers, and of many pictures their median: a yes or no.
Rule 2: what lies under a mask has no say, and neither has the mask's edge, which is sharp.
Rule 3: at most one picture a second is looked at.

Sharpness is how much of a strong edge happens within one step: of the brightness that changes over
SPAN cells of a picture of about ROWS rows, the share of the largest single step. It is 1 for a step
and 1/SPAN for a ramp, whatever the contrast. The variance of a Laplacian is not: over that of the
picture it was 0.69 in one sharp clip and 0.09 in another, and noise of 3 levels brought a blurred
one from 0.004 to 0.22.

Measured on 6 clips, 57 photographs and the drawn scenes. Sharpness as they are: 0.49 to 0.82;
blurred by a Gaussian of 1/360 of the height 0.38 to 0.56, 2/360 0.30 to 0.41, 3/360 0.28 to 0.35,
4/360 0.27 to 0.32 (with noise of 3 levels up to 0.41 in a clip of little contrast, and 0.64 in one
photograph). At 3/360 the embedded model finds 48 to 72 % of whom it finds else, in the four busy
clips. Copies of a quarter of the brightness (bright parts of 42 to 56) cost it up to 23 % of them,
of an eighth (20 to 27) half to all.
"""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from counter.frame import Frame, Pixels
from counter.settings import CameraSettings
from counter.sources.mask import Hidden, Masks

ROWS: Final = 240
SPAN: Final = 4
STRONG: Final = 98.0  # percentile of the changes over SPAN: the edges that are looked at ...
LEAST: Final = 10.0  # ... if they are at least so many levels high: below it, it is noise
FEWEST: Final = 50  # edges that are not by chance
BLURRED: Final = 0.36
BRIGHT: Final = 90.0  # percentile that stands for the bright parts: lamps are fewer
DARK: Final = 32.0
EVERY_NS: Final = 1_000_000_000
LOOKS: Final = 600  # the last ones

_Cells = NDArray[np.float32]  # brightness, about ROWS rows; not a number under a mask


class Quality:
    """What the pictures of one camera are like."""

    def __init__(self, settings: CameraSettings) -> None:
        self._masks = Masks(settings.masks)
        self._next_ns: int | None = None
        self._sharpness: deque[float] = deque(maxlen=LOOKS)
        self._brightness: deque[float] = deque(maxlen=LOOKS)

    def __repr__(self) -> str:
        return "<Quality>"

    @property
    def blurred(self) -> bool | None:
        """None: no picture had edges to tell by."""
        return bool(np.median(self._sharpness) < BLURRED) if self._sharpness else None

    @property
    def dark(self) -> bool | None:
        """None: no picture was looked at."""
        return bool(np.median(self._brightness) < DARK) if self._brightness else None

    def look(self, frame: Frame) -> None:
        if self._next_ns is not None and frame.captured_ns < self._next_ns:
            return
        self._next_ns = frame.captured_ns + EVERY_NS
        cells = _cells(frame.pixels, self._masks.hidden(frame.pixels))
        if np.isfinite(cells).any():
            self._brightness.append(float(np.nanpercentile(cells, BRIGHT)))
        sharpness = _sharpness(cells)
        if sharpness is not None:
            self._sharpness.append(sharpness)


def _cells(pixels: Pixels, hidden: Hidden | None) -> _Cells:
    """Average the green of square blocks; a block of which something is hidden has no value."""
    side = max(1, round(pixels.shape[0] / ROWS))
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    whole = slice(rows * side), slice(columns * side)
    blocks = pixels[..., 1][whole].reshape(rows, side, columns, side)
    cells: _Cells = blocks.mean(axis=(1, 3), dtype=np.float32)
    if hidden is not None:
        cells[hidden[whole].reshape(rows, side, columns, side).any(axis=(1, 3))] = np.nan
    return cells


def _sharpness(cells: _Cells) -> float | None:
    """Median share of a strong edge that happens in its largest step; None without edges."""
    if min(cells.shape) <= SPAN:
        return None
    largest, whole = [], []
    for along in (cells, cells.T):
        steps = np.abs(np.diff(along, axis=1))
        many = steps.shape[1] - SPAN + 1
        largest.append(np.maximum.reduce([steps[:, i : i + many] for i in range(SPAN)]).ravel())
        whole.append(np.abs(along[:, SPAN:] - along[:, :-SPAN]).ravel())
    step, change = np.concatenate(largest), np.concatenate(whole)
    seen = np.isfinite(step) & np.isfinite(change)  # a cell in between may be hidden
    step, change = step[seen], change[seen]
    if not len(change):
        return None
    edges = change >= max(float(np.percentile(change, STRONG)), LEAST)
    if int(np.count_nonzero(edges)) < FEWEST:
        return None
    return float(np.median(step[edges] / change[edges]))
