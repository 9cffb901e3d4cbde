"""Coral Edge TPU: TFLite models compiled for it, through libedgetpu. Not run on hardware.

Rule 1: a process of its own has loaded and run the model before this one does (`accelerators`): of
some versions the library crashes, and that must not happen here.
Rule 2: a call that hangs ends in a DeviceError, not in waiting (`bounded`).
Rule 3: only what the compiler could not map runs on the CPU: pictures, numbers and boxes are those
of `tflite`.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any, Final

from counter.accelerators import EDGE_TPU, failure, heat_files, probe_tpu, tpu_bus
from counter.detectors import yolo
from counter.detectors.apex import ApexHeat
from counter.detectors.bounded import Bounded
from counter.detectors.running import first_line
from counter.detectors.tflite import (
    TPU_OPERATION,
    Network,
    contents,
    interpreter_of,
    runtime_of,
)
from counter.errors import DeviceError, ModelError
from counter.frame import Frame
from counter.models import Model
from counter.people import Detections

LIBRARY: Final = "libedgetpu.so.1"
RUNTIMES: Final = ("tflite_runtime", "ai_edge_litert")  # the first is what the library is built for
ANSWER_S: Final = 3.0  # a picture takes 10 to 70 ms


class EdgeTpuDetector:
    backend = "edgetpu"

    def __init__(self, model: Model, head: yolo.Head, threads: int) -> None:
        """Probe, load, check and warm up; `threads` are for what the chip does not do.

        Raises ModelError, RefusedError for a model that knows more of a person than a box, or
        DeviceError for a chip that is too hot.
        """
        self.name = model.name
        content = contents(model)
        if TPU_OPERATION not in content:
            raise ModelError(
                f"model {model.name}: {model.path} is not compiled for the Edge TPU",
                "edgetpu_compiler FILE.tflite (on x86-64) makes FILE_edgetpu.tflite;"
                ' or backend = "tflite" for the CPU',
            )
        self._heat = ApexHeat(model.name, heat_files(EDGE_TPU), time.monotonic())
        try:
            self._network = _network(model, head, content, threads)
        except BaseException:
            self._heat.close()
            raise
        self._invoke = Bounded(self._network.invoke, ANSWER_S, "edge tpu")

    def detect(self, frame: Frame) -> Detections:
        """Raise DeviceError if the chip fails, hangs, or is too hot."""
        self._heat.look(time.monotonic())
        return self._network.look(frame, self._run)

    def close(self) -> None:
        """Free the interpreter before its delegate; one that hangs keeps both."""
        self._heat.close()
        self._invoke.close()
        if not self._invoke.stuck:
            self._network.close()

    def _run(self) -> None:
        try:
            self._invoke()
        except TimeoutError:
            probe_tpu.cache_clear()  # it is to be tried anew
            raise DeviceError(
                f"model {self.name}: the Edge TPU did not answer within {ANSWER_S:.0f} s",
                "it hangs, or was unplugged; if it comes again: power supply, cable, cooling",
            ) from None
        except (RuntimeError, ValueError) as error:
            probe_tpu.cache_clear()
            raise DeviceError(  # without its text, which may hold what the picture showed
                f"model {self.name}: the Edge TPU fails ({type(error).__name__})",
                "was it unplugged? if it comes again: power supply, cable, cooling",
            ) from None


def _network(model: Model, head: yolo.Head, content: bytes, threads: int) -> Network:
    bus = tpu_bus()
    probe_tpu(model.name, Path(model.path or ""), bus)
    runtime = runtime_of(RUNTIMES)
    delegate = _delegate(model.name, runtime, bus)
    return Network(model, head, lambda: interpreter_of(runtime, content, threads, [delegate]))


def _delegate(model: str, runtime: Any, bus: str) -> Any:
    try:
        return runtime.load_delegate(LIBRARY, {"device": bus})
    except OSError as error:
        raise failure(model, "library", first_line(error)) from None
    except ValueError:
        raise failure(model, "device") from None


def probe(path: str, bus: str) -> tuple[str, str]:
    """Say in one of `accelerators.SAID`, or "ok", how far it goes."""
    try:
        runtime = runtime_of(RUNTIMES)
    except ModelError as error:
        return "runtime", error.message
    try:
        delegate = runtime.load_delegate(LIBRARY, {"device": bus})
    except OSError as error:
        return "library", first_line(error)
    except ValueError:
        return "device", ""
    try:
        interpreter = interpreter_of(runtime, Path(path).read_bytes(), 1, [delegate])
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError, OSError) as error:
        return "compiled", first_line(error)
    try:
        interpreter.invoke()  # on zeros
    except (RuntimeError, ValueError) as error:
        return "run", first_line(error)
    return "ok", ""


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(probe(sys.argv[1], sys.argv[2])))
