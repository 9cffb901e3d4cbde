"""ARM boards: YOLO models for ncnn (.param and .bin, as pnnx makes them; the extra `ncnn`).

Rule 1: everything is read when the detector is opened, and runs on the CPU.
Rule 2: ncnn does not look whether sizes fit together: with a model that was converted for another
input it gives nonsense, or reads beyond its buffers. So the .param's text is checked first.
Rule 3: the model's output is checked against the registry before the first picture, and a model
that computes more of a person than a box is refused (`features`).
Rule 4: no view of ncnn's memory outlives the call that made it: a net that goes before its blobs
ends the process.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np

from counter.detectors import yolo
from counter.detectors.features import Told, refuse_columns, refuse_told
from counter.detectors.letterbox import Planes
from counter.detectors.running import cores, looking, taken, two_files
from counter.errors import ModelError
from counter.frame import Frame
from counter.models import Model
from counter.people import Detections

MAGIC: Final = "7767517"  # the first line of every .param since 2017
MAX_PARAM: Final = 1 << 22  # bytes; yolo11n has 24,000
NOTHING: Final[yolo.Floats] = np.zeros((1, 0, 0), np.float32)
SIDES: Final[tuple[str, ...]] = ("0", "1", "2")  # width, height, channels
STRIDES: Final = (8, 16, 32)  # pixels of the input; each has a grid of boxes in every YOLO since v8


@dataclass(frozen=True, slots=True)
class Graph:
    """What a .param file says."""

    inputs: tuple[str, ...]
    sizes: tuple[tuple[int, int, int], ...]  # of the inputs; 0: not said
    outputs: tuple[str, ...]
    constant: int  # numbers in a row of its longest constant: pnnx puts one a box into the file


class _Layer(NamedTuple):
    kind: str
    takes: list[str]
    gives: list[str]
    sides: tuple[int, int, int]  # of an Input or a constant


class NcnnDetector:
    """One net that reads its input where the letterbox writes it."""

    backend = "ncnn"

    def __init__(self, model: Model, head: yolo.Head, threads: int, depth: int = 1) -> None:
        """Load, check and warm up; `threads` 0: one per core, for `depth` twins together.

        Raises ModelError, or RefusedError for a model that knows more of a person than a box.
        """
        self.name = model.name
        self._head, self._size = head, model.entry.input
        param, weights = two_files(model)
        graph = graph_of(model.name, param)
        told = Told(outputs=graph.outputs)
        refuse_told(model.name, told)
        _check_input(model, graph)
        (self._entrance,), (self._exit,) = graph.inputs, graph.outputs
        ncnn = _runtime()
        self._mat: Any = ncnn.Mat
        self._net: Any = ncnn.Net()
        self._net.opt.use_vulkan_compute = False
        self._net.opt.num_threads = cores(threads) // depth
        # Half precision where the processor has it, as ncnn chooses; bfloat16, which it does not,
        # has eight bits for a box's place.
        self._net.opt.use_bf16_storage = False
        self._load(param, weights)
        self.renewed()
        output = self._warm_up()
        refuse_columns(self.name, head, output.shape, told)
        yolo.checked(output, head, self.name)

    def renewed(self) -> Self:
        """Ncnn reads our array where it lies: no copy."""
        self._letterbox = Planes(self._size)
        self._given = self._mat(self._letterbox.tensor[0])
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
            with looking(self.name, "ncnn"):
                code, output = self._run()
                if code:
                    raise RuntimeError(code)
        finally:
            self._letterbox.wipe()
        return yolo.decode(output, self._head, *self._taken)

    def close(self) -> None:
        """Free the weights. Safe to call twice."""
        self._net.clear()

    def _load(self, param: Path, weights: Path) -> None:
        for load, path in ((self._net.load_param, param), (self._net.load_model, weights)):
            if load(str(path)) != 0:
                raise ModelError(
                    f"model {self.name}: ncnn cannot load {path}",
                    "it is damaged, or of another version: convert the model again with pnnx",
                )

    def _run(self) -> tuple[int, yolo.Floats]:
        """An error's number, or 0 and a view of ncnn's memory as (1, rows, columns); Rule 4."""
        extractor = self._net.create_extractor()
        code: int = extractor.input(self._entrance, self._given)
        if code == 0:
            code, output = extractor.extract(self._exit)
        if code:
            return code, NOTHING
        return 0, np.asarray(output)[np.newaxis]

    def _warm_up(self) -> yolo.Floats:
        """Run once on grey, so that the first picture is not slow; give a copy of the output."""
        code, output = self._run()
        if code:
            raise ModelError(
                f"model {self.name}: it does not run: ncnn says {code}",
                "convert it again with pnnx, for the registry's input",
            )
        return output.copy()


def graph_of(model: str, path: Path) -> Graph:
    """Read inputs and outputs out of a .param file. Raises ModelError."""
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_PARAM).decode()
        magic, _, *lines = text.splitlines()
        layers = [_layer(line) for line in lines if line.strip()]
    except (OSError, ValueError, IndexError):
        magic, layers = "", []
    if magic.strip() != MAGIC or not layers:
        raise ModelError(
            f"model {model}: {path} is no .param file of ncnn",
            "convert the model with pnnx, and register its .ncnn.param and .ncnn.bin",
        )
    used = {blob for layer in layers for blob in layer.takes}
    inputs = [layer for layer in layers if layer.kind == "Input"]
    constants = [layer.sides[0] for layer in layers if layer.kind == "MemoryData"]
    return Graph(
        tuple(layer.gives[0] for layer in inputs),
        tuple(layer.sides for layer in inputs),
        tuple(blob for layer in layers for blob in layer.gives if blob not in used),
        max(constants, default=0),
    )


def _layer(line: str) -> _Layer:
    """Read `Kind name 1 2 in out out 0=16 ...`. Raises ValueError."""
    kind, _, takes, gives, *rest = line.split()
    ends = int(takes), int(takes) + int(gives)
    sized = kind in {"Input", "MemoryData"}
    facts = dict(word.split("=", 1) for word in rest[ends[1] :]) if sized else {}
    width, height, channels = (int(facts.get(side, 0)) for side in SIDES)
    return _Layer(kind, rest[: ends[0]], rest[ends[0] : ends[1]], (width, height, channels))


def _check_input(model: Model, graph: Graph) -> None:
    """Raise ModelError unless its one input takes the registry's size (Rule 2)."""
    width, height = model.entry.input
    expected = (width, height, 3)
    one = len(graph.inputs) == 1
    if one and graph.sizes == ((0, 0, 0),):  # pnnx does not say
        boxes = sum((width // stride) * (height // stride) for stride in STRIDES)
        right = graph.constant in {0, boxes}
        shown = f"an input that gives {graph.constant} boxes instead of {boxes}"
    else:
        right = one and graph.sizes == (expected,)
        shown = f"inputs of {', '.join(map(str, graph.sizes))}"
    if not right:
        raise ModelError(
            f"model {model.name}: {model.entry.file} is for {shown}; the registry says {expected}",
            "correct the registry's input, or convert the model for this size",
        )


def _runtime() -> Any:
    try:
        import ncnn  # noqa: PLC0415  # only if this backend is opened
    except ImportError as error:
        raise ModelError(
            f"backend ncnn: package {error.name or 'ncnn'} is not installed",
            "pip install '.[ncnn]' in the project's folder",
        ) from None
    return ncnn
