"""Does the process grow? The main job's loop on drawn people, its resident memory sampled.

Detections are the scene's truth, so that 20,000 frames take minutes, not hours; letterbox and
decoding run for real, the network is replaced by its own last output. Every 30 s of the scene the
interval is released to a listener that keeps nothing.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import report
from counter import models
from counter.counting import Counting
from counter.detectors.open import open_detector
from counter.disclosure import Gate
from counter.frame import Frame
from counter.people import Detections
from counter.purposes import Purpose
from counter.settings import CameraSettings, ModelSettings, Settings, ZoneSettings
from counter.sources.synthetic import DEMO_ZONES
from counter.sources.synthetic.source import SyntheticSource

FRAMES, SAMPLES = 20_000, 40
START = datetime(2026, 1, 1, tzinfo=UTC)


class _Idle:
    """In the place of the session: the output stays what it was."""

    def run_with_iobinding(self, _binding: Any) -> None:
        return


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    """Run the loop and print memory at the start, after warming up, and at the end, with slope."""
    frames = int(rest[0]) if rest else FRAMES
    camera = CameraSettings(source="synthetic:platform", size=(320, 180))
    zones = {
        name: ZoneSettings(camera="eye", polygon=list(polygon))
        for name, polygon in DEMO_ZONES["platform"].items()
    }
    settings = Settings(
        site="bench", device="memory", purpose=Purpose.PASSENGER_INFORMATION, interval_s=30,
        cameras={"eye": camera}, zones=zones,
    )  # fmt: skip
    found = models.find(model or ModelSettings().name)
    detector: Any = open_detector(ModelSettings(name=found.name), found)
    detector._session = _Idle()
    samples = _loop(settings, detector, frames)
    seconds, rss = np.array(samples).T
    half = len(rss) // 2
    slope = np.polyfit(seconds[half:], rss[half:], 1)[0]
    row = {
        "frames": frames,
        "after 1/40, MiB": float(rss[0]),
        "at half, MiB": float(rss[half]),
        "at the end, MiB": float(rss[-1]),
        "slope of 2nd half, KiB / 1000 frames": float(slope * 1024 * 1000),
    }
    report(__doc__.splitlines()[0], [row], out)


def _loop(settings: Settings, detector: Any, frames: int) -> list[tuple[int, float]]:
    source = SyntheticSource("eye", settings.cameras["eye"])
    counting = Counting(settings, Gate(settings))
    samples = []
    for index, frame in enumerate(source.frames()):
        assert isinstance(frame, Frame)
        counting.release(START + timedelta(microseconds=frame.captured_ns / 1000))
        with frame:
            detector.detect(frame)
        truth = source.truth
        assert truth is not None
        people = Detections(
            truth.xyxy, np.full(len(truth.xyxy), 0.9, np.float32), frame.captured_ns, 16 / 9
        )
        counting.observe("eye", people)
        if (index + 1) % (frames // SAMPLES) == 0:
            samples.append((index + 1, _rss_mib()))
        if index + 1 == frames:
            return samples
    return samples


def _rss_mib() -> float:
    """Resident set, MiB, from the kernel's own account of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
