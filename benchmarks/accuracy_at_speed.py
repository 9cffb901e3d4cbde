"""How fast is each model in each format here, and how well does it find and count people?

One row for each model, format and backend that can run here; a reader picks a point. All look at
the same picture one after another, so that a busy machine is unfair to none. `FPS` and `ms` are of
our detector, pixels to persons, on PETS' film, in a second round with the thresholds that the
appliance has, after three looks that are not counted; `FPS` is 1000 by the mean. AP50 is of persons
at an IoU of 0.5, on public labelled pictures: `photos` are COCO, VOC and cafe pictures that
counter-n did not learn from (many were looked at while its stages were chosen; its card says
which), `PennFudan`, and `PETS` (S2.L1, every tenth picture of a film). `MAE` and `bias` are of the
number of people found in a picture of PETS from a confidence of 0.25 on, without a tracker. YOLO11n
was trained on COCO: on photos it is at home. The pictures are for research; they are looked at and
not kept.

  python -m benchmarks accuracy_at_speed                   every model, every picture
  python -m benchmarks accuracy_at_speed --every 10        a tenth of the pictures
  python -m benchmarks accuracy_at_speed --model counter-n --plot speed.png
"""

import argparse
import importlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.counting import SHARED
from benchmarks.job import MODEL, OUT
from benchmarks.machine import report
from benchmarks.present import COMPARED, Run, account_of, runs, told
from benchmarks.rounds import WARM_UP, load, progress, some, stoppable
from counter.detectors import Detector
from counter.detectors.open import floor
from counter.frame import Frame, Pixels
from counter.settings import ModelSettings

RECIPE = Path(__file__).parents[1] / "models/recipe"
LEAST = 0.01  # confidence of a box that the precision-recall curve has, as the model's card
# Of the recipe's sets: those that are told together, and under which name.
SETS = {
    "photos": ("held-out coco", "held-out voc", "held-out cafe", "other coco, voc"),
    "PennFudan": ("PennFudan",),
    "PETS": ("PETS S2.L1",),
}
FILM = "PETS"  # the set that is footage: speed and counts are told of it
Row = dict[str, Any]
Sample = tuple[str, Pixels, Any]  # name of the set, picture, truth


@dataclass(frozen=True)
class Point:
    """One model in one format on one backend, and what it did on each set."""

    run: Run
    tallies: dict[str, Any]  # of the recipe's `Tally`, by set
    ms: list[float] = field(default_factory=list)  # of each picture of FILM

    def time(self, detector: Detector, sample: Sample) -> None:
        for _ in range(0 if self.ms else WARM_UP):
            with Frame(sample[1].copy(), 0) as frame:
                detector.detect(frame)
        frame = Frame(sample[1].copy(), 0)
        began = time.perf_counter()
        with frame:
            detector.detect(frame)
        self.ms.append((time.perf_counter() - began) * 1e3)

    def score(self, detector: Detector, sample: Sample, scoring: ModuleType) -> None:
        item, picture, truth = sample
        with Frame(picture.copy(), 0) as frame:
            people = detector.detect(frame)
        size = (picture.shape[1], picture.shape[0]) * 2
        boxes = scoring.Boxes(people.xyxy * np.array(size, np.float32), people.confidence)
        scoring.observe(self.tallies[item], boxes, truth)

    def row(self, scoring: ModuleType) -> Row:
        found = {name: scoring.figures(_timed(one)) for name, one in self.tallies.items()
                 if one.count_errors}  # fmt: skip
        width, height = self.run.model.entry.input
        counts = found.get(FILM, {})
        return {
            "model": self.run.model.name.removesuffix("-formats"),
            "input": f"{width}x{height}",
            "backend": self.run.name,
            "FPS": 1000 / float(np.mean(self.ms)) if self.ms else "-",
            "ms, median": float(np.median(self.ms)) if self.ms else "-",
            "ms, p99": float(np.percentile(self.ms, 99)) if self.ms else "-",
            **{f"AP50 {name}": found.get(name, {}).get("ap50", "-") for name in SETS},
            "MAE": counts.get("count_mae", "-"),
            "bias": counts.get("count_bias", "-"),
        }


def _timed(tally: Any) -> Any:
    """The recipe's figures want a time; ours is kept elsewhere."""
    tally.seconds = tally.seconds or [0.0]
    return tally


def recipe() -> tuple[ModuleType, ModuleType]:
    """The recipe's own sets and scores, so that these figures and its card's are of one kind."""
    sys.path.insert(0, str(RECIPE))  # they are scripts, and import each other as such
    try:
        return importlib.import_module("test_sets"), importlib.import_module("scoring")
    finally:
        sys.path.remove(str(RECIPE))


def samples(sets: ModuleType, every: int, items: Iterable[str] = SETS) -> Iterator[Sample]:
    """One in `every` pictures of each of these sets."""
    known = sets.all_sets(SHARED)
    for item in items:
        number = 0
        for part in SETS[item]:
            for picture, truth in known[part]():
                if number % every == 0:
                    yield item, picture, truth
                number += 1


def measured(found: list[Run], every: int, threads: int) -> list[Row]:
    """One row for each run. Raises CounterError."""
    sets, scoring = recipe()
    shipped = ModelSettings(threads=threads)
    points = [
        Point(run, {item: scoring.Tally(shipped.confidence) for item in SETS})
        for run in found
        if not run.lacks
    ]

    def scored(point: Point, detector: Detector, sample: Sample) -> None:
        point.score(detector, sample, scoring)

    def all_of_film() -> bool:
        return all(point.tallies[FILM].count_errors for point in points)

    faint = ModelSettings(threads=threads, confidence=LEAST)
    with progress("scored", None) as advance, stoppable(all_of_film):
        _look(points, faint, _told(samples(sets, every), advance), scored)
    if points and not any(tally.count_errors for tally in points[0].tallies.values()):
        raise SystemExit(f"not measured: no labelled pictures at {SHARED} (set COUNTER_SHARED)")
    with progress("timed", None) as advance, stoppable(lambda: True):
        _look(points, shipped, _told(samples(sets, every, [FILM]), advance), Point.time)
    rows = [point.row(scoring) for point in points]
    absent = [_absent(run, list(rows[0]) if rows else []) for run in found if run.lacks]
    return rows + absent


def _look(
    points: list[Point],
    settings: ModelSettings,
    shown: Iterator[Sample],
    act: Callable[[Point, Detector, Sample], None],
) -> None:
    """Open all with these thresholds and show each picture to all; another one begins each time."""
    with ExitStack() as opened:
        pairs = [(point, opened.enter_context(point.run.opened(settings))) for point in points]
        for number, sample in enumerate(shown):
            first = number % len(pairs)
            for point, detector in pairs[first:] + pairs[:first]:
                act(point, detector, sample)


def _told(shown: Iterator[Sample], advance: Callable[[], None]) -> Iterator[Sample]:
    for sample in shown:
        yield sample
        advance()


def thresholds() -> dict[str, Any]:
    """What this benchmark ran with: two detectors of each model, one after the other."""
    shipped = ModelSettings()
    return {
        "AP50, boxes from": LEAST,
        "MAE and bias, persons from": shipped.confidence,
        "FPS and ms, boxes from": floor(shipped),
        "NMS IoU": shipped.iou,
    }


def _absent(run: Run, headings: list[str]) -> Row:
    said = {"model": run.model.name.removesuffix("-formats"), "backend": f"{run.name}: {run.lacks}"}
    return dict.fromkeys(headings or said, "-") | said


def plot(rows: list[Row], path: Path) -> None:
    """Frames a second against AP50 on photos: up and to the right is better."""
    from matplotlib.figure import Figure

    drawn = [row for row in rows if row["FPS"] != "-" and row["AP50 photos"] != "-"]
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    for name in sorted({row["model"] for row in drawn}):
        here = [row for row in drawn if row["model"] == name]
        axes.scatter([r["FPS"] for r in here], [r["AP50 photos"] for r in here], label=name)
    for row in drawn:
        axes.annotate(row["backend"], (row["FPS"], row["AP50 photos"]), fontsize=8)
    axes.set(xlabel="frames a second on this machine", ylabel="AP50, persons, photos", xscale="log")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path)


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks accuracy_at_speed",
        description=__doc__,
        epilog=f"and for every benchmark:\n{MODEL} (each of {', '.join(COMPARED)})\n{OUT}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--every", type=some, default=1, help="one in so many pictures of each set (%(default)s)"
    )
    parser.add_argument("--threads", type=some, default=2, help="of every network (%(default)s)")
    parser.add_argument("--plot", type=Path, help="also draw the points; needs matplotlib (none)")
    args = parser.parse_args(rest)
    with told():
        found = [run for name in ([model] if model else COMPARED) for run in runs(name)]
        rows = measured(found, args.every, args.threads)
    if not rows:
        raise SystemExit("not measured: nothing here can run a model")
    said = f"{args.threads} threads, one in {args.every} pictures; {load()}"
    report(
        f"{(__doc__ or '').partition(chr(10))[0]} {said}",
        rows,
        out,
        account_of(found, ModelSettings()) | {"thresholds": thresholds()},
    )
    if args.plot is not None:
        plot(rows, args.plot)
