"""How well do we count on public tracking sequences, with their public detections?

Occupancy: mean absolute error per frame, and of the medians of 5 s; lines: IN and OUT, truth and
ours. One setting for all sequences; `persons` is the true mean, `boxes` the error of counting the
detector's sure boxes without a tracker.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import mot
from benchmarks.machine import report
from counter.lines import Lines
from counter.people import Direction
from counter.settings import TrackerSettings
from counter.tracking import Tracker
from counter.zones import Zones

SHARED = Path(os.environ.get("COUNTER_SHARED", Path(__file__).parents[2] / "shared"))
SURE = 0.5  # confidence of a sure box, for every sequence's detector
MEDIAN_S = 5.0


@dataclass(frozen=True)
class Error:
    """One zone: mean absolute errors in persons, and the bias (ours - truth)."""

    zone: str
    persons: float  # true mean
    boxes: float  # of counting the sure boxes, without a tracker; per frame
    frame: float
    median: float
    bias: float


@dataclass(frozen=True)
class Result:
    name: str
    zones: tuple[Error, ...]
    lines: dict[str, tuple[tuple[int, int], tuple[int, int]]]  # (IN, OUT): truth, ours

    @property
    def line_error(self) -> int:
        return sum(
            abs(true - found)
            for truth, ours in self.lines.values()
            for true, found in zip(truth, ours, strict=True)
        )


def count(sequence: mot.Sequence) -> Result:
    """Run tracker, zones and lines over one sequence and compare with its truth."""
    settings = TrackerSettings()
    tracker, zones = Tracker(settings, SURE), Zones(sequence.zones.values())
    lines = Lines(sequence.lines, settings.max_tracks)
    ours, boxes = [], []
    crossed: Counter[tuple[str, Direction]] = Counter()
    for people in sequence.frames:
        tracks = tracker.update(people)
        ours.append(zones.persons(tracks))
        boxes.append(zones.inside(people.xyxy[people.confidence >= SURE]).sum(axis=0))
        crossed.update((c.line, c.direction) for c in lines.update(tracks))
    found = {
        name: (truth, (crossed[name, Direction.IN], crossed[name, Direction.OUT]))
        for name, truth in sequence.crossings.items()
    }
    return Result(sequence.name, errors(sequence, np.array(ours), np.array(boxes)), found)


Counts = NDArray[np.intp]  # (frames,)


def errors(sequence: mot.Sequence, ours: Counts, boxes: Counts) -> tuple[Error, ...]:
    """Compare the people counted in each zone, (frames, zones), with the truth."""
    length = round(MEDIAN_S * sequence.fps)
    return tuple(
        _error(name, truth, ours[:, index], boxes[:, index], length)
        for index, (name, truth) in enumerate(sequence.occupancy.items())
    )


def _error(zone: str, truth: Counts, ours: Counts, boxes: Counts, length: int) -> Error:
    truth = truth[: len(ours)]
    ours, boxes = ours[: len(truth)], boxes[: len(truth)]
    medians = [
        (np.median(truth[at : at + length]), np.median(ours[at : at + length]))
        for at in range(0, len(truth), length)
    ]
    return Error(
        zone,
        persons=float(truth.mean()),
        boxes=float(np.abs(boxes - truth).mean()),
        frame=float(np.abs(ours - truth).mean()),
        median=float(np.mean([abs(a - b) for a, b in medians])),
        bias=float((ours - truth).mean()),
    )


def results(root: Path) -> Iterator[Result]:
    """Count on every sequence that has detections and counts."""
    for truth in sorted(root.glob("*/counting_truth.json")):
        if (truth.parent / "det.txt").exists():
            yield count(mot.read(truth.parent))


def run(out: Path | None, model: str | None, rest: list[str]) -> None:  # noqa: ARG001
    """Print one row for each zone of each sequence, and for each line."""
    zones: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    for result in results(SHARED / "data/mot"):
        zones += [{"sequence": result.name, **asdict(zone)} for zone in result.zones]
        for name, (truth, ours) in result.lines.items():
            row = {"sequence": result.name, "line": name, "in": truth[0], "ours in": ours[0]}
            row |= {"out": truth[1], "ours out": ours[1]}
            error = sum(abs(a - b) for a, b in zip(truth, ours, strict=True))
            lines.append(row | {"error": error})
    if not zones:
        raise SystemExit(f"not measured: no sequences at {SHARED} (set COUNTER_SHARED)")
    lines_out = out.with_name(f"{out.stem}-lines{out.suffix}") if out else None
    report(f"{__doc__.splitlines()[0]} Occupancy, sure boxes from {SURE}", zones, out)
    report(f"{__doc__.splitlines()[0]} Lines", lines, lines_out)
