"""What a model can be exported to: a table, and what a machine lacks for each row.

Rule 1: nothing is imported to find out; what is missing is said all at once, before any work.
Rule 2: the words, arguments and packages are those of ultralytics 8.4.190 (engine/exporter.py and
utils/export/), read there; it installs nothing by itself here.
Never run by us: edgetpu and hailo, whose vendors' compilers were not at hand.
"""

import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from counter.accelerators import TPU_ENDING
from counter.registry import Layout, Units

KNOWN: Final = (8, 4, 190)  # of ultralytics; before, formats and arguments had other names
CHIPS: Final = ("hailo8", "hailo8l", "hailo10h", "hailo15h", "hailo15l")
# onnx2tf wants it, and ultralytics would download it.
SAMPLES: Final = "calibration_image_sample_data_20x128x128x3_float32.npy"
FLOOR: Final = 0.1  # the boxes that a chip may drop: below this the tracker uses none


@dataclass(frozen=True, slots=True)
class Package:
    module: str
    install: str  # what pip installs; empty: it is not on PyPI
    source: str = ""  # where else it comes from


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    format: str  # ultralytics' word
    backend: str  # ours, that opens the result
    made: tuple[str, ...]  # the files of the result: the main one, and its weights
    endings: tuple[str, ...]  # of the same files, as they are called here
    packages: tuple[Package, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    program: str = ""  # a vendor's compiler
    files: tuple[str, ...] = ()  # in the working folder
    x86: bool = False  # the vendor's compiler runs on no other processor
    calibrated: bool = False  # int8: it needs pictures
    layout: Layout = "raw"
    units: Units = "pixels"


ULTRALYTICS: Final = (Package("torch", "torch"), Package("ultralytics", "ultralytics>=8.4.190,<9"))
ONNX: Final = (
    Package("onnx", "onnx>=1.12,<2"),
    Package("onnxslim", "onnxslim>=0.1.82"),
    Package("onnxruntime", "onnxruntime"),
)
LITERT: Final = Package("ai_edge_litert", "ai-edge-litert>=2.3")
TARGETS: Final[dict[str, Target]] = {
    "onnx": Target(
        format="onnx",
        backend="onnx",
        made=("*.onnx",),
        endings=(".onnx",),
        packages=ONNX,
    ),
    "openvino": Target(
        format="openvino",
        backend="openvino",
        made=("*.xml", "*.bin"),
        endings=(".xml", ".bin"),
        packages=(Package("openvino", "openvino>=2024"),),
    ),
    "ncnn": Target(
        format="ncnn",
        backend="ncnn",
        made=("*.ncnn.param", "*.ncnn.bin"),
        endings=(".param", ".bin"),
        packages=(Package("ncnn", "ncnn"), Package("pnnx", "pnnx==20260526")),
    ),
    "tflite-int8": Target(
        format="litert",
        backend="tflite",
        made=("*.tflite",),
        endings=(".tflite",),
        packages=(
            Package("litert_torch", "litert-torch>=0.10"),
            LITERT,
            Package("ai_edge_quantizer", "ai-edge-quantizer>=0.10"),
        ),
        arguments={"quantize": 8},
        x86=True,
        calibrated=True,
        units="normalised",
    ),
    "edgetpu": Target(
        format="edgetpu",
        backend="edgetpu",
        made=(f"*{TPU_ENDING}",),
        endings=(TPU_ENDING,),
        packages=(
            *ONNX,
            LITERT,
            Package("tensorflow", "tensorflow<=2.19"),
            Package("onnx2tf", "onnx2tf>=1.26.3,<1.29"),
            Package("tf_keras", "tf_keras<=2.19"),
            Package("sng4onnx", "sng4onnx>=1.0.1"),
            Package("onnx_graphsurgeon", "onnx_graphsurgeon>=0.3.26"),
        ),
        arguments={"quantize": 8},
        program="edgetpu_compiler",
        files=(SAMPLES,),
        x86=True,
        calibrated=True,
        units="normalised",
    ),
    "hailo": Target(
        format="hailo",
        backend="hailo",
        made=("*.hef",),
        endings=(".hef",),
        packages=(
            *ONNX,
            Package(
                "hailo_sdk_client", "", "Hailo's Dataflow Compiler, from hailo.ai/developer-zone"
            ),
        ),
        arguments={"quantize": 8, "conf": FLOOR},
        x86=True,
        calibrated=True,
        layout="nms-by-class",
        units="normalised",
    ),
}


def lacks(target: Target) -> tuple[str, str]:
    """What this machine lacks for an export, and how to get it; nothing: ("", "")."""
    missing = [one for one in (*ULTRALYTICS, *target.packages) if not _installed(one.module)]
    said = [*_elsewhere(target), *(f"package {one.module}" for one in missing), *_old()]
    installed = " ".join(f"'{one.install}'" for one in missing if one.install)
    hints = [f"in an environment of its own: pip install {installed}"] if installed else []
    hints += [f"{one.module} is not on PyPI: {one.source}" for one in missing if one.source]
    if target.program and shutil.which(target.program) is None:
        said.append(f"program {target.program}")
        hints.append(f"{target.program} is Google's, for x86 Linux: coral.ai/docs/edgetpu/compiler")
    for name in target.files:
        if not Path(name).is_file():
            said.append(f"file {name} in this folder")
            hints.append(f"{name} is in github.com/ultralytics/assets, release v8.4.0, zipped")
    return ", ".join(said), "; ".join(hints)


def _elsewhere(target: Target) -> Iterator[str]:
    machine = platform.machine()
    if target.x86 and not (sys.platform == "linux" and machine == "x86_64"):
        yield f"an x86 processor and Linux (this is {sys.platform} on {machine})"


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # barred, or loaded by hand
        return module in sys.modules and sys.modules[module] is not None


def _old() -> Iterator[str]:
    try:
        here = version("ultralytics")
    except PackageNotFoundError:  # said already
        return
    numbers = tuple(int(part) for part in here.split(".")[:3] if part.isdecimal())
    if numbers < KNOWN:
        yield f"a newer ultralytics ({here} is here, {'.'.join(map(str, KNOWN))} is known to work)"
