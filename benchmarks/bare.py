"""The bare runtimes: the network and nothing else, called on one tensor as the backends call it.

Rule 1: same file, same options, same threads as the backend's own; the tensor is made once.
Rule 2: a runtime is imported the way its backend does it, so that none reports to its vendor.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from counter import models
from counter.detectors import ncnn as ncnn_backend
from counter.detectors import onnx as onnx_backend
from counter.detectors import openvino as openvino_backend
from counter.detectors import tflite as tflite_backend
from counter.detectors.letterbox import Camera, Floats, Interleaved, Planes
from counter.detectors.quantised import input_table
from counter.detectors.running import two_files
from counter.frame import Pixels
from counter.models import Model
from counter.registry import MapEntry

Call = Callable[[], object]


def bare(model: Model, backend: str, picture: Pixels, threads: int) -> Call | None:
    """Load it once more; None for a backend that has no bare form here (accelerators)."""
    make = BARE.get(backend)
    return None if make is None else make(models.checked(model), picture, threads)


def planes(model: Model, picture: Pixels) -> Floats:
    letterbox = Planes(model.entry.input)
    letterbox.fill(picture)
    return letterbox.tensor


def onnx(model: Model, picture: Pixels, threads: int) -> Call:
    return bound(onnx_backend.open_session(model, threads), planes(model, picture))


def onnx_two(model: Model, picture: Pixels, threads: int) -> tuple[Call, Call]:
    """Two that may run side by side in one session, opened as our backend opens it for that."""
    session = onnx_backend.open_session(model, threads - 1)
    return bound(session, planes(model, picture)), bound(session, planes(model, picture))


def onnx_by_default(model: Model, picture: Pixels, threads: int) -> Call:
    """With onnxruntime's own options: its threads wait by turning, and it gives a new output."""
    runtime = onnx_backend._runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = runtime.InferenceSession(str(model.path), options, providers=["CPUExecutionProvider"])
    given = {session.get_inputs()[0].name: planes(model, picture)}
    return lambda: session.run(None, given)


def bound(session: Any, tensor: Floats) -> Call:
    (source,), (result,) = session.get_inputs(), session.get_outputs()
    output = session.run(None, {source.name: tensor})[0].copy()
    binding = session.io_binding()
    for bind, name, array in (
        (binding.bind_input, source.name, tensor),
        (binding.bind_output, result.name, output),
    ):
        bind(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
    kept = tensor, output  # the binding holds addresses only

    def call() -> object:
        session.run_with_iobinding(binding)
        return kept

    return call


def openvino(model: Model, picture: Pixels, threads: int) -> Call:
    ov = openvino_backend._runtime()
    letterbox = Camera(model.entry.input)
    letterbox.fill(picture)
    tensor = letterbox.tensor
    read = openvino_backend._read(ov, model)
    openvino_backend._set_input(model, read)
    read = openvino_backend._from_camera(ov, read)
    request = openvino_backend._compiled(ov, read, threads, 1).create_infer_request()
    request.set_input_tensor(ov.Tensor(tensor, shared_memory=True))

    def call() -> object:
        request.start_async()
        request.wait()
        return tensor

    return call


def ncnn(model: Model, picture: Pixels, threads: int) -> Call:
    runtime = ncnn_backend._runtime()
    param, weights = two_files(model)
    graph = ncnn_backend.graph_of(model.name, param)
    net = runtime.Net()
    net.opt.use_vulkan_compute = False
    net.opt.num_threads = threads
    net.opt.use_bf16_storage = False
    if net.load_param(str(param)) or net.load_model(str(weights)):
        raise SystemExit(f"not measured: ncnn cannot load {param}")
    tensor = planes(model, picture)
    given = runtime.Mat(tensor[0])

    def call() -> object:
        extractor = net.create_extractor()
        extractor.input(graph.inputs[0], given)
        code, _ = extractor.extract(graph.outputs[0])
        return code, tensor

    return call


def tflite(model: Model, picture: Pixels, threads: int) -> Call:
    runtime = tflite_backend.runtime_of(tflite_backend.RUNTIMES)
    interpreter = tflite_backend.interpreter_of(runtime, tflite_backend.contents(model), threads)
    interpreter.allocate_tensors()
    (source,) = interpreter.get_input_details()
    entrance = tflite_backend.tensor_of(model.name, source)
    assert not isinstance(model.entry, MapEntry)
    letterbox = Interleaved(model.entry.input, input_table(entrance, model.entry.layout))
    letterbox.fill(picture)
    np.copyto(interpreter.tensor(source["index"])(), letterbox.tensor)

    def call() -> object:
        return interpreter.invoke()

    return call


BARE: dict[str, Callable[[Model, Pixels, int], Call]] = {
    "onnx": onnx,
    "openvino": openvino,
    "ncnn": ncnn,
    "tflite": tflite,
}
