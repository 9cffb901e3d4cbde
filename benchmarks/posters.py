"""Do posters keep still enough, and people not? Used by `python -m benchmarks occupancy`.

Living: real footage, and sequences with public detections. Pictures: one picture of that footage,
shown again and again to the real detector with sensor noise, JPEG of changing quality, a light that
swings by 20 % in 2 minutes and a slope of it by 15 %. A place counts from when it is WINDOW_S old;
footage for `still_s` there is none.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks import mot
from benchmarks.counting import SHARED, SURE
from counter.detectors import Detector
from counter.detectors.open import open_detector
from counter.errors import CounterError
from counter.frame import Frame, Pixels
from counter.people import Detections
from counter.settings import ModelSettings, TrackerSettings
from counter.still import MOVED, Still, spread
from counter.tracking import Tracker

WINDOW_S = 120.0
MALL_NS = 500_000_000  # an assumption: the set does not say when a picture was taken
MALL = 800  # pictures
SWAYING = ("CAMPUS-Auditorium-HC3", "CAMPUS-Auditorium-IP2")  # long enough, and not moving
SHOWN = 200  # how often a still picture is shown, once a second


class Watched(Still):
    """A Still that tells how far its old places spread."""

    def spreads(self) -> Iterator[float]:
        """One number for each place that is old and known enough, after a block has closed."""
        if self._last_ns != self._closed_ns or not self._last_ns:
            return
        aged = (self._seen_ns >= 0) & (self._last_ns - self._since_ns >= self._still_ns)
        apart = spread(self._means[aged], self._box[aged, 2])
        yield from apart[np.isfinite(apart)].tolist()


def measure(frames: Iterable[Detections], sure: float) -> list[float]:
    """How far each place that was seen for WINDOW_S had spread, after each block."""
    settings = TrackerSettings()
    tracker, still = Tracker(settings, sure), Watched(settings.max_tracks, WINDOW_S)
    found: list[float] = []
    for people in frames:
        tracks = tracker.update(people)
        still.people(tracks, np.ones(len(tracks), np.bool_))
        found += still.spreads()
    return found


def shaken(picture: Pixels) -> Iterator[Pixels]:
    """The same picture as a camera would see a still scene, once a second."""
    rng = np.random.default_rng(1)
    height, width = picture.shape[:2]
    slope = np.linspace(-1, 1, width)[None, :, None]
    for second in range(SHOWN):
        light = 1 + 0.2 * np.sin(2 * np.pi * second / 120)
        sun = 1 + 0.15 * np.sin(2 * np.pi * second / 160) * slope
        noise = rng.normal(0, 4, (height, width, 1)) + rng.normal(0, 2, picture.shape)
        seen = np.clip(picture * (light * sun) + noise, 0, 255).astype(np.uint8)
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 90))]
        packed = cv2.imencode(".jpg", seen, quality)[1]
        yield np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


def detect(detector: Detector, pictures: Iterable[Pixels], step_ns: int) -> Iterator[Detections]:
    for number, picture in enumerate(pictures):
        with Frame(np.array(picture), number * step_ns) as frame:
            people = detector.detect(frame)
        yield people


def _read(path: Path) -> Pixels:
    return np.asarray(cv2.imread(str(path)), np.uint8)


def _row(name: str, what: str, found: list[float]) -> dict[str, Any]:
    row = {"footage": name, "what": what, "n": len(found)}
    if not found:
        return row | {"min": "-", "median": "-", "max": "-", "below": "-"}
    low, middle, high = np.quantile(found, (0, 0.5, 1))
    below = float(np.mean(np.array(found) <= MOVED))
    return row | {"min": low, "median": middle, "max": high, "below": below}


def rows(model: str | None) -> Iterator[dict[str, Any]]:
    """One row for each footage; `model` looks at the pictures."""
    for name in SWAYING:
        if (SHARED / "data/mot" / name).exists():
            sequence = mot.read(SHARED / "data/mot" / name)
            yield _row(name, "people", measure(sequence.frames, SURE))
    pictures = sorted((SHARED / "data/points/mall/images").glob("*.jpg"))[:MALL]
    settings = ModelSettings(name=model or ModelSettings().name)
    if not pictures:
        return
    try:
        with closing(open_detector(settings)) as detector:
            living = detect(detector, map(_read, pictures), MALL_NS)
            yield _row(f"mall {settings.name}", "people", measure(living, settings.confidence))
            still = detect(detector, shaken(_read(pictures[SHOWN // 2])), 2 * MALL_NS)
            yield _row(f"mall {settings.name}", "picture", measure(still, settings.confidence))
    except CounterError as error:
        raise SystemExit(f"not measured: {error.message}\n{error.hint}") from None
