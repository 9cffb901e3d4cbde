"""Which box belongs to which track.

Rule 1: boxes are compared after both are grown by what the filter does not know (its standard
deviation): a new track, or a low frame rate, reaches further than a settled one.
Rule 2: the best total wins, not the first come; a pair below the gate is no pair.
Rule 3: only boxes that may touch are compared (`nearby.py`).
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from counter.nearby import Indices, touching

Corners = NDArray[np.float64]  # (N, 4) left, top, right, bottom, in image heights


FEW: Final = 900  # pairs: 30 tracks and 30 people; beyond that a sweep is less work


class Pairs(NamedTuple):
    """Tracks and people that overlap, one row a pair."""

    track: Indices  # (P,)
    person: Indices  # (P,)
    similarity: NDArray[np.float64]  # (P,) 0..1

    def __repr__(self) -> str:
        return "<Pairs>"  # ring 1: no value is printed


def corners(boxes: NDArray[np.float64]) -> Corners:
    """(N, 4) centre x, centre y, width, height -> (N, 4) left, top, right, bottom."""
    half = boxes[:, 2:] / 2
    found = np.empty_like(boxes, order="C")
    np.subtract(boxes[:, :2], half, out=found[:, :2])
    np.add(boxes[:, :2], half, out=found[:, 2:])
    return found


def grown_iou(tracks: Corners, margin: NDArray[np.float64], people: Corners) -> Pairs:
    """Intersection over union of tracks (T, 4) and people (D, 4), both grown by `margin` (T,).

    The buffer is that of C-BIoU (Yang et al., WACV 2023), here as wide as the filter is unsure.
    """
    if len(tracks) * len(people) <= FEW:
        return _of_all(tracks, margin, people)
    grown = tracks + margin[:, None] * (-2, -2, 2, 2)  # both grow: twice on one side is the same
    track, person = touching(grown, people)
    ours, theirs = tracks[track].T, people[person].T
    grow = 2 * margin[track]
    side = np.minimum(ours[2:], theirs[2:]) - np.maximum(ours[:2], theirs[:2]) + grow
    inside = side[0] * side[1]
    touch = (side[0] > 0) & (side[1] > 0)
    our_size, their_size = ours[2:] - ours[:2] + grow, theirs[2:] - theirs[:2] + grow
    either = our_size[0] * our_size[1] + their_size[0] * their_size[1] - inside
    return Pairs(track[touch], person[touch], inside[touch] / either[touch])


def _of_all(tracks: Corners, margin: NDArray[np.float64], people: Corners) -> Pairs:
    """Do as `grown_iou`, all with all: of few boxes that is less work than to look for pairs."""
    grow = (2 * margin)[:, None, None]
    side = np.minimum(tracks[:, None, 2:], people[:, 2:])
    side -= np.maximum(tracks[:, None, :2], people[:, :2])
    side += grow
    wide, high = side[..., 0], side[..., 1]
    touch = np.nonzero((wide > 0) & (high > 0))
    track, person = touch
    grow = grow[track, 0]
    ours = (tracks[:, 2:] - tracks[:, :2])[track] + grow
    theirs = (people[:, 2:] - people[:, :2])[person] + grow
    inside = wide[touch] * high[touch]
    either = ours[:, 0] * ours[:, 1] + theirs[:, 0] * theirs[:, 1] - inside
    return Pairs(track, person, inside / either)


def assign(pairs: Pairs, gate: float) -> tuple[Indices, Indices]:
    """Match tracks with people so that the similarity above `gate` is largest in total.

    A pair without a rival needs no optimiser: it is part of every best answer.
    """
    good = pairs.similarity > gate
    tracks, people = pairs.track[good], pairs.person[good]
    if not len(tracks):
        return tracks, people
    alone = np.bincount(tracks)[tracks] + np.bincount(people)[people] == 2
    if alone.all():
        return tracks, people
    contested = ~alone
    some_tracks, row = _distinct(tracks[contested])
    some_people, column = _distinct(people[contested])
    gain = np.zeros((len(some_tracks), len(some_people)))
    gain[row, column] = pairs.similarity[good][contested] - gate
    rows, columns = linear_sum_assignment(gain, maximize=True)
    kept = gain[rows, columns] > 0
    return (
        np.concatenate((tracks[alone], some_tracks[rows[kept]])),
        np.concatenate((people[alone], some_people[columns[kept]])),
    )


def _distinct(values: Indices) -> tuple[Indices, Indices]:
    """The different values in order, and the place of each value among them."""
    found = np.flatnonzero(np.bincount(values))
    return found, np.searchsorted(found, values)
