"""Golden traces: people who walk over lines, described in a few numbers, and what must be counted.

A case in `cases/crossings/*.json`: `lines` as in a configuration; `expect`: IN and OUT of each;
`walkers`: groups of people of one kind. Each has a `path` of [frame, x, y] of the foot (straight
between them), a `height` in image heights, and may have `many` copies, one `every` so many frames,
`columns` side by side `apart` from each other; `jitter` [x, y] thrown to either side in turn;
`hidden`: [first, last] frames without a detection; `change`: at its `frame` the track of `of_ten`
walkers of ten ends, and `gap` frames later another begins.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counter.people import Detections, Tracks, TrackState
from counter.settings import LineSettings

CASES = Path(__file__).parent / "cases/crossings"
CAMERA = "c"


@dataclass(frozen=True)
class Trace:
    title: str
    lines: dict[str, LineSettings]
    expect: dict[str, tuple[int, int]]
    tracks: tuple[Tracks, ...]  # with the ids the case prescribes
    frames: tuple[Detections, ...]  # the same people as a detector would see them


def read_all() -> list[Trace]:
    return [read(path) for path in sorted(CASES.glob("*.json"))]


def read(path: Path) -> Trace:
    case = json.loads(path.read_text())
    aspect, length = case.get("aspect", 16 / 9), case["frames"]
    lines = {name: LineSettings(camera=CAMERA, **line) for name, line in case["lines"].items()}
    present: list[list[tuple[int, int, NDArray[np.float64]]]] = [[] for _ in range(length)]
    slot = 0
    for walker in case["walkers"]:
        for copy in range(walker.get("many", 1)):
            for frame, life, box in _steps(walker, copy, aspect):
                if frame < length:
                    present[frame].append((slot + life, frame, box))
            slot += 2
    tracks, frames = _arrays(present, case["fps"], aspect)
    expect = {name: (count[0], count[1]) for name, count in case["expect"].items()}
    return Trace(case["title"], lines, expect, tracks, frames)


def _steps(
    walker: dict[str, Any], copy: int, aspect: float
) -> list[tuple[int, int, NDArray[np.float64]]]:
    """Frame, 0 or 1 before or after a change of id, and box of every frame of one person."""
    path = np.array(walker["path"], np.float64)
    late = copy * walker.get("every", 0)
    aside = (copy % walker.get("columns", 1)) * walker.get("apart", 0.0)
    first_hidden, last_hidden = walker.get("hidden", (-1, -1))
    change = walker.get("change", {"frame": 1e9, "gap": 0, "of_ten": 0})
    changes = copy % 10 < change["of_ten"]
    height = walker["height"]
    steps = []
    for frame in range(int(path[0, 0]), int(path[-1, 0]) + 1):
        after = frame - change["frame"] if changes else -1
        if first_hidden <= frame <= last_hidden or 0 <= after < change["gap"]:
            continue
        throw = np.array(walker.get("jitter", (0, 0))) * (1 if frame % 2 else -1)
        x = np.interp(frame, path[:, 0], path[:, 1]) + aside + throw[0]
        y = np.interp(frame, path[:, 0], path[:, 2]) + throw[1]
        half = 0.2 * height / aspect
        steps.append((frame + late, int(after >= 0), np.array([x - half, y - height, x + half, y])))
    return steps


def _arrays(
    present: list[list[tuple[int, int, NDArray[np.float64]]]], fps: float, aspect: float
) -> tuple[tuple[Tracks, ...], tuple[Detections, ...]]:
    seen: dict[int, int] = {}
    tracks, frames = [], []
    for number, people in enumerate(present):
        people.sort(key=lambda person: person[0])
        slots = [slot for slot, _, _ in people]
        times = [seen.get(slot, 0) for slot in slots]
        seen |= {slot: seen.get(slot, 0) + 1 for slot in slots}
        boxes = np.array([box for _, _, box in people], np.float32).reshape(-1, 4)
        now_ns = round(number * 1e9 / fps)
        state = np.where(np.array(times) == 0, TrackState.TENTATIVE, TrackState.CONFIRMED)
        born = np.array([time == 0 for time in times], np.bool_)
        slot = np.array(slots, np.intp)
        tracks.append(Tracks(slot, state.astype(np.int8), boxes, born, now_ns, aspect))
        boxes = np.clip(boxes, 0, 1)
        frames.append(Detections(boxes, np.full(len(boxes), 0.9, np.float32), now_ns, aspect))
    return tuple(tracks), tuple(frames)
