"""Who goes over a line, and which way.

Rule 1: a line has a dead band on both sides, in body heights: inside it nobody changes sides.
Rule 2: a new side counts when it held for two frames and 0.2 s: what is shorter may be a flicker.
Rule 3: the path must cross the segment, not the endless line.
Rule 4: the state is per crossing: who turns back counts again.
Rule 5: only confirmed tracks count, and then for their path since birth.
Rule 6: a track that ends on its way over a line hands its side to one that begins where it would
be by now.
Rule 7: two tracks that exchange their ids at a line exchange their states, too (`paths.py`).
Rule 8: a box that suddenly shows more or less of a body is no step (`bodies.py`).

Everything is (tracks, lines) arrays in the line's own coordinates (`segments.py`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counter import bodies, paths
from counter.people import Crossing, Direction, Tracks, TrackState
from counter.segments import Floats, Segments, feet
from counter.settings import LineSettings

RULE = "lines/3"  # goes out with every count: a rule that counts otherwise has another name
# Rule 2. Line errors on seven public sequences with two frames alone: 9, 16, 25, 8, 5, 6, 4; with
# 0.2 s as well: 9, 17, 15, 8, 3, 7, 4; since lines/3 6, 12, 13, 8, 4, 2, 2
# (benchmarks/counting.py).
HOLD_FRAMES, HOLD_NS = 2, 200_000_000
# Rule 6: how near to the line, and how far apart, in body heights; for how long.
NEAR = 1.0
REACH, REACH_PER_S = 0.5, 1.0  # a brisk walk is one body height a second
FARTHEST = 1.0  # without a bound somebody else is taken for the one who was lost
ALIKE = 2.0  # the taller box is at most this much taller
# A track ends 1 s after its last box, and its heir has to be confirmed: with 1 s here walkers alone
# whose boxes are missing for 1 to 4 s lost 3.2 % of their crossings, with 2 s 1.4 %.
HANDOFF_NS = 2_000_000_000
ORPHANS = 64  # tracks that ended lately, at most

TENTATIVE, LOST = int(TrackState.TENTATIVE), int(TrackState.LOST)  # numbers: see the tracker
Rows = NDArray[Any]  # structured: one row for each slot, then a ring of tracks that ended
Indices = NDArray[np.intp]


def _row(lines: int) -> list[tuple[str, type] | tuple[str, type, tuple[int]]]:
    many = (lines,)
    return [
        ("side", np.int8, many),  # 1: right of the line, -1: left, 0: not known yet
        ("held", np.int8, many),  # frames on the other side, up to HOLD_FRAMES
        ("since_ns", np.int64, many),  # when the first of them was
        ("across", np.float64, many),
        ("along", np.float64, many),
        ("met", np.float64, many),  # along, where the path last met the endless line
        ("born_across", np.float64, many),
        ("born_along", np.float64, many),
        ("at", np.float64, (2,)),  # of the foot, smoothed; x and y in image heights
        ("speed", np.float64, (2,)),  # a second
        ("steps", np.int64),  # that `at` and `speed` know
        ("height", np.float64),  # of the box, image heights
        *bodies.FIELDS,
        ("born_ns", np.int64),
        ("seen_ns", np.int64),  # last detected
        ("last_ns", np.int64),  # last detected or predicted
        ("alive", np.bool_),
        ("confirmed", np.bool_),
    ]


class Lines:
    """The lines of one camera, and where everybody is who might cross them."""

    def __init__(self, lines: Mapping[str, LineSettings], max_tracks: int) -> None:
        self._names = tuple(lines)
        self._segments = Segments(tuple(lines.values()))
        self._slots = max_tracks
        self._rows: Rows = np.zeros(max_tracks + ORPHANS, _row(len(lines)))
        # The same rows, each one thing: numpy copies field by field otherwise.
        self._whole = self._rows.view(f"V{self._rows.itemsize}")
        self._next_orphan = 0
        self._last_ns: int | None = None

    def update(self, tracks: Tracks) -> tuple[Crossing, ...]:
        """Take the tracks of one frame; give the crossings that are certain now."""
        if not self._names:
            return ()
        crossed = self._end(tracks)
        now, fresh = self._follow(tracks)
        if len(fresh):
            self._hand_off(tracks, fresh)
        crossed += self._commit(tracks, now)
        return tuple(
            Crossing(self._names[line], Direction(side), tracks.captured_ns)
            for line, side in crossed
        )

    def _end(self, tracks: Tracks) -> list[tuple[int, int]]:
        """Say goodbye to tracks that are gone; count those that were last seen on the new side."""
        rows = self._rows
        gone = rows["alive"][: self._slots].copy()
        gone[tracks.slot[~tracks.born]] = False
        slots = np.flatnonzero(gone)
        if not len(slots):
            return []
        rows["alive"][slots] = False
        slots = slots[rows["confirmed"][slots]]
        crossed = self._change(slots, rows["held"][slots] > 0)
        kept = slots[-ORPHANS:]
        ring = self._slots + (self._next_orphan + np.arange(len(kept))) % ORPHANS
        rows[ring] = rows[kept]
        rows["alive"][ring] = True
        self._next_orphan = (self._next_orphan + len(kept)) % ORPHANS
        return crossed

    def _follow(self, tracks: Tracks) -> tuple[NDArray[np.int8], Indices]:
        """Move everybody on. Give the side of each (N, L) now, and who is confirmed just now."""
        slot, last_ns, self._last_ns = tracks.slot, self._last_ns, tracks.captured_ns
        step_s = 0.0 if last_ns is None else (tracks.captured_ns - last_ns) / 1e9
        rows = self._rows.take(slot)
        new = tracks.born | ~rows["alive"]
        confirmed = tracks.state != TENTATIVE
        fresh = confirmed & (new | ~rows["confirmed"])
        if new.any():
            rows[new] = np.zeros((), rows.dtype)
        tracks = replace(tracks, xyxy=bodies.stand(rows, tracks, new, step_s))
        place = self._segments.place(tracks)
        if new.any():
            rows["side"][new] = place.side[new]
            rows["across"][new] = rows["born_across"][new] = place.across[new]
            rows["along"][new] = rows["born_along"][new] = rows["met"][new] = place.along[new]
            rows["born_ns"][new] = tracks.captured_ns
            rows["alive"][new] = True
        self._walk(rows, tracks, place.height, step_s)
        before = rows["across"]
        step = place.across - before
        who, line = np.nonzero((place.across > 0) != (before > 0))
        if len(who):
            share = -before[who, line] / step[who, line]
            along = rows["along"][who, line]
            rows["met"][who, line] = along + share * (place.along[who, line] - along)
        rows["side"] += place.side * (rows["side"] == 0)
        rows["across"], rows["along"], rows["height"] = place.across, place.along, place.height
        rows["seen_ns"][tracks.state != LOST] = tracks.captured_ns
        rows["last_ns"] = tracks.captured_ns
        rows["confirmed"] = confirmed
        self._whole[slot] = rows.view(self._whole.dtype)
        return place.side, slot[fresh]

    def _walk(self, rows: Rows, tracks: Tracks, height: Floats, step_s: float) -> None:
        """Let every path go on, and give back to two what they have exchanged (Rule 7)."""
        rows["at"] += step_s * rows["speed"]
        found = feet(tracks)
        seen = tracks.state != LOST
        missed = (found - rows["at"]) * seen[:, None]
        known = rows["steps"] >= max(paths.LEAST, paths.KNOWN_S / max(step_s, 1e-9))
        some = paths.strayed(missed, np.where(known, height, np.inf))
        if len(some) > 1:
            here, there = paths.exchanged(
                rows["at"][some], found[some], height[some], rows["side"][some]
            )
            both = np.concatenate((some[here], some[there]))
            rows[both] = rows[np.concatenate((some[there], some[here]))]
            missed[both] = found[both] - rows["at"][both]
        nearer, faster = paths.fit(rows["steps"], missed, step_s)
        rows["at"] += nearer
        rows["speed"] += faster
        rows["steps"] += seen

    def _hand_off(self, tracks: Tracks, fresh: Indices) -> None:
        """Give the sides of tracks that ended, or are lost, to those that began after them."""
        rows, now_ns = self._rows, tracks.captured_ns
        ring = np.arange(self._slots, len(rows))
        ended = ring[rows["alive"][ring] & (now_ns - rows["seen_ns"][ring] <= HANDOFF_NS)]
        orphans = np.concatenate((ended, tracks.slot[tracks.state == LOST]))
        for line in range(len(self._names)) if len(orphans) else ():
            toward = self._segments.across(rows["speed"][orphans], line)
            heirs, givers = _heirs(rows[fresh], rows[orphans], line, toward)
            heirs, givers = fresh[heirs], orphans[givers]
            gone, born = rows["across"][givers, line], rows["born_across"][heirs, line]
            share = np.divide(gone, gone - born, out=np.zeros_like(gone), where=gone != born)
            along = rows["along"][givers, line]
            between = along + share * (rows["born_along"][heirs, line] - along)
            met = np.where((gone > 0) != (born > 0), between, rows["met"][givers, line])
            own = (rows["across"][heirs, line] > 0) != (born > 0)
            rows["met"][heirs, line] = np.where(own, rows["met"][heirs, line], met)
            rows["side"][heirs, line] = rows["side"][givers, line]
            rows["side"][givers, line] = rows["held"][givers, line] = 0

    def _commit(self, tracks: Tracks, now: NDArray[np.int8]) -> list[tuple[int, int]]:
        """Change the sides of those who are believed to have changed them."""
        rows, slot = self._rows, tracks.slot
        side, held = rows["side"][slot], rows["held"][slot]
        turned = (now == -side) & (side != 0)
        if not turned.any() and not held.any():
            return []
        since_ns = rows["since_ns"][slot]
        detected = (tracks.state != LOST)[:, None]
        believed = (tracks.state != TENTATIVE)[:, None]
        since_ns = np.where(held > 0, since_ns, tracks.captured_ns)
        # A prediction alone begins no change of sides; it may carry on one that was seen.
        held = np.where(turned, held + (detected | (held > 0)), 0)
        held = np.minimum(held, HOLD_FRAMES)
        rows["held"][slot], rows["since_ns"][slot] = held, since_ns
        lasted = tracks.captured_ns - since_ns >= HOLD_NS
        return self._change(slot, (held == HOLD_FRAMES) & lasted & believed)

    def _change(self, slots: Indices, certain: NDArray[np.bool_]) -> list[tuple[int, int]]:
        """Put `slots` on their other side where `certain` (N, L); give (line, side) of each count.

        Who walked around the end of a line has changed sides and is not counted (Rule 3).
        """
        who, line = np.nonzero(certain)
        if not len(who):
            return []
        who = slots[who]
        self._rows["side"][who, line] *= -1
        self._rows["held"][who, line] = 0
        counts = self._segments.holds(self._rows["met"][who, line], self._rows["height"][who], line)
        sides = self._rows["side"][who, line][counts]
        return sorted(zip(line[counts].tolist(), sides.tolist(), strict=True))


def _heirs(
    fresh: Rows, orphans: Rows, line: int, speed: tuple[Floats, Floats]
) -> tuple[Indices, Indices]:
    """Pair new tracks with ended ones at `line` that may be the same person: each other's nearest.

    An heir goes on where the ended one was heading, at its `speed` across and along: over the line,
    not behind it.
    """
    side = orphans["side"][:, line]
    heading = (side != 0) & (speed[0] * side <= 0)
    heading &= np.abs(orphans["across"][:, line]) <= NEAR * orphans["height"]
    near = np.abs(fresh["born_across"][:, line]) <= NEAR * fresh["height"]
    later_s = (fresh["born_ns"][:, None] - orphans["last_ns"]) / 1e9
    across = fresh["born_across"][:, line, None] - orphans["across"][:, line] - later_s * speed[0]
    along = fresh["born_along"][:, line, None] - orphans["along"][:, line] - later_s * speed[1]
    apart_s = (fresh["born_ns"][:, None] - orphans["seen_ns"]) / 1e9
    taller = np.maximum(fresh["height"][:, None], orphans["height"])
    smaller = np.minimum(fresh["height"][:, None], orphans["height"])
    distance: Floats = np.hypot(across, along) / taller
    may = near[:, None] & heading & (apart_s > 0) & (taller <= ALIKE * smaller)
    may &= distance <= np.minimum(REACH + REACH_PER_S * apart_s, FARTHEST)
    distance = np.where(may, distance, np.inf)
    rows = np.arange(len(fresh))
    nearest = distance.argmin(axis=1)
    mutual = (distance.argmin(axis=0)[nearest] == rows) & may[rows, nearest]
    return rows[mutual], nearest[mutual]
