"""Writes the ncnn files (.param and .bin, weights as float16) with pnnx, and checks them.

Rule 1: input `in0` (3, height, width) 0..1, output `out0` (5, n) in pixels, as in the ONNX file.
Rule 2: the files must agree with torch, computed in float32, before they are put in place.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from export import MOST_APART, model_of, settled, size_of

EPILOGUE = """example:
  python models/recipe/export_ncnn.py --weights train/learnt.pt \\
      --out models/counter-n-ncnn/counter-n.param
"""
# What pnnx writes beside the two files.
BESIDE = {"ncnnpy": "n.py", "pnnxparam": "p.param", "pnnxbin": "p.bin", "pnnxpy": "p.py"}


def convert(model: torch.nn.Module, picture: torch.Tensor, param: Path) -> None:
    import pnnx

    folder = param.parent
    files = {name: str(folder / file) for name, file in BESIDE.items()}
    files |= {"ncnnparam": str(param), "ncnnbin": str(param.with_suffix(".bin"))}
    files["pnnxonnx"] = str(folder / "p.onnx")
    pnnx.export(model, str(folder / "model.pt"), (picture,), fp16=True, **files)


def gap(param: Path, picture: torch.Tensor, expected: torch.Tensor) -> float:
    """Largest difference to torch, in pixels and scores, with arithmetic in float32."""
    import ncnn

    net = ncnn.Net()
    net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_fp16_packed = False
    if net.load_param(str(param)) or net.load_model(str(param.with_suffix(".bin"))):
        raise SystemExit(f"export_ncnn: error: ncnn cannot load what pnnx wrote to {param}")
    with net.create_extractor() as extractor:
        extractor.input("in0", ncnn.Mat(picture[0].numpy()).clone())
        found = np.array(extractor.extract("out0")[1])
    return float(np.abs(found - expected[0].numpy()).max())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--weights", type=Path, required=True, help="what learn.py wrote")
    parser.add_argument("--size", type=size_of, default=(640, 384), help="WIDTHxHEIGHT")
    parser.add_argument("--out", type=Path, required=True, help=".param file; .bin goes beside it")
    chosen = parser.parse_args(arguments)
    model = model_of(chosen.weights)
    model.model[-1].format = "ncnn"
    picture, expected = settled(model, chosen.size)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=chosen.out.parent) as folder:
        draft = Path(folder) / chosen.out.name
        convert(model, picture, draft)
        apart = gap(draft, picture, expected)
        if apart > MOST_APART:
            print(f"export_ncnn: error: {apart:.4f} from torch", file=sys.stderr)
            return 1
        for suffix in (".param", ".bin"):
            draft.with_suffix(suffix).replace(chosen.out.with_suffix(suffix))
    print(f"{chosen.out}: differs from torch by at most {apart:.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
