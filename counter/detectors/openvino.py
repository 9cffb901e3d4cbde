"""x86: YOLO models as OpenVINO IR (.xml and .bin), in int8 or float (the extra `openvino`).

Rule 1: importing openvino also imports its model converter, which reports the import to its vendor
(seen on 2026.4). The converter is barred before the import, so that the telemetry package is never
loaded; an openvino that came in with it is refused.
Rule 2: all is read before the first picture: weights are not mapped, no cache is kept on disk.
Rule 3: the model's input and output are checked against the registry before the first picture,
and a model that computes more of a person than a box is refused (`features`).
"""

import sys
from functools import cache
from typing import Any, Final, Self

from counter.detectors import yolo
from counter.detectors.features import Told, refuse_columns, refuse_told
from counter.detectors.letterbox import Camera
from counter.detectors.running import cores, looking, taken, two_files
from counter.errors import ModelError
from counter.frame import Frame
from counter.models import Model
from counter.people import Detections

BARRED: Final = "openvino.tools.ovc"  # openvino/__init__.py does without it where it is missing
REPORTER: Final = "openvino_telemetry"
LABELS: Final = ["model_info", "labels"]  # ultralytics: words between spaces, `traffic_light`
TASK: Final = ["model_info", "task_type"]


class OpenvinoDetector:
    """One request whose input and output lie in arrays of ours.

    The output holds what the network made of the last picture, until the next or `close`.
    """

    backend = "openvino"

    def __init__(self, model: Model, head: yolo.Head, threads: int, depth: int = 1) -> None:
        """Load, check and warm up; `threads` 0: one per core, for `depth` twins together.

        Raises ModelError, or RefusedError for a model that knows more of a person than a box.
        """
        self.name = model.name
        self._head, self._size = head, model.entry.input
        self._tensor = (ov := _runtime()).Tensor
        read = _read(ov, model)
        told = told_by(read)
        refuse_told(model.name, told)
        _set_input(model, read)
        try:
            self._network = _compiled(ov, _from_camera(ov, read), threads, depth)
            output = self._warm_up()
        except Exception as error:  # noqa: BLE001  # the runtime's errors share no base
            raise ModelError(f"model {self.name}: it does not run", _said(error)) from None
        refuse_columns(self.name, head, output.shape, told)
        self._output = yolo.checked(output, head, self.name)
        self.renewed()

    def renewed(self) -> Self:
        """Left to itself, a request would keep its output; ours is where `decode` reads."""
        self._letterbox, self._output = Camera(self._size), self._output.copy()
        self._request = self._network.create_infer_request()
        self._request.set_input_tensor(self._tensor(self._letterbox.tensor, shared_memory=True))
        self._request.set_output_tensor(self._tensor(self._output, shared_memory=True))
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
            with looking(self.name, "openvino"):
                # `infer` would give copies of the outputs.
                self._request.start_async()
                self._request.wait()
        finally:
            self._letterbox.wipe()
        return yolo.decode(self._output, self._head, *self._taken)

    def close(self) -> None:
        """Overwrite the output; the request's memory goes with it."""
        self._output.fill(0)

    def _warm_up(self) -> yolo.Floats:
        """Run once on grey, so that the first picture is not slow; give a copy of the output."""
        request = self._network.create_infer_request()
        grey = Camera(self._size).tensor
        request.set_input_tensor(self._tensor(grey, shared_memory=True))
        request.infer()
        output: yolo.Floats = request.get_output_tensor().data.copy()
        return output


def told_by(read: Any) -> Told:
    """Read what ultralytics writes into a file; others say nothing of themselves."""
    labels, task = (
        str(read.get_rt_info(path).value) if read.has_rt_info(path) else ""
        for path in (LABELS, TASK)
    )
    names = (min(output.get_names(), default="output") for output in read.outputs)
    return Told(tuple(labels.split()), task, tuple(names))


def _read(ov: Any, model: Model) -> Any:
    graph, weights = two_files(model)
    core = _core(ov)
    try:
        return core.read_model(graph, weights)
    except Exception as error:  # noqa: BLE001  # the runtime's errors share no base
        raise ModelError(
            f"model {model.name}: openvino {ov.__version__} cannot load {graph}",
            f"export it again for this version: {_said(error)}",
        ) from None


@cache
def _core(ov: Any) -> Any:
    """The one door to the runtime, open to the end.

    Its part for processors gives the thread that loads it another stack for signals, and frees that
    stack in whatever thread drops the last network: the next signal then ends the process (seen on
    2026.4).
    """
    core = ov.Core()
    core.set_property({"ENABLE_MMAP": False})  # Rule 2
    return core


def _said(error: BaseException) -> str:
    """What is wrong stands last; before it, where in openvino's sources that was found."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__


def _from_camera(ov: Any, read: Any) -> Any:
    """Let the runtime make its numbers of the camera's: the same ones, in its own threads.

    There is no copy in float to make and to wipe.
    """
    from openvino.preprocess import ColorFormat, PrePostProcessor  # noqa: PLC0415  # see Rule 1

    made = PrePostProcessor(read)
    entrance = made.input()
    entrance.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    entrance.tensor().set_color_format(ColorFormat.BGR)
    entrance.model().set_layout(ov.Layout("NCHW"))
    entrance.preprocess().convert_element_type(ov.Type.f32).convert_color(ColorFormat.RGB)
    entrance.preprocess().scale(255.0)
    return made.build()


def _compiled(ov: Any, read: Any, threads: int, streams: int) -> Any:
    return _core(ov).compile_model(
        read,
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY" if streams == 1 else "THROUGHPUT",
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": cores(threads),
            # On processors with bfloat16 it would be used unasked: it has eight bits for a box's
            # place, and int8 models gain nothing by it.
            "INFERENCE_PRECISION_HINT": "f32",
            # Threads that are tied to a core wait there for whoever else needs it.
            "ENABLE_CPU_PINNING": False,
        },
    )


def _set_input(model: Model, read: Any) -> None:
    """Give a dynamic input the registry's size; raise ModelError for another one."""
    width, height = model.entry.input
    expected = (1, 3, height, width)
    inputs = read.inputs
    given = [entrance.partial_shape for entrance in inputs]
    wanted = len(inputs) == 1 and inputs[0].element_type.get_type_name() == "f32"
    if wanted and given[0].rank.is_static and len(given[0]) == len(expected):
        sides = zip(given[0], expected, strict=True)
        wanted = all(side.is_dynamic or side.get_length() == n for side, n in sides)
    else:
        wanted = False
    if not wanted:
        kinds = ", ".join(
            f"{entrance.element_type.get_type_name()} {entrance.partial_shape}"
            for entrance in inputs
        )
        raise ModelError(
            f"model {model.name}: its input is {kinds}, the registry says f32 {expected}",
            "correct the registry's input, or export the model for this size",
        )
    if given[0].is_dynamic:
        read.reshape(expected)


def _runtime() -> Any:
    """Import openvino without its telemetry (Rule 1)."""
    if "openvino" in sys.modules and sys.modules.get(REPORTER) is not None:
        raise ModelError(
            "openvino was imported with its telemetry: it may already have called its vendor",
            "open the detector before anything else imports openvino",
        )
    for name in (BARRED, REPORTER):
        if name not in sys.modules:
            sys.modules[name] = None  # type: ignore[assignment]  # how Python bars an import
    try:
        import openvino  # noqa: PLC0415  # see Rule 1
    except ImportError as error:
        raise ModelError(
            f"backend openvino: package {error.name or 'openvino'} is not installed",
            "pip install '.[openvino]' in the project's folder",
        ) from None
    return openvino
