"""Raw heads: a network's maps, a pair for each stride, become the boxes that may be persons.

Rule 1: pure: numpy; no clock, file, log or randomness.
Rule 2: maps are known by their shapes. A grid of cells has one map of a number for each class, and
one of the box's sides: their distances from the cell's centre, in cells (YOLO26: 4 numbers), or 16
weights for each of these (YOLOv8, YOLO11: the distance is their mean bin).
Rule 3: the classes are compared with the threshold in the map's own numbers; only cells that pass
become float.

Shapes as in Hailo's model zoo (cfg/base/yolo26.yaml, yolov8.yaml): (height, width, numbers).
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from counter.detectors.quantised import Tensor
from counter.detectors.yolo import Floats, Head
from counter.errors import ModelError

Read = Callable[[Sequence[NDArray[Any]]], tuple[Floats, Head]]  # what `yolo.decode` takes

SIDES: Final = 4  # left, top, right, bottom
BINS: Final = 16  # of each side's weights, where a network gives weights


@dataclass(frozen=True, slots=True)
class _Grid:
    stride: int  # pixels of the input that a side of a cell covers
    scores: int  # where its maps stand among the outputs
    sides: int


def reader(model: str, head: Head, size: tuple[int, int], maps: Sequence[Tensor]) -> Read:
    """Give what reads these maps of an input of `size`. Raises ModelError for other ones.

    "end-to-end" in the registry: the network gives a person once (YOLO26); "raw": NMS follows.
    """
    found = _grids(model, head, size, maps)
    steps = [(grid, _Scores(maps[grid.scores], head), maps[grid.sides]) for grid in found]

    def read(given: Sequence[NDArray[Any]]) -> tuple[Floats, Head]:
        rows = []
        for grid, scores, sides in steps:
            at, sure = scores.passing(given[grid.scores])
            wide = given[grid.scores].shape[1]
            xyxy = _boxes(given[grid.sides], sides, at, wide) * np.float32(grid.stride)
            rows.append(np.column_stack((xyxy, sure)))
        return _table(np.concatenate(rows), head)

    return read


@dataclass(frozen=True, slots=True)
class _Scores:
    """A map of classes: logits, as the zoo cuts YOLO26, or probabilities."""

    map: Tensor
    head: Head

    @property
    def is_sure(self) -> bool:
        """Whether these are probabilities: the range of a sigmoid does not go below zero."""
        return self.map.zero == 0

    @property
    def least(self) -> int:
        """The threshold among the map's own numbers."""
        floor = self.head.floor
        real = floor if self.is_sure else float(np.log(floor / (1 - floor)))
        return int(np.ceil(real / self.map.scale + self.map.zero - 1e-6))  # 1e-6: of the division

    def passing(self, given: NDArray[Any]) -> tuple[NDArray[np.intp], Floats]:
        """Which cells may hold a person, and how sure that is."""
        cells = given.reshape(-1, self.head.classes)
        at = np.flatnonzero(cells[:, self.head.person] >= self.least)
        if self.head.classes > 1:
            at = at[cells[at].argmax(axis=1) == self.head.person]
        sure = _real(cells[at, self.head.person], self.map)
        if not self.is_sure:
            sure = np.asarray(1 / (1 + np.exp(-sure)), np.float32)
        return at, sure


def _boxes(given: NDArray[Any], sides: Tensor, at: NDArray[np.intp], wide: int) -> Floats:
    """(n, 4) left, top, right, bottom, in cells."""
    far = _real(given.reshape(-1, sides.shape[-1])[at], sides)
    if far.shape[1] != SIDES:
        weights = far.reshape(-1, SIDES, BINS)
        weights = np.exp(weights - weights.max(axis=2, keepdims=True, initial=0))
        far = weights @ np.arange(BINS, dtype=np.float32) / weights.sum(axis=2)
    centre = np.column_stack((at % wide, at // wide)).astype(np.float32) + np.float32(0.5)
    return np.concatenate((centre - far[:, :2], centre + far[:, 2:]), axis=1)


def _real(numbers: NDArray[Any], tensor: Tensor) -> Floats:
    real = numbers.astype(np.float32)
    real -= np.float32(tensor.zero)
    real *= np.float32(tensor.scale)
    return real


def _table(rows: Floats, head: Head) -> tuple[Floats, Head]:
    """Left, top, right, bottom, sure -> the layout that the registry says, persons only."""
    as_one = replace(head, units="pixels", classes=1, person=0)
    if head.layout == "end-to-end":
        return np.column_stack((rows, np.zeros(len(rows), np.float32)))[None], as_one
    low, high = rows[:, :2], rows[:, 2:4]
    table = np.column_stack(((low + high) / 2, high - low, rows[:, 4]))
    return np.ascontiguousarray(table.T)[None], as_one


def _grids(
    model: str, head: Head, size: tuple[int, int], maps: Sequence[Tensor]
) -> tuple[_Grid, ...]:
    """Pair the maps (Rule 2). Raises ModelError."""
    pairs = defaultdict[tuple[int, ...], list[int]](list)
    for index, one in enumerate(maps):
        pairs[one.shape[:2]].append(index)
    found = []
    for (rows, columns), pair in pairs.items():
        scores = [i for i in pair if maps[i].shape[2:] == (head.classes,)]
        sides = [i for i in pair if maps[i].shape[2:] in {(SIDES,), (SIDES * BINS,)}]
        stride = size[0] // columns
        fits = (columns * stride, rows * stride) == size
        if not (fits and len(pair) == 2 and len(scores) == len(sides) == 1 and scores != sides):
            raise _unknown(model, head, maps)
        found.append(_Grid(stride, *scores, *sides))
    if not found or head.layout not in {"raw", "end-to-end"}:
        raise _unknown(model, head, maps)
    return tuple(found)


def _unknown(model: str, head: Head, maps: Sequence[Tensor]) -> ModelError:
    shown = ", ".join(str(one.shape) for one in maps)
    return ModelError(
        f"model {model}: its outputs are {shown}; the registry says {head.layout} of"
        f" {head.classes} classes",
        f"raw heads are pairs of (height, width, classes) and (height, width, {SIDES} or"
        f' {SIDES * BINS}): layout = "end-to-end" (YOLO26) or "raw" (YOLOv8, YOLO11)',
    )
