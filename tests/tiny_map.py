"""A density model small enough to write down: persons in a cell are its mean grey over 255."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from counter.models import Model, State
from counter.registry import MapEntry

PER_GREY = 1 / 255  # persons in a cell that is white all over


def graph(channels: int = 1, cell: int = 4) -> onnx.ModelProto:
    nodes = [
        helper.make_node("AveragePool", ["image"], ["mean"], kernel_shape=[cell] * 2,
                         strides=[cell] * 2),
        helper.make_node("Mul", ["mean", "per_grey"], ["one"]),
        helper.make_node("Concat", ["one"] * channels, ["density"], axis=1),
    ]  # fmt: skip
    source = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, "h", "w"])
    sink = helper.make_tensor_value_info("density", TensorProto.FLOAT, None)
    constants = [numpy_helper.from_array(np.array([PER_GREY], np.float32), "per_grey")]
    made = helper.make_graph(nodes, "tiny", [source], [sink], constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def tiny_map(folder: Path, *, channels: int = 1, cell: int = 4) -> Model:
    """For 64 x 32 pixels, 16 x 8 cells."""
    path = folder / "map.onnx"
    path.write_bytes(graph(channels, cell).SerializeToString())
    entry = MapEntry(
        file=path.name, sha256="0" * 64, licence="CC0-1.0", source="tests", input=(64, 32),
        kind="density", cell=4,
    )  # fmt: skip
    return Model("map", entry, path, State.VERIFIED)
