"""ultralytics without a network and without a GPU build of torchvision; import before ultralytics.

Rule 1: nothing is looked up, downloaded or installed; no settings are kept in the home directory.
Rule 2: where torchvision's own operators do not load (its PyPI wheel is a CUDA build and torch
is the CPU one), they are declared so that the import works, and ultralytics' own NMS takes over.
"""

import os
import sys
import tempfile
from pathlib import Path

SETTINGS = Path(tempfile.gettempdir()) / "counter-recipe"
SETTINGS.mkdir(exist_ok=True)
os.environ.setdefault("YOLO_OFFLINE", "1")
os.environ.setdefault("YOLO_AUTOINSTALL", "False")
os.environ.setdefault("YOLO_CONFIG_DIR", str(SETTINGS))

# Read when a process starts. glibc gives large blocks back to the kernel at once and asks for them
# again at the next batch; and threads that wait for each other burn the core that the one they
# wait for needs, which is ruinous on a machine that does other work as well.
AT_START = {
    "MALLOC_MMAP_THRESHOLD_": "4000000000",
    "MALLOC_TRIM_THRESHOLD_": "4000000000",
    "OMP_WAIT_POLICY": "passive",
}

import torch  # noqa: E402  (the environment comes first)

_OPERATORS: list[torch.library.Library] = []  # a Library ends when it is collected


def declare_missing_operators() -> None:
    """Make `import torchvision` work on a torch that its compiled operators do not fit."""
    try:
        import torchvision

        works = hasattr(torch.ops.torchvision, "nms")
    except (RuntimeError, ImportError):
        works = False
    if works:
        return
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _OPERATORS.append(library)
    import torchvision
    from ultralytics.utils.nms import TorchNMS

    torchvision.ops.nms = TorchNMS.nms


declare_missing_operators()


def start_with_settings() -> None:
    """Start again with the settings that are read when a process starts, if they are not there."""
    if sys.platform == "linux" and not set(AT_START) <= set(os.environ):
        os.environ.update(AT_START)
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 (itself, same words)
