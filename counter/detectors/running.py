"""What the backends that run on a CPU have in common around their runtimes.

Rule 1: before the first picture a runtime's own first line is told, as a ModelError; later nothing
of it is: its text may hold what the picture showed.
Rule 2: a second file of a model is opened only if its sha256 is registered, as the first one's is.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from counter.errors import CounterError, DeviceError, ModelError
from counter.models import Model, parts_of

if TYPE_CHECKING:  # they bring OpenCV and numpy, which `assemble` must not load at its import
    from counter.detectors.letterbox import Camera, Fit, Planes
    from counter.frame import Frame


@contextmanager
def looking(model: str, runtime: str) -> Iterator[None]:
    """Turn whatever a runtime raises while it looks at a picture into a DeviceError (Rule 1).

    What the backend says itself already stays as it is.
    """
    try:
        yield
    except CounterError:
        raise
    except Exception as error:  # noqa: BLE001  # the runtimes' errors share no base
        raise DeviceError(
            f"model {model}: {runtime} failed at a picture ({type(error).__name__})",
            "it is opened again; if it fails again, look for memory that ran out, and run"
            " `counter models verify`",
        ) from None


def taken(letterbox: "Camera | Planes", frame: "Frame") -> "tuple[Fit, int]":
    """Bring a frame into a network's input; say where it lies there, and when it was captured.

    If that fails, what was written of it is overwritten.
    """
    try:
        return letterbox.fill(frame.pixels), frame.captured_ns
    except BaseException:
        letterbox.wipe()
        raise


def cores(threads: int) -> int:
    """`threads`, or one per core that this process may use."""
    return threads or len(os.sched_getaffinity(0))


def two_files(model: Model) -> tuple[Path, Path]:
    """The model's file and that of its weights (Rule 2). Raises ModelError."""
    files = [path for path, _ in parts_of(model)]
    if len(files) != 2:
        raise ModelError(
            f"model {model.name}: the registry names no weights beside {model.entry.file}",
            "register weights and weights_sha256: the second file of this format",
        )
    absent = [path for path in files if not path.is_file()]
    if absent:
        raise ModelError(f"model {model.name}: no file {absent[0]}", "put it beside the other one")
    return files[0], files[1]


def first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:200]
