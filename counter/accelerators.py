"""Chips beside the CPU: the device files that they are reached by, and whether one answers.

Rule 1: this is known before rights are given up, so nothing here loads a runtime or numpy.
Rule 2: a runtime that can crash with its chip's library (Edge TPU) is tried in a process of its own
first. That must be before stage 1 of the sandbox, in which no program can be started.
Rule 3: what the probe says is one of a closed list of words, each with a sentence that says what to
do.
Not run on hardware.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

from counter.errors import ModelError
from counter.models import Model

HAILO, EDGE_TPU = "hailo", "edgetpu"
TPU_ENDING: Final = "_edgetpu.tflite"  # what edgetpu_compiler calls its files
DEVICES: Final = Path("/dev")
APEX: Final = Path("/sys/class/apex")  # of the driver of Edge TPUs on PCIe
HEAT: Final = ("temp", "trip_point0_temp", "trip_point2_temp")  # files in there, each chip's own
PROBE_S: Final = 60.0  # a USB stick takes its firmware first, and comes back as another device
PAIR: Final = "Python 3.11 with tflite_runtime 2.17.1 and libedgetpu 16.0TF2.17.1"

# What a probe says: what is wrong, what to do.
SAID: Final = {
    "runtime": ("no LiteRT can be used", f"known to work: {PAIR}"),
    "library": (
        "libedgetpu.so.1 cannot be loaded",
        f"install libedgetpu1-std; known to work: {PAIR}",
    ),
    "device": (
        "no Edge TPU answers",
        "is it plugged in (USB 3, or /dev/apex_0), may this user open it, is it in use elsewhere?",
    ),
    "compiled": (
        "the Edge TPU's library does not take the file",
        f"compile it again with edgetpu_compiler, for the version of your library; {PAIR}",
    ),
    "run": (
        "the Edge TPU fails while it runs the model",
        "try another port, cable or power supply; libedgetpu1-std is cooler than -max",
    ),
    "crash": (
        "the Edge TPU's library ends the process that loads it",
        f"library and runtime are of versions that do not fit; known to work: {PAIR}",
    ),
    "hang": (
        f"the Edge TPU does not answer within {PROBE_S:.0f} s",
        "unplug it, wait, plug it in again; then look at `dmesg`",
    ),
}


def accelerator_of(backend: str, model: Model) -> str | None:
    """Which chip a model needs, as `backend` and its file say; None: the CPU is enough."""
    name = "" if model.path is None else model.path.name
    if name.endswith(".hef"):
        return HAILO
    if EDGE_TPU in {backend, model.format} or (backend == "auto" and name.endswith(TPU_ENDING)):
        return EDGE_TPU
    return None


def device_files(accelerator: str) -> tuple[Path, ...]:
    """The files in /dev that are opened for it, whether or not they are there yet."""
    if accelerator == HAILO:
        # The second is what the driver of Hailo-10H calls them since HailoRT 5.3.
        found = [path for kind in ("hailo[0-9]*", "h1x-[0-9]*") for path in DEVICES.glob(kind)]
        return tuple(sorted(found)) or (DEVICES / "hailo0",)
    # On USB it changes its identity when it is first used, and so its file: the folder, then.
    return tuple(sorted(DEVICES.glob("apex_*"))) or (DEVICES / "bus/usb",)


def heat_files(accelerator: str) -> tuple[Path, ...]:
    """The files that say how hot a chip is; a Hailo says it itself, a USB Edge TPU not at all."""
    if accelerator != EDGE_TPU or tpu_bus() != "pci":
        return ()
    chip = APEX / min(DEVICES.glob("apex_*")).name
    return tuple(path for path in (chip / name for name in HEAT) if path.is_file())


def tpu_bus() -> str:
    return "pci" if any(DEVICES.glob("apex_*")) else "usb"


def ready(backend: str, model: Model) -> None:
    """See that the chip answers, where that must be done early (Rule 2). Raises ModelError."""
    if accelerator_of(backend, model) == EDGE_TPU and model.path is not None:
        probe_tpu(model.name, model.path, tpu_bus())


@cache  # an error is not kept: the next call tries again
def probe_tpu(model: str, path: Path, bus: str) -> None:
    """Load the model on the Edge TPU and run it once, in another process. Raises ModelError."""
    here = str(Path(__file__).parents[1])
    search = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), here)))
    try:
        done = subprocess.run(  # noqa: S603  # ourselves, and a file that was hashed
            [sys.executable, "-P", "-m", "counter.detectors.edgetpu", str(path), bus],
            env=os.environ | {"PYTHONPATH": search, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise failure(model, "hang") from None
    except OSError as error:
        raise ModelError(
            f"model {model}: no process can be started to try the Edge TPU: {error.strerror}",
            "open it before rights are given up",
        ) from None
    if done.returncode < 0:
        raise failure(model, "crash", f"signal {-done.returncode}")
    try:
        word, why = json.loads(done.stdout.rpartition(b"\n")[2])  # the library may print, too
    except ValueError:
        raise failure(model, "crash", f"exit code {done.returncode}") from None
    if word != "ok":
        raise failure(model, word, why)


def failure(model: str, word: str, why: str = "") -> ModelError:
    wrong, hint = SAID[word]
    return ModelError(f"model {model}: {wrong}{f' ({why})' if why else ''}", hint)
