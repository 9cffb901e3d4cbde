"""The detector of tiny_model.py for TFLite, the Edge TPU and Hailo, made on the spot.

A chip's fake computes it from whatever lies in its input when it runs, so a detector that hands
over the wrong picture, or none, sees other people.
"""

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from msgspec import structs
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from counter.models import Model, State
from tests.fakes.hailo_here import compiled
from tests.fakes.tiny_tflite import flatbuffer
from tests.tiny_model import CELL, tiny_entry, tiny_model

SIZE = 128, 96  # width, height
NEVER = 3e-4  # the least probability of the raw heads, and what its rest has at most


def boxes() -> NDArray[np.float32]:
    """(4, 12): centre x, centre y, width, height of each cell, as fractions of the input."""
    columns, rows = (grid.ravel() for grid in np.meshgrid(np.arange(4), np.arange(3)))
    side = np.full_like(columns, CELL)
    pixels = np.stack((columns * CELL + CELL // 2, rows * CELL + CELL // 2, side, side))
    found: NDArray[np.float32] = (pixels / np.tile(SIZE, 2)[:, None]).astype(np.float32)
    return found


def tiny_tflite(folder: Path, *, whole: bool = False, name: str = "tiny.tflite") -> Model:
    """`whole`: int8 from its input to its output; otherwise all float."""
    path = folder / name
    path.write_bytes(flatbuffer(boxes(), whole=whole))
    return Model("tiny", tiny_entry(file=name, units="normalised"), path, State.VERIFIED)


def tiny_int8(folder: Path) -> Model:
    return tiny_tflite(folder, whole=True)


def tiny_edgetpu(folder: Path) -> Model:
    """Write a compiled file, and beside it (`tiny.tflite`) its twin, which the fake runs."""
    twin = tiny_int8(folder)
    path = folder / "tiny_edgetpu.tflite"
    path.write_bytes(b"TFL3 edgetpu-custom-op")
    return replace(twin, entry=structs.replace(twin.entry, file=path.name), path=path)


def tiny_hailo(folder: Path) -> Model:
    path = tiny_model(folder).path
    assert path is not None
    return compiled(folder, path)


def tiny_hailo_maps(folder: Path, bits: int = 16) -> Model:
    """Raw heads as YOLO26 has them: sides in cells, and logits. 8 bits confuse equal classes."""
    path = folder / "maps.onnx"
    path.write_bytes(_maps().SerializeToString())
    made = importlib.import_module("hailo_platform.made")
    edge = float(np.log(1 / NEVER - 1))
    hef = made.Hef(str(path), classes=3, nms="", bits=bits, limits=((0, 1), (-edge, edge)))
    file = made.write_hef(folder / "maps.hef", hef)
    entry = tiny_entry("end-to-end", file=file.name)
    return Model("maps", entry, file, State.VERIFIED)


def _maps() -> onnx.ModelProto:
    """Boxes and logits of each cell, (1, 4, 3, 4) and (1, 3, 3, 4)."""
    half = numpy_helper.from_array(np.full((1, 4, 3, 4), 0.5, np.float32), "half")
    ends = [
        numpy_helper.from_array(np.array(end, np.float32), name)
        for end, name in ((NEVER, "least"), (1 - NEVER, "most"), (1, "one"))
    ]
    nodes = [
        helper.make_node("Identity", ["half"], ["sides"]),
        helper.make_node("AveragePool", ["images"], ["pool"], kernel_shape=[CELL] * 2,
                         strides=[CELL] * 2),
        helper.make_node("Clip", ["pool", "least", "most"], ["sure"]),
        helper.make_node("Sub", ["one", "sure"], ["rest"]),
        helper.make_node("Div", ["sure", "rest"], ["odds"]),
        helper.make_node("Log", ["odds"], ["logits"]),
    ]  # fmt: skip
    width, height = SIZE
    source = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, height, width])
    sinks = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, numbers, 3, 4])
        for name, numbers in (("sides", 4), ("logits", 3))
    ]
    graph = helper.make_graph(nodes, "maps", [source], sinks, [half, *ends])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
