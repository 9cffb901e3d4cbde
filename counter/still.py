"""Posters, mannequins and false boxes that never move: places, not people.

Rule 1: a place is where a box was seen, whatever track it had; a broken track changes nothing.
Rule 2: a place is a thing when the means of its box, taken block by block, have not moved beyond a
detector's own noise for `still_s`. Somebody who sits or stands sways and shifts: that is a person.
Rule 3: a thing hides the one box that lies where it is. Who stands before it has another box.
Rule 4: a place is forgotten when it was not seen for as long as it had been, at most `still_s`; a
thing that moves is a person from then on. The number of places is bounded.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from counter.nearby import Indices, nearest, touching
from counter.people import Tracks, TrackState

BLOCK_NS = 10_000_000_000  # long enough for a detector's noise to cancel out
BLOCKS = (6, 60)  # in `still_s`, at least and at most: beyond that blocks are shorter, longer
SAMPLES = 10  # in a block: once a second by default
SEEN = 0.2  # share of a block's samples that make its mean known: a picture every 5 s will do
KNOWN = 0.5  # share of the blocks that make a place known
OUTLIERS = 1  # highest and lowest blocks left out: somebody passed before the poster
# Body heights. Readings of the spread in real pictures, overlapping in time. People who stay where
# they are (mall with yolo11n-640 and counter-n, two CAMPUS cameras): over 120 s 29 of 128 below
# 0.03, over 150 s 2 of 78. Still pictures with sensor noise, light that swings by 20 % and a slope
# of it by 15 %, over 120 s: 147 of 161 below with yolo11n-320, 32 of 54 with counter-n. A person
# who is not counted is worse than a poster that is. For 600 s there is no footage here: by then
# people spread further, and posters do under light that changes more.
MOVED = 0.03
SAME = 0.1  # body heights: a box this near lies on the place; 99 % of still boxes are within 0.07
REACH = 1.001 * SAME  # what may be on a place is measured: rounding decides nothing
FREE = -1
CONFIRMED = int(TrackState.CONFIRMED)  # a number: see the tracker
_FLOATS = NDArray[np.float64]


class Still:
    """The places of one camera where somebody seems to be, and which of them are things."""

    def __init__(self, places: int, still_s: float) -> None:
        """Remember at most so many `places`; later ones are believed to be people."""
        self._still_ns = round(still_s * 1e9)
        blocks = min(max(self._still_ns // BLOCK_NS, BLOCKS[0]), BLOCKS[1])
        self._block_ns = self._still_ns // blocks
        self._sample_ns = self._block_ns // SAMPLES
        self._box = np.zeros((places, 3))  # centre and height, in picture heights
        self._since_ns = np.zeros(places, np.int64)
        self._seen_ns = np.full(places, FREE, np.int64)
        self._thing = np.zeros(places, np.bool_)
        self._sum = np.zeros((places, 4))  # of the open block: centre, height, samples
        self._means = np.full((places, blocks, 3), np.nan, np.float32)
        self._block = 0
        self._last_ns: int | None = None
        self._sampled_ns = 0
        self._closed_ns = 0

    def __repr__(self) -> str:
        return "<Still>"

    def __reduce__(self) -> str:
        raise TypeError("Still stays in this process")

    def people(self, tracks: Tracks, counted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Take one frame's tracks; give `counted` (N,) without those that are things."""
        now = tracks.captured_ns
        if self._last_ns is None or now < self._last_ns:  # footage that began again
            self._seen_ns.fill(FREE)
            self._thing.fill(False)
            self._sampled_ns, self._closed_ns = now - self._sample_ns, now
        self._last_ns = now
        due = now - self._sampled_ns >= self._sample_ns
        if due:
            self._sampled_ns = now
            seen = tracks.state == CONFIRMED
            self._sample(_boxes(tracks)[seen], now)
            if now - self._closed_ns >= self._block_ns:
                self._close(now)
        things = np.flatnonzero(self._thing)
        who = np.flatnonzero(counted)
        if not len(things) or not len(who):
            return counted
        pairs = near(_boxes(tracks)[who], self._box[things])
        hidden = nearest(pairs.far, pairs.place, pairs.box)  # Rule 3
        people = counted.copy()
        people[who[pairs.box[hidden]]] = False
        return people

    def _sample(self, boxes: _FLOATS, now: int) -> None:
        """Add each box to the place where it lies, or begin a place there."""
        self._forget(now)
        live = np.flatnonzero(self._seen_ns != FREE)
        fresh = np.ones(len(boxes), np.bool_)
        if len(live) and len(boxes):
            box, place, far = near(boxes, self._box[live])
            on = nearest(far, box, place) & nearest(far, place, box)  # each other's
            slots = live[place[on]]
            self._sum[slots, :3] += boxes[box[on]]
            self._sum[slots, 3] += 1
            self._seen_ns[slots] = now
            fresh[box] = False
        slots = np.flatnonzero(self._seen_ns == FREE)[: int(fresh.sum())]
        begun = boxes[fresh][: len(slots)]
        self._box[slots], self._sum[slots, :3], self._sum[slots, 3] = begun, begun, 1
        self._since_ns[slots] = self._seen_ns[slots] = now
        self._means[slots] = np.nan

    def _forget(self, now: int) -> None:
        """Rule 4."""
        been = np.clip(self._seen_ns - self._since_ns, 2 * self._sample_ns, self._still_ns)
        gone = (self._seen_ns != FREE) & (now - self._seen_ns > been)
        self._seen_ns[gone] = FREE
        self._thing[gone] = False

    def _close(self, now: int) -> None:
        """Close the block of every place, and judge those that are old enough."""
        samples = self._sum[:, 3]
        known = samples >= SEEN * SAMPLES
        means = self._sum[known, :3] / samples[known, None]
        self._means[:, self._block] = np.nan
        self._means[known, self._block] = means
        self._box[known] = means
        self._block = (self._block + 1) % self._means.shape[1]
        self._sum.fill(0)
        self._closed_ns = now
        aged = now - self._since_ns >= self._still_ns
        old = np.flatnonzero((self._seen_ns != FREE) & aged)
        if len(old):
            apart = spread(self._means[old], self._box[old, 2])
            self._thing[old] = np.where(np.isnan(apart), self._thing[old], apart <= MOVED)


def spread(means: NDArray[np.float32], height: _FLOATS) -> _FLOATS:
    """How far block means (P, B, 3) of centre and height go apart, in body heights (P,).

    NaN where too few are known; the OUTLIERS at both ends are left out.
    """
    ordered = np.sort(means, axis=1)  # what is not known comes last
    known = np.count_nonzero(np.isfinite(means[:, :, 0]), axis=1)
    enough = known >= KNOWN * means.shape[1]
    last = np.maximum(known - 1 - OUTLIERS, OUTLIERS)
    reach = ordered[np.arange(len(means)), last] - ordered[:, OUTLIERS]
    apart = reach.max(axis=1).astype(np.float64) / height
    return np.where(enough, apart, np.nan)


def _boxes(tracks: Tracks) -> _FLOATS:
    """(N, 3) centre and height in picture heights."""
    xyxy = tracks.xyxy.astype(np.float64)
    low, high = xyxy[:, :2], xyxy[:, 2:]
    boxes = np.empty((len(xyxy), 3))
    boxes[:, :2] = (low + high) / 2
    boxes[:, 0] *= tracks.aspect
    boxes[:, 2] = high[:, 1] - low[:, 1]
    return boxes


class Near(NamedTuple):
    """Which boxes lie where places are, one row a pair."""

    box: Indices  # (P,)
    place: Indices  # (P,)
    far: _FLOATS  # (P,) the largest difference, in heights of the place; at most SAME


def near(boxes: _FLOATS, places: _FLOATS) -> Near:
    """Compare `boxes` (N, 3) with `places` (M, 3)."""
    reach = REACH * places[:, 2]
    place, box = touching(
        np.stack((*(places[:, :2].T - reach), *(places[:, :2].T + reach)), axis=1),
        np.concatenate((boxes[:, :2], boxes[:, :2]), axis=1),
    )
    far = np.abs(boxes[box] - places[place]).max(axis=1, initial=0) / places[place, 2]
    same = far <= SAME
    return Near(box[same], place[same], far[same])
