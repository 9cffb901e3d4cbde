"""What one camera sees of people while it is aimed: distinct persons here and there, exact.

Rule 1: ring 2 at the end: numbers of persons, without an instant and without anybody. Nothing of it
is printed but through `answer`.
Rule 2: the same tracker, zones and lines as in counting, so that the answer is about the counter.
Rule 3: of bounded size, however long it watches.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from counter.lines import Lines
from counter.people import Detections, Direction, Tracks
from counter.segments import Place, Segments
from counter.settings import Settings
from counter.tally import Persons, taller
from counter.tracking import Tracker
from counter.zones import Zones

COLUMNS: Final = 16
ROWS: Final = 9
# Of people of 28 to 36 pixels in its input the embedded model finds 67 to 86 % (both drawn scenes,
# and PETS S2.L1), of 24 to 28 45 to 87 %, of 20 to 24 11 to 50 %, of smaller ones hardly any. Who
# is never higher than this is found by luck.
SMALL_PX: Final = 28
ASIDE: Final = 2.0  # body heights from a line: nearer than this somebody is beside it

ANYBODY, LARGE_ENOUGH, TOO_TALL = range(3)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Seen:
    """Distinct persons that one camera saw, exact."""

    persons: int
    large_enough: int  # at some time SMALL_PX or higher in the model's input
    too_tall: int  # at some time higher than max_person_px
    crossed: dict[tuple[str, Direction], int]
    beside: dict[str, tuple[int, int]]  # line: on its left, on its right
    zones: dict[str, int]
    cells: tuple[tuple[int, ...], ...]  # ROWS of COLUMNS: who stood there

    def __repr__(self) -> str:
        return "<Seen>"

    def __reduce__(self) -> str:
        raise TypeError("Seen stays in this process")


class Witness:
    """One camera's tracker, zones, lines and counts of persons."""

    def __init__(self, camera: str, settings: Settings, input_size: tuple[int, int]) -> None:
        """`input_size`: width and height of the model's input."""
        zones = {key: zone for key, zone in settings.zones.items() if zone.camera == camera}
        lines = {key: line for key, line in settings.lines.items() if line.camera == camera}
        most = settings.tracker.max_tracks
        self._input = input_size
        self._ceiling_px = settings.cameras[camera].max_person_px
        self._tracker = Tracker(settings.tracker, settings.model.confidence)
        self._zones, self._zone_names = Zones(zones.values(), most), tuple(zones)
        self._lines, self._line_names = Lines(lines, most), tuple(lines)
        self._segments = Segments(tuple(lines.values()))
        self._spans = np.array([_span(line.points) for line in lines.values()]).reshape(-1, 2)
        self._crossed = {(name, way): 0 for name in lines for way in Direction}
        self._last_ns: int | None = None
        self._kinds = Persons(3, most)
        self._in_zone = Persons(len(zones), most)
        self._left, self._right = Persons(len(lines), most), Persons(len(lines), most)
        self._in_cell = Persons(ROWS * COLUMNS, most)

    def __repr__(self) -> str:
        return "<Witness>"

    def observe(self, people: Detections) -> None:
        if people.captured_ns == self._last_ns:
            return  # the same frame again says nothing new
        self._last_ns = people.captured_ns
        tracks = self._tracker.update(people)
        for crossing in self._lines.update(tracks):
            self._crossed[crossing.line, crossing.direction] += 1
        self._kinds.observe(tracks, self._of_kind(tracks, people.height_px))
        self._in_zone.observe(tracks, self._zones.inside(tracks.xyxy))
        place = self._segments.place(tracks)
        near = self._near(place, people.aspect)
        self._left.observe(tracks, near & (place.side < 0))
        self._right.observe(tracks, near & (place.side > 0))
        self._in_cell.observe(tracks, _cells(tracks))

    def seen(self) -> Seen:
        kinds, cells = self._kinds.many, self._in_cell.many.reshape(ROWS, COLUMNS)
        sides = zip(self._left.many.tolist(), self._right.many.tolist(), strict=True)
        return Seen(
            persons=int(kinds[ANYBODY]),
            large_enough=int(kinds[LARGE_ENOUGH]),
            too_tall=int(kinds[TOO_TALL]),
            crossed=dict(self._crossed),
            beside=dict(zip(self._line_names, sides, strict=True)),
            zones=dict(zip(self._zone_names, self._in_zone.many.tolist(), strict=True)),
            cells=tuple(tuple(row) for row in cells.tolist()),
        )

    def _of_kind(self, tracks: Tracks, height_px: int) -> NDArray[np.bool_]:
        """(N, 3) in the order of ANYBODY, LARGE_ENOUGH, TOO_TALL."""
        width, height = self._input
        scaled_px = min(float(height), width / tracks.aspect)  # the picture's height in the input
        large = (tracks.xyxy[:, 3:4] - tracks.xyxy[:, 1:2]) * scaled_px >= SMALL_PX
        tall = taller(tracks, height_px, self._ceiling_px)
        return np.concatenate((np.ones_like(large), large, tall), axis=1)

    def _near(self, place: Place, aspect: float) -> NDArray[np.bool_]:
        """(N, L) who stands beside a line, not beyond its ends."""
        reach = place.height[:, None]
        length = np.hypot(*(self._spans.T * np.array([[aspect], [1.0]])))
        within = (place.along >= -reach) & (place.along <= length + reach)
        near: NDArray[np.bool_] = within & (np.abs(place.across) <= ASIDE * reach)
        return near


def _span(points: list[tuple[float, float]]) -> tuple[float, float]:
    (ax, ay), (bx, by) = points
    return bx - ax, by - ay


def _cells(tracks: Tracks) -> NDArray[np.bool_]:
    """(N, ROWS * COLUMNS) the one cell that each person's foot is in."""
    box = tracks.xyxy
    across = ((box[:, 0] + box[:, 2]) / 2 * COLUMNS).astype(np.intp).clip(0, COLUMNS - 1)
    down = (box[:, 3] * ROWS).astype(np.intp).clip(0, ROWS - 1)
    there: NDArray[np.bool_] = (down * COLUMNS + across)[:, None] == np.arange(ROWS * COLUMNS)
    return there
