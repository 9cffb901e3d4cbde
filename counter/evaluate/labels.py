"""Labels: what somebody counted or drew in a clip, by frame or by second.

Formats (frames of a clip are numbered from 0):
MOT     truth of the MOT challenge (`mot.py`). A person stands where the zone's anchor is.
points  a directory of CSV files `x,y`, pixels, one row a head, named like the images.
counts  a CSV file `frame,count`: the frames that were counted; or `seconds,count`: a count holds
        from that time of the clip until the next row, and to the end after the last one. With
        several zones a column for each, by its name.

Rule 1: a frame that nobody labelled is not a frame without people; it is left out.
Rule 2: a row that cannot be a label, by its form or its size, ends the reading: no guess.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isfinite
from pathlib import Path

from counter.errors import ConfigError, SourceError
from counter.evaluate import mot
from counter.evaluate.belong import check_size
from counter.evaluate.request import LabelKind, Request
from counter.evaluate.rows import MOST_FRAMES, MOST_PEOPLE, number, rows, unreadable, whole
from counter.zones import HEIGHT

Foot = tuple[float, float]  # fractions of the image
Standing = Callable[[Sequence[Foot]], int]  # how many of these are in the zone
POINT = "312.5,207"
UNKNOWN = 1, 1  # the size of the labelled pictures, where it does not matter
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


def read_labels(request: Request, standing: Standing, zone: str = "count") -> Labels:
    """Read the request's labels of one zone; `standing` says how many of some points are in it.

    `zone` names the column of a file of counts. Raises SourceError naming the file and line.
    """
    if request.labels is None:
        return Labels({})
    offset = request.label_offset
    if request.kind is LabelKind.MOT:
        found = request.zones.get(zone)
        points = _mot(request, HEIGHT["foot" if found is None else found.anchor])
        return Labels(_counts(points, standing, mot.FIRST if offset is None else offset))
    if request.kind is LabelKind.POINTS:
        if request.label_size is None and needs_size(request):
            raise _unsized(request.labels, "give it as --label-size WxH")
        points = _points(request.labels, Path(request.source), request.label_size)
        return Labels(_counts(points, standing, offset or 0))
    return _table(request.labels, offset or 0, "count" if len(request.zones) == 1 else zone)


def needs_size(request: Request) -> bool:
    """Does anything depend on where in the picture a label lies?"""
    return request.drawn


def _counts(feet: dict[int, list[Foot]], standing: Standing, offset: int) -> dict[int, int]:
    return {frame - offset: standing(people) for frame, people in feet.items()}


def label_size(request: Request) -> tuple[int, int]:
    """Width and height of the labelled pictures: as given, or from seqinfo.ini beside gt.txt."""
    if request.label_size is not None:
        return request.label_size
    labels = request.labels or Path()
    try:
        found = mot.sequence(labels.parent)
    except ValueError as error:
        if not needs_size(request):
            return UNKNOWN
        hint = "give it as --label-size WxH, or put the sequence's seqinfo.ini beside gt.txt"
        raise _unsized(labels, hint) from error
    return found.width, found.height


def _unsized(labels: Path, hint: str) -> SourceError:
    return SourceError(f"{labels}: the size of the labelled pictures is not known", hint)


def _mot(request: Request, height: float) -> dict[int, list[Foot]]:
    """Give the point at `height` (0 head, 1 foot) of every labelled person, by the file's frame."""
    size = label_size(request)
    path = request.labels or Path()
    labelled = mot.truth(path)
    if size != UNKNOWN:
        check_size(path, [mot.middle(row.box) for row in labelled if row.person], size)
    frames = [row.frame for row in labelled]
    # A frame without a row, between the first and the last one, is a frame without people.
    points: dict[int, list[Foot]] = {n: [] for n in range(min(frames), max(frames) + 1)}
    for row in labelled:
        if row.person:
            left, top, right, bottom = row.box
            point = (left + right) / 2, top + height * (bottom - top)
            points[row.frame].append(_fraction(*point, size))
    return points


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
        for line, row in rows(path):
            try:
                x, y = map(float, row[:2])
            except ValueError as error:
                if line == 1:  # the header
                    continue
                raise unreadable(path, line, "x,y", POINT) from error
            if not (isfinite(x) and isfinite(y)):
                raise unreadable(path, line, "x,y", POINT)
            feet[frame].append((x, y))
    if not feet:
        raise SourceError(
            f"{folder}: no CSV file is named like an image of {images}",
            "the points of street-1.jpg are in street-1.csv",
        )
    if size is not None:
        check_size(folder, list(chain.from_iterable(feet.values())), size)
    return {frame: [_fraction(*point, size or UNKNOWN) for point in feet[frame]] for frame in feet}


def _table(path: Path, offset: int, zone: str) -> Labels:
    """Read the column `zone` of a table that begins with `frame` or `seconds`."""
    found = list(rows(path))
    header = [name.strip() for name in found[0][1]] if found else [""]
    unit = header[0].lower()
    if unit not in {"frame", "seconds"} or len(header) < 2:
        raise unreadable(path, 1, f"the header frame,{zone} or seconds,{zone}", f"frame,{zone}")
    if zone not in header[1:]:
        raise ConfigError(
            f"{path}: line 1 is not a label, it has no column {zone}",
            f"expected frame or seconds, and a column for each zone: {zone}",
        )
    column = header.index(zone)
    values: list[tuple[float, int]] = []
    for line, row in found[1:]:
        try:
            start = number(row[0]) if unit == "seconds" else whole(row[0], 0, MOST_FRAMES)
            values.append((start, whole(row[column], 0, MOST_PEOPLE)))
        except (ValueError, IndexError) as error:
            example = ",".join(["12", *("3" for _ in header[1:])])
            raise unreadable(path, line, ",".join(header), example) from error
    if unit == "frame":
        return Labels({int(frame) - offset: count for frame, count in values})
    return Labels({}, tuple(sorted(values)))


def _fraction(x: float, y: float, size: tuple[int, int]) -> Foot:
    """Pixels to fractions, clipped: feet below the picture's edge are at its edge."""
    return min(max(x / size[0], 0.0), 1.0), min(max(y / size[1], 0.0), 1.0)
