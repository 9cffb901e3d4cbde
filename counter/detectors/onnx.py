"""Any CPU: YOLO models in ONNX, run by onnxruntime.

Rule 1: onnxruntime's wheel reports to its vendor unless the environment forbids it before the
import (seen on 1.32). It is forbidden here, and a runtime that came in without it is refused.
Rule 2: the model's input and output are checked against the registry before the first picture,
and a model that computes more of a person than a box is refused (`features`).
"""

import os
import sys
from typing import Any, Self

import numpy as np

from counter.detectors import yolo
from counter.detectors.features import Told, class_names, refuse_columns, refuse_told
from counter.detectors.letterbox import Planes
from counter.detectors.running import cores, first_line, looking, taken
from counter.errors import ModelError
from counter.frame import Frame
from counter.models import Model
from counter.people import Detections

SILENT = "ORT_DISABLE_TELEMETRY"


class OnnxDetector:
    """One session whose input and output lie in arrays of ours.

    So the output (2.8 MB for yolo11n at 640) is not allocated anew for every picture. It holds what
    the network made of the last one, until the next or `close`: overwriting 2.8 MB took 0.05 ms a
    picture, by hand.
    """

    backend = "onnx"

    def __init__(self, model: Model, head: yolo.Head, threads: int, depth: int = 1) -> None:
        """Load, check and warm up; `threads` 0: one per core, for `depth` twins together.

        Raises ModelError, or RefusedError for a model that knows more of a person than a box.
        """
        self.name = model.name
        self._head, self._size = head, model.entry.input
        # Who asks for a run also works on it, beside the threads of the session.
        self._session = open_session(model, cores(threads) - depth + 1)
        told = told_by(self._session)
        refuse_told(model.name, told)
        self._source = _input_name(model, self._session)
        self._output = self._warm_up(told)
        self.renewed()

    def renewed(self) -> Self:
        self._letterbox, self._output = Planes(self._size), self._output.copy()
        self._binding = self._session.io_binding()
        for bind, name, array in (
            (self._binding.bind_input, self._source, self._letterbox.tensor),
            (self._binding.bind_output, self._session.get_outputs()[0].name, self._output),
        ):
            bind(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        return self

    def detect(self, frame: Frame) -> Detections:
        self.take(frame)
        return self.look()

    def take(self, frame: Frame) -> None:
        self._taken = taken(self._letterbox, frame)

    def forget(self) -> None:
        self._letterbox.wipe()

    def look(self) -> Detections:
        try:
            with looking(self.name, "onnxruntime"):
                self._session.run_with_iobinding(self._binding)
        finally:
            self._letterbox.wipe()
        return yolo.decode(self._output, self._head, *self._taken)

    def close(self) -> None:
        """Overwrite the output; the session's memory goes with it."""
        self._output.fill(0)

    def _warm_up(self, told: Told) -> yolo.Floats:
        """Run once on grey, so that the first picture is not slow; give the output's array."""
        try:
            (output,) = self._session.run(None, {self._source: Planes(self._size).tensor})
        except Exception as error:  # noqa: BLE001  # the runtime's errors share no base
            raise ModelError(f"model {self.name}: it does not run", first_line(error)) from None
        refuse_columns(self.name, self._head, output.shape, told)
        return yolo.checked(output.copy(), self._head, self.name)


def told_by(session: Any) -> Told:
    """Read what ultralytics and its kind write into a file; others say nothing of themselves."""
    written = session.get_modelmeta().custom_metadata_map
    return Told(
        classes=class_names(written["names"]) if written.get("names") else (),
        task=written.get("task", ""),
        outputs=tuple(output.name for output in session.get_outputs()),
    )


def _input_name(model: Model, session: Any) -> str:
    """Name of the one input, which takes (1, 3, height, width) of the registry as float32."""
    width, height = model.entry.input
    expected = (1, 3, height, width)
    inputs = session.get_inputs()
    shapes = [tuple(tensor.shape) for tensor in inputs]
    if (
        len(inputs) != 1
        or inputs[0].type != "tensor(float)"
        or len(shapes[0]) != len(expected)
        # a side that is not a number takes any size
        or any(isinstance(n, int) and n != m for n, m in zip(shapes[0], expected, strict=True))
    ):
        kinds = ", ".join(f"{tensor.type} {tensor.shape}" for tensor in inputs)
        raise ModelError(
            f"model {model.name}: its input is {kinds}, the registry says float {expected}",
            "correct the registry's input, or export the model for this size",
        )
    return str(inputs[0].name)


def open_session(model: Model, threads: int) -> Any:
    ort = _runtime()
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = cores(threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only, on standard error
    # Threads that wait by turning burn cores that cameras and others need, and a run takes longer
    # beside one other busy process.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(str(model.path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001  # the runtime's errors share no base
        raise ModelError(
            f"model {model.name}: onnxruntime cannot load {model.path}", first_line(error)
        ) from None


def _runtime() -> Any:
    if "onnxruntime" in sys.modules and os.environ.get(SILENT) != "1":
        raise ModelError(
            f"onnxruntime was imported without {SILENT}=1: it may already have called its vendor",
            f"set {SILENT}=1 in the environment of the process",
        )
    os.environ[SILENT] = "1"
    try:
        import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415  # see Rule 1
    except ImportError:
        raise ModelError(
            "backend onnx: onnxruntime is not installed",
            "install this package again, with its dependencies",
        ) from None
    return onnxruntime
