"""From a picture to boxes with a detector file, and from boxes to figures.

Rule 1: the picture is prepared as the appliance prepares it: scaled to fit, centred on grey 114,
RGB, 0..1; boxes come back as pixels of the picture.
Rule 2: people marked `ignored` (hidden or tiny) are neither owed nor punished.
"""

import time
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from runners import Runner

Array = NDArray[np.float32]
LEAST_CONFIDENCE = 0.01  # of a box kept for the precision-recall curve
MATCH_IOU = 0.5


@dataclass(frozen=True)
class Operation:
    """How a detector is run; the appliance's defaults."""

    confidence: float = 0.25
    nms_iou: float = 0.5


@dataclass(frozen=True)
class Boxes:
    xyxy: Array  # (N, 4) pixels
    score: Array  # (N,)


@dataclass(frozen=True)
class Labelled:
    """One picture's truth; `count` where only the number of people is known."""

    xyxy: Array  # (N, 4) pixels
    ignored: NDArray[np.bool_]  # (N,)
    count: int


@dataclass
class Tally:
    """What a model did on one set of pictures."""

    confidence: float
    scores: list[Array] = field(default_factory=list)
    hits: list[NDArray[np.bool_]] = field(default_factory=list)
    owed: int = 0
    count_errors: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class Detector:
    """A YOLO with a raw head `(4 + classes, n)`; a person is where class 0 is the surest."""

    def __init__(self, runner: Runner, operation: Operation) -> None:
        self.operation, self.runner = operation, runner
        self.name = f"{runner.name} {runner.width}x{runner.height}"
        self.seconds = 0.0

    def detect(self, picture: NDArray[np.uint8]) -> Boxes:
        tensor, scale, left, top = letterbox(picture, (self.runner.width, self.runner.height))
        started = time.perf_counter()
        head = self.runner.run(tensor)
        self.seconds = time.perf_counter() - started
        score = head[4]
        keep = (score >= LEAST_CONFIDENCE) & (head[4:].argmax(0) == 0)
        centre, half, score = head[:2, keep].T, head[2:4, keep].T / 2, score[keep]
        xyxy = np.concatenate([centre - half, centre + half], axis=1)
        xyxy = (xyxy - np.array([left, top, left, top], np.float32)) / scale
        height, width = picture.shape[:2]
        xyxy = np.clip(xyxy, 0, np.array([width, height, width, height], np.float32))
        chosen = suppress(xyxy, score, self.operation.nms_iou)
        return Boxes(xyxy[chosen], score[chosen])


def letterbox(picture: NDArray[np.uint8], size: tuple[int, int]) -> tuple[Array, float, int, int]:
    """The input tensor, the scale and the left and top border."""
    width, height = size
    scale = min(width / picture.shape[1], height / picture.shape[0])
    wide, high = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    if (wide, high) != (picture.shape[1], picture.shape[0]):
        picture = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_LINEAR)
    left, top = round((width - wide) / 2 - 0.1), round((height - high) / 2 - 0.1)
    canvas = np.full((height, width, 3), 114, np.uint8)
    canvas[top : top + high, left : left + wide] = picture
    tensor = canvas[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255
    return np.ascontiguousarray(tensor), scale, left, top


def iou(one: Array, many: Array) -> Array:
    """(N, M) intersection over union."""
    low = np.maximum(one[:, None, :2], many[None, :, :2])
    high = np.minimum(one[:, None, 2:], many[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(2)
    areas = [(b[:, 2:] - b[:, :2]).prod(1) for b in (one, many)]
    union: Array = areas[0][:, None] + areas[1][None] - shared
    return shared / np.maximum(union, 1e-9)


def suppress(xyxy: Array, score: Array, most: float) -> NDArray[np.int64]:
    """Non-maximum suppression: the kept rows, best first."""
    order = np.argsort(-score, kind="stable")[:1000]
    kept: list[int] = []
    while len(order):
        best = order[0]
        kept.append(int(best))
        order = order[1:][iou(xyxy[best : best + 1], xyxy[order[1:]])[0] <= most]
    return np.array(kept, np.int64)


def match(found: Boxes, truth: Labelled) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each box, best score first: is it a hit, and does it count at all?"""
    hit = np.zeros(len(found.score), np.bool_)
    counts = np.ones(len(found.score), np.bool_)
    overlap = iou(found.xyxy, truth.xyxy)
    free = ~truth.ignored
    for row in range(len(hit)):
        candidates = np.where(free, overlap[row], 0)
        if len(candidates) and candidates.max() >= MATCH_IOU:
            hit[row] = True
            free[candidates.argmax()] = False
        elif (overlap[row][truth.ignored] >= MATCH_IOU).any():
            counts[row] = False
    return hit, counts


def observe(tally: Tally, found: Boxes, truth: Labelled) -> None:
    """Add one picture."""
    hit, counts = match(found, truth)
    tally.scores.append(found.score[counts])
    tally.hits.append(hit[counts])
    tally.owed += int((~truth.ignored).sum())
    tally.count_errors.append(int((found.score >= tally.confidence).sum()) - truth.count)


def together(tallies: list[Tally]) -> Tally:
    """Several sets as one."""
    whole = Tally(tallies[0].confidence)
    for tally in tallies:
        whole.scores += tally.scores
        whole.hits += tally.hits
        whole.owed += tally.owed
        whole.count_errors += tally.count_errors
        whole.seconds += tally.seconds
    return whole


def average_precision(score: Array, hit: NDArray[np.bool_], owed: int) -> float:
    """Area under the precision-recall curve, precision made monotone."""
    order = np.argsort(-score, kind="stable")
    good = np.cumsum(hit[order])
    precision = good / np.arange(1, len(good) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    recall = np.concatenate([[0.0], good / max(owed, 1)])
    return float((np.diff(recall) * precision).sum())


def figures(tally: Tally) -> dict[str, float]:
    """The figures of one set; a set without boxes has counts only."""
    errors = np.array(tally.count_errors)
    result = {
        "pictures": len(errors),
        "count_mae": round(float(np.abs(errors).mean()), 3),
        "count_bias": round(float(errors.mean()), 3),
        "milliseconds": round(float(np.median(tally.seconds)) * 1e3, 1),
    }
    if tally.owed:
        score, hit = np.concatenate(tally.scores), np.concatenate(tally.hits)
        sure = score >= tally.confidence
        result |= {
            "people": tally.owed,
            "ap50": round(average_precision(score, hit, tally.owed), 4),
            "recall": round(float(hit[sure].sum()) / tally.owed, 4),
            "precision": round(float(hit[sure].sum()) / max(int(sure.sum()), 1), 4),
        }
    return result
