"""A folder for COUNTER_MODELS with the tiny detector in it, registered with its real sha256."""

import hashlib
from pathlib import Path

from tests.tiny_model import tiny_model
from tests.tiny_models import tiny_ncnn

ENTRY = """[model.tiny]
file = "tiny.onnx"
sha256 = "{onnx}"
licence = "CC0-1.0"
source = "tests"
input = [128, 96]
layout = "raw"
units = "pixels"
classes = 3
person = 1
kind = "detector"

[model.tiny.formats.ncnn]
file = "tiny.param"
sha256 = "{param}"
weights = "tiny.bin"
weights_sha256 = "{bin}"

[model.tiny.formats.hailo]
file = "tiny.hef"
sha256 = "{onnx}"
"""


def tiny_registry(folder: Path) -> str:
    """Write onnx and ncnn; a .hef is registered and absent. Gives the model's name."""
    tiny_model(folder)
    tiny_ncnn(folder)
    digests = {
        kind: hashlib.sha256((folder / f"tiny.{kind}").read_bytes()).hexdigest()
        for kind in ("onnx", "param", "bin")
    }
    (folder / "registry.toml").write_text(ENTRY.format(**digests))
    return "tiny"
