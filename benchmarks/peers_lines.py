"""Who goes over MANY lines of public sequences: the truth, ours, and the peers', same detections.

One line may be lucky: 20 lines a sequence are not. Everybody is measured at the point that their
counter watches, against the truth of that point: at the foot, or at the box's centre. `error`:
entries and exits too many or too few; `net`: how far entries minus exits are off. Sequences marked
* took part in choosing the rules of `counter/bodies.py`.

Rule 1: a person has changed sides when the point stayed on the new side for HELD_S: a shorter stay
is a tremble of the box. Whoever turns back later has crossed again.
Rule 2: lines go through places where people stood, at any angle, from edge to edge of the picture.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks import following_peers as peers
from benchmarks import mot
from benchmarks.counting import SHARED, SURE
from benchmarks.machine import report
from benchmarks.mot import CAMERA, Truth
from counter.lines import Lines
from counter.people import Direction
from counter.settings import LineSettings, TrackerSettings
from counter.tracking import Tracker

HELD_S = 0.2
LINES, SEED = 20, 4
Anchor = Literal["foot", "center", "head"]
HEIGHT: dict[Anchor, float] = {"foot": 1.0, "center": 0.5}  # of the point, from the top of the box

CHOSEN_ON = ("MOT17-02", "PETS09-S2L1", "TUD-Campus", "CAMPUS-Auditorium-HC3")
# The peers' line counters: the point that they watch, the trackers that they are shown with.
RULES: dict[str, tuple[Anchor, str, tuple[str, ...], Callable[..., Any]]] = {
    "ultralytics": ("center", "ultralytics", *peers.LINES["ultralytics"]),
    "supervision centre": (
        "center",
        "",
        ("supervision",),
        partial(peers.SupervisionLine, anchor="CENTER"),
    ),
    "supervision foot": ("foot", "", *peers.LINES["supervision foot"]),
    "supervision corners": ("foot", "trackers", *peers.LINES["supervision corners"]),
}

Floats = NDArray[np.float64]
Counts = tuple[int, int]  # IN, OUT
Point = tuple[float, float]


def lines(truth: Sequence[Truth], size: Point, anchor: Anchor) -> dict[str, LineSettings]:
    """Draw LINES lines through places of people in a picture of `size` pixels."""
    rng = np.random.default_rng(SEED)
    boxes = np.concatenate([true.xyxy for true in truth])
    points = _points(boxes, anchor)
    inside = points[((points > 0) & (points < size)).all(axis=1)]
    through = inside[rng.integers(0, len(inside), LINES)]
    angle = rng.uniform(0, 2 * np.pi, LINES)
    return {
        str(number): LineSettings(
            camera=CAMERA, points=_to_the_edges(place, turned, size), anchor=anchor
        )
        for number, (place, turned) in enumerate(zip(through, angle, strict=True))
    }


def count(truth: Sequence[Truth], line: LineSettings, size: Point, fps: float) -> Counts:
    """Give how often somebody went over `line`: IN, OUT."""
    first, second = np.array(line.points) * size
    toward = second - first
    total = [0, 0]
    for path in _paths(truth, line.anchor).values():
        away = path - first
        sides = np.where(away[:, 1] * toward[0] - away[:, 0] * toward[1] > 0, 1, -1)
        held = _held(sides, max(1, round(HELD_S * fps)))
        for old, new in pairwise(held):
            total[new < old] += 1
    return total[0], total[1]


def _held(sides: NDArray[np.int_], least: int) -> list[int]:
    """The sides that somebody was on for `least` frames or more, one after another."""
    starts = np.flatnonzero(np.diff(sides, prepend=0))
    lasted = np.diff(starts, append=len(sides))
    kept = sides[starts[lasted >= least]]
    return [int(side) for side in kept[np.flatnonzero(np.diff(kept, prepend=0))]]


def _paths(truth: Sequence[Truth], anchor: Anchor) -> dict[int, Floats]:
    ids = np.concatenate([true.ids for true in truth])
    points = _points(np.concatenate([true.xyxy for true in truth]), anchor)
    return {int(one): points[ids == one] for one in np.unique(ids)}


def _points(boxes: Floats, anchor: Anchor) -> Floats:
    y = boxes[:, 1] + HEIGHT[anchor] * (boxes[:, 3] - boxes[:, 1])
    points: Floats = np.stack(((boxes[:, 0] + boxes[:, 2]) / 2, y), axis=1)
    return points


def _to_the_edges(through: Floats, angle: float, size: Point) -> list[Point]:
    way = np.array((np.cos(angle), np.sin(angle)))
    with np.errstate(divide="ignore"):
        ends = np.stack(((0 - through) / way, (np.array(size) - through) / way))
    last, first = ends.max(axis=0).min(), ends.min(axis=0).max()
    ends_px = through + np.array((first, last))[:, None] * way
    span = ends_px[1] - ends_px[0]
    # So that IN is to the right of a steep line and below a flat one: ultralytics knows no other.
    if (span[1] > 0) if abs(span[0]) < abs(span[1]) else (span[0] < 0):
        ends_px = ends_px[::-1]
    points = np.clip(ends_px / size, 0, 1)
    return [(float(x), float(y)) for x, y in points]


@dataclass(frozen=True)
class Case:
    """One sequence and its lines at each point, with the truth."""

    name: str
    film: mot.Film
    lines: dict[Anchor, dict[str, LineSettings]]  # by anchor
    crossings: dict[Anchor, dict[str, Counts]]


def read(folder: Path) -> Case:
    film = mot.read_film(folder)
    truth = mot.read_truth(folder, len(film.frames))
    drawn = {anchor: lines(truth, film.size, anchor) for anchor in HEIGHT}
    crossings = {
        anchor: {name: count(truth, line, film.size, film.fps) for name, line in some.items()}
        for anchor, some in drawn.items()
    }
    return Case(folder.name, film, drawn, crossings)


def ours(case: Case, anchor: Anchor) -> dict[str, Counts]:
    settings = TrackerSettings()
    tracker, rule = Tracker(settings, SURE), Lines(case.lines[anchor], settings.max_tracks)
    seen = Counter(
        (crossing.line, crossing.direction)
        for people in case.film.frames
        for crossing in rule.update(tracker.update(people))
    )
    return {
        name: (seen[name, Direction.IN], seen[name, Direction.OUT]) for name in case.lines[anchor]
    }


def theirs(
    case: Case, found: Sequence[peers.Followed], make: Callable[..., Any], anchor: Anchor
) -> dict[str, Counts]:
    counters = {
        name: make(line, case.film.size[0] / case.film.size[1])
        for name, line in case.lines[anchor].items()
    }
    for seen in found:
        for counter in counters.values():
            counter.update(seen)
    return {name: counter.counts for name, counter in counters.items()}


def compare(case: Case) -> Iterator[dict[str, Any]]:
    """Give one row for each counter and point."""
    for anchor in HEIGHT:
        yield _row(case, anchor, "ours", ours(case, anchor))
    for tracker, make in peers.installed(peers.TRACKERS | peers.same_sure(SURE)):
        following = make(case.film.fps)
        found = [following.update(people) for people in case.film.frames]
        for rule, (anchor, prefix, packages, make_line) in RULES.items():
            if tracker.startswith(prefix) and not peers.missing(packages):
                counts = theirs(case, found, make_line, anchor)
                yield _row(case, anchor, f"{tracker}; {rule}", counts)


def _row(case: Case, anchor: Anchor, name: str, found: dict[str, Counts]) -> dict[str, Any]:
    true, got = (np.array(list(some.values())) for some in (case.crossings[anchor], found))
    return {
        "counter": name,
        "point": anchor,
        "sequence": case.name + "*" * (case.name in CHOSEN_ON),
        "true": int(true.sum()),
        "counted": int(got.sum()),
        "error": int(np.abs(got - true).sum()),
        "net": int(np.abs((got - true) @ (1, -1)).sum()),
    }


def run(out: Path | None, model: str | None, rest: list[str]) -> None:  # noqa: ARG001
    """Print one row for each counter, point and sequence; further arguments name sequences."""
    rows: list[dict[str, Any]] = []
    for detections in sorted((SHARED / "data/mot").glob("*/det.txt")):
        if not rest or detections.parent.name in rest:
            for row in compare(read(detections.parent)):
                print(*row.values(), file=sys.stderr)  # it takes minutes
                rows.append(row)
    if not rows:
        raise SystemExit(f"not measured: no sequences at {SHARED} (set COUNTER_SHARED)")
    rows.sort(key=lambda row: (row["point"], row["counter"]))
    report(__doc__.splitlines()[0], rows, out)
