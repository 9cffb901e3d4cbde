"""What do tracker, zones and lines cost per frame, for 5 to 500 people?

People walk about a picture at 15 FPS and turn at its edges, with the noise, misses and unsure boxes
of a detector; two zones and two lines. Run: `python -m benchmarks.tracking [--json FILE]`.
"""

import argparse
import json
import os
import platform
from pathlib import Path
from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

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


def device() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    name = names[0] if names else platform.machine()
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    arguments = parser.parse_args()
    print(f"Device: {device()}")
    print(
        f"Median ms a frame over {FRAMES - WARM_UP} frames (95th percentile of all in brackets)\n"
    )
    print("| people | tracker | zones | lines | all |\n|---:|---:|---:|---:|---:|")
    rows = []
    for many in CROWDS:
        times = measure(many)
        p50 = {part: round(float(np.median(ms)), 3) for part, ms in times.items()}
        p95 = round(float(np.percentile(times["all"], 95)), 3)
        parts = " | ".join(f"{p50[part]:.2f}" for part in ("tracker", "zones", "lines"))
        print(f"| {many} | {parts} | {p50['all']:.2f} ({p95:.2f}) |", flush=True)
        rows.append({"people": many, "p50_ms": p50, "p95_ms": p95})
    if arguments.json:
        arguments.json.write_text(json.dumps({"device": device(), "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
