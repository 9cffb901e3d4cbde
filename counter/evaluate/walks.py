"""Labelled people from frame to frame: true crossings of lines, and boxes with a name.

Rule 1: a side of a line counts once a person has stood on it for two labelled frames; the crossing
is at the first of these. A label that is nearer to the line than labels are exact is on no side. So
one that trembles over the line is no crossing.
Rule 2: between the two sides the person went over the line's own length, not past its end.
Our own rule for lines is not asked here: it is what is measured.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import hypot

from counter.evaluate import mot
from counter.evaluate.labels import UNKNOWN, label_size
from counter.evaluate.mot import Rectangle
from counter.evaluate.request import LabelKind, Request
from counter.people import Direction
from counter.settings import LineSettings, Point
from counter.zones import HEIGHT

HELD = 2  # labelled frames on a side
EXACT = 0.02  # body heights: a pixel or two of somebody of 70 pixels


@dataclass(frozen=True, slots=True, repr=False)
class Walks:
    """Labelled boxes, fractions of the picture, by frame of the clip."""

    people: Mapping[int, Mapping[int, Rectangle]]  # frame: who: box
    distractors: Mapping[int, tuple[Rectangle, ...]]  # frame: what is neither right nor wrong
    aspect: float  # of the picture, width / height

    @property
    def named(self) -> bool:
        """Do the labels say who is who?"""
        return any(who >= 0 for people in self.people.values() for who in people)


def read_walks(request: Request) -> Walks | None:
    """Read labelled boxes; None where the labels are no boxes or lack their pictures' size."""
    if request.labels is None or request.kind is not LabelKind.MOT:
        return None
    width, height = label_size(request)
    if (width, height) == UNKNOWN:
        return None
    offset = mot.FIRST if request.label_offset is None else request.label_offset
    rows = mot.truth(request.labels)
    frames = [row.frame - offset for row in rows]
    people: dict[int, dict[int, Rectangle]] = {n: {} for n in range(min(frames), max(frames) + 1)}
    others: dict[int, list[Rectangle]] = {}
    for row, frame in zip(rows, frames, strict=True):
        left, top, right, bottom = row.box
        box = left / width, top / height, right / width, bottom / height
        if row.person:
            people[frame][row.who] = box
        elif row.kind in mot.DISTRACTOR_CLASSES:
            others.setdefault(frame, []).append(box)
    distractors = {frame: tuple(boxes) for frame, boxes in others.items()}
    return Walks(people, distractors, width / height)


def crossings(
    walks: Walks, line: LineSettings, frames: Iterable[int]
) -> list[tuple[int, Direction]]:
    """List the frames and directions in which labelled people went over a line."""
    wanted = set(frames)
    walkers: dict[int, _Walker] = {}
    found = []
    for frame in sorted(wanted & walks.people.keys()):
        for who, box in walks.people[frame].items():
            walker = walkers.setdefault(who, _Walker(line, walks.aspect))
            found += walker.step(frame, box)
    return found


class _Walker:
    """One labelled person at one line."""

    def __init__(self, line: LineSettings, aspect: float) -> None:
        self._line, self._aspect = line, aspect
        (ax, ay), (bx, by) = line.points
        self._length = hypot((bx - ax) * aspect, by - ay)
        self._side = 0  # on which the person is for certain; 0: not yet
        self._last: Point | None = None  # the last point on that side
        self._new: list[tuple[int, Point]] = []  # frames on the other side, not yet believed

    def step(self, frame: int, box: Rectangle) -> list[tuple[int, Direction]]:
        start, end = self._line.points
        left, top, right, bottom = box
        point = (left + right) / 2, top + HEIGHT[self._line.anchor] * (bottom - top)
        turn = _turn(start, end, point)
        if abs(turn) * self._aspect < EXACT * (bottom - top) * self._length:
            return []
        side = 1 if turn > 0 else -1
        if side == self._side:
            self._last, self._new = point, []
            return []
        self._new.append((frame, point))
        if len(self._new) < HELD:
            return []
        first, beyond = self._new[0]
        before, self._side, self._last = self._last, side, point
        self._new = []
        if before is None or not _meets(before, beyond, start, end):
            return []
        return [(first, Direction.IN if side > 0 else Direction.OUT)]


def _turn(start: Point, end: Point, point: Point) -> float:
    """Positive on the side that IN leads to: below a line drawn from left to right."""
    (ax, ay), (bx, by), (x, y) = start, end, point
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax)


def _meets(one: Point, other: Point, start: Point, end: Point) -> bool:
    return _turn(one, other, start) * _turn(one, other, end) <= 0
