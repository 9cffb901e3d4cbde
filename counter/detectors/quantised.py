"""Networks of small whole numbers: pixels become their numbers, and few of theirs become float.

Rule 1: pure: numpy; no clock, file, log or randomness.
Rule 2: a scale stands in the file: real = (number - zero) * scale. It is read, never assumed.
Rule 3: scores are compared with the threshold in the network's own numbers; only boxes that pass
become float. Which class is surer is asked of whole numbers too: one scale keeps their order.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from counter.detectors.yolo import Floats, Head, finite
from counter.errors import ModelError

Numbers = NDArray[Any]  # int8, uint8 or float32
Read = Callable[[Sequence[Numbers]], tuple[Floats, Head]]  # what `yolo.decode` takes

_CORRECT: Final = "correct layout and classes in the registry"
KINDS: Final = (np.dtype(np.int8), np.dtype(np.uint8), np.dtype(np.float32))


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output, as the file describes it."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float = 0.0  # 0: the numbers are real ones
    zero: int = 0

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape}"


def input_table(tensor: Tensor, layout: str) -> Numbers:
    """(256,): the network's number for each pixel value.

    YOLO takes 0..1. An SSD takes -1..1; its quantised form was trained on the pixel values
    themselves, of which zero and scale make that range up to a rounding.
    """
    pixels = np.arange(256)
    ssd = layout == "ssd"
    if not tensor.scale:
        real = pixels / np.float32(127.5) - np.float32(1) if ssd else pixels / np.float32(255)
        return np.asarray(real, np.float32)
    limits = np.iinfo(tensor.dtype)
    if ssd:
        shifted: Numbers = (pixels + int(limits.min)).astype(tensor.dtype)
        return shifted
    numbers = np.rint(pixels / 255 / tensor.scale) + tensor.zero
    clipped: Numbers = np.clip(numbers, limits.min, limits.max).astype(tensor.dtype)
    return clipped


def reader(model: str, head: Head, outputs: Sequence[Tensor]) -> Read:
    """Give what reads these outputs. Raises ModelError for others than `head.layout` has."""
    if head.layout == "ssd":
        return _ssd_reader(model, head, outputs)
    if len(outputs) != 1:
        shown = ", ".join(map(str, outputs))
        raise ModelError(f"model {model}: it has the outputs {shown}, expected one", _CORRECT)
    (output,) = outputs
    if not output.scale:
        return lambda given: (given[0], head)
    if head.layout != "raw":
        raise ModelError(
            f"model {model}: boxes, scores and class numbers of its output share one scale",
            "export it with a float output (ultralytics: int8=True gives one)",
        )
    return lambda given: candidates(given[0], output, head)


def candidates(output: Numbers, tensor: Tensor, head: Head) -> tuple[Floats, Head]:
    """Read the boxes that may be persons out of (1, 4 + classes, n) whole numbers (Rule 3)."""
    boxes, scores = output[0, :4], output[0, 4:]
    least = int(np.ceil(head.floor / tensor.scale + tensor.zero - 1e-6))  # 1e-6: of the division
    at = np.flatnonzero(scores[head.person] >= least)
    if head.classes > 1:
        at = at[scores[:, at].argmax(axis=0) == head.person]
    found = np.empty((1, 5, len(at)), np.float32)
    found[0, :4] = boxes[:, at]
    found[0, 4] = scores[head.person, at]
    found -= np.float32(tensor.zero)
    found *= np.float32(tensor.scale)
    return found, replace(head, layout="raw", classes=1, person=0)


def _ssd_reader(model: str, head: Head, outputs: Sequence[Tensor]) -> Read:
    at = ssd_order(model, outputs)

    def read(given: Sequence[Numbers]) -> tuple[Floats, Head]:
        boxes, classes, scores, count = (given[index] for index in at)
        return ssd(boxes[0], classes[0], scores[0], int(count[0])), _as_one(head)

    def ssd(boxes: Floats, classes: Floats, scores: Floats, count: int) -> Floats:
        for numbers in (classes, scores):
            finite(numbers)
        keep = np.flatnonzero((classes == head.person) & (scores >= head.floor))
        keep = keep[keep < count]  # what lies behind is left over from other pictures
        top, left, bottom, right = boxes[keep].T
        table = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top, scores[keep]
        return np.stack(table).astype(np.float32)[None]

    return read


def _as_one(head: Head) -> Head:
    """A person twice is common in an SSD's output, so it goes through the NMS of the raw layout."""
    return replace(head, layout="raw", units="normalised", classes=1, person=0)


def ssd_order(model: str, outputs: Sequence[Tensor]) -> tuple[int, int, int, int]:
    """Where boxes, classes, scores and count stand among the outputs.

    Boxes and count are known by their shapes. Classes and scores have one shape; they follow the
    boxes in this order, and in files with signatures go before them in the other one. Converters
    shuffle the outputs, so the order is that of the numbers in their names, where they have any.
    """
    found = sorted(range(len(outputs)), key=lambda index: (_number(outputs[index].name), index))
    boxes = [i for i in found if len(outputs[i].shape) == 3 and outputs[i].shape[2] == 4]
    count = [i for i in found if outputs[i].shape in {(1,), (1, 1)}]
    pairs = [i for i in found if i not in (*boxes, *count)]
    wide = (1, outputs[boxes[0]].shape[1]) if boxes else ()
    whole = len(outputs) == 4 and len(boxes) == len(count) == 1
    if not whole or any(outputs[i].shape != wide or outputs[i].scale for i in pairs):
        shown = ", ".join(map(str, outputs))
        raise ModelError(
            f"model {model}: its outputs are {shown}; an SSD has float (1, n, 4), (1, n), (1, n)"
            " and (1,)",
            _CORRECT,
        )
    classes, scores = pairs if found.index(boxes[0]) < found.index(pairs[0]) else pairs[::-1]
    return boxes[0], classes, scores, count[0]


def _number(name: str) -> int:
    """The number at the end of an output's name, `TFLite_Detection_PostProcess:2`; none is 0."""
    found = re.search(r"[:_](\d+)$", name)
    return int(found.group(1)) if found else 0


def check_ssd(model: str, outputs: Sequence[Tensor], given: Sequence[Numbers]) -> None:
    """Raise ModelError where what should be classes or scores cannot be such."""
    _, classes, scores, _ = (given[index] for index in ssd_order(model, outputs))
    whole = bool((classes == np.rint(classes)).all())
    if not (whole and (scores >= 0).all() and (scores <= 1).all()):
        raise ModelError(
            f"model {model}: its outputs are not boxes, classes, scores and count in a known order",
            "export it with TFLite_Detection_PostProcess as its last operation",
        )
