"""How far are counts from the truth on real footage?

Each clip goes through the appliance's own parts (`counter.evaluate`); each picture goes through the
network once. MAE and bias are of persons in the zone, each labelled frame alike; boxes: the same
for the detector's sure boxes, without a tracker. alike: in how many intervals of 30 s our public
number is that of the truth; released MAE: their mean difference where both are numbers. A visit is
a second or longer with somebody there; a gap of a second or less is no gap. took: reading, network
and counting, of the clip's first row.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import mot
from benchmarks.counting import SHARED
from benchmarks.machine import report
from counter.detectors import Detector
from counter.detectors.open import open_detector
from counter.errors import CounterError
from counter.evaluate import LineTruth, Report, Request
from counter.evaluate.request import CAMERA, WHOLE, settings_of
from counter.evaluate.run import compare
from counter.frame import Frame
from counter.people import Detections
from counter.settings import ModelSettings, Point, TrackerSettings, ZoneSettings
from counter.sources.open import open_source
from counter.tracking import Tracker
from counter.zones import Zones

DATA = SHARED / "data"
INTERVAL_S = 30  # the shortest that passenger information may have
MALL_FPS = 2.0  # an assumption: the set does not say when a picture was taken
NEAR = 0.4  # of mall: below it heads are large enough for a small network
VISIT_NS = 1_000_000_000
EXACT = ("truth", "ours", "MAE", "bias", "boxes MAE", "boxes bias")
HEADINGS = ("clip", *EXACT, "alike", "released MAE", "clip s", "took s")

Row = dict[str, Any]


class Remembering:
    """A detector that looks at each picture of a clip once; boxes stay in RAM until `forget`."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.name, self.backend = detector.name, detector.backend
        self.seen: dict[int, Detections] = {}  # by the time of the picture

    def detect(self, frame: Frame) -> Detections:
        if frame.captured_ns not in self.seen:
            self.seen[frame.captured_ns] = self._detector.detect(frame)
        return self.seen[frame.captured_ns]

    def forget(self) -> None:
        self.seen = {}

    def close(self) -> None:
        self._detector.close()


@dataclass(frozen=True)
class Bench:
    """What every clip is counted with."""

    detector: Remembering
    model: ModelSettings
    images: int | None  # of mall, the first so many; None: all

    def look(self, source: str, **asked: Any) -> Report:
        """Count in DATA/source and compare; how far it is, on standard error."""
        request = Request(source=str(DATA / source), model=self.model, **asked)
        camera = settings_of(request).cameras[CAMERA]
        columns = TextColumn(source), BarColumn(), TextColumn("{task.completed} pictures")
        console = Console(stderr=True)
        with closing(open_source(CAMERA, camera)) as opened, Progress(
            *columns, TimeElapsedColumn(), console=console
        ) as bar:  # fmt: skip
            task = bar.add_task(source, total=request.frames)
            return compare(
                request, opened, self.detector, lambda done: bar.update(task, completed=done)
            )

    def line(self, source: str, name: str, truth: LineTruth) -> Row:
        """One line of a clip: IN and OUT. The interval is that of footfall: totals only."""
        found = self.look(source, line=truth)
        entries, exits = found.lines
        row = empty(f"{name} in/out")
        row |= {"truth": f"{entries.truth}/{exits.truth}", "ours": f"{entries.ours}/{exits.ours}"}
        return row | {"clip s": round(found.seconds)}


def empty(name: str) -> Row:
    return dict.fromkeys(HEADINGS, "-") | {"clip": name}


def occupancy(name: str, found: Report) -> Row:
    """One zone of a clip: exact numbers frame by frame, and what the public would have read."""
    exact, boxes = found.occupancy, found.detector
    assert exact is not None
    assert boxes is not None
    alike, told = found.agreement
    both = [
        abs(int(row.truth_released) - int(row.ours_released))
        for row in found.intervals
        if row.truth_released.isdigit() and row.ours_released.isdigit()
    ]
    return empty(name) | {
        "truth": round(exact.truth_mean, 2),
        "ours": round(exact.ours_mean, 2),
        "MAE": round(exact.mae, 2),
        "bias": round(exact.bias, 2),
        "boxes MAE": round(boxes.mae, 2),
        "boxes bias": round(boxes.bias, 2),
        "alike": f"{alike} of {told}",
        "released MAE": f"{sum(both) / len(both):.1f} (n={len(both)})" if both else "-",
        "clip s": round(found.seconds),
    }


def vtest(bench: Bench) -> Iterator[Row]:
    """PETS09-S2L1: a car park from a lamp post; true boxes, and two lines that follow from them."""
    source, folder = "videos/vtest_pets09s2l1.avi", DATA / "mot/PETS09-S2L1"
    found = bench.look(source, labels=folder / "gt.txt", interval_s=INTERVAL_S)
    yield occupancy("vtest persons", found)
    sequence = mot.read(folder)
    for name, line in sequence.lines.items():
        a, b = line.points
        entries, exits = sequence.crossings[name]
        truth = LineTruth(points=(a, b), entries=entries, exits=exits)
        yield bench.line(source, f"vtest line {name}", truth)


def one_by_one(bench: Bench) -> Iterator[Row]:
    """One person at a time in a corridor; visits counted by eye, to 8 frames."""
    source = "videos/one_by_one.mp4"
    visits = _truth("one_by_one.mp4")["visits_frames"]
    present = {frame for first, last in visits for frame in range(first, last + 1)}
    with tempfile.TemporaryDirectory() as folder:
        labels = Path(folder) / "visits.csv"
        frames = range(_pictures(source))
        rows = [f"{frame},{int(frame in present)}" for frame in frames]
        labels.write_text("\n".join(["frame,count", *rows, ""]))
        found = bench.look(source, labels=labels, interval_s=INTERVAL_S)
    yield occupancy("one_by_one persons", found)
    row = empty("one_by_one visits") | {"truth": len(visits), "ours": _visits(bench)}
    yield row | {"clip s": round(found.seconds)}


def overhead(bench: Bench) -> Iterator[Row]:
    """A door from above, counted by eye. Drawn left to right, the line calls `down` IN."""
    truth = _truth("overhead_door_a.mp4")
    ends = ((0.0, 0.5), (1.0, 0.5))
    line = LineTruth(points=ends, entries=truth["down"], exits=truth["up"])
    yield bench.line("videos/overhead_door_a.mp4", "overhead_door_a", line)


def mall(bench: Bench) -> Iterator[Row]:
    """A shopping mall, every head labelled; its pictures are read as footage."""
    near: tuple[Point, ...] = ((0.0, NEAR), (1.0, NEAR), (1.0, 1.0), (0.0, 1.0))
    for name, polygon in (("near part", near), ("whole", WHOLE)):
        found = bench.look(
            "points/mall/images",
            labels=DATA / "points/mall/points",
            label_size=(640, 480),
            polygon=polygon,
            interval_s=INTERVAL_S,
            fps=MALL_FPS,
            frames=bench.images,
        )
        yield occupancy(f"mall {name}", found)


CLIPS: dict[str, tuple[Callable[[Bench], Iterator[Row]], tuple[str, ...]]] = {
    "vtest": (vtest, ("videos/vtest_pets09s2l1.avi", "mot/PETS09-S2L1")),
    "one_by_one": (one_by_one, ("videos/one_by_one.mp4", "videos/TRUTH.json")),
    "overhead_door_a": (overhead, ("videos/overhead_door_a.mp4", "videos/TRUTH.json")),
    "mall": (mall, ("points/mall/images", "points/mall/points")),
}


def measure(name: str, bench: Bench) -> list[Row]:
    """Every row of one clip, or one that says that it was not run."""
    rows, needs = CLIPS[name]
    if absent := [path for path in needs if not (DATA / path).exists()]:
        print(f"{name}: not run: no {', '.join(absent)} (set COUNTER_SHARED)", file=sys.stderr)
        return [empty(name) | {"truth": "not run"}]
    bench.detector.forget()
    began = time.monotonic()
    measured: list[Row] = []
    for row in rows(bench):
        first = not measured
        measured.append(row | ({"took s": round(time.monotonic() - began)} if first else {}))
    return measured


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks footage", description=__doc__)
    parser.add_argument("--images", type=int, help="of mall, the first so many; 800 without it")
    parser.add_argument("--clips", nargs="+", choices=CLIPS, default=list(CLIPS))
    args = parser.parse_args(rest)
    settings = ModelSettings(name=model or ModelSettings().name)
    try:
        with closing(Remembering(open_detector(settings))) as detector:
            bench = Bench(detector, settings, args.images)
            rows = [row for name in args.clips for row in measure(name, bench)]
    except CounterError as error:
        raise SystemExit(f"not measured: {error.message}\n{error.hint}") from None
    report(f"{__doc__.splitlines()[0]} {settings.name}, from {settings.confidence}", rows, out)


def _truth(name: str) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((DATA / "videos/TRUTH.json").read_text())[name]
    return truth


def _pictures(source: str) -> int:
    from counter.sources.opencv import open_video

    with closing(open_video(DATA / source)) as capture:
        return capture.pictures


def _visits(bench: Bench) -> int:
    """How often somebody came, in the people that were seen in the clip."""
    tracker = Tracker(TrackerSettings(), bench.model.confidence)
    zones = Zones([ZoneSettings(camera=CAMERA, polygon=list(WHOLE))])
    visits, came_ns, last_ns = 0, None, 0
    for at_ns, people in sorted(bench.detector.seen.items()):
        if not zones.persons(tracker.update(people))[0]:
            continue
        if came_ns is None or at_ns - last_ns > VISIT_NS:
            came_ns, counted = at_ns, False
        if not counted and at_ns - came_ns >= VISIT_NS:
            visits, counted = visits + 1, True
        last_ns = at_ns
    return visits
