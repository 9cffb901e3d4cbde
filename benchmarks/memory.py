"""Does the process grow? 20,000 turns of the engine on drawn people, resident memory sampled.

The real loop, merge, letterbox, decoding, counting, gate and /metrics run. To take a minute only,
three things are replaced: the network by its own last output, what it found by the scene's truth,
and the scene by 400 of its pictures again and again. MQTT is left out: its queue is bounded and
tested on its own.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import report
from counter import models
from counter.assemble import announcement
from counter.clock import FootageClock
from counter.config import Loaded
from counter.counting import Counting
from counter.demo.scenes import DEMO_ZONES
from counter.detectors.lookout import Lookout
from counter.detectors.open import open_detector
from counter.disclosure import Gate
from counter.engine import Engine
from counter.frame import Frame
from counter.health import Monitor, standing
from counter.outputs.prometheus import PrometheusOutput
from counter.people import Detections
from counter.purposes import Purpose
from counter.release import CameraState
from counter.settings import (
    CameraSettings,
    ModelSettings,
    PrometheusSettings,
    Settings,
    ZoneSettings,
)
from counter.sources.merge import View, merged
from counter.sources.synthetic import Scene
from counter.start import unrestrained

FRAMES, SAMPLES, PICTURES, FPS = 20_000, 40, 400, 10.0
START = datetime(2026, 1, 1, tzinfo=UTC)


class _Idle:
    """In the place of the session: the output stays what it was."""

    def run_with_iobinding(self, _binding: Any) -> None:
        return


class _Film:
    """The first pictures of a scene, shown for ever."""

    camera, live, state, now_ns = "eye", False, CameraState.OK, 0

    def __init__(self, settings: CameraSettings) -> None:
        width, height = settings.size or (320, 180)
        scene = Scene(kind="platform", seed=settings.seed, size=(width, height), fps=FPS)
        self._buffer = np.zeros((height, width, 3), np.uint8)
        self._pictures = []
        for _ in range(PICTURES):
            truth = scene.render(self._buffer)
            self._pictures.append((self._buffer.copy(), truth))
        self.truth = truth

    def frames(self) -> Iterator[Frame | None]:
        for index in count():
            picture, self.truth = self._pictures[index % PICTURES]
            self._buffer[:] = picture
            self.now_ns = round(index * 1e9 / FPS)
            yield Frame(self._buffer, self.now_ns)

    def close(self) -> None: ...


class _Truthful:
    """The real detector's work on each picture, and the scene's truth for its answer."""

    def __init__(self, detector: Any, source: _Film) -> None:
        self.name, self.backend, self.close = detector.name, detector.backend, detector.close
        detector._session = _Idle()
        self._detector, self._source = detector, source

    def detect(self, frame: Frame) -> Detections:
        seen = self._detector.detect(frame)
        truth = self._source.truth
        sure = np.full(len(truth.xyxy), 0.9, np.float32)
        return Detections(truth.xyxy, sure, seen.captured_ns, seen.aspect)


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    """Print memory after warming up, at half and at the end, and the second half's slope."""
    frames = int(rest[0]) if rest else FRAMES
    samples: list[tuple[int, float]] = []
    with closing(_metrics(settings := _settings(), found := _model(model))) as metrics:
        source = _Film(settings.cameras["eye"])
        engine = Engine(
            lookout=Lookout(_Truthful(open_detector(settings.model, found), source)),
            counting=Counting(settings, Gate(settings)),
            outputs=[metrics],
            health=Monitor(standing(_loaded(settings), found, None, "onnx"), {}),
            clock=FootageClock(START),
        )
        views = _counted(merged([source]), frames, samples)
        engine.run(views, stop=lambda: False)
    turns, rss = np.array(samples).T
    half = len(rss) // 2
    slope = np.polyfit(turns[half:], rss[half:], 1)[0]
    row = {
        "frames": frames,
        f"after {int(turns[0])}, MiB": float(rss[0]),
        "at half, MiB": float(rss[half]),
        "at the end, MiB": float(rss[-1]),
        "slope of 2nd half, KiB / 1000 frames": float(slope * 1024 * 1000),
    }
    report((__doc__ or "").splitlines()[0], [row], out)


def _counted(
    views: Iterator[View], frames: int, samples: list[tuple[int, float]]
) -> Iterator[View]:
    for index, view in enumerate(views, start=1):
        yield view
        if index % (frames // SAMPLES) == 0:
            samples.append((index, _rss_mib()))
        if index == frames:
            return


def _settings() -> Settings:
    zones = {
        name: ZoneSettings(camera="eye", polygon=list(polygon))
        for name, polygon in DEMO_ZONES["platform"].items()
    }
    return Settings(
        site="bench",
        device="memory",
        purpose=Purpose.PASSENGER_INFORMATION,
        interval_s=30,
        cameras={"eye": CameraSettings(source="synthetic:platform", size=(320, 180))},
        zones=zones,
    )


def _model(name: str | None) -> models.Model:
    return models.find(name or ModelSettings().name)


def _loaded(settings: Settings) -> Loaded:
    return Loaded(settings, "0" * 64, ())


def _metrics(settings: Settings, model: models.Model) -> PrometheusOutput:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = replace(unrestrained(_loaded(settings)), model=model)
    said = announcement(start, Gate(settings))
    return PrometheusOutput(PrometheusSettings(port=port), said)


def _rss_mib() -> float:
    """Resident set, MiB, from the kernel's own account of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
