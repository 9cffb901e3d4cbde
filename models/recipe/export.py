"""Turns learnt weights into the float ONNX file that the appliance loads; the other formats follow.

Rule 1: a raw head `(1, 5, n)` and fixed shapes: box suppression stays in the appliance, where it
can be read.
Rule 2: it computes in float32. Large tensors are stored as float16 and widened when the file is
loaded, which halves it; the weights are rounded to float16 first, so nothing is lost by it.
Rule 3: the file says in its metadata what it is, and must agree with torch first.
"""

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import offline_ultralytics  # noqa: F401  (before ultralytics)
import onnx
import onnxruntime
import onnxslim
import torch
from onnx import TensorProto, helper, numpy_helper
from parent import load

OPSET = 17
MOST_BYTES = 4_000_000
MOST_APART = 0.05  # from torch, in pixels and scores
LEAST_VALUES = 256  # of a tensor that is stored as float16
LICENCE = "AGPL-3.0-or-later"
VERSION = "0.2.0"
EPILOGUE = """example:
  python models/recipe/export.py --weights train/learnt.pt --out models/counter-n.onnx
"""


def model_of(weights: Path) -> torch.nn.Module:
    """The learnt model, its weights rounded to what float16 can hold."""
    model, _ = load(weights)
    with torch.no_grad():
        for value in model.parameters():
            value.copy_(value.half().float())
    model = model.float().eval()
    model.model[-1].export, model.model[-1].format = True, "onnx"
    return model


def settled(model: torch.nn.Module, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """A picture of noise, and what the model says about it once it knows its input size."""
    width, height = size
    picture = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for _ in range(2):  # the head builds its anchors in the first pass
            expected = model(picture)
    return picture, expected


def metadata(size: tuple[int, int]) -> dict[str, str]:
    width, height = size
    return {
        "description": "counter-n: one-class person detector of counter",
        "names": "{0: 'person'}",
        "stride": "32",
        "imgsz": f"[{height}, {width}]",
        "task": "detect",
        "batch": "1",
        "channels": "3",
        "license": LICENCE,
        "version": VERSION,
    }


def store_as_half(graph: onnx.GraphProto) -> None:
    """Replace each large float32 tensor by a float16 one and a cast, done once at loading."""
    casts = []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < LEAST_VALUES:
            continue
        half = values.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), values):
            continue  # not a weight: anchors and the like stay exact
        wide, narrow = tensor.name, f"{tensor.name}.half"
        tensor.CopyFrom(numpy_helper.from_array(half, narrow))
        casts.append(helper.make_node("Cast", [narrow], [wide], wide, to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def shorten(graph: onnx.GraphProto) -> None:
    """Number tensors and nodes: names take a seventh of the file."""
    fixed = {value.name for value in (*graph.input, *graph.output)}
    numbers: dict[str, str] = {}

    def short(name: str) -> str:
        return name if name in fixed or not name else numbers.setdefault(name, f"t{len(numbers)}")

    del graph.value_info[:]
    for tensor in graph.initializer:
        tensor.name = short(tensor.name)
    for number, node in enumerate(graph.node):
        node.name, node.doc_string = f"n{number}", ""
        node.input[:] = [short(name) for name in node.input]
        node.output[:] = [short(name) for name in node.output]


def write_onnx(model: torch.nn.Module, size: tuple[int, int], path: Path, half: bool) -> float:
    """Write the file; the largest difference to torch, in pixels and scores."""
    picture, expected = settled(model, size)
    names: dict[str, Any] = {"input_names": ["images"], "output_names": ["output0"]}
    torch.onnx.export(model, (picture,), str(path), opset_version=OPSET, dynamo=False, **names)
    graph = onnxslim.slim(onnx.load(path))
    del graph.metadata_props[:]
    onnx.helper.set_model_props(graph, metadata(size))
    graph.producer_name = "counter models/recipe"
    if half:
        store_as_half(graph.graph)
        shorten(graph.graph)
    onnx.checker.check_model(graph)
    onnx.save(graph, path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(None, {"images": picture.numpy()})[0]
    if found.shape[1] != 5:
        raise SystemExit(f"export: error: the head has shape {found.shape}, expected (1, 5, n)")
    return float(np.abs(found - expected.numpy()).max())


def size_of(text: str) -> tuple[int, int]:
    """`640x384` as (640, 384)."""
    width, _, height = text.partition("x")
    size = int(width), int(height or width)
    if size[0] % 32 or size[1] % 32:
        raise argparse.ArgumentTypeError("both sides must be multiples of 32")
    return size


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--weights", type=Path, required=True, help="what learn.py wrote")
    parser.add_argument("--size", type=size_of, default=(640, 384), help="WIDTHxHEIGHT")
    parser.add_argument("--wide", action="store_true", help="store float32 (for other converters)")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file to write")
    chosen = parser.parse_args(arguments)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=chosen.out.parent) as folder:
        draft = Path(folder) / chosen.out.name
        gap = write_onnx(model_of(chosen.weights), chosen.size, draft, not chosen.wide)
        content = draft.read_bytes()
        if gap > MOST_APART or (len(content) > MOST_BYTES and not chosen.wide):
            print(f"export: error: {len(content)} bytes, {gap:.4f} from torch", file=sys.stderr)
            print(f"export: hint: {MOST_BYTES} and {MOST_APART} are allowed", file=sys.stderr)
            return 1
        draft.replace(chosen.out)
    print(f"{chosen.out}: {len(content)} bytes, differs from torch by at most {gap:.1e}")
    print(f"sha256 {hashlib.sha256(content).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
