"""Open the detector that a configuration asks for: a table of backends, read at once.

Rule: a backend's file is imported when it is opened; this one loads no vendor library.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from counter import models
from counter.backends import BACKENDS, backend_of
from counter.detectors import CrowdModel, Detector
from counter.errors import ModelError
from counter.models import MapEntry, Model
from counter.settings import ModelSettings

if TYPE_CHECKING:
    from counter.detectors.yolo import Head

# A tracker's second stage continues tracks with boxes that are too weak to begin one.
FLOOR = 0.1


def open_detector(settings: ModelSettings, model: Model | None = None) -> Detector:
    """Open `model` (found by its name in `settings` if not given) with the backend asked for.

    The detector gives boxes from `floor` on, below `settings.confidence`: the tracker tells them
    apart. Raises ModelError.
    """
    found = model or models.find(settings.name)
    return OPENERS[backend_of(settings.backend, found)](found, settings)


def open_crowd_model(model: Model, threads: int) -> CrowdModel:
    """Open a density model; `threads` 0: one per core. Raises ModelError."""
    suffix = None if model.path is None else model.path.suffix
    if not isinstance(model.entry, MapEntry) or suffix != BACKENDS["onnx"].suffix:
        raise ModelError(
            f"crowd.model: {model.name} is no density model in an .onnx file",
            'expected one of kind = "density" in models/registry.toml',
        )
    from counter.detectors.density import DensityModel  # noqa: PLC0415  # Rule

    return DensityModel(model, model.entry, threads)


def floor(settings: ModelSettings) -> float:
    """The confidence from which on a detector delivers boxes."""
    return min(FLOOR, settings.confidence)


def _onnx(model: Model, settings: ModelSettings) -> Detector:
    from counter.detectors.onnx import OnnxDetector  # noqa: PLC0415  # Rule

    return OnnxDetector(model, _head(model, settings), settings.threads)


def _ultralytics(model: Model, settings: ModelSettings) -> Detector:
    from counter.detectors.ultralytics import UltralyticsDetector  # noqa: PLC0415  # Rule

    return UltralyticsDetector(model, _head(model, settings), settings.threads)


OPENERS: Final[dict[str, Callable[[Model, ModelSettings], Detector]]] = {
    "onnx": _onnx,
    "ultralytics": _ultralytics,
}


def _head(model: Model, settings: ModelSettings) -> "Head":
    from counter.detectors.yolo import Head  # noqa: PLC0415  # Rule: it brings OpenCV

    entry = model.entry
    if isinstance(entry, MapEntry):
        raise ModelError(
            f"model.name: {model.name} gives a map of a crowd and no boxes",
            "write it at crowd.model, and a detector here",
        )
    return Head(
        layout=entry.layout,
        units=entry.units,
        classes=entry.classes,
        person=entry.person,
        floor=floor(settings),
        iou=settings.iou,
    )
