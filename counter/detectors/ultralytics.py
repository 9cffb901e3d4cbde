"""Models as trained: `.pt` files, run by ultralytics on torch (the extra `ultralytics`).

Rule 1: the package writes a settings file, looks for the network, reads the hardware address and
installs packages when it is imported or loads a model. None of it happens here.
Rule 2: a `.pt` is a pickle: its sha256 was checked, and it is read with torch's weights-only
loader, which makes only the classes on ultralytics' list.
Rule 3: only the network is used. Its predictor would keep pictures in lists of its own; the
letterbox and the decoding are those of every other backend.
"""

import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from counter.detectors import yolo
from counter.detectors.features import Told, refuse_columns, refuse_told
from counter.detectors.letterbox import Planes
from counter.detectors.running import cores, first_line, looking
from counter.errors import ModelError, RefusedError
from counter.frame import Frame
from counter.models import Model
from counter.people import Detections

# Names read in ultralytics 8.4.190: utils/__init__.py and nn/tasks.py.
QUIET = {
    "YOLO_OFFLINE": "1",
    "YOLO_AUTOINSTALL": "False",
    "YOLO_VERBOSE": "False",
    "ULTRALYTICS_SAFE_LOAD": "1",
}


class UltralyticsDetector:
    backend = "ultralytics"

    def __init__(self, model: Model, head: yolo.Head, threads: int) -> None:
        """Load, check and warm up; `threads` 0: one per core.

        Raises ModelError, or RefusedError for a model that knows more of a person than a box.
        """
        self.name = model.name
        self._head = head
        self._letterbox = Planes(model.entry.input)
        self._torch, make = packages()
        self._torch.set_num_threads(cores(threads))
        try:
            trained = make(str(model.path), task="detect").model
            told = _told(trained)
            refuse_told(model.name, told)
            self._network = _network(trained, head)
            output = self._run()
        except RefusedError:
            raise
        except Exception as error:  # noqa: BLE001  # torch and ultralytics raise what they like
            raise ModelError(
                f"model {model.name}: ultralytics cannot load {model.path}", first_line(error)
            ) from None
        refuse_columns(model.name, head, output.shape, told)
        yolo.checked(output, head, model.name)

    def detect(self, frame: Frame) -> Detections:
        try:
            place = self._letterbox.fill(frame.pixels)
            with looking(self.name, "ultralytics"):
                output = self._run()
        finally:
            self._letterbox.wipe()
        return yolo.decode(output, self._head, place, frame.captured_ns)

    def close(self) -> None:
        """Nothing to hand back: the network's memory goes with it."""

    def _run(self) -> yolo.Floats:
        with self._torch.inference_mode():
            outputs = self._network(self._torch.from_numpy(self._letterbox.tensor))
        # in evaluation: (decoded, what the loss needs)
        output: yolo.Floats = (outputs[0] if isinstance(outputs, tuple) else outputs).numpy()
        return output


def _told(trained: Any) -> Told:
    """Read what a checkpoint says: the classes it was trained on, and for what task."""
    names = getattr(trained, "names", None) or {}
    values = names.values() if isinstance(names, dict) else names
    return Told(tuple(map(str, values)), str(getattr(trained, "task", "") or ""))


def _network(trained: Any, head: yolo.Head) -> Any:
    """Fuse what was trained, with the head that the registry names (some have both)."""
    end_to_end = head.layout == "end-to-end"
    if trained.end2end != end_to_end:
        trained.end2end = end_to_end
    return trained.fuse(verbose=False).eval()


def packages() -> tuple[Any, Any]:
    """Import torch and ultralytics without traces: (torch, ultralytics.YOLO)."""
    wrong = [name for name, value in QUIET.items() if os.environ.get(name) != value]
    if "ultralytics" in sys.modules and wrong:
        raise ModelError(
            "ultralytics was imported before it was told to stay offline",
            f"set {QUIET} in the environment of the process",
        )
    os.environ.update(QUIET)
    try:
        with _traceless():
            import torch  # noqa: PLC0415  # only if this backend is opened
            from ultralytics import YOLO  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            f"backend ultralytics: package {error.name} is not installed",
            "in an environment of its own: pip install '.[ultralytics]' in the project's folder",
        ) from None
    return torch, YOLO


@contextmanager
def _traceless() -> Iterator[None]:
    """During the import: settings go to a folder that vanishes, no hardware address is read.

    The package insists on a folder that it can write its settings to, and hashes the hardware
    address into an id for its vendor; asking for that also opens a socket and writes a clock file.
    """
    address, folder = uuid.getnode, os.environ.get("YOLO_CONFIG_DIR")
    with tempfile.TemporaryDirectory(prefix="counter-") as nowhere:
        os.environ["YOLO_CONFIG_DIR"] = nowhere
        uuid.getnode = lambda: 0
        try:
            yield
        finally:
            uuid.getnode = address
            if folder is None:
                del os.environ["YOLO_CONFIG_DIR"]
            else:
                os.environ["YOLO_CONFIG_DIR"] = folder
