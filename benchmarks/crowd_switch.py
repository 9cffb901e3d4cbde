"""What does the switch between tracks and a density map do to a film?

Mall, 2 pictures a second by assumption, the whole picture as one zone: tracker, zones and switch of
the appliance, a map every 10 s. The gain is fitted on the second half of the film, as if counted by
eye on another day; the first half is judged. `30 s`: means of 30 s, and the largest step between
two of them; a switch that jumps would make larger steps than the truth has.
"""

import argparse
import csv
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.counting import SHARED
from benchmarks.machine import report
from counter import models
from counter.crowds import EVERY_NS, Crowds
from counter.detectors import CrowdModel
from counter.detectors.open import open_crowd_model, open_detector
from counter.frame import Frame
from counter.people import Crowd, Detections
from counter.settings import CrowdSettings, ModelSettings, Point, TrackerSettings, ZoneSettings
from counter.tracking import Tracker
from counter.zones import Zones

MALL = SHARED / "data/points/mall"
FPS = 2
MEAN_S = 30
CROWD = "mcnn-a"
WHOLE: list[Point] = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
ZONE = {"all": ZoneSettings(camera="mall", polygon=WHOLE, anchor="head")}
ABOVES = (15, 20, 30)

Series = NDArray[np.float64]  # persons, picture by picture


@dataclass(frozen=True)
class Film:
    """What was seen in the judged half, each picture once; and the gain of the other half."""

    truth: Series
    people: list[Detections]
    maps: dict[int, Crowd]  # by the picture's number
    gain: float


def truth_of(path: Path) -> int:
    with (MALL / "points" / f"{path.stem}.csv").open() as lines:
        return sum(1 for _ in csv.DictReader(lines))


def frame_of(path: Path, number: int) -> Frame:
    pixels = cv2.imread(str(path))
    if pixels is None:
        raise SystemExit(f"not measured: {path} cannot be read")
    return Frame(pixels.astype(np.uint8), number * 1_000_000_000 // FPS)


def look(detector_name: str, most: int) -> Film:
    paths = sorted((MALL / "images").iterdir())
    half = len(paths) // 2
    every = EVERY_NS * FPS // 1_000_000_000
    judged, others = paths[:half][:most], paths[half::every]
    people: list[Detections] = []
    maps: dict[int, Crowd] = {}
    with ExitStack() as opened:
        settings = ModelSettings(name=detector_name, threads=1)
        detector = opened.enter_context(closing(open_detector(settings)))
        crowds: CrowdModel = opened.enter_context(
            closing(open_crowd_model(models.find(CROWD, "density"), 1))
        )
        for number, path in enumerate(judged):
            with frame_of(path, number) as frame:
                people.append(detector.detect(frame))
                if number % every == 0:
                    maps[number] = crowds.look(frame)
        masses = []
        for path in others:
            with frame_of(path, 0) as frame:
                masses.append(float(crowds.look(frame).persons.sum()))
    gain = sum(map(truth_of, others)) / sum(masses)
    return Film(np.array([truth_of(path) for path in judged], float), people, maps, gain)


def counted(film: Film, settings: CrowdSettings | None) -> tuple[Series, int]:
    """What is counted picture by picture, and how often it changed over, there or back."""
    tracker, zones = Tracker(TrackerSettings(), ModelSettings().confidence), Zones(ZONE.values())
    over = None if settings is None else Crowds(ZONE, (), settings)
    found, dense = [], []
    for number, seen in enumerate(film.people):
        persons = zones.persons(tracker.update(seen))
        if over is not None:
            persons = over.count(persons, seen.captured_ns, film.maps.get(number))
            dense.append(bool(over.dense[0]))
        found.append(float(persons[0]))
    return np.array(found), int(np.count_nonzero(np.diff(dense)))


def means(series: Series) -> Series:
    length = MEAN_S * FPS
    whole: Series = series[: len(series) // length * length].reshape(-1, length).mean(axis=1)
    return whole


def row(way: str, film: Film, series: Series, switches: int) -> dict[str, Any]:
    ours, truth = means(series), means(film.truth)
    return {
        "way": way,
        "mean": round(float(series.mean()), 1),
        "MAE": round(float(np.abs(series - film.truth).mean()), 1),
        "bias": round(float((series - film.truth).mean()), 1),
        "30 s: MAE": round(float(np.abs(ours - truth).mean()), 1),
        "30 s: largest step": round(float(np.abs(np.diff(ours)).max()), 1),
        "switches": switches,
    }


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks crowd_switch", description=__doc__)
    parser.add_argument("--pictures", type=int, default=400, help="of the judged half, at most")
    asked = parser.parse_args(rest)
    if not MALL.exists():
        raise SystemExit(f"not measured: no pictures at {MALL} (set COUNTER_SHARED)")
    cv2.setNumThreads(1)
    name = model or "yolo11n-640"
    film = look(name, asked.pictures)
    rows = [row("truth", film, film.truth, 0), row("tracks alone", film, *counted(film, None))]
    for above in ABOVES:
        settings = CrowdSettings(model=CROWD, above=above)
        rows.append(row(f"above {above}", film, *counted(film, settings)))
    for above in ABOVES:
        settings = CrowdSettings(model=CROWD, above=above, gains={"all": film.gain})
        rows.append(row(f"above {above}, gain {film.gain:.2f}", film, *counted(film, settings)))
    question = (__doc__ or "").splitlines()[0]
    report(f"{question} {name} and {CROWD}, {len(film.truth)} pictures", rows, out)
