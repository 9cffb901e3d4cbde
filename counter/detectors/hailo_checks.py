"""Whether a compiled file is for this chip, and gives what the registry says of it.

Rule: it is asked before anything is loaded, so that the answer is a sentence and no number.
"""

from pathlib import Path
from typing import Any, Final

from counter.detectors.hef import CHIPS, chips_of
from counter.detectors.yolo import Head
from counter.errors import ModelError
from counter.models import Model

FIELDS: Final = 5  # of a box: top, left, bottom, right, score
BY_CLASS: Final = frozenset({"HAILO_NMS_BY_CLASS", "HAILO_NMS"})  # the second name is older


def check_chip(model: Model, chip: int) -> None:
    """Raise ModelError if the file is compiled for another architecture than `chip`."""
    runs_on = chips_of(Path(model.path or ""))
    if runs_on is not None and chip not in runs_on:
        raise ModelError(
            f"model {model.name}: {model.path} is compiled for {CHIPS[runs_on[0]]},"
            f" this is a {CHIPS.get(chip, f'chip {chip}')}",
            "take the file for your chip: each has its own",
        )


def check_network(model: Model, network: Any, head: Head) -> None:
    """See that the network takes and gives what the registry says. Raises ModelError."""
    width, height = model.entry.input
    inputs, outputs = network.inputs, network.outputs
    shapes = [tuple(one.shape) for one in inputs]
    if shapes != [(height, width, 3)]:
        raise ModelError(
            f"model {model.name}: its input is {shapes}, the registry says {(height, width, 3)}",
            "correct the registry's input, or take a file for this size",
        )
    if len(outputs) != 1 or not outputs[0].is_nms:
        raise ModelError(
            f"model {model.name}: it gives {len(outputs)} raw maps and no boxes (YOLO26 does)",
            "not supported: take a file with NMS, such as those of YOLOv8 and YOLO11",
        )
    order = getattr(outputs[0].format.order, "name", "")
    (numbers,) = outputs[0].shape
    boxes, rest = divmod(numbers - head.classes, head.classes * FIELDS)
    if order not in BY_CLASS or head.layout != "nms-by-class" or rest or boxes < 1:
        raise ModelError(
            f"model {model.name}: its output is {numbers} numbers of {order}, the registry says"
            f" {head.layout} of {head.classes} classes",
            'correct the registry: layout = "nms-by-class", and as many classes as the file has',
        )
