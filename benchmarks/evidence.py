"""Is this machine the one that a target names, and does its chip do the work? Else nothing counts.

Rule 1: several independent signs, all of which the kernel gives: what it calls the processor, its
own device tree, the bus, the driver, the native library that is mapped into this process. None is
read from the environment, and a file in the place of one of them is noticed.
Rule 2: a sign that is missing or cannot be read is a reason to say NOT MEASURED.
Rule 3: this keeps mistakes and fakes from passing for a measurement. It is no seal: whoever changes
this program, the kernel or the report can write what they like.
Not run on a Raspberry Pi, a Coral or a Hailo.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import board
from benchmarks.targets import Target

KERNEL: Final = ("sysfs", "proc", "devtmpfs")
# Of the processors: what /proc/cpuinfo says of an Arm Cortex-A76 (Raspberry Pi 5, BCM2712).
CORTEX_A76: Final = "0x41:0xd0b"
# Of each backend: the package that is imported (any of them), and the start of a library of its
# own that is mapped once it works. A fake in Python has none.
RUNTIMES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "hailo": (("hailo_platform",), "libhailort.so"),
    "edgetpu": (("ai_edge_litert", "tflite_runtime"), "libedgetpu.so"),
    "openvino": (("openvino",), "libopenvino.so"),
    "ncnn": (("ncnn",), "ncnn.cpython"),
    "onnx": (("onnxruntime",), "onnxruntime_pybind11_state"),
    "tflite": (("ai_edge_litert", "tflite_runtime"), "_pywrap"),
}
HAILO_VENDOR: Final = "1e60"
CHIPS: Final = {"hailo8l": ("HAILO8L", "2"), "hailo8": ("HAILO8", "1")}  # of hailo_platform 4.x
CORAL_USB: Final = (("1a6e", "089a"), ("18d1", "9302"))


@dataclass(frozen=True, slots=True)
class Machine:
    """What the kernel says of this machine."""

    architecture: str
    processors: frozenset[str]  # implementer:part of each core, on Arm
    cores: int
    board: str
    board_is_told: bool  # by the kernel's own file system
    pci: frozenset[tuple[str, bool]]  # vendor, and whether a driver has the device
    usb: frozenset[tuple[str, str]]
    nodes: frozenset[str]  # devices of character type in /dev

    @classmethod
    def here(cls) -> "Machine":
        return cls(
            architecture=os.uname().machine,
            processors=frozenset(_processors(board.text(Path("/proc/cpuinfo")))),
            cores=board.cores(),
            board=board.text(board.MODEL),
            board_is_told=told_by_kernel(board.MODEL),
            pci=frozenset(_pci(board.PCI)),
            usb=frozenset(_usb(board.USB)),
            nodes=frozenset(_nodes(Path("/dev"))),
        )


@dataclass(frozen=True, slots=True)
class Work:
    """What did the work, asked after it was done."""

    backend: str
    input: str  # width x height
    packages: Mapping[str, str]  # imported runtimes: name and file
    libraries: frozenset[str]  # names of the files that are mapped into this process
    chip: str  # what a Hailo calls itself; "": there is none

    @classmethod
    def done(cls, account: Mapping[str, Any]) -> "Work":
        chip = account["accelerator"]
        return cls(
            backend=account["model"]["backend"],
            input=account["model"]["input"],
            packages=board.runtimes(),
            libraries=frozenset(mapped()),
            chip=str(chip.get("device_architecture", "")) if isinstance(chip, Mapping) else "",
        )


def other_machine(target: Target, here: Machine) -> Iterator[str]:
    """Say in which ways this is not the target's machine."""
    if here.architecture != target.architecture:
        yield f"the processor is {here.architecture}, the target's is {target.architecture}"
    if here.cores != target.cores:
        yield f"{here.cores} cores are allowed, the target has {target.cores}"
    if target.board:
        if not re.search(target.board, here.board):
            yield f"the board is {here.board!r}, the target's matches {target.board!r}"
        if not here.board_is_told:
            yield f"{board.MODEL} is not the kernel's own"
        if here.processors != {CORTEX_A76}:
            yield "the cores are not Cortex-A76"
    yield from _no_chip(target, here)


def other_work(target: Target, work: Work) -> Iterator[str]:
    """Say in which ways it was not the target's runtime and chip that did the work."""
    if work.backend != target.backend:
        yield f"the backend was {work.backend}, the target's is {target.backend}"
        return
    if work.input != (asked := "x".join(map(str, target.input))):
        yield f"the model's input was {work.input}, the target's is {asked}"
    names, library = RUNTIMES[work.backend]
    files = [work.packages[name] for name in names if name in work.packages]
    if not files:
        yield f"no package of the {work.backend} backend is loaded"
    for file in files:
        if not board.installed(file):
            yield f"{Path(file).parent.name} is not an installed package: a stand-in, it seems"
    if not any(name.startswith(library) for name in work.libraries):
        yield f"no {library} is mapped into this process: something else did its work"
    if names := CHIPS.get(target.accelerator, ()):
        said = work.chip.rpartition(".")[2]
        if said not in names:
            yield f"the chip calls itself {said or 'nothing'}, the target's is {names[0]}"


def told_by_kernel(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> bool:
    """Whether this file is on one of the kernel's own file systems, and not laid over it."""
    try:
        real = path.resolve(strict=True)
        lines = mounts.read_text().splitlines()
    except OSError:
        return False
    found = {}
    for line in lines:
        left, _, right = line.partition(" - ")
        found[Path(left.split()[4])] = right.split()[0]  # the later of two at one place is on top
    at = max((place for place in found if real.is_relative_to(place)), key=lambda p: len(p.parts))
    return found[at] in KERNEL


def mapped(maps: Path = Path("/proc/self/maps")) -> Iterator[str]:
    """Names of the files that are mapped into this process."""
    for line in maps.read_text().splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[5].startswith("/"):
            yield Path(fields[5]).name


def _no_chip(target: Target, here: Machine) -> Iterator[str]:
    if target.accelerator in CHIPS:
        if HAILO_VENDOR not in {vendor for vendor, _ in here.pci}:
            yield f"no PCIe device of vendor {HAILO_VENDOR} (Hailo)"
        elif (HAILO_VENDOR, True) not in here.pci:
            yield "no driver has the Hailo on PCIe"
        if "hailo0" not in here.nodes:
            yield "no device /dev/hailo0"
    if target.accelerator == "coral-usb" and not here.usb & set(CORAL_USB):
        yield "no Coral on USB"


def _processors(cpuinfo: str) -> Iterator[str]:
    said: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        said[name.strip()] = value.strip()
        if name.strip() == "CPU part":
            yield f"{said.get('CPU implementer', '')}:{value.strip()}"


def _pci(folder: Path) -> Iterator[tuple[str, bool]]:
    for device in folder.glob("*"):
        yield board.text(device / "vendor").removeprefix("0x"), (device / "driver").exists()


def _usb(folder: Path) -> Iterator[tuple[str, str]]:
    for device in folder.glob("*"):
        yield board.text(device / "idVendor"), board.text(device / "idProduct")


def _nodes(folder: Path) -> Iterator[str]:
    for node in folder.glob("hailo*"):
        if stat.S_ISCHR(node.stat().st_mode):
            yield node.name
