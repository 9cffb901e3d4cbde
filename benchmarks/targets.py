"""What a machine must do to be called fast enough: targets.toml, read once and typed.

Rule: a limit that is not there is not asked for; which ones a target has is its own decision.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from counter.errors import ConfigError

FILE: Final = Path(__file__).with_name("targets.toml")
Positive = Annotated[float, Meta(gt=0)]


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    hardware: str  # in words
    architecture: Literal["aarch64", "x86_64"]
    cores: Annotated[int, Meta(ge=1)]  # that the process may use
    board: str = ""  # what /proc/device-tree/model matches; "": no board is asked for
    accelerator: Literal["none", "hailo8l", "hailo8", "coral-usb"] = "none"
    backend: Literal["hailo", "edgetpu", "openvino", "ncnn", "onnx", "tflite"]
    model: str  # in a registry, with this input
    input: tuple[int, int]
    cameras: Annotated[int, Meta(ge=1)]
    fps: Positive  # of each camera
    seconds: Positive  # a shorter run is no measurement
    people: Annotated[int, Meta(ge=1, le=200)]  # drawn, on average
    max_drops_percent: Annotated[float, Meta(ge=0)]
    max_p99_ms: Positive  # from capture to count
    max_soc_c: Positive | None = None
    max_accelerator_c: Positive | None = None
    throttling: bool = True  # False: none is tolerated, and not knowing is not enough


class _Soak(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    minutes: Positive
    max_fps_loss_percent: Positive
    max_p99_growth_percent: Positive
    max_memory_kib_per_min: Positive


class Targets(Struct, frozen=True, forbid_unknown_fields=True):
    soak: _Soak
    target: dict[str, Target]


def targets(path: Path = FILE) -> Targets:
    """Read all of them. Raises ConfigError."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Targets)
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path}: {error}", "see benchmarks/targets.py for its fields") from None


def named(name: str, known: Mapping[str, Target]) -> Target:
    """Give one target. Raises ConfigError for a name that there is not."""
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    raise ConfigError(f"--target: there is no {name!r}", f"{meant}known: {', '.join(known)}")
