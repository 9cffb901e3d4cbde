"""The shape of counter-n: a YOLO11 nano, one class, with a thinner deep end and a smaller box head.

Rule 1: the layers come from the model definition that ultralytics ships, read at run time; only
what differs from it is written here.
Rule 2: it stays small: 1.31 M parameters, 5.3 MB as ONNX in float32 (export.py allows 6 MB).
"""

from pathlib import Path
from typing import Any

import yaml

BASE = "cfg/models/11/yolo11.yaml"  # inside the ultralytics package
# depth, width, most channels: the definition's nano, whose widest layers go from 256 to 128
# channels. One class needs fewer deep features than eighty.
SCALE = [0.50, 0.25, 512]
# Bins of the box head: the farthest side of a box is 7 strides from its cell. At stride 32 that
# is 224 pixels to each side, enough for inputs up to 448 pixels high; 16 bins (the definition's)
# cost 0.2 M parameters more at the layers that take most of the time.
BOX_BINS = 8


def counter_n() -> dict[str, Any]:
    """The model definition for ultralytics, as a dictionary."""
    import ultralytics

    path = Path(ultralytics.__file__).parent / BASE
    definition: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    definition.update(nc=1, scale="n", scales={"n": SCALE}, reg_max=BOX_BINS)
    return definition


def write_definition(folder: Path) -> Path:
    """Write the definition where the trainer can read it; the name must not end in a scale."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "counter-person.yaml"
    path.write_text(yaml.safe_dump(counter_n(), sort_keys=False), encoding="utf-8")
    return path
