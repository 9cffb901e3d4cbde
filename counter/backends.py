"""Which backend runs a model here, and why: a table, read before any library is loaded.

Rule 1: nothing is imported to find out: a package is looked for, a device's file is looked at.
Rule 2: a backend that the configuration names is taken or refused, never exchanged.
Rule 3: "auto" goes down the table for this processor; the reason names what was passed over, and a
chip that is here without a file for it.
Rule 4: of two formats that one backend opens the first is taken: the entry's own before others.
"""

import platform
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from counter.accelerators import TPU_ENDING
from counter.errors import ModelError
from counter.models import Model, State, absent, checked, variants
from counter.settings import ModelSettings

DEV: Final = Path("/dev")
HAILO: Final = ("hailo0", "h1x-0")  # Hailo-8 and -10; -10 since HailoRT 5.3
USB: Final = Path("/sys/bus/usb/devices")
CORAL: Final = (("1a6e", "089a"), ("18d1", "9302"))  # before and after it got its firmware


@dataclass(frozen=True, slots=True)
class Backend:
    suffix: str  # of the files that it opens
    packages: tuple[str, ...]  # one of them is enough
    device: Callable[[], str] = str  # says what is missing; nothing: there, or none needed
    writes: bool = False  # its packages write files while they are imported


@dataclass(frozen=True, slots=True)
class Choice:
    backend: str
    model: Model  # in the format that this backend opens; not hashed by the choice
    reason: str

    @property
    def path(self) -> Path | None:
        return self.model.path


def _hailo() -> str:
    return "" if any((DEV / name).exists() for name in HAILO) else "no /dev/hailo0"


def _coral() -> str:
    if (DEV / "apex_0").exists():
        return ""
    found = (_ids(device) for device in USB.glob("*")) if USB.is_dir() else ()
    return "" if any(ids in CORAL for ids in found) else "no Coral on USB or PCIe"


def _ids(device: Path) -> tuple[str, str]:
    try:
        vendor, product = (
            (device / name).read_text("ascii").strip() for name in ("idVendor", "idProduct")
        )
    except (OSError, ValueError):  # an interface or a hub's port
        return "", ""
    return vendor, product


BACKENDS: Final = {
    "hailo": Backend(".hef", ("hailo_platform",), _hailo),
    "edgetpu": Backend(".tflite", ("ai_edge_litert", "tflite_runtime"), _coral),
    "openvino": Backend(".xml", ("openvino",)),
    "ncnn": Backend(".param", ("ncnn",)),
    "onnx": Backend(".onnx", ("onnxruntime",)),
    "tflite": Backend(".tflite", ("ai_edge_litert", "tflite_runtime")),
    "ultralytics": Backend(".pt", ("ultralytics",), writes=True),
}
CHIPS: Final = {"hailo": ".hef", "edgetpu": TPU_ENDING}  # the files that only a chip opens
# The order of "auto", by what the machine calls its processor. Accelerators first. Of yolo11n on
# x86, OpenVINO's int8 took 0.41 to 0.46 of onnxruntime's time and ncnn 2.8 to 5.3 times as long
# (`python -m benchmarks backends`); on a Raspberry Pi 5 Ultralytics' published figures have ncnn
# before onnxruntime (88 ms, 168 ms at 640).
ORDER: Final = {
    "x86_64": ("hailo", "edgetpu", "openvino", "onnx", "tflite", "ncnn", "ultralytics"),
    "aarch64": ("hailo", "edgetpu", "ncnn", "onnx", "tflite", "openvino", "ultralytics"),
}


def selected(settings: ModelSettings) -> Choice:
    """Choose for this machine, and hash the files of what was chosen. Raises ModelError."""
    choice = choose(settings, *variants(settings.name))
    return replace(choice, model=checked(choice.model))


def choose(settings: ModelSettings, *found: Model) -> Choice:
    """Choose among the formats of one model (`models.variants`). Raises ModelError."""
    there = [model for model in found if model.state is not State.MISSING] or list(found)
    runs = {}
    for name in _order():
        if first := _opened_by(name, there):
            runs[name] = first
    if settings.backend != "auto":
        if settings.backend not in runs:
            raise _unopened(settings.backend, there, found)
        return Choice(settings.backend, runs[settings.backend], "model.backend names it")
    if not runs:
        raise _unopened("auto", there, found)
    idle = _idle(there[0].name, runs)
    if len(runs) == 1:
        name, model = next(iter(runs.items()))
        only = f"the only one for a {BACKENDS[name].suffix} file"
        return Choice(name, model, "; ".join((only, *idle)))
    return _preferred(runs, idle)


def _opened_by(backend: str, there: Sequence[Model]) -> Model | None:
    """The first of a model's formats that this backend opens (Rule 4)."""
    return next((model for model in there if _opens(backend, model)), None)


def _idle(model: str, runs: Container[str]) -> list[str]:
    """Say which chips are here that no file of the model is for (Rule 3)."""
    return [
        f"{name}: no {ends} of {model} here (`counter models export`)"
        for name, ends in CHIPS.items()
        if name not in runs and not BACKENDS[name].device()
    ]


def _preferred(runs: dict[str, Model], idle: list[str]) -> Choice:
    """The first that is present; `runs` in order of preference."""
    lacks = {name: lacking(name) for name in runs}
    for name, model in runs.items():
        if lacks[name]:
            continue
        rank = list(runs).index(name)
        passed = "; ".join([*idle, *(f"{other}: {lacks[other]}" for other in list(runs)[:rank])])
        after = ", ".join(list(runs)[rank + 1 :])
        before = f" before {after}" if after else ""
        first = f"preferred on {platform.machine()}{before}"
        return Choice(name, model, f"{first} ({passed})" if passed else first)
    said = "; ".join(f"{name}: {lack}" for name, lack in lacks.items())
    model = next(iter(runs.values()))
    raise ModelError(
        f"model.backend: nothing here runs model {model.name}: {said}",
        "install one of these packages; `pip install '.[openvino]'` on x86, '.[ncnn]' on ARM",
    )


def lacking(backend: str) -> str:
    """Say what is not here that this backend needs; nothing: all is."""
    needs = BACKENDS[backend]
    if not any(_installed(package) for package in needs.packages):
        return f"package {needs.packages[0]} is not installed"
    return needs.device()


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):  # barred, or loaded by hand
        return False


def _order() -> tuple[str, ...]:
    return ORDER.get(platform.machine(), tuple(BACKENDS))


def _opens(backend: str, model: Model) -> bool:
    """By the format's name, where it is a backend's; else by how the file ends."""
    if model.format in BACKENDS:
        return model.format == backend
    name = model.path.name if model.path else Path(model.entry.file).name
    if BACKENDS[backend].suffix != Path(name).suffix:
        return False
    return Path(name).suffix != ".tflite" or name.endswith(TPU_ENDING) == (backend == "edgetpu")


def _unopened(asked: str, there: Sequence[Model], found: Sequence[Model]) -> ModelError:
    registered = _opened_by(asked, found) if asked in BACKENDS else None
    if registered:
        return _without_file(asked, registered)
    name = there[0].name
    ends = sorted({Path(model.path or model.entry.file).suffix for model in there})
    endings = ", ".join(f"{backend.suffix} ({name})" for name, backend in BACKENDS.items())
    shown = " or ".join(f"'{end}'" for end in ends)
    made = "`counter models export` makes other files; " if asked in CHIPS else ""
    return ModelError(
        f"model.backend: '{asked}' does not open model {name}, a {shown} file",
        f"{made}there are: {endings}",
    )


def _without_file(asked: str, model: Model) -> ModelError:
    """Say where the registered file was looked for."""
    error = absent(model)
    looked = error.message.removeprefix(f"model {model.name}: ")
    made = "`counter models export` makes it; " if asked in CHIPS else ""
    return ModelError(
        f"model.backend: '{asked}' is registered for model {model.name}, but there is {looked}",
        f"{made}{error.hint}",
    )
