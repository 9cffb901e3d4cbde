"""Turns a checkpoint into the ONNX file that the appliance loads.

Rule 1: the file holds the averaged weights in float32, a raw head `(1, 5, n)` and fixed shapes:
box suppression stays in the appliance, where it can be read.
Rule 2: the file says in its metadata what it is; it must run and agree with torch before it is
put in place, and be at most 6 MB.
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
from architecture import counter_n
from train import own_weights

OPSET = 17
MOST_BYTES = 6_000_000
LICENCE = "AGPL-3.0-or-later"
EPILOGUE = """example:
  python models/recipe/export.py --weights train/runs/b/weights/last.pt --size 640x384 \\
      --version 0.1.0 --out models/counter-n.onnx
"""


def model_of(weights: Path) -> torch.nn.Module:
    """The model with its normalisations folded into its convolutions."""
    from ultralytics.nn.tasks import DetectionModel

    model = DetectionModel(counter_n(), nc=1, verbose=False)
    model.load_state_dict(own_weights(weights))
    model = model.float().eval().fuse(verbose=False)
    head = model.model[-1]
    head.export, head.format = True, "onnx"
    return model


def metadata(size: tuple[int, int], version: str) -> dict[str, str]:
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
        "version": version,
    }


def write_onnx(model: torch.nn.Module, size: tuple[int, int], version: str, path: Path) -> float:
    """Write the file; the largest difference to torch, in pixels and scores."""
    width, height = size
    picture = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for _ in range(2):  # the head builds its anchors in the first pass
            expected = model(picture)
    names: dict[str, Any] = {"input_names": ["images"], "output_names": ["output0"]}
    torch.onnx.export(model, (picture,), str(path), opset_version=OPSET, dynamo=False, **names)
    graph = onnxslim.slim(onnx.load(path))
    del graph.metadata_props[:]
    onnx.helper.set_model_props(graph, metadata(size, version))
    graph.producer_name = "counter models/recipe"
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
    parser.add_argument("--weights", type=Path, required=True, help="last.pt of a run")
    parser.add_argument("--size", type=size_of, default=(640, 384), help="WIDTHxHEIGHT")
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file to write")
    chosen = parser.parse_args(arguments)
    if not chosen.weights.is_file():
        print(f"export: error: {chosen.weights}: no such file", file=sys.stderr)
        print("export: hint: train.py writes weights/last.pt every epoch", file=sys.stderr)
        return 2
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=chosen.out.parent) as folder:
        draft = Path(folder) / chosen.out.name
        gap = write_onnx(model_of(chosen.weights), chosen.size, chosen.version, draft)
        content = draft.read_bytes()
        if len(content) > MOST_BYTES or gap > 0.05:
            print(f"export: error: {len(content)} bytes, {gap:.4f} from torch", file=sys.stderr)
            print("export: hint: at most 6 MB and 0.05 are allowed", file=sys.stderr)
            return 1
        draft.replace(chosen.out)
    digest = hashlib.sha256(content).hexdigest()
    print(f"{chosen.out}: {len(content)} bytes, differs from torch by at most {gap:.1e}")
    print(f"sha256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
