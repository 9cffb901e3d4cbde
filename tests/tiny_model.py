"""A detector small enough to write down: it sees cells of 32 pixels that are red, green or blue.

Classes 0, 1, 2 are red, green, blue; the score of a class is the mean of its colour over the cell.
Green is the person. It is a real function of the picture, in both layouts of YOLO.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from counter.models import Model, State
from counter.registry import Entry

CELL = 32


def tiny_entry(layout: str = "raw", **changes: object) -> Entry:
    facts = {
        "file": "tiny.onnx",
        "sha256": "0" * 64,
        "licence": "CC0-1.0",
        "source": "tests",
        "input": (128, 96),
        "layout": layout,
        "units": "pixels",
        "classes": 3,
        "person": 1,
        "kind": "detector",
    }
    return Entry(**(facts | changes))  # type: ignore[arg-type]


def tiny_model(folder: Path, layout: str = "raw", *, dynamic: bool = False) -> Model:
    """Write the detector for 128 x 96 pixels and say what a registry would say of it."""
    entry = tiny_entry(layout)
    path = folder / entry.file
    path.write_bytes(_graph(layout, dynamic=dynamic).SerializeToString())
    return Model("tiny", entry, path, State.VERIFIED)


def _graph(layout: str, *, dynamic: bool) -> onnx.ModelProto:
    height, width = 96, 128
    top, left = (grid.ravel() * CELL for grid in np.mgrid[: height // CELL, : width // CELL])
    side = np.full_like(left, CELL)
    nodes = [
        helper.make_node("AveragePool", ["images"], ["pool"], kernel_shape=[CELL] * 2,
                         strides=[CELL] * 2),
        helper.make_node("Reshape", ["pool", "flat"], ["scores"]),
    ]  # fmt: skip
    if layout == "raw":
        boxes = np.stack((left + CELL / 2, top + CELL / 2, side, side))[None]
        nodes.append(helper.make_node("Concat", ["boxes", "scores"], ["output0"], axis=1))
        shape = [1, 7, left.size]
    else:
        boxes = np.stack((left, top, left + CELL, top + CELL))[None]
        nodes += [
            helper.make_node("ArgMax", ["scores"], ["class"], axis=1),
            helper.make_node("Cast", ["class"], ["number"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMax", ["scores"], ["best"], axes=[1]),
            helper.make_node("Concat", ["boxes", "best", "number"], ["columns"], axis=1),
            helper.make_node("Transpose", ["columns"], ["output0"], perm=[0, 2, 1]),
        ]
        shape = [1, left.size, 6]
    given: list[str | int | None] = ["n", 3, "h", "w"] if dynamic else [1, 3, height, width]
    source = helper.make_tensor_value_info("images", TensorProto.FLOAT, given)
    sink = helper.make_tensor_value_info("output0", TensorProto.FLOAT, None if dynamic else shape)
    constants = [
        numpy_helper.from_array(boxes.astype(np.float32), "boxes"),
        numpy_helper.from_array(np.array([1, 3, -1], np.int64), "flat"),
    ]
    graph = helper.make_graph(nodes, "tiny", [source], [sink], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
