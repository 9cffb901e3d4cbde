"""A simulated crowd at the doors of one space: where everybody is, and what a detector says of it.

Rule 1: nothing is drawn. People are boxes on straight pieces of path; a detector's faults are put
on them at rates that were measured on real footage, in runs, since misses come in runs.
Rule 2: everything follows from the seed.

The faults are those of YOLO11n at 640 on PETS S2.L1 (19 people, 664 s, IoU 0.4): 5.5 % of frames
lack a box, in runs of 0.48 s in the mean. With runs of geometric length a run of 1 s or more begins
0.014 times a second and person here, 0.0075 times there; one of 2 s or more 0.0010 and 0.0015 times
(one in all: somebody behind a sign for 9.9 s). False boxes: precision 0.887 (of YOLO11n's first
measurement there); nine of ten are doubles of people, by our choice. Earlier days had 9.4 % missing
boxes, taken from the recall at IoU 0.5, which calls a box that is a little off a missing one. Who
is behind somebody nearer is hidden as well: boxes of one size that overlap by two thirds are one
after NMS. Not in: a pillar at the door, that hides who walks by it for the whole way (aim better),
light that changes, and a detector that is worse at one time of day.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from counter.people import Detections

Floats = NDArray[np.float64]
DAY_S: Final = 86_400
FPS: Final = 5.0
HEIGHT, WIDTH = 0.25, 0.25 * 0.4 * 9 / 16  # of a person, fractions of the picture
OUTSIDE, LINE, INSIDE = 0.28, 0.6, 0.95  # where feet begin, the line, and where they end
# Door: camera, from x to x, share of the people.
DOORS: Final = {
    "north": ("street", 0.06, 0.44, 0.5),
    "south": ("street", 0.56, 0.94, 0.3),
    "yard": ("court", 0.25, 0.75, 0.2),
}
# Feet of posters and mannequins, found in every third frame; two of them right beside a line.
POSTERS: Final = {"street": [(0.5, 0.62), (0.97, 0.5)], "court": [(0.22, 0.57), (0.9, 0.9)]}
MISS, MISS_RUN = 0.055, 2.4  # share of frames without a box; frames in a row
DOUBLE, FALSE = 0.11, 0.02  # false boxes a person and frame, and a frame
GROUPS: Final = ((1, 0.6), (2, 0.25), (3, 0.1), (4, 0.05))  # how many come together
# Hours from the start at 04:00, and how many come then, relative: two rushes and a lunch.
HOURS: Final = (0, 1.5, 3, 4, 5, 8, 9, 10, 12.5, 13.5, 15, 17, 19, 20)
COMING: Final = (0, 0.2, 1, 4, 1, 0.8, 2, 0.8, 1, 3.5, 1.2, 0.5, 0.1, 0)
TURN_AFTER, TURN_BEFORE, STAND = 0.04, 0.04, 0.05  # shares of people at a door
LOSSES, LOSS_S = 3, (60.0, 240.0)  # of a camera, a day; how long each
CLOSED_S: Final = 20.5 * 3600  # by then everybody has left


Walk = tuple[list[float], list[tuple[float, float]], str]  # s, feet, door


@dataclass(frozen=True)
class _Gait:
    door: str
    x: float
    pace: float  # picture heights a second
    pause_s: float  # before the line


@dataclass
class Crowd:
    """Everybody who comes near a door in a day; rows sorted by time."""

    seed: int
    visits: int
    times: Floats = field(init=False)  # (N, 5) s since the start, of the corners of a path
    feet: Floats = field(init=False)  # (N, 5, 2)
    camera: NDArray[np.bool_] = field(init=False)  # (N,) True: "court"
    crossings: list[tuple[float, str, int]] = field(default_factory=list)  # true ones: s, door, way

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        walks: list[Walk] = []
        hours = np.linspace(0, 20, 2001)
        weight = np.interp(hours, HOURS, COMING)
        came = 0
        while came < self.visits:
            many = int(rng.choice([g for g, _ in GROUPS], p=[p for _, p in GROUPS]))
            start = 3600 * float(rng.choice(hours, p=weight / weight.sum()) + rng.random() * 0.01)
            stay = min(float(rng.lognormal(np.log(3600), 0.8)), 8 * 3600)
            leave = min(start + max(stay, 120), CLOSED_S - float(rng.random() * 1800))
            walks += self._group(rng, start, many, 1) + self._group(rng, leave, many, -1)
            came += many
        walks.sort(key=lambda walk: walk[0][0])
        self.times = np.array([times for times, _, _ in walks])
        self.feet = np.array([feet for _, feet, _ in walks])
        self.camera = np.array([DOORS[door][0] == "court" for _, _, door in walks])
        self.crossings.sort()

    def _group(self, rng: np.random.Generator, start: float, many: int, way: int) -> list[Walk]:
        door = str(rng.choice(list(DOORS), p=[share for *_, share in DOORS.values()]))
        _, left, right, _ = DOORS[door]
        middle = rng.uniform(left + 0.1, right - 0.1)
        pace = rng.uniform(0.13, 0.24)  # picture heights a second: 0.9 to 1.6 m/s
        out = []
        for member in range(many):
            x = float(np.clip(middle + (member - (many - 1) / 2) * 0.06, left + 0.03, right - 0.03))
            begin = start + member * rng.uniform(0, 0.5)
            pause_s = float(rng.uniform(3, 20)) if rng.random() < STAND else 0.0
            out += self._person(rng.random(), begin, _Gait(door, x, pace, pause_s), way)
        return out

    def _person(self, turn: float, start: float, gait: _Gait, way: int) -> list[Walk]:
        """One who goes through a door, perhaps after a pause, and perhaps a second time."""
        first, last = (OUTSIDE, INSIDE) if way > 0 else (INSIDE, OUTSIDE)
        ys = [first, LINE - way * 0.15, LINE - way * 0.15, LINE + way * 0.15, last]
        walks = []
        if turn < TURN_BEFORE:  # comes up to the line and goes away; then comes once more
            walks.append(self._walk(start, gait, [*ys[:2], ys[1], ys[1], first]))
            start += 60.0
        elif turn < TURN_BEFORE + TURN_AFTER:  # goes over it, turns, and goes back: counts twice
            walks.append(self._walk(start, gait, [first, ys[3], ys[3], ys[1], first]))
            start += 60.0
        walks.append(self._walk(start, gait, ys))
        return walks

    def _walk(self, start: float, gait: _Gait, ys: list[float]) -> Walk:
        times = [start]
        for index, (before, after) in enumerate(pairwise(ys)):
            step = abs(after - before) / gait.pace + gait.pause_s * (index == 1)
            if (before < LINE) != (after < LINE):
                when = times[-1] + step * (LINE - before) / (after - before)
                self.crossings.append((when, gait.door, 1 if after > before else -1))
            times.append(times[-1] + step)
        return times, [(gait.x, y) for y in ys], gait.door


def losses(seed: int) -> list[tuple[str, float, float]]:
    """Say which camera is gone, from when until when, s."""
    rng = np.random.default_rng([seed, 9])
    begins = rng.uniform(2 * 3600, 18 * 3600, LOSSES)
    names = rng.choice(["street", "court"], LOSSES)
    return [
        (str(name), float(begin), float(begin + rng.uniform(*LOSS_S)))
        for name, begin in zip(names, begins, strict=True)
    ]


def truth_of(crowd: Crowd, interval_s: int) -> Floats:
    """The true median of each interval, from one sample a second."""
    when = np.array([at for at, _, _ in crowd.crossings])
    inside = np.concatenate(([0], np.cumsum([way for _, _, way in crowd.crossings])))
    seconds = inside[np.searchsorted(when, np.arange(DAY_S) + 0.5)]
    medians: Floats = np.median(seconds.reshape(-1, interval_s), axis=1)
    return medians


class View:
    """What one camera's detector says, frame by frame; holds those only who are in the picture."""

    def __init__(self, crowd: Crowd, camera: str) -> None:
        of = crowd.camera == (camera == "court")
        self._times, self._feet = crowd.times[of], crowd.feet[of]
        self._rng = np.random.default_rng([crowd.seed, len(camera)])
        self._posters = np.array(POSTERS[camera])
        self._next = 0
        self._begins = [*self._times[:, 0].tolist(), float("inf")]
        self._here = np.zeros(0, np.intp)
        self._missed = np.zeros(0)  # until when each is not found
        self._false: list[tuple[float, Floats]] = []

    def busy(self, now_s: float) -> bool:
        """Tell whether anybody is in the picture, or was within 1 s."""
        if not len(self._here) and now_s <= self._begins[self._next]:
            return False
        came = self._next
        while self._begins[came] < now_s:
            came += 1
        fresh = np.arange(self._next, came)
        if len(fresh):
            self._next = came
            self._here = np.concatenate((self._here, fresh))
            self._missed = np.concatenate((self._missed, np.zeros(len(fresh))))
        stays = self._times[self._here, -1] > now_s - 1
        self._here, self._missed = self._here[stays], self._missed[stays]
        return bool(len(self._here))

    def detections(self, now_s: float, captured_ns: int) -> Detections:
        rng = self._rng
        feet = self._where(now_s)
        begin = MISS / MISS_RUN / (1 - MISS)
        fresh = (now_s > self._missed) & (rng.random(len(self._here)) < begin)
        runs = rng.geometric(1 / MISS_RUN, len(self._here)) - 0.5
        self._missed = np.where(fresh, now_s + runs / FPS, self._missed)
        there = self._times[self._here, -1] >= now_s
        seen = feet[there & (now_s > self._missed)]
        doubles = seen[rng.random(len(seen)) < DOUBLE]
        doubles = doubles + rng.normal(0, (0.3 * WIDTH, 0.2 * HEIGHT), doubles.shape)
        self._false = [(until, foot) for until, foot in self._false if until > now_s]
        if rng.random() < FALSE:
            place = rng.uniform((0.05, 0.3), (0.95, 0.95))
            self._false.append((now_s + float(rng.uniform(0, 0.6)), place))
        posters = self._posters[rng.random(len(self._posters)) < 0.33]
        others = [np.atleast_2d(foot) for _, foot in self._false]
        return _found(rng, [seen, doubles, posters, *others], captured_ns)

    def _where(self, now_s: float) -> Floats:
        times, feet = self._times[self._here], self._feet[self._here]
        piece = np.clip((times <= now_s).sum(axis=1) - 1, 0, times.shape[1] - 2)
        row = np.arange(len(piece))
        start, end = times[row, piece], times[row, piece + 1]
        share = np.clip((now_s - start) / np.maximum(end - start, 1e-9), 0, 1)[:, None]
        where: Floats = feet[row, piece] * (1 - share) + feet[row, piece + 1] * share
        return where


def _found(rng: np.random.Generator, feet: list[Floats], captured_ns: int) -> Detections:
    """Boxes over feet, noisy, after NMS at 0.5 as the detectors do it."""
    confidence = np.concatenate(
        [rng.uniform(0.5, 0.95, len(feet[0])), rng.uniform(0.25, 0.6, sum(map(len, feet[1:])))]
    )
    foot = np.concatenate(feet)
    foot = foot + rng.normal(0, (0.03 * WIDTH, 0.015 * HEIGHT), foot.shape)
    size = np.array((WIDTH, HEIGHT)) * rng.normal(1, 0.03, (len(foot), 1))
    x, y, w, h = foot[:, 0], foot[:, 1], size[:, 0], size[:, 1]
    boxes = np.clip(np.stack((x - w / 2, y - h, x + w / 2, y), axis=1), 0, 1)
    order = np.argsort(-confidence)
    boxes, confidence = boxes[order], confidence[order]
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    over = both > 0.5 * (area[:, None] + area[None, :] - both)
    kept: list[int] = []
    for index in range(len(boxes)):
        if not over[index, kept].any():
            kept.append(index)
    return Detections(
        boxes[kept].astype(np.float32), confidence[kept].astype(np.float32), captured_ns
    )
