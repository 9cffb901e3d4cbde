"""A HailoRT without a chip: what the counter uses of `hailo_platform`, over ONNX models.

Rule 1: names, shapes, checks, error classes and numbers are those that are documented for 4.23 and
5.2; where the two differ, `world.version` decides.
Rule 2: a "HEF" is a real header, then a JSON table that names an ONNX file (`made.write_hef`).
Rule 3: it is stricter than a chip where a mistake would only show sometimes: buffers are read when
the worker runs, not when they are handed over.
"""

from .device import Device, VDevice
from .errors import HailoRTException, HailoRTTimeout
from .world import FormatType, HailoSchedulingAlgorithm, world

__all__ = [
    "Device",
    "FormatType",
    "HailoRTException",
    "HailoRTTimeout",
    "HailoSchedulingAlgorithm",
    "VDevice",
    "world",
]
