"""What do tracker, zones and lines cost per frame, for 5 to 500 people?

People walk about a picture at 15 FPS and turn at its edges, with the noise, misses and unsure boxes
of a detector; two zones and two lines. Median milliseconds a frame; p95 of all together.
"""

from pathlib import Path
from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import report
from counter.lines import Lines
from counter.people import Detections
from counter.settings import LineSettings, TrackerSettings, ZoneSettings
from counter.tracking import Tracker
from counter.zones import Zones

CROWDS = (5, 20, 50, 200, 500)
FPS = 15
FRAMES = 300
WARM_UP = 30
ASPECT = 16 / 9
SEEN = 0.95  # of the people, in each frame
ZONES = [
    ZoneSettings(camera="c", polygon=[(0, 0), (0.5, 0), (0.5, 1), (0, 1)]),
    ZoneSettings(camera="c", polygon=[(0.5, 0), (1, 0), (1, 1), (0.7, 0.8), (0.5, 1)]),
]
LINES = {
    "across": LineSettings(camera="c", points=[(0.0, 0.5), (1.0, 0.5)]),
    "down": LineSettings(camera="c", points=[(0.5, 1.0), (0.5, 0.0)]),
}


def crowd(many: int) -> list[Detections]:
    """Give what a detector sees of `many` people who walk about, from a fixed seed."""
    rng = np.random.default_rng(many)
    # Up to 20 people are a quarter of the picture's height; more stand further away.
    height = 0.25 * min(1.0, (20 / many) ** 0.5)
    half = np.array([0.2 * height / ASPECT, height / 2])
    place = rng.uniform(0.05, 0.95, (many, 2))
    speed = rng.normal(0, 0.8 * height / FPS, (many, 2))
    frames = []
    for number in range(FRAMES):
        place += speed
        speed[(place < half) & (speed < 0)] *= -1
        speed[(place > 1 - half) & (speed > 0)] *= -1
        centre = (place + rng.normal(0, 0.03 * height, place.shape))[rng.random(many) < SEEN]
        boxes = np.concatenate((centre - half, centre + half), axis=1).astype(np.float32)
        confidence = rng.uniform(0.15, 1, len(boxes)).astype(np.float32)
        frames.append(Detections(boxes, confidence, round(number * 1e9 / FPS), ASPECT))
    return frames


def measure(many: int) -> dict[str, NDArray[np.float64]]:
    """Time each part on each frame, in milliseconds: (frames,) arrays."""
    tracker, zones = Tracker(TrackerSettings(max_tracks=2048)), Zones(ZONES)
    lines = Lines(LINES, 2048)
    times = []
    for people in crowd(many):
        start = perf_counter_ns()
        tracks = tracker.update(people)
        tracked = perf_counter_ns()
        zones.persons(tracks)
        zoned = perf_counter_ns()
        lines.update(tracks)
        done = perf_counter_ns()
        times.append((tracked - start, zoned - tracked, done - zoned, done - start))
    columns = np.array(times[WARM_UP:]).T / 1e6
    return dict(zip(("tracker", "zones", "lines", "all"), columns, strict=True))


def run(out: Path | None, model: str | None, rest: list[str]) -> None:  # noqa: ARG001
    """Print one row for each size of crowd."""
    rows = []
    for many in CROWDS:
        times = measure(many)
        row: dict[str, float] = {"people": many}
        row |= {f"{part} ms": float(np.median(took)) for part, took in times.items()}
        rows.append(row | {"all p95 ms": float(np.percentile(times["all"], 95))})
    report(__doc__.splitlines()[0], rows, out)
