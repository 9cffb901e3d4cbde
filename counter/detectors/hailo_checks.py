"""Whether a compiled file is for this chip, gives what the registry says of it, and stays cool.

Rule 1: it is asked before anything is loaded, so that the answer is a sentence and no number.
Rule 2: a chip that is too hot is given up before it stops by itself, and left alone until it is
clearly cooler: counts that come and go with its temperature are worse than a gap.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from counter.detectors.hef import CHIPS, chips_of
from counter.detectors.quantised import Tensor
from counter.detectors.yolo import Head
from counter.errors import DeviceError, ModelError
from counter.models import Model

FIELDS: Final = 5  # of a box: top, left, bottom, right, score
NUMBERS: Final = {"UINT8": np.uint8, "UINT16": np.uint16}  # of a map, by HailoRT's name
# Where the firmware's own protection begins to slow the chip down, and where it ends doing so
# (USER_CONFIG_TEMPERATURE_DEFAULT_ORANGE_ALARM_THRESHOLD and its HYSTERESIS, user_config_common.h
# of hailort 5.2); at 120 it stops.
HOT_C: Final = 104.0
BEGIN_C: Final = 99.0
LOOK_S: Final = 10.0  # how often the temperature is asked for
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
    """See that the network takes and gives what the registry says. Raises ModelError.

    What raw heads give is looked at by `hailo_maps`.
    """
    width, height = model.entry.input
    shapes = [tuple(one.shape) for one in network.inputs]
    if shapes != [(height, width, 3)]:
        raise ModelError(
            f"model {model.name}: its input is {shapes}, the registry says {(height, width, 3)}",
            "correct the registry's input, or take a file for this size",
        )
    outputs = network.outputs
    if not any(one.is_nms for one in outputs):
        return
    order = getattr(outputs[0].format.order, "name", "")
    numbers = int(outputs[0].shape[0])
    boxes, rest = divmod(numbers - head.classes, head.classes * FIELDS)
    known = len(outputs) == 1 and order in BY_CLASS and head.layout == "nms-by-class"
    if not known or rest or boxes < 1:
        raise ModelError(
            f"model {model.name}: its output is {numbers} numbers of {order}, the registry says"
            f" {head.layout} of {head.classes} classes",
            'correct the registry: layout = "nms-by-class", and as many classes as the file has',
        )


def map_of(model: Model, output: Any) -> Tensor:
    """Describe one map of a network without NMS: its numbers and their scale. Raises ModelError."""
    kind, scales = getattr(output.format.type, "name", ""), output.quant_infos
    if kind not in NUMBERS or len(scales) != 1:
        raise ModelError(
            f"model {model.name}: its output {output.name} is {kind} with {len(scales)} scales",
            "expected whole numbers with one scale: compile it again without scales per channel",
        )
    scale, zero = float(scales[0].qp_scale), round(scales[0].qp_zp)
    return Tensor(output.name, tuple(output.shape), np.dtype(NUMBERS[kind]), scale, zero)


class Heat:
    """Asks a chip how hot it is, now and then."""

    def __init__(self, model: str, control: Any, now_s: float) -> None:
        """Raise DeviceError for a chip that is too hot to begin with."""
        self._model, self._control, self._looked_s = model, control, now_s
        self._refuse(BEGIN_C)

    def look(self, now_s: float) -> None:
        """Raise DeviceError if the chip has become so hot that it is slowed down, and may stop."""
        if now_s - self._looked_s > LOOK_S:
            self._looked_s = now_s
            self._refuse(HOT_C)

    def _refuse(self, limit_c: float) -> None:
        measured = self._control.get_chip_temperature()
        hottest = max(measured.ts0_temperature, measured.ts1_temperature)
        if hottest >= limit_c:
            raise DeviceError(
                f"model {self._model}: the Hailo chip is too hot: {hottest:.0f} C, limit"
                f" {limit_c:.0f} C",
                "give it a heat sink and moving air, or a smaller model; it is tried again",
            )
