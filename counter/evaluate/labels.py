"""Labels: what somebody counted or drew in a clip, by frame or by second.

Formats (frames of a clip are numbered from 0):
MOT     `frame,id,left,top,width,height,mark,class,visibility`, pixels; a person is mark 1 and
        class 1 or -1 (the 2015 sequences have no class). The person stands at the box's foot.
points  a directory of CSV files `x,y`, pixels, one row a head, named like the images.
counts  a CSV file `frame,count`: the frames that were counted; or `seconds,count`: a count holds
        from that time of the clip until the next row, and to the end after the last one.

Rule 1: a frame that nobody labelled is not a frame without people; it is left out.
Rule 2: a row that cannot be a label, by its form or its size, ends the reading: no guess.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from configparser import ConfigParser
from configparser import Error as IniError
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from counter.errors import SourceError
from counter.evaluate.request import MOST_PIXELS, LabelKind, Request

Foot = tuple[float, float]  # fractions of the image
Standing = Callable[[Sequence[Foot]], int]  # how many of these are in the zone
PERSON_CLASSES = {1, -1}
MOST_FRAMES = 1_000_000  # 11 hours at 25 a second: a larger number is no frame of a clip
MOST_PEOPLE = 1_000_000  # as disclosure.MOST
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"}


@dataclass(frozen=True, slots=True, repr=False)
class Labels:
    """True counts of the zone: by frame, or from a second on."""

    by_frame: dict[int, int]
    by_second: tuple[tuple[float, int], ...] = ()

    def count(self, frame: int, seconds: float) -> int | None:
        """How many people the label says; None where there is none."""
        found = self.by_frame.get(frame)
        for start, value in self.by_second:
            if start <= seconds:
                found = value
        return found


def read_labels(request: Request, standing: Standing) -> Labels:
    """Read the request's labels; `standing` says how many of some feet are in the zone.

    Raises SourceError naming the file and line.
    """
    if request.labels is None:
        return Labels({})
    offset = request.label_offset
    if request.kind is LabelKind.MOT:
        feet = _mot(request.labels, _size(request))
        return Labels(_counts(feet, standing, 1 if offset is None else offset))
    if request.kind is LabelKind.POINTS:
        feet = _points(request.labels, Path(request.source), request.label_size)
        return Labels(_counts(feet, standing, offset or 0))
    return _table(request.labels, offset or 0)


def needs_size(request: Request) -> bool:
    """Does anything depend on where in the picture a label lies?"""
    return request.polygon is not None


def _counts(feet: dict[int, list[Foot]], standing: Standing, offset: int) -> dict[int, int]:
    return {frame - offset: standing(people) for frame, people in feet.items()}


def _size(request: Request) -> tuple[int, int]:
    """Width and height of the labelled pictures: as given, or from seqinfo.ini beside gt.txt."""
    if request.label_size is not None:
        return request.label_size
    labels = request.labels or Path()
    try:
        ini = ConfigParser()
        ini.read(labels.parent / "seqinfo.ini", encoding="utf-8")
        width, height = (ini.get("Sequence", key) for key in ("imWidth", "imHeight"))
        return _whole(width, 1, MOST_PIXELS), _whole(height, 1, MOST_PIXELS)
    except (IniError, ValueError) as error:
        if not needs_size(request):
            return 1, 1
        raise SourceError(
            f"{labels}: the size of the labelled pictures is not known",
            "give it as WIDTHxHEIGHT, or put the sequence's seqinfo.ini beside gt.txt",
        ) from error


def _mot(path: Path, size: tuple[int, int]) -> dict[int, list[Foot]]:
    feet: dict[int, list[Foot]] = {}
    for line, row in _rows(path):
        try:
            frame = _whole(row[0], 0, MOST_FRAMES)
            left, top, width, height = map(_number, row[2:6])
            mark, kind = (int(_number(text)) for text in (*row[6:8], "1", "-1")[:2])
        except ValueError as error:
            raise _unreadable(path, line, "frame,id,left,top,width,height,mark,class") from error
        people = feet.setdefault(frame, [])
        if mark == 1 and kind in PERSON_CLASSES:
            people.append(_fraction(left + width / 2, top + height, size))
    # A frame without a row, between the first and the last one, is a frame without people.
    return {frame: feet.get(frame, []) for frame in range(min(feet), max(feet) + 1)}


def _points(folder: Path, images: Path, size: tuple[int, int] | None) -> dict[int, list[Foot]]:
    if not images.is_dir():
        raise SourceError(
            f"{images}: not a directory of images, point labels belong to images by name",
            "give the directory that the labels were made from",
        )
    names = sorted(p.stem for p in images.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
    feet: dict[int, list[Foot]] = {}
    for frame, name in enumerate(names):
        path = folder / f"{name}.csv"
        if not path.is_file():
            continue
        feet[frame] = []
        for line, row in _rows(path):
            try:
                x, y = map(float, row[:2])
            except ValueError as error:
                if line == 1:  # the header
                    continue
                raise _unreadable(path, line, "x,y") from error
            if not (isfinite(x) and isfinite(y)):
                raise _unreadable(path, line, "x,y")
            feet[frame].append(_fraction(x, y, size or (1, 1)))
    if not feet:
        raise SourceError(f"{folder}: no CSV file is named like an image of {images}")
    return feet


def _table(path: Path, offset: int) -> Labels:
    rows = list(_rows(path))
    unit = rows[0][1][0].strip().lower() if rows else ""
    if unit not in {"frame", "seconds"} or rows[0][1][1:2] != ["count"]:
        raise _unreadable(path, 1, "the header frame,count or seconds,count")
    values: list[tuple[float, int]] = []
    for line, row in rows[1:]:
        try:
            start = _number(row[0]) if unit == "seconds" else _whole(row[0], 0, MOST_FRAMES)
            values.append((start, _whole(row[1], 0, MOST_PEOPLE)))
        except (ValueError, IndexError) as error:
            raise _unreadable(path, line, f"{unit},count") from error
    if unit == "frame":
        return Labels({int(frame) - offset: count for frame, count in values})
    return Labels({}, tuple(sorted(values)))


def _rows(path: Path) -> Iterable[tuple[int, list[str]]]:
    """Give the filled rows of a CSV file with their line numbers, from 1."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(n, row) for n, row in enumerate(csv.reader(file), 1) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path}: cannot be read as labels") from error
    if not rows and path.suffix != ".csv":
        raise SourceError(f"{path}: holds no labels")
    return rows


def _number(text: str) -> float:
    """Read a finite number; ValueError for anything else."""
    number = float(text)
    if not isfinite(number):
        raise ValueError("not a finite number")
    return number


def _whole(text: str, least: int, most: int) -> int:
    """Read a whole number, also as `3.0`; ValueError outside of `least` to `most`."""
    number = _number(text)
    if not number.is_integer() or not least <= number <= most:
        raise ValueError(f"not a whole number from {least} to {most}")
    return int(number)


def _unreadable(path: Path, line: int, expected: str) -> SourceError:
    return SourceError(f"{path}: line {line} is not a label, expected {expected}")


def _fraction(x: float, y: float, size: tuple[int, int]) -> Foot:
    """Pixels to fractions, clipped: feet below the picture's edge are at its edge."""
    return min(max(x / size[0], 0.0), 1.0), min(max(y / size[1], 0.0), 1.0)
