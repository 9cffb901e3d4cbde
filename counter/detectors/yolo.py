"""YOLO without a runtime: a network's output becomes persons.

Rule 1: pure: numpy and OpenCV's NMS; no clock, file, log or randomness.
Rule 2: only persons leave (P11). With many classes a box is a person only if no class is surer.
Rule 3: what is not a number is not nobody: scores and the boxes that are read must be finite.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from counter.detectors.letterbox import Fit
from counter.errors import DeviceError, ModelError
from counter.people import MOST_SEEN, Boxes, Detections

Floats = NDArray[np.float32]

# Rows that NMS looks at, surest first. A plaza with about 150 people gave 230 above 0.1, a crowded
# escalator 188, 456 above 0.01 (yolo11n at 640); 1000 bounds the cost of NMS whatever comes.
MAX_CANDIDATES = 1000
FALLING = [float(rank) for rank in range(MAX_CANDIDATES, 0, -1)]  # stands for confidences
NOTHING, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)
MAX_PERSONS = MOST_SEEN  # per picture, as end-to-end heads deliver at most


@dataclass(frozen=True, slots=True)
class Head:
    """How a model's output is read."""

    # (1, 4 + classes, n) | (1, n, 6) | others, which a backend turns into one of these two
    layout: Literal["raw", "end-to-end", "ssd", "nms-by-class"]
    units: Literal["pixels", "normalised"]  # of its boxes: of the input, or fractions of it
    classes: int
    person: int  # index of the class
    floor: float  # boxes below this confidence are dropped; the tracker uses low ones too
    iou: float  # NMS of the raw layout: boxes that overlap more are one person


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
    """Read the persons out of an output of `head.layout`, surest first, one box each.

    Raises DeviceError (Rule 3); a network's numbers were finite before the first picture.
    """
    read = _raw if head.layout == "raw" else _end_to_end
    xyxy, confidence = read(output[0], head)
    factor, summand = place.to_picture
    if head.units == "normalised":
        factor = factor * np.array(place.size, np.float32)
    corners = xyxy.reshape(-1, 2, 2) * factor
    corners += summand
    np.minimum(corners, ONE, out=corners)
    np.maximum(corners, NOTHING, out=corners)
    real = (corners[:, 1] > corners[:, 0]).all(axis=1)  # something of it is in the picture
    boxes: Boxes = corners.reshape(-1, 4)
    if not real.all():
        boxes, confidence = boxes[real], confidence[real]
    return Detections(boxes, confidence, captured_ns, place.aspect, place.picture[1])


def _raw(output: Floats, head: Head) -> tuple[Boxes, Floats]:
    """(4 + classes, n): centre x, centre y, width, height, then one score a class."""
    scores = output[4 + head.person]
    finite(scores.max(initial=NOTHING))  # NaN is the largest
    at = np.flatnonzero(scores >= head.floor)
    if head.classes > 1:  # Rule 2; only here is the rest of the table looked at
        classes = output[4:, at]
        finite(classes.max(initial=NOTHING))
        at = at[classes.argmax(axis=0) == head.person]
    at = at[np.argsort(-scores[at], kind="stable")[:MAX_CANDIDATES]]
    box = output[:4, at]
    finite(box)
    centre, half = box[:2], box[2:] * HALF
    xyxy = np.ascontiguousarray(np.concatenate((centre - half, centre + half)).T)
    kept = surest(xyxy, head.iou)[:MAX_PERSONS]
    return xyxy[kept], scores[at[kept]]


def _end_to_end(output: Floats, head: Head) -> tuple[Boxes, Floats]:
    """(n, 6): left, top, right, bottom, confidence, class; the network has done the NMS."""
    finite(output[:, 4].max(initial=NOTHING))
    sure = output[:, 4] >= head.floor
    finite(output[sure])
    at = np.flatnonzero(sure & (output[:, 5] == head.person))
    at = at[np.argsort(-output[at, 4], kind="stable")[:MAX_PERSONS]]
    return output[at, :4], output[at, 4]


def finite(numbers: Floats | np.float32) -> None:
    """Raise DeviceError for numbers that are none (Rule 3)."""
    if not np.isfinite(numbers).all():
        raise DeviceError(
            "the network gives numbers that are not finite",
            "it is opened again; if they come again: another format of the model, memory, device",
        )


def surest(xyxy: Boxes, iou: float) -> NDArray[np.intp]:
    """Greedy NMS: the indices that stay of `xyxy` ((n, 4), surest first, any unit), in order.

    A box goes if a surer box that stays overlaps it by more than `iou`. One call of OpenCV
    is faster than numpy's many.
    """
    if not len(xyxy):
        return np.zeros(0, np.intp)
    boxes = xyxy.copy()
    boxes[:, 2:] -= xyxy[:, :2]
    stay = cv2.dnn.NMSBoxes(boxes.tolist(), FALLING[-len(boxes) :], 0.0, iou)
    return np.asarray(stay, np.intp).reshape(-1)
