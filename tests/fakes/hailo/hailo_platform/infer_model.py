"""InferModel and what it is configured to: bindings, one worker, jobs, callbacks."""

import copy
import threading
import time
from queue import Queue
from types import SimpleNamespace
from typing import Any

import numpy as np

from .errors import HailoRTException, exception_of, fail
from .made import Hef, Network, Scale
from .world import FormatOrder, FormatType, world

BYTES = {FormatType.UINT8: 1, FormatType.UINT16: 2, FormatType.FLOAT32: 4}


class InferStream:
    def __init__(self, name: str, shape: tuple[int, ...], kind: FormatType, order: str) -> None:
        self.name, self.shape, self.is_nms = name, shape, order.startswith("HAILO_NMS")
        self.format = SimpleNamespace(type=kind, order=FormatOrder[order], flags=0)
        self.quant_infos: list[Scale] = [Scale(0.0, 1.0, 0.0, 255.0)]
        self.score: float | None = None
        self.iou: float | None = None

    def set_format_type(self, kind: FormatType) -> None:
        self.format.type = kind

    def set_nms_score_threshold(self, threshold: float) -> None:
        self.score = threshold

    def set_nms_iou_threshold(self, threshold: float) -> None:
        self.iou = threshold

    @property
    def size(self) -> int:
        return int(np.prod(self.shape)) * BYTES[self.format.type]


class InferModel:
    def __init__(self, device: Any, hef: Hef) -> None:
        self.device, self._hef = device, hef
        self.network = network = Network(hef)
        size = network.height, network.width
        self.inputs = [InferStream("net/input", (*size, 3), FormatType.UINT8, "NHWC")]
        if hef.nms:
            numbers = (network.numbers,)
            self.outputs = [InferStream("net/nms", numbers, FormatType.FLOAT32, hef.nms)]
        else:
            kind = FormatType.UINT8 if hef.bits == 8 else FormatType.UINT16
            self.outputs = []
            for number, (shape, scale) in enumerate(network.maps):
                self.outputs.append(InferStream(f"net/conv{number}", shape, kind, "NHWC"))
                self.outputs[-1].quant_infos = [scale]
        self.batch = 0

    @property
    def input_names(self) -> list[str]:
        return [one.name for one in self.inputs]

    @property
    def output_names(self) -> list[str]:
        return [one.name for one in self.outputs]

    def input(self, name: str = "") -> InferStream:
        stream: InferStream = _named(self.inputs, name)
        return stream

    def output(self, name: str = "") -> InferStream:
        stream: InferStream = _named(self.outputs, name)
        return stream

    def set_batch_size(self, size: int) -> None:
        self.batch = size

    def configure(self) -> "ConfiguredInferModel":
        world.check("configure")
        if any(one.is_nms and one.format.type is not FormatType.FLOAT32 for one in self.outputs):
            fail(2)
        on_cpu = self._hef.nms and not self._hef.on_chip
        if not on_cpu and any(one.score or one.iou for one in self.outputs):
            fail(6)
        return ConfiguredInferModel(self)


def _named(streams: list[Any], name: str) -> Any:
    found = [one for one in streams if name in {"", one.name}]
    if len(found) != 1:
        fail(61)
    return found[0]


class _Bound:
    """One edge of a Bindings."""

    def __init__(self, stream: InferStream, classes: int) -> None:
        self.name, self._stream, self._classes = stream.name, stream, classes
        self.buffer: np.ndarray[Any, Any] | None = None

    def set_buffer(self, buffer: np.ndarray[Any, Any]) -> None:
        if not buffer.flags.c_contiguous:
            raise HailoRTException("Buffer must be C_CONTIGUOUS")
        if buffer.nbytes != self._stream.size:
            fail(6)
        self.buffer = buffer

    def get_buffer(self, tf_format: bool | None = False) -> Any:
        if tf_format is None or not self._stream.is_nms:
            return self.buffer
        assert self.buffer is not None
        per_class, at = [], 0
        for _ in range(self._classes):
            many, at = int(self.buffer[at]), at + 1
            if not many:
                per_class.append(np.empty((0, 5)))  # float64, as HailoRT makes it
                continue
            per_class.append(self.buffer[at : at + 5 * many].reshape(many, 5))
            at += 5 * many
        if not tf_format:
            return per_class
        most = (self.buffer.size // self._classes - 1) // 5
        table = np.zeros((self._classes, 5, most), np.float32)
        for number, rows in enumerate(per_class):
            table[number, :, : len(rows)] = rows.T
        return table


class Bindings:
    def __init__(self, model: InferModel, classes: int) -> None:
        self.inputs = [_Bound(one, classes) for one in model.inputs]
        self.outputs = [_Bound(one, classes) for one in model.outputs]

    def input(self, name: str = "") -> _Bound:
        bound: _Bound = _named(self.inputs, name)
        return bound

    def output(self, name: str = "") -> _Bound:
        bound: _Bound = _named(self.outputs, name)
        return bound


class AsyncInferJob:
    def __init__(self) -> None:
        self.finished = threading.Event()

    def wait(self, timeout_ms: int) -> None:
        """Wait for the inference and for the callback."""
        if not self.finished.wait(timeout_ms / 1000):
            fail(4)


class ConfiguredInferModel:
    def __init__(self, model: InferModel) -> None:
        self._model, self._active = model, False
        self._jobs: Queue[Any] = Queue()
        self._in_flight = 0
        self._changed = threading.Condition()
        self._gone = False
        world.opened.append("network")
        self._worker = threading.Thread(target=self._work, name="fake hailo", daemon=True)
        self._worker.start()

    def __exit__(self, *_: object) -> None:
        world.closed.append("network")

    def activate(self) -> None:
        if self._model.device.scheduled:
            fail(6)
        self._active = True

    def create_bindings(
        self,
        input_buffers: dict[str, Any] | None = None,
        output_buffers: dict[str, Any] | None = None,
    ) -> Bindings:
        bindings = Bindings(self._model, self._model.network.hef.classes)
        for name, buffer in (input_buffers or {}).items():
            bindings.input(name).set_buffer(buffer)
        for name, buffer in (output_buffers or {}).items():
            bindings.output(name).set_buffer(buffer)
        return bindings

    def wait_for_async_ready(self, timeout_ms: int = 1000, frames_count: int = 1) -> None:
        world.check("ready")
        with self._changed:
            room = world.queue - frames_count
            if not self._changed.wait_for(lambda: self._in_flight <= room, timeout_ms / 1000):
                fail(4)

    def run_async(self, bindings: list[Bindings], callback: Any = None) -> AsyncInferJob:
        if self._gone or self._model.device.released:
            fail(6)
        world.check("run")
        if not (self._model.device.scheduled or self._active):
            fail(69)
        with self._changed:
            if self._in_flight + len(bindings) > world.queue:
                fail(82)
            self._in_flight += len(bindings)
            world.most_in_flight = max(world.most_in_flight, self._in_flight)
        job = AsyncInferJob()
        # Copied: the buffers that are bound now are used, whatever is bound later.
        self._jobs.put((job, [copy.copy(one) for b in bindings for one in (*b.inputs, *b.outputs)],
                        callback))  # fmt: skip
        return job

    def shutdown(self) -> None:
        self._gone = True
        self._jobs.put(None)
        world.closed.append("jobs")

    def _work(self) -> None:
        """One after the other, inference and callback: HailoRT has one thread for them."""
        while (given := self._jobs.get()) is not None:
            job, (taken, *filled), callback = given
            if world.stuck:
                continue
            time.sleep(world.slow_s)
            code = world.faults.get("job", 0)
            if not code:
                self._infer(taken.buffer, [one.buffer for one in filled])
            info = SimpleNamespace(exception=exception_of(code) if code else None)
            try:
                if callback is not None:
                    callback(completion_info=info)
            except BaseException as error:  # noqa: BLE001  # in HailoRT the process would end
                world.callback_errors.append(error)
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()
            job.finished.set()

    def _infer(self, pixels: Any, buffers: list[Any]) -> None:
        """What the buffers hold now is what the network sees, and where its answer goes."""
        model = self._model
        if not model.network.hef.nms:
            for buffer, given in zip(buffers, model.network.run_maps(pixels), strict=True):
                buffer[:] = given
            return
        out = model.output()
        score = 0.2 if out.score is None else out.score
        iou = 0.7 if out.iou is None else out.iou
        buffers[0][:] = model.network.run(pixels, score, iou)
