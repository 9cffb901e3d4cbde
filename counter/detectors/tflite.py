"""Any CPU: TFLite models, run by LiteRT (the extra `tflite`).

Rule 1: a picture reaches the network through a table, and only what may be a person becomes float
(`quantised`).
Rule 2: what the interpreter was given of a picture is overwritten as soon as it has run.
Rule 3: no view of the interpreter's memory is kept: it refuses to run while there is one.
Rule 4: the file's own words and its outputs are checked before the first picture (`features`).
"""

import ast
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from counter.detectors import yolo
from counter.detectors.features import Told, refuse_columns, refuse_told
from counter.detectors.letterbox import Interleaved
from counter.detectors.quantised import KINDS, Tensor, check_ssd, input_table, reader
from counter.detectors.running import cores, first_line, looking
from counter.errors import ModelError
from counter.frame import Frame
from counter.models import Model
from counter.people import Detections

RUNTIMES: Final = ("ai_edge_litert", "tflite_runtime")
INSTALL: Final = "pip install '.[tflite]' in the project's folder"
TPU_OPERATION: Final = b"edgetpu-custom-op"
MAX_TOLD: Final = 1 << 16  # bytes of what a file says of itself


class TfliteDetector:
    backend = "tflite"

    def __init__(self, model: Model, head: yolo.Head, threads: int) -> None:
        """Load, check and warm up; `threads` 0: one per core.

        Raises ModelError, or RefusedError for a model that knows more of a person than a box.
        """
        self.name = model.name
        content = contents(model)
        if TPU_OPERATION in content:
            raise ModelError(
                f"model {model.name}: {model.path} is compiled for the Edge TPU",
                'take the .tflite it was compiled from, or backend = "edgetpu" and a Coral',
            )
        runtime = runtime_of(RUNTIMES)
        self._network = Network(model, head, lambda: interpreter_of(runtime, content, threads))

    def detect(self, frame: Frame) -> Detections:
        return self._network.look(frame)

    def close(self) -> None:
        """Free the interpreter and all it was given."""
        self._network.close()


class Network:
    """One interpreter with the way in and the way out of it."""

    def __init__(self, model: Model, head: yolo.Head, make: Callable[[], Any]) -> None:
        self._name, self._head = model.name, head
        try:
            self._interpreter = make()
            self._interpreter.allocate_tensors()
        except Exception as error:  # noqa: BLE001  # ValueError, RuntimeError, by version
            raise ModelError(
                f"model {model.name}: LiteRT cannot load {model.path}", first_line(error)
            ) from None
        entrance = _entrance(model, self._interpreter.get_input_details())
        details = self._interpreter.get_output_details()
        self._letterbox = Interleaved(model.entry.input, input_table(entrance, head.layout))
        self._outputs = [tensor_of(model.name, detail) for detail in details]
        self._read = reader(model.name, head, self._outputs)
        self._input = self._interpreter.tensor(self._interpreter.get_input_details()[0]["index"])
        self._results = [self._interpreter.tensor(detail["index"]) for detail in details]
        self._warm_up(model)

    def look(self, frame: Frame, invoke: Callable[[], None] | None = None) -> Detections:
        """Find the persons; `invoke` stands for the interpreter's own where that may hang.

        Raises DeviceError.
        """
        try:
            place = self._letterbox.fill(frame.pixels)
            np.copyto(self._input(), self._letterbox.tensor)
        finally:
            self._letterbox.wipe()
        try:
            with looking(self._name, "LiteRT"):
                (invoke or self._interpreter.invoke)()
        finally:
            np.copyto(self._input(), self._letterbox.tensor)  # grey again
        with looking(self._name, "LiteRT"):
            output, head = self._read([result() for result in self._results])
        return yolo.decode(output, head, place, frame.captured_ns)

    def invoke(self) -> None:
        self._interpreter.invoke()

    def close(self) -> None:
        self._results = []
        self._input = self._interpreter = None

    def _warm_up(self, model: Model) -> None:
        """Run once on grey, so that the first picture is not slow; check what comes out."""
        told = told_by(model.path)
        one = len(self._outputs) == 1
        refuse_told(model.name, told)
        np.copyto(self._input(), self._letterbox.tensor)
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            raise ModelError(f"model {model.name}: it does not run", first_line(error)) from None
        if one:
            refuse_columns(model.name, self._head, self._outputs[0].shape, told)
        given = [result() for result in self._results]
        if not one:
            check_ssd(model.name, self._outputs, given)
            return
        real = given[0] if not self._outputs[0].scale else given[0].astype(np.float32)
        yolo.checked(real, self._head, model.name)


def interpreter_of(
    runtime: Any, content: bytes, threads: int, delegates: Sequence[Any] = ()
) -> Any:
    return runtime.Interpreter(
        model_content=content,
        num_threads=cores(threads),
        experimental_delegates=list(delegates) or None,
    )


def _litert() -> Any:
    from ai_edge_litert import interpreter  # noqa: PLC0415

    return interpreter


def _tflite_runtime() -> Any:
    from tflite_runtime import interpreter  # noqa: PLC0415

    return interpreter


IMPORTS: Final = {"ai_edge_litert": _litert, "tflite_runtime": _tflite_runtime}


def runtime_of(packages: Sequence[str]) -> Any:
    """Import the first of `packages` that is there: its module `interpreter`."""
    for package in packages:
        try:
            return IMPORTS[package]()
        except ImportError as error:
            if error.name != package:  # it is there, and lacks something
                raise ModelError(
                    f"backend tflite: {package} cannot be imported: {first_line(error)}", INSTALL
                ) from None
    raise ModelError(f"backend tflite: {' or '.join(packages)} is not installed", INSTALL)


def contents(model: Model) -> bytes:
    """Read the file at once: one that is cut while it is mapped would end the process.

    Given as bytes it costs no more memory than by its name.
    """
    try:
        return Path(model.path or "").read_bytes()
    except OSError as error:
        raise ModelError(f"model {model.name}: {model.path}: {error.strerror}") from None


def tensor_of(model: str, detail: dict[str, Any]) -> Tensor:
    """Read the runtime's description of an input or output. Raises ModelError."""
    written = detail["quantization_parameters"]
    scales, zeros = written["scales"], written["zero_points"]
    name, shape, dtype = detail["name"], tuple(map(int, detail["shape"])), np.dtype(detail["dtype"])
    if dtype not in KINDS or len(scales) > 1 or (len(scales) == 0) == (dtype.itemsize == 1):
        raise ModelError(
            f"model {model}: its tensor {name} is {dtype} with {len(scales)} scales",
            "expected float32, or int8 or uint8 with one scale: export it again",
        )
    if len(scales) == 0:
        return Tensor(name, shape, dtype)
    return Tensor(name, shape, dtype, float(scales[0]), int(zeros[0]))


def _entrance(model: Model, details: Sequence[dict[str, Any]]) -> Tensor:
    width, height = model.entry.input
    tensors = [tensor_of(model.name, detail) for detail in details]
    if len(tensors) != 1 or tensors[0].shape != (1, height, width, 3):
        raise ModelError(
            f"model {model.name}: its input is {', '.join(map(str, tensors))},"
            f" the registry says {(1, height, width, 3)}",
            "correct the registry's input, or export the model for this size",
        )
    return tensors[0]


def told_by(path: Path | None) -> Told:
    """Read what ultralytics appends to a file; others say nothing of themselves."""
    try:
        with zipfile.ZipFile(path or "") as archive:
            first = archive.infolist()[0]
            with archive.open(first) as stream:
                told = _parsed(stream.read(MAX_TOLD).decode())
    except (OSError, zipfile.BadZipFile, IndexError, ValueError):
        return Told()
    names, task = told.get("names", {}), told.get("task", "")
    values = names.values() if isinstance(names, dict) else names
    return Told(tuple(map(str, values)), str(task))


def _parsed(text: str) -> dict[str, Any]:
    """Newer files have JSON, older ones what Python prints. Raises ValueError."""
    for read in (json.loads, ast.literal_eval):
        try:
            told = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(told, dict):
            return told
    raise ValueError("no table")
