"""YOLO without a runtime: a picture becomes a network's input, a network's output becomes persons.

Rule 1: pure: numpy, resizing and splitting of arrays; no clock, file, log or randomness.
Rule 2: the input is made as in training (ultralytics' LetterBox): scale to fit, rounded, centred on
grey 114, bilinear, larger or smaller; then R G B, divided by 255.
Rule 3: only persons leave (P11). With many classes a box is a person only if no class is surer.
Rule 4: what was written of a picture is overwritten by `wipe` as soon as the network has run.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from counter.errors import ModelError
from counter.frame import Pixels
from counter.people import MOST_SEEN, Boxes, Detections

Floats = NDArray[np.float32]
Size = tuple[int, int]  # width, height

PADDING = 114  # the grey of the letterbox in every YOLO since v5
GREY = np.float32(PADDING) / np.float32(255)
# Rows that NMS looks at, surest first. A plaza with about 150 people gave 230 above 0.1, a crowded
# escalator 188, 456 above 0.01 (yolo11n at 640); 1000 bounds the cost of NMS whatever comes.
MAX_CANDIDATES = 1000
BLOCK = 128  # boxes that NMS settles at once; 64 to 128 were the fastest for 200 candidates
MAX_PERSONS = MOST_SEEN  # per picture


@dataclass(frozen=True, slots=True)
class Head:
    """How a model's output is read."""

    layout: Literal["raw", "end-to-end"]  # (1, 4 + classes, n) | (1, n, 6)
    units: Literal["pixels", "normalised"]  # of its boxes: of the input, or fractions of it
    classes: int
    person: int  # index of the class
    floor: float  # boxes below this confidence are dropped; the tracker uses low ones too
    iou: float  # NMS of the raw layout: boxes that overlap more are one person


@dataclass(frozen=True, slots=True)
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


def fit(picture: Size, size: Size) -> Fit:
    """Place `picture` in `size` as ultralytics' LetterBox does (center, scaleup; not auto)."""
    ratio = min(size[0] / picture[0], size[1] / picture[1])
    scaled = max(round(picture[0] * ratio), 1), max(round(picture[1] * ratio), 1)
    # -0.1: of an odd margin the smaller half comes first
    left, top = (round((size[axis] - scaled[axis]) / 2 - 0.1) for axis in (0, 1))
    return Fit(picture, size, scaled, left, top)


class Letterbox:
    """The network's input, made in buffers that are allocated once and used for every picture."""

    def __init__(self, size: Size) -> None:
        width, height = size
        self.tensor: Floats = np.full((1, 3, height, width), GREY, np.float32)  # R G B, 0..1
        self._scaled = np.zeros(height * width * 3, np.uint8)
        self._planes = np.zeros((3, height * width), np.uint8)
        self._set(fit(size, size))

    def fill(self, pixels: Pixels) -> Fit:
        """Write `pixels` ((height, width, 3) uint8, BGR) into `tensor`; say where they lie."""
        picture = pixels.shape[1], pixels.shape[0]
        if picture != self._fit.picture:
            self._set(fit(picture, self._fit.size))
        if picture != self._fit.scaled:
            pixels = cv2.resize(  # type: ignore[assignment]  # its stub forgets the element type
                pixels, self._fit.scaled, dst=self._canvas, interpolation=cv2.INTER_LINEAR
            )
        # Splitting first makes numpy's conversion read whole rows: 0.18 ms for 640x360 against
        # 0.37 strided, 0.33 cv2.LUT, 0.40 cv2.dnn.blobFromImage (and that is not exact).
        cv2.split(pixels, self._bgr)
        for channel, plane in enumerate(reversed(self._bgr)):
            np.divide(plane, np.float32(255), out=self._inner[channel], dtype=np.float32)
        return self._fit

    def wipe(self) -> None:
        """Overwrite everything that came from the picture: `tensor` is plain grey again."""
        self._inner.fill(GREY)
        self._canvas.fill(0)
        for plane in self._bgr:
            plane.fill(0)

    def _set(self, place: Fit) -> None:
        """Point the views at the part of each buffer that pictures of this size use."""
        width, height = place.scaled
        area = width * height
        self._fit = place
        self._canvas = self._scaled[: area * 3].reshape(height, width, 3)
        self._bgr = [plane[:area].reshape(height, width) for plane in self._planes]
        down, across = slice(place.top, place.top + height), slice(place.left, place.left + width)
        self._inner = self.tensor[0, :, down, across]


def checked(output: NDArray[np.generic], head: Head, model: str) -> Floats:
    """Give back an output that `decode` can read. Raises ModelError if this one is not."""
    raw = head.layout == "raw"
    fixed = (1, 4 + head.classes) if raw else (1, 6)
    if output.ndim != 3 or (output.shape[:2] if raw else output.shape[::2]) != fixed:
        expected = f"(1, {fixed[1]}, n)" if raw else "(1, n, 6)"
        raise ModelError(
            f"model {model}: its output is {output.shape}, '{head.layout}' needs {expected}",
            "correct layout and classes in the registry",
        )
    if output.dtype != np.float32 or not np.isfinite(output).all():
        raise ModelError(
            f"model {model}: its output is {output.dtype} or not finite, expected float32 numbers",
            "export it again with 32-bit output",
        )
    return np.ascontiguousarray(output, np.float32)


def decode(output: Floats, head: Head, place: Fit, captured_ns: int) -> Detections:
    """Read the persons out of an output of `head.layout`, surest first, one box each."""
    read = _raw if head.layout == "raw" else _end_to_end
    xyxy, confidence = read(output[0], head)
    # Of the input -> of the picture, 0..1: subtract the margin, divide by the scaled picture.
    unit = np.array(place.size if head.units == "normalised" else (1, 1), np.float32)
    corners = xyxy.reshape(-1, 2, 2) * unit - np.array((place.left, place.top), np.float32)
    corners /= np.array(place.scaled, np.float32)
    np.clip(corners, 0, 1, out=corners)
    real = (corners[:, 1] > corners[:, 0]).all(axis=1)  # something of it is in the picture
    boxes: Boxes = corners.reshape(-1, 4)
    if not real.all():
        boxes, confidence = boxes[real], confidence[real]
    return Detections(boxes, confidence, captured_ns, place.aspect, place.picture[1])


def _raw(output: Floats, head: Head) -> tuple[Boxes, Floats]:
    """(4 + classes, n): centre x, centre y, width, height, then one score a class."""
    scores = output[4 + head.person]
    at = np.flatnonzero(scores >= head.floor)
    if head.classes > 1:  # Rule 3; only here is the rest of the table looked at
        at = at[output[4:, at].argmax(axis=0) == head.person]
    at = at[np.argsort(-scores[at], kind="stable")[:MAX_CANDIDATES]]
    centre, half = output[0:2, at].T, output[2:4, at].T * np.float32(0.5)
    xyxy = np.concatenate((centre - half, centre + half), axis=1)
    kept = surest(xyxy, head.iou)[:MAX_PERSONS]
    return xyxy[kept], scores[at[kept]]


def _end_to_end(output: Floats, head: Head) -> tuple[Boxes, Floats]:
    """(n, 6): left, top, right, bottom, confidence, class; the network has done the NMS."""
    at = np.flatnonzero((output[:, 4] >= head.floor) & (output[:, 5] == head.person))
    at = at[np.argsort(-output[at, 4], kind="stable")[:MAX_PERSONS]]
    return output[at, :4], output[at, 4]


def surest(xyxy: Boxes, iou: float) -> NDArray[np.intp]:
    """Greedy NMS: the indices that stay of `xyxy` ((n, 4), surest first, any unit), in order.

    A box goes if a surer box that stays overlaps it by more than `iou`. Block by block: the block
    is settled in itself, then what stays of it clears the rest.
    """
    corners = np.ascontiguousarray(xyxy.T)
    rest = np.arange(len(xyxy))
    stay = [rest[:0]]
    while rest.size:
        block, rest = rest[:BLOCK], rest[BLOCK:]
        block = block[_settle(_overlap(corners[:, block], corners[:, block], iou))]
        rest = rest[~_overlap(corners[:, block], corners[:, rest], iou).any(axis=0)]
        stay.append(block)
    return np.concatenate(stay)


def _overlap(these: Floats, those: Floats, iou: float) -> NDArray[np.bool_]:
    """(4, n) and (4, m) corners -> (n, m): their intersection is more than `iou` of their union."""
    shared = _common(these[0::2], those[0::2])
    shared *= _common(these[1::2], those[1::2])
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (these, those)]
    union: Floats = np.add.outer(*areas)
    union -= shared
    union *= np.float32(iou)
    return shared > union


def _common(these: Floats, those: Floats) -> Floats:
    """Length that each of `these` (2, n: start, end) has in common with each of `those`: (n, m)."""
    length: Floats = np.minimum.outer(these[1], those[1])
    length -= np.maximum.outer(these[0], those[0])
    return np.maximum(length, 0, out=length)


def _settle(overlap: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of n boxes stay, surest first, given (n, n) who overlaps whom.

    All boxes whose fate is known are decided at once: 2 to 4 rounds on real pictures.
    """
    hides = np.triu(overlap, 1)  # [surer, other]
    stays = np.zeros(len(hides), np.bool_)
    undecided = ~stays
    while undecided.any():
        safe = undecided & ~hides[undecided].any(axis=0)
        stays |= safe
        undecided &= ~(safe | hides[safe].any(axis=0))
    return stays
