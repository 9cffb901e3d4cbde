"""The detector of tiny_model.py written as a TFLite file, operation by operation.

Mean over cells of 32 pixels, flattened, turned, put below the boxes of the cells: what it sees is
computed by LiteRT from its input, in float or in int8.
"""

from typing import Any

import flatbuffers  # type: ignore[import-untyped]  # it has no types
import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]
PIXEL, OUT, ZERO = 1 / 255, 1 / 256, -128  # scales of the int8 network


class _Graph:
    """Tensors, buffers and operations, in the order in which they are named."""

    def __init__(self, kind: int, schema: Any) -> None:
        self.kind, self.schema = kind, schema
        self.buffers = [schema.BufferT()]
        self.tensors: list[Any] = []
        self.operations: list[Any] = []
        self.codes: list[int] = []

    def tensor(self, name: str, shape: Shape, scale: float = 0.0, data: Any = None) -> int:
        made = self.schema.TensorT()
        made.name, made.shape, made.type = name, list(shape), self.kind
        if data is not None:
            holder = self.schema.BufferT()
            holder.data = np.frombuffer(data.tobytes(), np.uint8)
            made.buffer = len(self.buffers)
            self.buffers.append(holder)
            if data.dtype == np.int32:
                made.type = self.schema.TensorType.INT32
        if scale and self.kind == self.schema.TensorType.INT8:
            made.quantization = self.schema.QuantizationParametersT()
            made.quantization.scale, made.quantization.zeroPoint = [scale], [ZERO]
        self.tensors.append(made)
        return len(self.tensors) - 1

    def step(self, code: str, given: list[int], result: int, options: Any = None) -> int:
        number = getattr(self.schema.BuiltinOperator, code)
        if number not in self.codes:
            self.codes.append(number)
        made = self.schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = self.codes.index(number), given, [result]
        if options is not None:
            name = type(options).__name__.removesuffix("T")
            made.builtinOptionsType = getattr(self.schema.BuiltinOptions, name)
            made.builtinOptions = options
        self.operations.append(made)
        return result

    def packed(self, source: int, sink: int) -> bytes:
        graph, model = self.schema.SubGraphT(), self.schema.ModelT()
        graph.tensors, graph.operators = self.tensors, self.operations
        graph.inputs, graph.outputs = [source], [sink]
        model.version, model.subgraphs, model.buffers = 3, [graph], self.buffers
        model.operatorCodes = []
        for number in self.codes:
            code = self.schema.OperatorCodeT()
            code.builtinCode, code.deprecatedBuiltinCode = number, number
            model.operatorCodes.append(code)
        builder = flatbuffers.Builder(4096)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def flatbuffer(boxes: NDArray[np.float32], *, whole: bool) -> bytes:
    """The network for 128 x 96; `boxes` (4, 12) are those of its cells, as fractions."""
    from ai_edge_litert import schema_py_generated as schema

    kind = schema.TensorType.INT8 if whole else schema.TensorType.FLOAT32
    graph = _Graph(kind, schema)
    pool = schema.Pool2DOptionsT()
    pool.filterWidth = pool.filterHeight = pool.strideW = pool.strideH = 32
    pool.padding = schema.Padding.VALID
    flat, join = schema.ReshapeOptionsT(), schema.ConcatenationOptionsT()
    flat.newShape, join.axis = [1, 12, 3], 1
    written = boxes[None]
    if whole:
        written = np.clip(np.rint(written / OUT) + ZERO, -128, 127).astype(np.int8)
    source = graph.tensor("images", (1, 96, 128, 3), PIXEL)
    cells = graph.tensor("cells", (1, 3, 4, 3), PIXEL)
    graph.step("AVERAGE_POOL_2D", [source], cells, pool)
    shape = graph.tensor("shape", (3,), data=np.array([1, 12, 3], np.int32))
    row = graph.step("RESHAPE", [cells, shape], graph.tensor("row", (1, 12, 3), PIXEL), flat)
    turn = graph.tensor("turn", (3,), data=np.array([0, 2, 1], np.int32))
    scores = graph.tensor("scores", (1, 3, 12), PIXEL)
    graph.step("TRANSPOSE", [row, turn], scores, schema.TransposeOptionsT())
    if whole:
        rescaled = graph.tensor("rescaled", (1, 3, 12), OUT)
        scores = graph.step("QUANTIZE", [scores], rescaled, schema.QuantizeOptionsT())
    above = graph.tensor("boxes", (1, 4, 12), OUT, data=np.ascontiguousarray(written))
    sink = graph.tensor("output", (1, 7, 12), OUT)
    return graph.packed(source, graph.step("CONCATENATION", [above, scores], sink, join))
