"""What do tracker, zones and lines cost per frame, for 10 to 500 people?

People walk about a picture at 15 FPS and turn at its edges, with the noise, misses and unsure boxes
of a detector; two zones and two lines. Milliseconds of processor time a frame, so that what else
the machine does is left out; `clock` is what passed on the clock meanwhile. `growth` is the
exponent of the cost with the people: 1 is linear. From 10 people on the fixed cost of each call
hides it, so it is given from MANY on as well.
"""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter_ns, thread_time_ns

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import report
from counter.lines import Lines
from counter.people import Detections
from counter.settings import LineSettings, TrackerSettings, ZoneSettings
from counter.tracking import Tracker
from counter.zones import Zones

CROWDS = (10, 50, 100, 200, 500)
MANY = 100
PARTS = ("tracker", "zones", "lines", "tracker + zones", "all", "clock")
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

Floats = NDArray[np.float64]


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


def measure(many: int) -> dict[str, Floats]:
    """Time each part on each frame, in milliseconds: (frames,) arrays."""
    tracker, zones = Tracker(TrackerSettings(max_tracks=2048)), Zones(ZONES)
    lines = Lines(LINES, 2048)
    times = []
    for people in crowd(many):
        begun, start = perf_counter_ns(), thread_time_ns()
        tracks = tracker.update(people)
        tracked = thread_time_ns()
        zones.persons(tracks)
        zoned = thread_time_ns()
        lines.update(tracks)
        done, ended = thread_time_ns(), perf_counter_ns()
        steps = (tracked - start, zoned - tracked, done - zoned)
        times.append((*steps, zoned - start, done - start, ended - begun))
    columns = np.array(times[WARM_UP:]).T / 1e6
    return dict(zip(PARTS, columns, strict=True))


def growth(people: Sequence[int], took: Sequence[float]) -> float:
    """Fit took ~ people ** growth: 1 is linear, 2 the square."""
    return float(np.polyfit(np.log(people), np.log(took), 1)[0])


def run(out: Path | None, model: str | None, rest: list[str]) -> None:  # noqa: ARG001
    """Print medians and 99th percentiles for each size of crowd, then their growth."""
    rows: list[dict[str, float | str]] = []
    found = {many: measure(many) for many in CROWDS}
    for said, share in (("median", 50), ("p99", 99)):
        values = {
            part: [float(np.percentile(found[many][part], share)) for many in CROWDS]
            for part in PARTS
        }
        for index, many in enumerate(CROWDS):
            row: dict[str, float | str] = {"people": str(many), "ms": said}
            rows.append(row | {part: values[part][index] for part in PARTS})
        for least in (CROWDS[0], MANY):
            first = CROWDS.index(least)
            row = {"people": f"growth {least} to {CROWDS[-1]}", "ms": said}
            rows.append(
                row | {part: growth(CROWDS[first:], values[part][first:]) for part in PARTS}
            )
    report(__doc__.splitlines()[0], rows, out)
