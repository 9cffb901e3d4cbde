"""A detector file of any shipped format, run as the appliance would: tensor in, raw head out.

Rule 1: a runner takes the float32 tensor (1, 3, height, width) and gives the head (5 or 84, n) in
pixels of the input; it has `width`, `height` and `name`.
Rule 2: each runtime is imported when a file of its kind is opened.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
NCNN_SIZE = (640, 384)  # an ncnn file does not say it


class Runner(Protocol):
    name: str
    width: int
    height: int

    def run(self, tensor: Array) -> Array: ...


class Onnx:
    def __init__(self, path: Path, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        providers = ["CPUExecutionProvider"]
        self.session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        source = self.session.get_inputs()[0]
        self.source = source.name
        self.height, self.width = int(source.shape[2]), int(source.shape[3])
        self.name = path.stem

    def run(self, tensor: Array) -> Array:
        head: Array = self.session.run(None, {self.source: tensor})[0][0]
        return head


class OpenVino:
    def __init__(self, path: Path, threads: int) -> None:
        import openvino

        settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        self.model = openvino.Core().compile_model(path, "CPU", settings)
        shape = self.model.input(0).shape
        self.height, self.width = int(shape[2]), int(shape[3])
        self.name = f"{path.stem} openvino"

    def run(self, tensor: Array) -> Array:
        head: Array = self.model([tensor])[0][0]
        return head


class Ncnn:
    def __init__(self, path: Path, threads: int) -> None:
        import ncnn

        self.net = ncnn.Net()
        self.net.opt.num_threads = threads
        if self.net.load_param(str(path)) or self.net.load_model(str(path.with_suffix(".bin"))):
            raise SystemExit(f"measure: error: {path}: ncnn cannot load it or its .bin")
        self.width, self.height = NCNN_SIZE
        self.name = f"{path.stem} ncnn"

    def run(self, tensor: Array) -> Array:
        import ncnn

        with self.net.create_extractor() as extractor:
            extractor.input("in0", ncnn.Mat(np.ascontiguousarray(tensor[0])).clone())
            return np.array(extractor.extract("out0")[1], np.float32)


class TfLite:
    def __init__(self, path: Path, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.interpreter = Interpreter(str(path), num_threads=threads)
        self.interpreter.allocate_tensors()
        self.source = self.interpreter.get_input_details()[0]
        self.sink = self.interpreter.get_output_details()[0]["index"]
        _, self.height, self.width, _ = (int(side) for side in self.source["shape"])
        self.name = f"{path.stem} tflite"

    def run(self, tensor: Array) -> Array:
        picture = np.ascontiguousarray(tensor.transpose(0, 2, 3, 1))
        self.interpreter.set_tensor(self.source["index"], picture)
        self.interpreter.invoke()
        head: Array = self.interpreter.get_tensor(self.sink)[0]
        return head


RUNNERS: dict[str, Callable[[Path, int], Runner]] = {
    ".onnx": Onnx,
    ".xml": OpenVino,
    ".param": Ncnn,
    ".tflite": TfLite,
}


def open_runner(path: Path, threads: int) -> Runner:
    return RUNNERS[path.suffix](path, threads)
