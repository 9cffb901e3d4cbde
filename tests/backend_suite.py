"""What every backend is asked, whatever runs behind it, and how far it may be off.

The oracle is onnxruntime with the same weights in float. `FLOAT` and `INT8` are the only places
where a tolerance is written.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counter.detectors import Detector
from counter.detectors.letterbox import Interleaved, Planes
from counter.frame import Frame
from counter.models import Model
from counter.people import Detections
from tests.tiny_model import tiny_model
from tests.tiny_models import tiny_ncnn, tiny_openvino

RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)  # B G R
SURE = 0.25  # the default confidence: from here on a box counts


@dataclass(frozen=True)
class Tolerance:
    iou: float  # at least, of each person's box and the oracle's
    gap: float  # at most, between both confidences


FLOAT = Tolerance(iou=0.99, gap=0.01)
# yolo11n in OpenVINO's int8 on drawn platforms: 0.907 and 0.045 were the worst at 640.
INT8 = Tolerance(iou=0.85, gap=0.10)


# The tiny detector of tiny_model.py for each runtime: backend, the packages it needs, how it is
# made. Accelerators have their fakes and join here with them.
@dataclass(frozen=True)
class Subject:
    backend: str
    package: str
    make: Callable[[Path], Model]


SUBJECTS = (
    Subject("onnx", "onnxruntime", tiny_model),
    Subject("openvino", "openvino", tiny_openvino),
    Subject("ncnn", "ncnn", tiny_ncnn),
)


def street(*cells: tuple[int, int, tuple[int, int, int]]) -> Frame:
    """A black picture of 128 x 96 with cells (column, row) painted."""
    pixels = np.zeros((96, 128, 3), np.uint8)
    for column, row, colour in cells:
        pixels[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32] = colour
    return Frame(pixels, 77)


def noise(width: int, height: int, seed: int = 0) -> Frame:
    """Blocks of colour, some of them green: persons, for the tiny detector."""
    rng = np.random.default_rng(seed)
    rows, columns = (max(side // 24, 1) for side in (height, width))
    blocks = rng.integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    down, across = np.arange(height) * rows // height, np.arange(width) * columns // width
    return Frame(np.ascontiguousarray(blocks[down][:, across]), 5)


def letterbox_of(detector: Detector) -> Planes | Interleaved:
    """Where a detector writes its pictures, so that it can be seen whether they are gone."""
    holder: Any = detector
    found = getattr(holder, "_letterbox", None) or holder._network._letterbox
    assert isinstance(found, Planes | Interleaved)
    return found


def overlap(one: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """IoU of one box with each of the others."""
    low, high = np.maximum(one[:2], others[:, :2]), np.minimum(one[2:], others[:, 2:])
    shared = (high - low).clip(0).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1) + (one[2:] - one[:2]).prod()
    ious: NDArray[np.float32] = shared / (areas - shared)
    return ious


def differences(oracle: Detections, given: Detections, allowed: Tolerance) -> list[str]:
    """What one of both saw and the other did not; who is sure enough for either counts."""
    said = []
    for these, those, who in ((oracle, given, "missed"), (given, oracle, "made up")):
        for box, confidence in zip(these.xyxy, these.confidence, strict=True):
            if confidence < SURE + allowed.gap:
                continue
            ious = overlap(box, those.xyxy)
            near = (ious >= allowed.iou) & (abs(those.confidence - confidence) <= allowed.gap)
            if not near.any():
                best = ious.max(initial=0)
                said.append(f"{who}: a person of {confidence:.3f}; the nearest box has {best:.3f}")
    return said
