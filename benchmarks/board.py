"""What stands still of the machine that figures are taken on.

Rule 1: everything is read from the kernel or from installed packages, nothing from the environment.
Rule 2: what cannot be read is ABSENT. Nothing is guessed.
The parts for a Raspberry Pi, a Coral and a Hailo were not run on hardware.
"""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

ABSENT: Final = "not available"
MODEL: Final = Path("/proc/device-tree/model")
BOOTLOADER: Final = Path("/proc/device-tree/chosen/bootloader/version")
PCI: Final = Path("/sys/bus/pci/devices")
USB: Final = Path("/sys/bus/usb/devices")
MODULES: Final = Path("/sys/module")
DRIVERS: Final = ("hailo_pci", "hailo1x_pci", "gasket", "apex")
# Vendor and device as the bus tells them; a Coral on USB has one name before its firmware is
# loaded and another one after.
CHIPS: Final = {
    ("1e60", None): "Hailo",
    ("1ac1", "089a"): "Coral (PCIe)",
    ("1a6e", "089a"): "Coral (USB, before its firmware)",
    ("18d1", "9302"): "Coral (USB)",
}
# Packages that look at pictures, by the name that is imported; and where a package is installed.
RUNTIMES: Final = (
    "hailo_platform",
    "ai_edge_litert",
    "tflite_runtime",
    "openvino",
    "ncnn",
    "onnxruntime",
)
INSTALLED: Final = ("site-packages", "dist-packages")
LIBRARIES: Final = (
    "numpy",
    "opencv-python-headless",
    "onnxruntime",
    "openvino",
    "ncnn",
    "ai-edge-litert",
    "tflite-runtime",
    "hailort",
    "scipy",
    "ultralytics",
    "supervision",
    "trackers",
)


def hardware() -> str:
    """The first line of every report."""
    board = board_model()
    where = board if board != ABSENT else processor()
    said = f"measured on {where}, {cores()} cores allowed, {platform.platform(terse=True)}"
    if "Raspberry Pi" not in board:
        said += ", not a Raspberry Pi"
    fakes = [name for name, file in runtimes().items() if not installed(file)]
    return f"{said}; {', '.join(fakes)}: a stand-in, no measurement" if fakes else said


def facts() -> dict[str, Any]:
    """Everything that stands still, ready for JSON."""
    return {
        "board": board_model(),
        "processor": processor(),
        "architecture": platform.machine(),
        "cores allowed": cores(),
        "memory MiB": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20),
        "kernel": platform.release(),
        "page size KiB": os.sysconf("SC_PAGE_SIZE") // 1024,
        "bootloader": text(BOOTLOADER),
        "accelerators": accelerators() or ABSENT,
        "drivers": drivers() or ABSENT,
    }


def versions() -> dict[str, str]:
    """Of Python and of every library that is measured and installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def runtimes() -> dict[str, str]:
    """The runtimes that are imported by now, and the file of each."""
    loaded = {name: sys.modules[name] for name in RUNTIMES if name in sys.modules}
    return {name: str(getattr(module, "__file__", None) or "") for name, module in loaded.items()}


def installed(file: str) -> bool:
    """Whether a package was installed as packages are; a test's own was not."""
    return bool(set(INSTALLED) & set(Path(file).resolve().parts))


def board_model() -> str:
    return text(MODEL)


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def cores() -> int:
    return len(os.sched_getaffinity(0))


def accelerators(pci: Path = PCI, usb: Path = USB) -> list[dict[str, str]]:
    """Each chip on a bus: its link as the kernel tells it, and the driver that has it."""
    found = []
    for device in sorted(pci.glob("*")):
        ids = text(device / "vendor").removeprefix("0x"), text(device / "device").removeprefix("0x")
        if name := CHIPS.get(ids) or CHIPS.get((ids[0], None)):
            link = f"{text(device / 'current_link_speed')} x{text(device / 'current_link_width')}"
            most = f"{text(device / 'max_link_speed')} x{text(device / 'max_link_width')}"
            found.append({"chip": name, "link": link, "most": most, "driver": _driver(device)})
    for device in sorted(usb.glob("*")):
        ids = text(device / "idVendor"), text(device / "idProduct")
        if name := CHIPS.get(ids):
            found.append({"chip": name, "link": f"{text(device / 'speed')} Mbit/s"})
    return found


def drivers(modules: Path = MODULES) -> dict[str, str]:
    """Version of each accelerator's kernel module that is loaded."""
    return {name: text(modules / name / "version") for name in DRIVERS if (modules / name).is_dir()}


def heat_of(detector: object) -> Any:
    """What holds a Hailo's control, in a detector that has one; None in any other."""
    heat = getattr(detector, "_heat", None)
    return heat if hasattr(heat, "_control") else None


def chip_of(detector: object) -> dict[str, Any]:
    """What a Hailo says of itself, when this detector holds one; nothing else is asked."""
    heat = heat_of(detector)
    if heat is None:
        return {}
    try:
        said = heat._control.identify()
        fields = ("device_architecture", "firmware_version", "product_name")
        return {name: str(getattr(said, name, ABSENT)) for name in fields}
    except Exception as error:  # noqa: BLE001  # the vendor's errors share no base
        return {"chip": f"{ABSENT} ({type(error).__name__})"}


def text(path: Path) -> str:
    """A file of the kernel's in one line; a device tree ends its strings with a zero byte."""
    try:
        return path.read_text("utf-8", "replace").strip("\0 \n") or ABSENT
    except OSError:
        return ABSENT


def _driver(device: Path) -> str:
    driver = device / "driver"
    return driver.resolve().name if driver.exists() else ABSENT
