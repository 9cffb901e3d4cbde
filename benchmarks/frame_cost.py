"""What does a frame cost beside its inference? From read-out to observe, about 20 people, 640 px.

Ours: the appliance's own detector and counting core, with the runtime's time taken out.
ultralytics: `model.track()` with ByteTrack on the same pictures and the same ONNX weights, its own
report of inference taken out. supervision: `trackers`' ByteTrack, a PolygonZone and a LineZone on
the same detections (tracking and counting only: it has no detector). A library that is not
installed is said to be so. Threads are left to each library's default.
"""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import report
from counter import models
from counter.counting import Counting
from counter.detectors.open import open_detector
from counter.disclosure import Gate
from counter.frame import Frame
from counter.people import Detections
from counter.purposes import Purpose
from counter.settings import CameraSettings, LineSettings, ModelSettings, Settings, ZoneSettings
from counter.sources.synthetic import Scene

FRAMES, WARM_UP, PEOPLE = 100, 10, 23
SIZE = (640, 360)
POLYGON = [(0.05, 0.1), (0.95, 0.1), (0.95, 0.98), (0.05, 0.98)]
LINE = [(0.1, 0.55), (0.9, 0.55)]

Picture = NDArray[np.uint8]
Row = dict[str, Any]


class _Timed:
    """The session, with a clock around it."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.took_ns = 0

    def run_with_iobinding(self, binding: Any) -> None:
        began = time.perf_counter_ns()
        self._session.run_with_iobinding(binding)
        self.took_ns = time.perf_counter_ns() - began


def run(out: Path | None, model: str | None, rest: list[str]) -> None:  # noqa: ARG001
    """Measure ours, then each peer that is installed, on the same pictures."""
    found = models.find(model or ModelSettings().name)
    pictures = _pictures()
    rows, seen = _ours(found.name, pictures)
    rows += _peer("ultralytics track(), whole frame", lambda: _ultralytics(found.path, pictures))
    rows += _peer("supervision + trackers, tracking and zones", lambda: _supervision(seen))
    persons = statistics.median(len(people) for people in seen)
    report(
        f"{__doc__.splitlines()[0]} ({found.name}, {FRAMES} frames, {persons:.0f} boxes)", rows, out
    )


def _pictures() -> list[Picture]:
    scene = Scene(kind="platform", seed=3, size=SIZE, fps=10.0, people=PEOPLE)
    drawn = []
    for _ in range(FRAMES + WARM_UP):
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
    detector: Any = open_detector(ModelSettings(name=name))
    detector._session = timed = _Timed(detector._session)
    counting = Counting(settings, Gate(settings))
    detect_ms, count_ms, infer_ms, seen = [], [], [], []
    for index, picture in enumerate(pictures):
        frame = Frame(picture.copy(), round(index * 1e8))
        began = time.perf_counter_ns()
        with frame:
            people = detector.detect(frame)
        looked = time.perf_counter_ns()
        counting.observe("eye", people)
        ended = time.perf_counter_ns()
        detect_ms.append((looked - began - timed.took_ns) / 1e6)
        count_ms.append((ended - looked) / 1e6)
        infer_ms.append(timed.took_ns / 1e6)
        seen.append(people)
    whole = [a + b for a, b in zip(detect_ms, count_ms, strict=True)]
    return [
        _row("ours, whole frame", whole),
        _row("  letterbox, decode, NMS, wiping", detect_ms),
        _row("  tracker, zones, lines, tally", count_ms),
        _row("(inference, taken out)", infer_ms),
    ], seen


def _ultralytics(weights: Path | None, pictures: list[Picture]) -> list[float]:
    os.environ |= {"YOLO_OFFLINE": "1", "YOLO_AUTOINSTALL": "False"}
    from ultralytics import YOLO

    model = YOLO(str(weights), task="detect")
    took = []
    for picture in pictures:
        began = time.perf_counter_ns()
        (result,) = model.track(
            picture, persist=True, tracker="bytetrack.yaml", imgsz=640, classes=[0], conf=0.1,
            verbose=False,
        )  # fmt: skip
        took.append((time.perf_counter_ns() - began) / 1e6 - result.speed["inference"])
    return took


def _supervision(seen: list[Detections]) -> list[float]:
    import supervision as sv
    from trackers import ByteTrackTracker

    scale = np.array((SIZE[0], SIZE[1]) * 2)
    tracker = ByteTrackTracker()
    zone = sv.PolygonZone((np.array(POLYGON) * SIZE).astype(int))
    ends = [sv.Point(x * SIZE[0], y * SIZE[1]) for x, y in LINE]
    line = sv.LineZone(*ends)
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


def _peer(name: str, measure: Callable[[], list[float]]) -> list[Row]:
    try:
        return [_row(name, measure())]
    except ImportError as error:
        return [
            {
                **dict.fromkeys(_row(name, [0.0] * FRAMES), "-"),
                "": f"{name}: not installed ({error.name})",
            }
        ]


def _row(name: str, took_ms: list[float]) -> Row:
    steady = np.array(took_ms[WARM_UP:])
    p50, p90, p99 = np.percentile(steady, (50, 90, 99))
    return {"": name, "median ms": float(p50), "p90 ms": float(p90), "p99 ms": float(p99)}
