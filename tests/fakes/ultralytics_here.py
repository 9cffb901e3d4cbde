"""Ultralytics 8.4.190 as far as an export goes: its arguments are checked, and files come out.

Read in ultralytics 8.4.190, engine/exporter.py: which words `format` knows, which arguments each
takes, where INT8 is, what lies where afterwards (beside the .pt). test_export.py compares the table
with the real package where that is installed.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from counter.catalogue import export, targets
from counter.detectors.ultralytics import QUIET

VERSION = "8.4.190"
# format: (what it takes beside imgsz, batch, device, name, conf, iou and nms; INT8; FP32)
FORMATS = {
    "onnx": (
        {"batch", "data", "dynamic", "quantize", "opset", "simplify", "nms", "fraction"},
        1,
        1,
    ),
    "openvino": ({"batch", "data", "dynamic", "quantize", "nms", "fraction"}, 1, 1),
    "ncnn": ({"batch", "quantize"}, 0, 1),
    "litert": ({"batch", "quantize", "data", "fraction"}, 1, 1),
    "edgetpu": ({"data", "fraction", "quantize", "opset"}, 1, 0),
    "hailo": ({"name", "quantize", "data", "fraction", "simplify", "conf", "iou"}, 1, 0),
}
EVERYWHERE = {"format", "imgsz", "device", "name", "conf", "iou", "nms"}
CHIPS = ("hailo8", "hailo8l", "hailo10h", "hailo15h", "hailo15l")
# What lies beside the .pt, {} its name; the first is what export() names, its folder if it has one.
RESULTS = {
    "onnx": ("{}.onnx",),
    "openvino": ("{}_openvino_model/{}.xml", "{}_openvino_model/{}.bin"),
    "ncnn": (
        "{}_ncnn_model/model.ncnn.param", "{}_ncnn_model/model.ncnn.bin",
        "{}_ncnn_model/model_ncnn.py",
    ),
    "litert": ("{}_int8.tflite",),
    "edgetpu": (
        "{}_saved_model/{}_full_integer_quant_edgetpu.tflite",
        "{}_saved_model/{}_full_integer_quant.tflite",
    ),
    "hailo": ("{}_hailo_model/{}.hef",),
}  # fmt: skip


@dataclass
class Fake:
    """What the package would find in the .pt, and what it was asked."""

    names: dict[int, str] = field(default_factory=lambda: {0: "car", 1: "person"})
    task: str = "detect"
    reg_max: int = 16
    fails: Exception | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    loaded: list[Path] = field(default_factory=list)

    def put(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand in for torch and ultralytics, all converters present."""
        fake = self

        class YOLO:
            def __init__(
                self, model: str = "yolo26n.pt", task: str | None = None, verbose: bool = False
            ) -> None:
                del task, verbose
                self.path = Path(model)
                assert self.path.read_bytes().startswith(b"trained")
                fake.loaded.append(self.path)
                head = SimpleNamespace(reg_max=fake.reg_max)
                self.model = SimpleNamespace(names=fake.names, task=fake.task, model=[head])

            def export(self, **kwargs: Any) -> str:
                fake.calls.append(kwargs)
                if fake.fails:
                    raise fake.fails
                return made(self.path, **kwargs)

        for name, content in (("torch", {}), ("ultralytics", {"YOLO": YOLO})):
            module = ModuleType(name)
            vars(module).update(content)
            monkeypatch.setitem(sys.modules, name, module)
        for name, value in QUIET.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(targets, "_installed", lambda _: True)
        monkeypatch.setattr(targets, "version", lambda _: VERSION)
        monkeypatch.setattr(export, "version", lambda _: VERSION)


def made(pt: Path, **asked: Any) -> str:
    """Check as the exporter does, and write what it would."""
    known, int8, fp32 = FORMATS[asked["format"]]
    assert set(asked) - EVERYWHERE <= known, f"argument not supported for {asked['format']}"
    assert asked.get("quantize", 32) in ([8] if int8 else []) + ([32] if fp32 else [])
    assert len(asked["imgsz"]) == 2
    if asked["format"] == "hailo":
        assert asked["name"] in CHIPS
    if asked.get("quantize") == 8:
        assert Path(asked["data"]).is_absolute()
    files = [pt.parent / name.replace("{}", pt.stem) for name in RESULTS[asked["format"]]]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(f"{asked['format']} {file.suffix}".encode())
    folder = files[0].parent
    return str(files[0] if folder == pt.parent or asked["format"] == "edgetpu" else folder)
