"""Hailo-8, -8L and -10H: compiled files (.hef), run by HailoRT. Not run on hardware.

Rule 1: the vendor's package touches the driver when it is imported, so that happens when this
backend is opened; its log file is switched off before.
Rule 2: two pictures are in flight: one is made ready while the chip is busy with the other. Each
has buffers of its own, which are overwritten when its result is read.
Rule 3: the callback is run by HailoRT's thread: it keeps the error, and never raises.
Rule 4: what takes longer than its time is a DeviceError; nothing here waits for ever.
"""

import os
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from counter.detectors import yolo
from counter.detectors.hailo_checks import Heat, check_chip, check_network, map_of
from counter.detectors.hailo_errors import INSTALL, INVALID_OPERATION, code_of, told
from counter.detectors.hailo_maps import Read, reader
from counter.detectors.letterbox import Fit, Interleaved
from counter.errors import CounterError, DeviceError, ModelError
from counter.frame import Frame
from counter.models import Model
from counter.people import Detections

IN_FLIGHT: Final = 2
ANSWER_MS: Final = 2000  # a picture takes 2 to 10 ms; another process may hold the chip for a while
FIRST_MS: Final = 10_000  # the first one loads the network


@dataclass(slots=True, eq=False)
class _Slot:
    """The buffers of one picture in flight."""

    letterbox: Interleaved
    outputs: list[NDArray[Any]]  # one for each of the network's
    bindings: Any
    job: Any = None
    place: Fit | None = None
    captured_ns: int = 0
    failed: BaseException | None = None

    def fill(self, frame: Frame) -> None:
        self.place = self.letterbox.fill(frame.pixels)
        self.captured_ns, self.failed = frame.captured_ns, None

    def done(self, completion_info: Any) -> None:
        """Rule 3. The name of the argument is HailoRT's."""
        self.failed = getattr(completion_info, "exception", None)

    def wipe(self) -> None:
        self.letterbox.wipe()
        for output in self.outputs:
            output.fill(0)


class HailoDetector:
    """`submit` and `collect` are for a loop that overlaps them; `detect` is one, then the other."""

    backend = "hailo"
    depth = IN_FLIGHT
    done = False  # the chip is asked when the next picture comes

    def __init__(self, model: Model, head: yolo.Head, threads: int) -> None:  # noqa: ARG002
        """Find the chip, load, check and warm up; the host's threads have no part in it.

        Raises ModelError, or DeviceError for a chip that is too hot.
        """
        self.name = model.name
        self._head = head
        self._busy: deque[_Slot] = deque()
        self._free: deque[_Slot] = deque()
        self._open: list[Any] = []  # what `close` calls, last first
        self._lost = False  # it did not answer: nothing is waited for any more
        self._heat: Heat | None = None
        self._read: Read | None = None  # of raw heads; None: the boxes come out ready
        self._model: Any = None
        self._configured: Any = None
        try:
            with told(ModelError, self.name, os.sysconf("SC_PAGESIZE")):
                self._heat = Heat(self.name, self._chip(_platform(), model), time.monotonic())
                self._load(_platform(), model)
                self._run_once()
        except CounterError:
            self.close()
            raise

    def detect(self, frame: Frame) -> Detections:
        """Look at one frame and wait for it; none may be in flight."""
        if self._busy:
            raise RuntimeError("pictures are in flight: collect them first")
        self.submit(frame)
        return self.collect()

    def submit(self, frame: Frame) -> None:
        """Send a picture off; it may be released then. At most `depth` without a `collect`."""
        slot = self._free.popleft()
        try:
            slot.fill(frame)
            with told(DeviceError, self.name):
                self._send(slot, ANSWER_MS)
        except BaseException:
            slot.wipe()
            self._free.append(slot)
            raise

    def collect(self) -> Detections:
        """Wait for the oldest picture's persons. Raises DeviceError."""
        slot = self._busy.popleft()
        try:
            with told(DeviceError, self.name):
                table, head = self._result(slot, ANSWER_MS)
                if self._heat is not None:
                    self._heat.look(time.monotonic())
        finally:
            slot.wipe()
            self._free.append(slot)
        assert slot.place is not None  # noqa: S101  # it was sent
        return yolo.decode(table, head, slot.place, slot.captured_ns)

    def close(self) -> None:
        """Hand the chip back: pictures in flight end first, the network goes before the device.

        Of a chip that hangs nothing is waited for here; `shutdown` itself takes up to 10 s then.
        """
        for slot in () if self._lost else self._busy:
            with suppress(Exception):  # it may hang, or be gone
                slot.job.wait(ANSWER_MS)
        opened, self._open = self._open, []
        for end in reversed(opened):
            with suppress(Exception):  # what follows is closed all the same
                end()
        for slot in (*self._busy, *self._free):
            slot.wipe()
            slot.bindings = slot.job = None
        self._busy.clear()
        self._free.clear()
        self._model = self._configured = self._heat = None

    def _chip(self, platform: Any, model: Model) -> Any:
        """Open the first chip and see that it runs this file; its control object."""
        found = platform.Device.scan()
        if not found:
            raise platform.HailoRTException("HailoRT device not found in the system")
        device = platform.Device(found[0])
        self._open.append(device.release)
        check_chip(model, int(device.control.identify().device_architecture))
        return device.control

    def _load(self, platform: Any, model: Model) -> None:
        params = platform.VDevice.create_params()
        # Of 4.x the default has no scheduler, and then nothing runs before `activate`.
        params.scheduling_algorithm = platform.HailoSchedulingAlgorithm.ROUND_ROBIN
        params.group_id = "SHARED"
        device = platform.VDevice(params)
        self._open.append(device.release)
        try:
            self._configure(platform, device, model, thresholds=True)
        except Exception as error:
            if code_of(error) != INVALID_OPERATION:
                raise
            # The file has its NMS on the chip, with thresholds that were compiled in.
            self._configure(platform, device, model, thresholds=False)
        for _ in range(IN_FLIGHT):
            self._free.append(self._slot(model))

    def _configure(self, platform: Any, device: Any, model: Model, *, thresholds: bool) -> None:
        self._model = network = device.create_infer_model(str(model.path))
        network.set_batch_size(1)
        check_network(model, network, self._head)
        network.input().set_format_type(platform.FormatType.UINT8)
        if not network.outputs[0].is_nms:
            maps = [map_of(model, one) for one in network.outputs]
            self._read = reader(model.name, self._head, model.entry.input, maps)
        else:
            network.output().set_format_type(platform.FormatType.FLOAT32)
            if thresholds:
                network.output().set_nms_score_threshold(self._head.floor)
                network.output().set_nms_iou_threshold(self._head.iou)
        self._configured = configured = network.configure()  # formats that do not fit fail here
        self._open += [lambda: configured.__exit__(None, None, None), configured.shutdown]

    def _slot(self, model: Model) -> _Slot:
        table = np.arange(256, dtype=np.uint8)  # the chip scales the pixels itself
        letterbox = Interleaved(model.entry.input, table)
        made = self._model.outputs
        kinds = [np.float32 if one.is_nms else map_of(model, one).dtype for one in made]
        outputs = [np.zeros(one.shape, kind) for one, kind in zip(made, kinds, strict=True)]
        buffers = dict(zip([one.name for one in made], outputs, strict=True))
        bindings = self._configured.create_bindings(output_buffers=buffers)
        bindings.input().set_buffer(letterbox.tensor[0])
        return _Slot(letterbox, outputs, bindings)

    def _run_once(self) -> None:
        """On grey: the first picture shall not be slow, and a chip that hangs is found now."""
        slot = self._free.popleft()
        with Frame(slot.letterbox.tensor[0].copy(), 0) as grey:
            slot.fill(grey)
        self._send(slot, FIRST_MS)
        self._result(self._busy.popleft(), FIRST_MS)
        slot.wipe()
        self._free.append(slot)

    def _send(self, slot: _Slot, limit_ms: int) -> None:
        self._configured.wait_for_async_ready(timeout_ms=limit_ms, frames_count=1)
        slot.job = self._configured.run_async([slot.bindings], slot.done)
        self._busy.append(slot)

    def _result(self, slot: _Slot, limit_ms: int) -> tuple[yolo.Floats, yolo.Head]:
        """What `yolo.decode` takes, persons only."""
        try:
            slot.job.wait(limit_ms)
        except Exception:
            self._lost = True
            raise
        if slot.failed is not None:
            raise slot.failed
        if self._read is not None:
            return self._read(slot.outputs)
        rows = slot.bindings.output().get_buffer(tf_format=False)[self._head.person]
        table = np.empty((1, len(rows), 6), np.float32)
        table[0, :, :4] = rows[:, [1, 0, 3, 2]]  # top, left, bottom, right -> left, top, ...
        table[0, :, 4] = rows[:, 4]
        table[0, :, 5] = self._head.person
        return table, replace(self._head, layout="end-to-end", units="normalised")


def _platform() -> Any:
    os.environ["HAILORT_LOGGER_PATH"] = "NONE"  # Rule 1: hailort.log in the working folder
    try:
        import hailo_platform  # noqa: PLC0415  # Rule 1
    except ImportError as error:
        raise ModelError(
            f"backend hailo: hailo_platform cannot be imported: {error}",
            f"{INSTALL}; it is no PyPI package: make the environment with --system-site-packages",
        ) from None
    return hailo_platform
