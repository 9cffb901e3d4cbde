"""Can a sign in the boxes tell a crowd that is half seen from a few people who are all seen?

A model finds the near and well-parted people of a crowd; those alone would look no different. Two
signs, in single pictures with FEWEST sure boxes or more. `low H`: half of the sure boxes are lower
than H pixels in the model's input. `weak 1:N`: there is an unsure box (0.1 to the confidence) for
N sure ones. Each figure is the share of pictures that show the sign; `found` is the median of sure
boxes / people. A sign is of use if it is frequent where few are found and rare where all are, with
every model. PETS: pictures of S2.L1 at 480x360, of which hardly anybody is missed.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.counting import SHARED
from benchmarks.crowds import listed
from benchmarks.machine import report
from counter import models
from counter.detectors import Detector
from counter.detectors.open import open_detector
from counter.frame import Frame, Pixels
from counter.settings import ModelSettings

DATA = SHARED / "data"
SETS = ("mall", "shtech_b", "cafe", "coco-full")
DETECTORS = ("counter-n", "yolo11n-320", "yolo11n-640", "yolov8n-640", "yolo26n-640")
FEWEST = 4
LOW = (28, 36, 48)
WEAK = (4, 3, 2)
STEP = 15  # every so many pictures of the film

Shown = tuple[str, Pixels, int]  # set, picture, people in it


def pictures(most: int) -> Iterator[Shown]:
    for item in SETS:
        for path, truth in listed(item, most):
            pixels = cv2.imread(str(path))
            if pixels is None:
                raise SystemExit(f"not measured: {path} cannot be read")
            yield item, pixels.astype(np.uint8), truth
    rows = (DATA / "mot/PETS09-S2L1/gt.txt").read_text().splitlines()
    people = Counter(int(row.partition(",")[0]) for row in rows)
    film = cv2.VideoCapture(str(DATA / "videos/vtest_pets09s2l1.avi"))
    number = 0
    while film.grab():
        number += 1  # the labels count from 1
        if number % STEP == 1:
            yield "PETS", film.retrieve()[1].astype(np.uint8), people[number]
    film.release()


def signs(detector: Detector, pixels: Pixels, scale: float) -> dict[str, float]:
    """How many were found, and which signs the picture shows."""
    with Frame(pixels.copy(), 0) as frame:  # it is overwritten at the end
        people = detector.detect(frame)
    sure = people.confidence >= ModelSettings().confidence
    heights = (people.xyxy[sure, 3] - people.xyxy[sure, 1]) * pixels.shape[0] * scale
    found, weak = int(sure.sum()), int((~sure).sum())
    shown: dict[str, float] = {"found": found}
    for height in LOW:
        shown[f"low {height}"] = found >= FEWEST and float((heights < height).mean()) >= 1 / 2
    for many in WEAK:
        shown[f"weak 1:{many}"] = found >= FEWEST and weak * many >= found
    return shown


def of_model(name: str, shown: list[Shown]) -> Iterator[dict[str, Any]]:
    width, height = models.find(name).entry.input
    rows: dict[str, list[dict[str, float]]] = {}
    truths: dict[str, list[int]] = {}
    with closing(open_detector(ModelSettings(name=name, threads=1))) as detector:
        for item, pixels, truth in shown:
            scale = min(width / pixels.shape[1], height / pixels.shape[0])
            rows.setdefault(item, []).append(signs(detector, pixels, scale))
            truths.setdefault(item, []).append(truth)
    for item, here in rows.items():
        shares = [
            row["found"] / max(truth, 1) for row, truth in zip(here, truths[item], strict=True)
        ]
        row = {"model": name, "set": item, "n": len(here), "found": round(np.median(shares), 2)}
        for sign in list(here[0])[1:]:
            row[sign] = round(float(np.mean([one[sign] for one in here])), 2)
        yield row


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks blind_spot", description=__doc__)
    parser.add_argument("--pictures", type=int, default=60, help="of each set, at most")
    asked = parser.parse_args(rest)
    if not (DATA / "index.csv").exists():
        raise SystemExit(f"not measured: no pictures at {DATA} (set COUNTER_SHARED)")
    cv2.setNumThreads(1)
    shown = list(pictures(asked.pictures))
    names = DETECTORS if model is None else (model,)
    report(
        (__doc__ or "").splitlines()[0],
        [row for name in names for row in of_model(name, shown)],
        out,
    )
