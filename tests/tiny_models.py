"""The detector of tiny_model.py in the formats of other runtimes, made on the spot."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from counter.models import Model
from counter.registry import Entry
from tests.tiny_model import CELL, tiny_entry, tiny_model

PARAM = """7767517
5 5
Input        in0     0 1 in0 0=128 1=96 2=3
Pooling      pool    1 1 in0 pool 0=1 1=32 2=32
Reshape      flat    1 1 pool scores 0=12 1=3
MemoryData   boxes   0 1 boxes 0=12 1=4
Concat       out     2 1 boxes scores out0 0=0
"""


def tiny_openvino(folder: Path, layout: str = "raw", *, dynamic: bool = False) -> Model:
    """Let openvino read the ONNX file and write its own format."""
    from counter.detectors.openvino import _runtime

    made = tiny_model(folder, layout, dynamic=dynamic)
    ov = _runtime()
    read = ov.Core().read_model(made.path)
    ov.save_model(read, folder / "tiny.xml", compress_to_fp16=False)
    return two_files(made, "tiny.xml", "tiny.bin")


def tiny_ncnn(folder: Path, param: str = PARAM) -> Model:
    """Write the network down in ncnn's own words; its weights are the boxes."""
    left, top = (grid.ravel() * CELL for grid in np.meshgrid(np.arange(4), np.arange(3)))
    side = np.full_like(left, CELL)
    boxes = np.stack((left + CELL // 2, top + CELL // 2, side, side)).astype("<f4")
    (folder / "tiny.param").write_text(param)
    (folder / "tiny.bin").write_bytes(boxes.tobytes())
    return two_files(tiny_model(folder), "tiny.param", "tiny.bin")


def two_files(model: Model, file: str, weights: str) -> Model:
    """`model` as the registry has one whose weights lie beside it."""
    assert model.path is not None
    assert isinstance(model.entry, Entry)
    entry = tiny_entry(model.entry.layout, file=file, weights=weights, weights_sha256="0" * 64)
    return replace(model, entry=entry, path=model.path.with_name(file))
