"""Golden traces: people who walk over lines, described in a few numbers, and what must be counted.

A case in `cases/crossings/*.json`: `lines` as in a configuration; `expect`: IN and OUT of each;
`about`: "ids" where the case says which ids a tracker gave, else "people"; `walkers`: groups of
people of one kind. Each has a `path` of [frame, x, y] of the foot (straight between them), a
`height` in image heights, and may have `many` copies, one `every` so many frames, `columns` side by
side `apart` from each other. What happens to the boxes: `jitter` [x, y] thrown to either side in
turn; `noise`, a standard deviation in body heights; `cut` and `grow` [first, last, share]: so much
of the lower body is hidden, or added. Not detected: in the frames `hidden` [first, last]; with
probability `drop`; `unsure` [first, last, confidence] otherwise. What happens to the ids: `change`,
at its `frame` the track of `of_ten` walkers of ten ends and `gap` frames later another begins;
`renew`, another every so many frames; `swap`, from its `frame` on this walker has the id of the one
with number `with`, who has this one's. Frames are the walker's own; noise has fixed seeds.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counter.people import Detections, Tracks, TrackState
from counter.settings import LineSettings

CASES = Path(__file__).parent / "cases/crossings"
CAMERA = "c"
NEVER = 1e9

Walker = dict[str, Any]


@dataclass(frozen=True)
class Trace:
    title: str
    about_ids: bool  # the case is about the ids that a tracker gave
    fps: float
    lines: dict[str, LineSettings]
    expect: dict[str, tuple[int, int]]
    tracks: tuple[Tracks, ...]  # with the ids the case prescribes
    frames: tuple[Detections, ...]  # the same people as a detector would see them


@dataclass(frozen=True)
class _Seen:
    """One person in one frame."""

    slot: int
    box: NDArray[np.float64]
    confidence: float


def read_all() -> list[Trace]:
    return [read(path) for path in sorted(CASES.glob("*.json"))]


def read(path: Path) -> Trace:
    case = json.loads(path.read_text())
    aspect, length = case.get("aspect", 16 / 9), case["frames"]
    lines = {name: LineSettings(camera=CAMERA, **line) for name, line in case["lines"].items()}
    present: list[list[_Seen]] = [[] for _ in range(length)]
    first_slot = 0
    for walker in case["walkers"]:
        lives = 1 + (walker["path"][-1][0] // walker["renew"] if "renew" in walker else 1)
        for copy in range(walker.get("many", 1)):
            for frame, seen in _steps(walker, copy, first_slot, aspect):
                if frame < length:
                    present[frame].append(seen)
            first_slot += lives
    _swap(case["walkers"], present)
    tracks, frames = _arrays(present, case["fps"], aspect)
    expect = {name: (count[0], count[1]) for name, count in case["expect"].items()}
    about_ids = case.get("about", "people") == "ids"
    return Trace(case["title"], about_ids, case["fps"], lines, expect, tracks, frames)


def _steps(
    walker: Walker, copy: int, first_slot: int, aspect: float
) -> Iterator[tuple[int, _Seen]]:
    """Give the frame and what is seen of one person, for every frame in which something is."""
    path = np.array(walker["path"], np.float64)
    chance = np.random.default_rng([first_slot, copy])
    late = copy * walker.get("every", 0)
    aside = (copy % walker.get("columns", 1)) * walker.get("apart", 0.0)
    gone_first, gone_last = walker.get("hidden", (NEVER, NEVER))
    unsure_first, unsure_last, unsure = walker.get("unsure", (NEVER, NEVER, 0.0))
    change = walker.get("change", {"frame": NEVER, "gap": 0, "of_ten": 0})
    changes = copy % 10 < change["of_ten"]
    for frame in range(int(path[0, 0]), int(path[-1, 0]) + 1):
        after = frame - change["frame"] if changes else -1
        dropped = chance.random() < walker.get("drop", 0.0)
        box = _box(walker, path, frame, aspect) + np.tile(
            chance.normal(0, walker.get("noise", 0.0) * walker["height"], 2) / (aspect, 1), 2
        )
        if gone_first <= frame <= gone_last or 0 <= after < change["gap"] or dropped:
            continue
        life = frame // walker["renew"] if "renew" in walker else int(after >= 0)
        box[::2] += aside
        confidence = unsure if unsure_first <= frame <= unsure_last else 0.9
        yield frame + late, _Seen(first_slot + life, box, confidence)


def _box(
    walker: Walker, path: NDArray[np.float64], frame: int, aspect: float
) -> NDArray[np.float64]:
    throw = np.array(walker.get("jitter", (0, 0))) * (1 if frame % 2 else -1)
    x = np.interp(frame, path[:, 0], path[:, 1]) + throw[0]
    y = np.interp(frame, path[:, 0], path[:, 2]) + throw[1]
    half, height = 0.2 * walker["height"] / aspect, walker["height"]
    foot = y
    for change, way in (("cut", -1), ("grow", 1)):
        first, last, share = walker.get(change, (NEVER, NEVER, 0.0))
        if first <= frame <= last:
            foot += way * share * height
    return np.array([x - half, y - height, x + half, foot])


def _swap(walkers: list[Walker], present: list[list[_Seen]]) -> None:
    """Exchange the slots of two walkers; cases that do so have one copy and two lives of each."""
    for number, walker in enumerate(walkers):
        if "swap" not in walker:
            continue
        ours, theirs = 2 * number, 2 * walker["swap"]["with"]
        exchanged = {ours: theirs, theirs: ours}
        for people in present[walker["swap"]["frame"] :]:
            people[:] = [
                _Seen(exchanged.get(seen.slot, seen.slot), seen.box, seen.confidence)
                for seen in people
            ]


def _arrays(
    present: list[list[_Seen]], fps: float, aspect: float
) -> tuple[tuple[Tracks, ...], tuple[Detections, ...]]:
    known: set[int] = set()
    tracks, frames = [], []
    for number, people in enumerate(present):
        people.sort(key=lambda seen: seen.slot)
        slot = np.array([seen.slot for seen in people], np.intp)
        born = np.array([seen.slot not in known for seen in people], np.bool_)
        known |= set(slot.tolist())
        boxes = np.array([seen.box for seen in people], np.float32).reshape(-1, 4)
        confidence = np.array([seen.confidence for seen in people], np.float32)
        now_ns = round(number * 1e9 / fps)
        state = np.where(born, TrackState.TENTATIVE, TrackState.CONFIRMED).astype(np.int8)
        tracks.append(Tracks(slot, state, boxes, born, now_ns, aspect))
        boxes = np.clip(boxes, 0, 1)
        whole = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])  # still in the picture
        frames.append(Detections(boxes[whole], confidence[whole], now_ns, aspect))
    return tuple(tracks), tuple(frames)
