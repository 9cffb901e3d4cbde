"""Sequences in MOTChallenge format, with the counts that follow from their true boxes."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from counter.people import Detections
from counter.settings import LineSettings, ZoneSettings

CAMERA = "c"


@dataclass(frozen=True)
class Sequence:
    name: str
    fps: float
    frames: tuple[Detections, ...]  # its public detections
    zones: dict[str, ZoneSettings]
    lines: dict[str, LineSettings]
    occupancy: dict[str, NDArray[np.intp]]  # true people in each zone, (frames,)
    crossings: dict[str, tuple[int, int]]  # true IN and OUT of each line


@dataclass(frozen=True)
class Film:
    """What a detector saw of a sequence."""

    fps: float
    size: tuple[float, float]  # width, height: the pixels of the truth
    frames: tuple[Detections, ...]


def read_film(folder: Path) -> Film:
    """Read seqinfo.ini and det.txt (frame,-1,left,top,width,height,score)."""
    info = _info(folder)
    width, height = int(info["imWidth"]), int(info["imHeight"])
    fps, length = float(info["frameRate"]), int(info["seqLength"])
    rows = np.loadtxt(folder / "det.txt", delimiter=",")
    boxes = rows[:, 2:6].copy()
    boxes[:, 2:] += boxes[:, :2]
    boxes /= (width, height, width, height)
    frames = tuple(
        Detections(
            boxes[here].astype(np.float32),
            rows[here, 6].astype(np.float32),
            round(frame * 1e9 / fps),
            width / height,
        )
        for frame in range(1, length + 1)
        for here in [np.flatnonzero(rows[:, 0] == frame)]
    )
    return Film(fps, (width, height), frames)


def read(folder: Path) -> Sequence:
    """Read the film, and counting_truth.json."""
    film = read_film(folder)
    width, height = film.size
    truth = json.loads((folder / "counting_truth.json").read_text())
    return Sequence(
        folder.name,
        film.fps,
        film.frames,
        {
            name: _zone(left / width, top / height, right / width, bottom / height)
            for name, (left, top, right, bottom) in truth["zones"].items()
        },
        {
            name: _line(name, points[0][0] / width, points[0][1] / height)
            for name, points in truth["lines"].items()
        },
        {k: np.array(v) for k, v in truth["zone_occupancy_per_frame"].items()},
        {k: (v["+"], v["-"]) for k, v in truth["line_totals"].items()},
    )


def height(folder: Path) -> int:
    """Of the picture, in the pixels of the truth."""
    return int(_info(folder)["imHeight"])


def _info(folder: Path) -> dict[str, str]:
    lines = (folder / "seqinfo.ini").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _zone(left: float, top: float, right: float, bottom: float) -> ZoneSettings:
    return ZoneSettings(
        camera=CAMERA, polygon=[(left, top), (right, top), (right, bottom), (left, bottom)]
    )


def _line(name: str, x: float, y: float) -> LineSettings:
    """`v` counts + to the right, `h` counts + downwards: so that + is IN."""
    points = [(x, 1.0), (x, 0.0)] if name == "v" else [(0.0, y), (1.0, y)]
    return LineSettings(camera=CAMERA, points=points)


@dataclass(frozen=True)
class Truth:
    """The true boxes of one frame, pixels."""

    ids: NDArray[np.int64]  # (N,) 0..
    xyxy: NDArray[np.float64]  # (N, 4)
    ignored: NDArray[np.float64]  # (M, 4) sitting, on a vehicle, mirrored: neither right nor wrong


def read_truth(folder: Path, frames: int) -> list[Truth]:
    """Read gt.txt (frame,id,left,top,width,height,mark,class,visibility), as MOTChallenge does."""
    rows = np.loadtxt(folder / "gt.txt", delimiter=",")
    boxes = np.concatenate((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]), axis=1)
    person = (rows[:, 6] == 1) & (rows[:, 7] == 1)
    ignored = np.isin(rows[:, 7], (2, 7, 8, 12))  # MOT17's distractors
    number = np.zeros(len(rows), np.int64)
    number[person] = np.unique(rows[person, 1], return_inverse=True)[1]
    return [
        Truth(number[here & person], boxes[here & person], boxes[here & ignored])
        for frame in range(1, frames + 1)
        for here in [rows[:, 0] == frame]
    ]
