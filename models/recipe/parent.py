"""The model that counter-n descends from: a public YOLO11n, out of its ONNX file, for one class.

Rule 1: every weight must find its place: a name that is missing is an error, and so are scores that
differ from those of the ONNX file.
Rule 2: its licence (AGPL-3.0) is this project's own; what is derived from it is under it too.
"""

import os
from pathlib import Path

import numpy as np
import offline_ultralytics  # noqa: F401  (before ultralytics)
import onnx
import torch
import yaml
from groups import one_class, shaped
from onnx import numpy_helper

DEFINITION = "cfg/models/11/yolo11.yaml"  # inside the ultralytics package
FILE = "models/agpl/yolo11n_640_fp32_recon.onnx"  # inside the shared folder
MOST_APART = 1e-3  # of a class score, between torch and the ONNX file


def shared_folder() -> Path:
    return Path(os.environ.get("COUNTER_SHARED", "../shared"))


def yolo11n(path: Path) -> torch.nn.Module:
    """A fused YOLO11n with the weights of an ONNX file that ultralytics exported."""
    import ultralytics
    from ultralytics.nn.tasks import DetectionModel

    if not path.is_file():
        raise SystemExit(
            f"recipe: error: {path}: no such file\n"
            "recipe: hint: set COUNTER_SHARED to the folder that holds models/agpl"
        )
    text = (Path(ultralytics.__file__).parent / DEFINITION).read_text(encoding="utf-8")
    definition = {**yaml.safe_load(text), "scale": "n"}
    model = DetectionModel(definition, verbose=False).fuse(verbose=False)
    tensors = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    wanted = model.state_dict()
    missing = sorted(set(wanted) - set(tensors))
    if missing:
        raise SystemExit(
            f"recipe: error: {path.name}: {len(missing)} weights are missing, first {missing[0]}\n"
            "recipe: hint: use a YOLO11n that ultralytics exported, not a quantised one"
        )
    with torch.no_grad():
        for name, value in wanted.items():
            value.copy_(torch.from_numpy(np.array(tensors[name], dtype=np.float32)))
    return model.eval()


def agreement(model: torch.nn.Module, path: Path) -> float:
    """Largest difference of a class score between the torch model and the ONNX file."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    source = session.get_inputs()[0]
    picture = np.random.default_rng(0).random(source.shape, dtype=np.float32)
    theirs = session.run(None, {source.name: picture})[0][:, 4:]
    with torch.no_grad():
        ours = model(torch.from_numpy(picture))[0][:, 4:].numpy()
    return float(np.abs(ours - theirs).max())


def parent() -> torch.nn.Module:
    """YOLO11n with one class left, person; nothing in it is to be learnt."""
    model = yolo11n(shared_folder() / FILE)
    one_class(model)
    for value in model.parameters():
        value.requires_grad_(False)
    return model.eval()


def load(path: Path) -> tuple[torch.nn.Module, dict[str, torch.Tensor]]:
    """A pruned model, and which of its parent's channels it kept, by group."""
    if not path.is_file():
        raise SystemExit(
            f"recipe: error: {path}: no such file\n"
            "recipe: hint: models/recipe/README.md has the order of the steps"
        )
    held = torch.load(path, map_location="cpu", weights_only=True)
    weights = {name: value.float() for name, value in held["weights"].items()}
    return shaped(parent(), weights), held["kept"]
