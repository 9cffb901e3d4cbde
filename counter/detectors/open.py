"""Open the detector that a configuration asks for: a table of backends, chosen in `backends`.

Rule: a backend's file is imported when it is opened; this one loads no vendor library.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from counter.backends import BACKENDS, choose, selected
from counter.detectors import CrowdModel, Detector
from counter.errors import ModelError
from counter.models import Model
from counter.registry import MapEntry
from counter.settings import ModelSettings

if TYPE_CHECKING:
    from counter.detectors.yolo import Head

# A tracker's second stage continues tracks with boxes that are too weak to begin one.
FLOOR = 0.1


def open_detector(
    settings: ModelSettings, model: Model | None = None, *, ahead: int = 1
) -> Detector:
    """Open `model` (found by its name in `settings` if not given) with the backend asked for.

    It may keep `ahead` pictures in flight, where a `Lookout` asks it. It gives boxes from `floor`
    on, below `settings.confidence`: the tracker tells them apart. Raises ModelError.
    """
    choice = choose(settings, model) if model else selected(settings)
    head = _head(choice.model, settings)
    return OPENERS[choice.backend](choice.model, head, settings.threads, ahead)


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


def _hailo(model: Model, head: "Head", threads: int, _ahead: int) -> Detector:
    from counter.detectors.hailo import HailoDetector  # noqa: PLC0415  # Rule

    return HailoDetector(model, head, threads)


def _edgetpu(model: Model, head: "Head", threads: int, _ahead: int) -> Detector:
    from counter.detectors.edgetpu import EdgeTpuDetector  # noqa: PLC0415  # Rule

    return EdgeTpuDetector(model, head, threads)


def _openvino(model: Model, head: "Head", threads: int, ahead: int) -> Detector:
    from counter.detectors.openvino import OpenvinoDetector  # noqa: PLC0415  # Rule
    from counter.detectors.overlapped import overlapped  # noqa: PLC0415  # Rule

    return overlapped(partial(OpenvinoDetector, model, head, threads), threads, ahead)


def _ncnn(model: Model, head: "Head", threads: int, ahead: int) -> Detector:
    from counter.detectors.ncnn import NcnnDetector  # noqa: PLC0415  # Rule
    from counter.detectors.overlapped import overlapped  # noqa: PLC0415  # Rule

    return overlapped(partial(NcnnDetector, model, head, threads), threads, ahead)


def _onnx(model: Model, head: "Head", threads: int, ahead: int) -> Detector:
    from counter.detectors.onnx import OnnxDetector  # noqa: PLC0415  # Rule
    from counter.detectors.overlapped import overlapped  # noqa: PLC0415  # Rule

    return overlapped(partial(OnnxDetector, model, head, threads), threads, ahead)


def _tflite(model: Model, head: "Head", threads: int, _ahead: int) -> Detector:
    from counter.detectors.tflite import TfliteDetector  # noqa: PLC0415  # Rule

    return TfliteDetector(model, head, threads)


def _ultralytics(model: Model, head: "Head", threads: int, _ahead: int) -> Detector:
    from counter.detectors.ultralytics import UltralyticsDetector  # noqa: PLC0415  # Rule

    return UltralyticsDetector(model, head, threads)


OPENERS: Final[dict[str, Callable[[Model, "Head", int, int], Detector]]] = {
    "hailo": _hailo,
    "edgetpu": _edgetpu,
    "openvino": _openvino,
    "ncnn": _ncnn,
    "onnx": _onnx,
    "tflite": _tflite,
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
