"""What the processor does for a picture beside the network, for each way that networks are run.

Rule 1: our own functions on a picture of CAMERA, and on outputs made up to hold a crowd.
Rule 2: processor time of one thread: what else the machine does is left out.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from msgspec import structs

from benchmarks import detection, tracking
from benchmarks.rounds import WARM_UP
from counter.counting import Counting
from counter.detectors import yolo
from counter.detectors.letterbox import Interleaved, Planes, Size
from counter.detectors.quantised import Tensor, candidates, input_table
from counter.disclosure import Gate
from counter.frame import Pixels
from counter.purposes import Purpose
from counter.settings import CameraSettings, Settings

CAMERA: Final = (640, 360)  # the ISP of a Pi gives this size for nothing
SCALE, ZERO = 1 / 255, -128  # of the usual int8 output: 0..1
MOST: Final = 200  # people that the 2,100 rows of an output for 320 pixels hold, as clusters
Work = Callable[[], object]


def hailo(size: Size, head: yolo.Head, people: int) -> Work:
    """Bytes side by side go in; the chip does the NMS and gives a list."""
    box, pixels = Interleaved(size, np.arange(256, dtype=np.uint8)), _pixels()
    # left, top, right, bottom, confidence; class 0
    middle, half = np.random.default_rng(0).uniform(0.1, 0.9, (people, 2)), (0.02, 0.1)
    rows = np.zeros((1, people, 6), np.float32)
    rows[0, :, :2], rows[0, :, 2:4], rows[0, :, 4] = middle - half, middle + half, 0.8
    told = yolo.Head("end-to-end", "normalised", head.classes, head.person, head.floor, head.iou)

    def work() -> object:
        place = box.fill(pixels)
        box.wipe()
        return yolo.decode(rows, told, place, 0)

    return work


def coral(size: Size, head: yolo.Head, people: int) -> Work:
    """Small whole numbers go in and come out."""
    tensor = Tensor("output", (1, 4 + head.classes, 1), np.dtype(np.int8), SCALE, ZERO)
    entrance = Tensor("input", (1, size[1], size[0], 3), np.dtype(np.int8), SCALE, ZERO)
    box, pixels = Interleaved(size, input_table(entrance, "raw")), _pixels()
    given = np.empty_like(box.tensor)
    real = detection.crowd(head, size, people)
    real[0, :4] /= np.array((*size, *size), np.float32)[:, None]
    output = np.clip(np.rint(real / SCALE) + ZERO, -128, 127).astype(np.int8)
    told = yolo.Head("raw", "normalised", head.classes, head.person, head.floor, head.iou)

    def work() -> object:
        place = box.fill(pixels)
        np.copyto(given, box.tensor)
        box.wipe()
        np.copyto(given, box.tensor)
        found, one = candidates(output, tensor, told)
        return yolo.decode(found, one, place, 0)

    return work


def cpu(size: Size, head: yolo.Head, people: int) -> Work:
    """Float planes go in, the raw head comes out."""
    box, pixels, output = Planes(size), _pixels(), detection.crowd(head, size, people)

    def work() -> object:
        place = box.fill(pixels)
        box.wipe()
        return yolo.decode(output, head, place, 0)

    return work


HOSTS: Final[dict[str, Callable[[Size, yolo.Head, int], Work]]] = {
    "hailo": hailo,
    "coral": coral,
    "cpu": cpu,
}


def own_ms(host: str, side: int, people: int, frames: int) -> float:
    """Processor time of one picture here, median: its way to people, and their way to tallies."""
    head = yolo.Head("raw", "pixels", classes=80, person=0, floor=0.1, iou=0.5)
    work, counting = HOSTS[host]((side, side), head, people), _counting()
    walking = tracking.crowd(people)
    taken = []
    for index in range(frames + WARM_UP):
        seen = walking[index % len(walking)]
        began = time.thread_time_ns()
        work()
        counting.observe("eye", seen)
        taken.append((time.thread_time_ns() - began) / 1e6)
    return statistics.median(taken[WARM_UP:])


def _pixels() -> Pixels:
    shape = (CAMERA[1], CAMERA[0], 3)
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def _counting() -> Counting:
    settings = Settings(
        site="bench",
        device="projection",
        purpose=Purpose.FOOTFALL,
        cameras={"eye": CameraSettings(source="synthetic:platform")},
        zones={f"z{i}": _on_eye(zone) for i, zone in enumerate(tracking.ZONES)},
        lines={name: _on_eye(line) for name, line in tracking.LINES.items()},
    )
    return Counting(settings, Gate(settings))


def _on_eye(place: Any) -> Any:
    return structs.replace(place, camera="eye")
