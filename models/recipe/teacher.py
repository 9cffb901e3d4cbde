"""Makes the teacher for distillation: a public YOLO11n, from its ONNX file, as a torch checkpoint.

Rule 1: the teacher is used while training and is no part of what is shipped; its licence
(AGPL-3.0) is this project's own.
Rule 2: every weight must find its place: a name that is missing or left over is an error.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import offline_ultralytics  # noqa: F401  (before ultralytics)
import onnx
import torch
import yaml
from architecture import BASE
from onnx import numpy_helper

EPILOGUE = "example: python models/recipe/teacher.py --out train/teacher.pt"


def definition_of_yolo11n() -> dict[str, object]:
    import ultralytics

    path = Path(ultralytics.__file__).parent / BASE
    return {**yaml.safe_load(path.read_text(encoding="utf-8")), "scale": "n"}


def teacher_from_onnx(path: Path) -> torch.nn.Module:
    """A fused YOLO11n with the weights of an ONNX file that ultralytics exported."""
    from ultralytics.nn.tasks import DetectionModel

    model = DetectionModel(definition_of_yolo11n(), verbose=False).fuse(verbose=False)
    tensors = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    wanted = model.state_dict()
    missing = sorted(set(wanted) - set(tensors))
    if missing:
        raise SystemExit(
            f"teacher: error: {path.name}: {len(missing)} weights are missing, first {missing[0]}\n"
            "teacher: hint: use a YOLO11n that ultralytics exported, not a quantised one"
        )
    with torch.no_grad():
        for name, value in wanted.items():
            value.copy_(torch.from_numpy(np.array(tensors[name], dtype=np.float32)))
    return model.eval()


def agreement(model: torch.nn.Module, path: Path) -> float:
    """Largest difference of a class score between the checkpoint and the ONNX file."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    shape = session.get_inputs()[0].shape
    picture = np.random.default_rng(0).random(shape, dtype=np.float32)
    theirs = session.run(None, {session.get_inputs()[0].name: picture})[0][:, 4:]
    with torch.no_grad():
        ours = model(torch.from_numpy(picture))[0][:, 4:].numpy()
    return float(np.abs(ours - theirs).max())


def main(arguments: list[str] | None = None) -> int:
    shared = Path(os.environ.get("COUNTER_SHARED", "../shared"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], epilog=EPILOGUE)
    parser.add_argument(
        "--onnx",
        type=Path,
        default=shared / "models/agpl/yolo11n_320_fp32_recon.onnx",
        help="a YOLO11n exported by ultralytics (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write (.pt)")
    chosen = parser.parse_args(arguments)
    if not chosen.onnx.is_file():
        print(f"teacher: error: {chosen.onnx}: no such file", file=sys.stderr)
        print("teacher: hint: set COUNTER_SHARED or pass --onnx", file=sys.stderr)
        return 2
    model = teacher_from_onnx(chosen.onnx)
    gap = agreement(model, chosen.onnx)
    if gap > 1e-3:
        print(f"teacher: error: {chosen.onnx.name}: scores differ by {gap:.4f}", file=sys.stderr)
        return 1
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"model": model, "ema": None, "train_args": {}}, chosen.out)
    print(f"teacher: wrote {chosen.out}; scores agree with {chosen.onnx.name} to {gap:.1e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
