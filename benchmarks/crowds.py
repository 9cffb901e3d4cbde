"""From how many people on does a density map count better than boxes?

Whole pictures with a point for each head, or a box for each person: errors of the number of people.
Settings are chosen on every second picture and judged on the others. `switched` is the rule of
`counter.crowds` by which a zone changes over, on one picture; `stays`: the map once it counts. The
ShanghaiTech pictures are of the sets' training parts, and may be what the density models were
trained on: their rows flatter them. Mall is one camera; gained: its map times the gain that the
chosen pictures give.
"""

import argparse
import csv
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.counting import SHARED
from benchmarks.machine import report
from counter import models
from counter.crowds import SEEN, believed
from counter.detectors import CrowdModel, Detector
from counter.detectors.open import open_crowd_model, open_detector
from counter.frame import Frame
from counter.settings import CrowdSettings, ModelSettings

DATA = SHARED / "data"
POINTS = ("mall", "shtech_b", "shtech_a")
BOXES = ("cafe", "coco-full")  # a few people, near: where a map must not take over
DETECTORS = ("counter-n", "yolo11n-640")
MAPS = ("mcnn-a", "mcnn-b")
ONE_CAMERA = "mall"
ABOVES = (10, 15, 20, 30, 40, 60)
RULES = {"map alone": 0.0, "both, a tenth seen": 0.1, "both, a fifth": 0.2, "both, a third": 1 / 3}


@dataclass
class Picture:
    """What was counted in one picture; numbers only."""

    item: str
    truth: int
    counts: dict[str, float] = field(default_factory=dict)
    ms: dict[str, float] = field(default_factory=dict)  # CPU of this thread's process


def listed(item: str, most: int) -> Iterator[tuple[Path, int]]:
    """Yield pictures, evenly spread over the item, and how many people are in each."""
    with (DATA / "index.csv").open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["item"] == item]
    rows = [row for row in rows if (DATA / row["file"]).suffix in {".jpg", ".png"}]
    many = "n_points" if item in POINTS else "n_boxes"
    step = max(len(rows) / most, 1.0)
    for at in range(min(most, len(rows))):
        row = rows[int(at * step)]
        yield DATA / row["file"], int(row[many] or 0)


class Looking:
    """Every model, opened once; one thread, so that CPU time is what a picture costs."""

    def __init__(self, opened: ExitStack) -> None:
        self._detectors: dict[str, Detector] = {}
        self._maps: dict[str, CrowdModel] = {}
        for name in DETECTORS:
            settings = ModelSettings(name=name, threads=1)
            self._detectors[name] = opened.enter_context(closing(open_detector(settings)))
        for name in MAPS:
            model = models.find(name, "density")
            self._maps[name] = opened.enter_context(closing(open_crowd_model(model, 1)))

    def at(self, item: str, path: Path, truth: int) -> Picture:
        seen = Picture(item, truth)
        pixels = cv2.imread(str(path))
        if pixels is None:
            raise SystemExit(f"not measured: {path} cannot be read")
        with Frame(pixels.astype(np.uint8), 0) as frame:
            for name, detector in self._detectors.items():
                began = time.process_time()
                people = detector.detect(frame)
                seen.ms[name] = (time.process_time() - began) * 1e3
                seen.counts[name] = int((people.confidence >= ModelSettings().confidence).sum())
            for name, crowds in self._maps.items():
                began = time.process_time()
                seen.counts[name] = float(crowds.look(frame).persons.sum())
                seen.ms[name] = (time.process_time() - began) * 1e3
        return seen


def switched(picture: Picture, detector: str, crowd: str, gain: float = 1.0) -> float:
    """The estimate of the rule in force, with the settings in force."""
    return ruled(picture, detector, crowd, above=CrowdSettings().above, gain=gain)


def ruled(
    picture: Picture, detector: str, crowd: str, *, above: float, gain: float = 1.0
) -> float:  # fmt: skip
    found, mass = picture.counts[detector], picture.counts[crowd] * gain
    dense = believed(np.array([mass]), np.array([int(found)]), above)[0]
    return max(found, mass) if dense else found


def errors(pictures: Sequence[Picture], estimates: Sequence[float]) -> dict[str, float]:
    off = np.array(estimates) - np.array([picture.truth for picture in pictures])
    return {
        "MAE": round(float(np.abs(off).mean()), 1),
        "RMSE": round(float(np.sqrt((off**2).mean())), 1),
        "bias": round(float(off.mean()), 1),
    }


def judged(pictures: Sequence[Picture], chosen: Sequence[Picture]) -> Iterator[dict[str, Any]]:
    """One row for each set and estimate, on the pictures that chose nothing."""
    for item in (*POINTS, *BOXES):
        here = [picture for picture in pictures if picture.item == item]
        if not here:
            continue
        truth = round(statistics.fmean(picture.truth for picture in here), 1)
        ways = {name: [p.counts[name] for p in here] for name in (*DETECTORS, *MAPS)}
        for detector in DETECTORS:
            ways[f"switched: {detector} + mcnn-a"] = [switched(p, detector, "mcnn-a") for p in here]
        if item in POINTS:
            ways["stays: yolo11n-640 + mcnn-a"] = [
                max(p.counts["yolo11n-640"], p.counts["mcnn-a"]) for p in here
            ]
        if item == ONE_CAMERA:
            gain = fitted([picture for picture in chosen if picture.item == item], "mcnn-a")
            ways[f"gained x {gain:.2f}: mcnn-a"] = [p.counts["mcnn-a"] * gain for p in here]
            for detector in DETECTORS:
                ways[f"gained and switched: {detector} + mcnn-a"] = [
                    ruled(p, detector, "mcnn-a", above=15, gain=gain) for p in here
                ]
        for way, estimates in ways.items():
            yield {"set": item, "n": len(here), "truth": truth, "way": way} | errors(
                here, estimates
            )


def fitted(pictures: Sequence[Picture], crowd: str) -> float:
    return sum(p.truth for p in pictures) / sum(p.counts[crowd] for p in pictures)


def choices(pictures: Sequence[Picture]) -> Iterator[dict[str, Any]]:
    """Mean absolute error of each rule, and how often the map took over among a few people."""
    few = [picture for picture in pictures if picture.item in BOXES]
    for rule, least in RULES.items():
        for above in ABOVES:
            row: dict[str, Any] = {"rule": rule, "above": above}
            for item in POINTS:
                here = [picture for picture in pictures if picture.item == item]
                guesses = [chosen_by(p, above, least) for p in here]
                row[f"{item} MAE"] = errors(here, guesses)["MAE"]
            guesses = [chosen_by(p, above, least) for p in few]
            row["few: MAE"] = errors(few, guesses)["MAE"]
            row["few: taken over"] = sum(
                guess != p.counts["yolo11n-640"] for guess, p in zip(guesses, few, strict=True)
            )
            yield row


def chosen_by(picture: Picture, above: float, seen: float) -> float:
    found, mass = picture.counts["yolo11n-640"], picture.counts["mcnn-a"]
    return max(found, mass) if mass >= above and found >= seen * above else found


def costs(pictures: Sequence[Picture]) -> Iterator[dict[str, Any]]:
    for name in (*DETECTORS, *MAPS):
        entry = next(one.entry for one in models.listed() if one.name == name)
        spent = statistics.median(picture.ms[name] for picture in pictures)
        yield {"model": name, "input": "x".join(map(str, entry.input)), "CPU ms": round(spent)}


def run(out: Path | None, model: str | None, rest: list[str]) -> None:  # noqa: ARG001
    parser = argparse.ArgumentParser(prog="python -m benchmarks crowds", description=__doc__)
    parser.add_argument("--pictures", type=int, default=100, help="of each set, at most")
    asked = parser.parse_args(rest)
    if not (DATA / "index.csv").exists():
        raise SystemExit(f"not measured: no pictures at {DATA} (set COUNTER_SHARED)")
    cv2.setNumThreads(1)
    seen: list[Picture] = []
    with ExitStack() as opened:
        looking = Looking(opened)
        for item in (*POINTS, *BOXES):
            for path, truth in listed(item, asked.pictures):
                seen.append(looking.at(item, path, truth))
            print(f"{item}: {len(seen)} pictures so far", file=sys.stderr, flush=True)
    chosen, others = seen[::2], seen[1::2]
    question = (__doc__ or "").splitlines()[0]
    rule = f"above {CrowdSettings().above}, of which {SEEN:.0%} are seen"
    tables: dict[str, list[dict[str, Any]]] = {
        f"The rule, chosen on {len(chosen)} pictures": list(choices(chosen)),
        f"{question} {len(others)} other pictures; {rule}": list(judged(others, chosen)),
        "Cost of a picture on one thread": list(costs(seen)),
    }
    for title, rows in tables.items():
        report(title, rows, None)
    if out is not None:
        numbers = [asdict(picture) for picture in seen]
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps({"tables": tables, "pictures": numbers}, indent=1) + "\n")
