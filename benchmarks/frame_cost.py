"""What does a frame cost beside its inference? From read-out to observe, about 20 people, 640 px.

Ours: the appliance's own detector and counting core, with the runtime's time taken out. The time
of the clock has what other processes do to it; the thread's own processor time ("cpu") has not.
OpenVINO makes the network's numbers of the camera's within its run, which takes 0.98 to 1.0 of the
time it takes on numbers that were made before. supervision: `trackers`' ByteTrack, a PolygonZone
and a LineZone on the same detections: tracking and counting only, to be compared with ours. What
others take for whole frames is `peers`' question.
"""

import argparse
import importlib
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import report
from benchmarks.present import told
from benchmarks.rounds import some
from counter.counting import Counting
from counter.detectors.open import open_detector
from counter.disclosure import Gate
from counter.errors import ModelError
from counter.frame import Frame
from counter.people import Detections
from counter.purposes import Purpose
from counter.settings import CameraSettings, LineSettings, ModelSettings, Settings, ZoneSettings
from counter.sources.synthetic import Scene

WARM_UP, PEOPLE = 10, 23
SIZE = (640, 360)
POLYGON = [(0.05, 0.1), (0.95, 0.1), (0.95, 0.98), (0.05, 0.98)]
LINE = [(0.1, 0.55), (0.9, 0.55)]

Picture = NDArray[np.uint8]
Row = dict[str, Any]


class _Clocks:
    """Wall and thread time; `looking` stands where a backend lets its runtime look."""

    def __init__(self) -> None:
        self.inference = np.zeros(2)  # ms of the last picture: wall, cpu

    @staticmethod
    def now() -> NDArray[np.float64]:
        return np.array((time.perf_counter_ns(), time.thread_time_ns())) / 1e6

    @contextmanager
    def looking(self, *_: str) -> Iterator[None]:
        began = self.now()
        yield
        self.inference = self.now() - began


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks frame_cost", description=__doc__)
    parser.add_argument("--frames", type=some, default=100)
    args = parser.parse_args(rest)
    name = model or ModelSettings().name
    with told():
        rows, seen = _ours(name, _pictures(args.frames))
    rows += _supervised(seen)
    persons = statistics.median(len(people) for people in seen)
    question = (__doc__ or "").partition("\n")[0]
    report(f"{question} ({name}, {args.frames} frames, {persons:.0f} boxes)", rows, out)


def _pictures(frames: int) -> list[Picture]:
    scene = Scene(kind="platform", seed=3, size=SIZE, fps=10.0, people=PEOPLE)
    drawn = []
    for _ in range(frames + WARM_UP):
        picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        scene.render(picture)
        drawn.append(picture)
    return drawn


def _settings() -> Settings:
    return Settings(
        site="bench",
        device="cost",
        purpose=Purpose.FOOTFALL,
        cameras={"eye": CameraSettings(source="synthetic:platform")},
        zones={"all": ZoneSettings(camera="eye", polygon=list(POLYGON))},
        lines={"middle": LineSettings(camera="eye", points=list(LINE))},
    )


def _ours(name: str, pictures: list[Picture]) -> tuple[list[Row], list[Detections]]:
    settings = _settings()
    detector, clocks = open_detector(ModelSettings(name=name)), _Clocks()
    backend: Any = importlib.import_module(type(detector).__module__)
    if not hasattr(backend, "looking"):
        raise ModelError(
            f"{detector.backend}: its runtime's time is not told apart", "ask for another backend"
        )
    backend.looking = clocks.looking
    counting = Counting(settings, Gate(settings))
    detect_ms, count_ms, infer_ms, seen = [], [], [], []
    for index, picture in enumerate(pictures):
        frame = Frame(picture.copy(), round(index * 1e8))
        began = clocks.now()
        with frame:
            people = detector.detect(frame)
        looked = clocks.now()
        counting.observe("eye", people)
        ended = clocks.now()
        detect_ms.append(looked - began - clocks.inference)
        count_ms.append(ended - looked)
        infer_ms.append(clocks.inference)
        seen.append(people)
    whole = [a + b for a, b in zip(detect_ms, count_ms, strict=True)]
    return [
        _row("ours, whole frame", whole),
        _row("  letterbox, decode, NMS, wiping", detect_ms),
        _row("  tracker, zones, lines, tally", count_ms),
        _row(f"({detector.backend}'s inference, taken out)", infer_ms),
    ], seen


def _supervised(seen: list[Detections]) -> list[Row]:
    name = "supervision + trackers, tracking and zones"
    try:
        return [_row(name, _supervision(seen))]
    except ImportError as error:
        absent = dict.fromkeys(_row(name, [0.0] * len(seen)), "-")
        return [absent | {"": f"{name}: not installed ({error.name})"}]


def _supervision(seen: list[Detections]) -> list[float]:
    import supervision as sv
    from trackers import ByteTrackTracker

    scale = np.array((SIZE[0], SIZE[1]) * 2)
    tracker = ByteTrackTracker()
    zone = sv.PolygonZone((np.array(POLYGON) * SIZE).astype(int))
    line = sv.LineZone(*(sv.Point(x * SIZE[0], y * SIZE[1]) for x, y in LINE))
    took = []
    for people in seen:
        boxes = sv.Detections(
            people.xyxy * scale, confidence=people.confidence, class_id=np.zeros(len(people), int)
        )
        began = time.perf_counter_ns()
        tracked = tracker.update(boxes)
        zone.trigger(tracked)
        line.trigger(tracked)
        took.append((time.perf_counter_ns() - began) / 1e6)
    return took


def _row(name: str, took_ms: Sequence[Any]) -> Row:
    """Of one time a frame, or of both (wall, cpu)."""
    steady = np.array(took_ms[WARM_UP:]).reshape(len(took_ms) - WARM_UP, -1)
    wall, cpu = steady[:, 0], steady[:, 1:]
    p50, p90, p99 = np.percentile(wall, (50, 90, 99))
    row: Row = {"": name, "median ms": float(p50), "p90 ms": float(p90), "p99 ms": float(p99)}
    own = np.percentile(cpu, (50, 99)) if cpu.size else ("-", "-")
    return row | {"cpu median": own[0], "cpu p99": own[1]}
