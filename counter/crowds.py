"""The switch-over: where people are too many to be told apart, a map's sum counts them instead.

Rule 1: pure, as the rest of the core. A map is asked for every `EVERY_NS` at most, and holds until
the next one.
Rule 2: two witnesses. A zone changes over to the map when the map's sum is `above` or more and the
tracker follows at least `SEEN` of `above`: a map alone makes people out of foliage and windows.
Rule 3: it stays with the map until the sum falls below `BACK` of `above`, or nobody at all has been
followed for `QUIET_NS`: in a dense crowd a detector finds few, in an empty place nobody.
Rule 4: what the map shows after nobody was followed for `QUIET_NS` is the place's own, and is taken
off from then on.
Rule 5: the larger of both counts: a map adds people who were not told apart, it takes nobody away.
Rule 6: heads are counted where they are seen: the polygon of such a zone is drawn around heads. Of
somebody whose feet are inside and whose head shows above the polygon, the map counts nothing.
Rule 7: what lies under a mask counts nothing.
Limit: people near the camera, or on a busy ground, are counted several times by a map (61 too many
in photographs of 3 people); zones for it are those where heads are small.
Limit: a crowd that was there from the start, so far away that the tracker follows less than `SEEN`
of `above`, is not found; one of whom nobody is followed for `QUIET_NS` is taken for the place.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from counter.people import Crowd
from counter.settings import CrowdSettings, Point, ZoneSettings

METHOD: Final = "density/1"
# mcnn-a at 1024 x 768 took 0.47 s of one core (`python -m benchmarks crowds`): every 10 s, a
# twentieth of that core.
EVERY_NS: Final = 10_000_000_000
STALE_NS: Final = 2 * EVERY_NS  # a map that is older says nothing
QUIET_NS: Final = 60_000_000_000
# Chosen, as `above` = 20, on 150 pictures of five sets (`python -m benchmarks crowds`): with a
# third the map took over in 2 of 60 pictures of a few people, with a fifth in 7, with a tenth in
# 12. Mall and ShanghaiTech B lost nothing by it; in part A, where a detector finds hardly anybody,
# the error grew from 328 (a tenth) to 416: too many where few are is the worse of both.
SEEN: Final = 1 / 3
BACK: Final = 0.8
MOST: Final = 10_000  # persons in one zone; it bounds what an interval keeps
FINE: Final = 4  # points a side in each cell, to tell how much of it is inside a zone

Ring = Sequence[Point]
Sums = NDArray[np.float64]  # (Z,) persons in each zone, by the map
Tracked = NDArray[np.intp]  # (Z,) persons in each zone, by the tracker


class Crowds:
    """The zones of one camera, in their order."""

    def __init__(
        self, zones: Mapping[str, ZoneSettings], masks: Sequence[Ring], settings: CrowdSettings
    ) -> None:
        self._index = {name: at for at, name in enumerate(zones)}
        self._rings = [zone.polygon for zone in zones.values()]
        self._gains = np.array([settings.gains.get(name, 1.0) for name in zones])
        self._masks = masks
        self._above = settings.above
        self._shape = (0, 0)
        self._shares = np.zeros((0, len(zones)), np.float32)  # (cells, Z)
        self._sums: Sums = np.zeros(len(zones))  # without the place's own
        self._own: Sums = np.zeros(len(zones))  # Rule 4
        self._dense = np.zeros(len(zones), np.bool_)  # where the map counts
        self._asked_ns: int | None = None
        self._looked_ns: int | None = None
        self._last_ns: int | None = None
        self._followed_ns = np.zeros(len(zones), np.int64)  # when somebody last was
        self._frames = 0  # since the last `restart`
        self._dense_frames = np.zeros(len(zones), np.intp)

    def __repr__(self) -> str:
        return "<Crowds>"

    def __reduce__(self) -> str:
        raise TypeError("Crowds stays in this process")

    @property
    def dense(self) -> NDArray[np.bool_]:
        """(Z,) where the map counts now."""
        return self._dense

    def due(self, captured_ns: int) -> bool:
        """Whether to make a map of this frame; who hears yes makes it.

        It is remembered here: when the next frame comes, this one's map may be on its way.
        """
        asked = self._asked_ns
        if asked is not None and 0 <= captured_ns - asked < EVERY_NS:
            return False
        self._asked_ns = captured_ns
        return True

    def count(self, tracked: Tracked, captured_ns: int, crowd: Crowd | None = None) -> Tracked:
        """Give the people (Z,) of one frame, by the tracker or by the latest map."""
        self._follow(tracked, captured_ns)
        if self._looked_ns is None or not 0 <= captured_ns - self._looked_ns <= STALE_NS:
            self._dense = np.zeros_like(self._dense)
        if crowd is not None:
            self._look(crowd, tracked)
        self._frames += 1
        self._dense_frames += self._dense
        sums = np.minimum(np.rint(self._sums), MOST).astype(np.intp)
        return np.where(self._dense, np.maximum(sums, tracked), tracked)  # Rule 5

    def mostly(self, zone: str) -> bool:
        """Whether the map counted in more than half of the frames since the last `restart`."""
        return bool(2 * self._dense_frames[self._index[zone]] > self._frames)

    def restart(self) -> None:
        """Begin the next interval; who counts now goes on."""
        self._frames = 0
        self._dense_frames.fill(0)

    def _follow(self, tracked: Tracked, captured_ns: int) -> None:
        """Remember when somebody was followed; a gap begins anew, for nobody knows what was."""
        last, self._last_ns = self._last_ns, captured_ns
        gap = last is None or not 0 <= captured_ns - last <= STALE_NS
        self._followed_ns[(tracked > 0) | gap] = captured_ns

    def _look(self, crowd: Crowd, tracked: Tracked) -> None:
        if crowd.persons.shape != self._shape:
            self._shape = crowd.persons.shape[0], crowd.persons.shape[1]
            self._shares = shares(self._rings, self._masks, self._shape)
        sums = (crowd.persons.ravel() @ self._shares) * self._gains
        if not np.isfinite(sums).all():
            self._asked_ns = (
                None  # not known: the next frame is asked, the last map holds until then
            )
            return
        self._looked_ns = crowd.captured_ns
        quiet = crowd.captured_ns - self._followed_ns >= QUIET_NS
        self._own[quiet] = sums[quiet]
        self._sums = np.maximum(sums - self._own, 0)
        stays = self._dense & (self._sums >= BACK * self._above) & ~quiet
        self._dense = stays | believed(self._sums, tracked, self._above)


def believed(sums: Sums, tracked: Tracked, above: float) -> NDArray[np.bool_]:
    """(Z,) where a zone changes over to the map (Rule 2)."""
    both: NDArray[np.bool_] = (sums >= above) & (tracked >= SEEN * above)
    return both


def shares(rings: Sequence[Ring], masks: Sequence[Ring], shape: tuple[int, int]
           ) -> NDArray[np.float32]:  # fmt: skip
    """How much of each cell of a map (rows, columns) is inside each ring and under no mask.

    (cells, rings), 0..1, from `FINE` times `FINE` points in each cell.
    """
    rows, columns = shape
    seen = np.ones((rows * FINE, columns * FINE), np.bool_)
    for mask in masks:
        seen &= ~_inside(mask, shape)
    inside = [_inside(ring, shape) & seen for ring in rings]
    cells = [one.reshape(rows, FINE, columns, FINE).mean(axis=(1, 3)).ravel() for one in inside]
    return np.stack(cells, axis=1).astype(np.float32)


def _inside(ring: Ring, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which points of the fine grid are inside (even-odd rule, as in `zones`)."""
    rows, columns = (side * FINE for side in shape)
    across, down = (np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows
    odd = np.zeros((rows, columns), np.bool_)
    for (x, y), (end_x, end_y) in zip(ring, [*ring[1:], ring[0]], strict=True):
        between = np.flatnonzero((y > down) != (end_y > down))
        met = x + (down[between] - y) * (end_x - x) / (end_y - y) if between.size else down[:0]
        odd[between] ^= across < met[:, None]
    return odd
