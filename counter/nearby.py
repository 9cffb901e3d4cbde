"""Which boxes may touch which, without comparing all with all.

Rule 1: no two boxes that touch are left out; some that do not are given too. Whoever asks measures.
Rule 2: the boxes are swept from left to right, so that the work grows with those who stand above
one another, not with the square of the crowd.
"""

import numpy as np
from numpy.typing import NDArray

Corners = NDArray[np.floating]  # (N, 4) left, top, right, bottom, of any unit
Indices = NDArray[np.intp]


def touching(ours: Corners, theirs: Corners) -> tuple[Indices, Indices]:
    """Give the pairs (P,) and (P,) of `ours` (N, 4) and `theirs` (M, 4) that may touch."""
    if not (len(ours) and len(theirs)):
        nothing = np.zeros(0, np.intp)
        return nothing, nothing
    order = np.argsort(theirs[:, 0])
    swept = theirs[order]
    left = np.ascontiguousarray(swept[:, 0])
    widest = (swept[:, 2] - left).max()
    first = np.searchsorted(left, ours[:, 0] - widest)
    many = np.searchsorted(left, ours[:, 2], side="right") - first
    ends = np.cumsum(many)
    mine = np.repeat(np.arange(len(ours)), many)
    other = np.arange(ends[-1]) + np.repeat(first - ends + many, many)
    level = swept[:, 1][other] <= ours[:, 3][mine]
    level &= swept[:, 3][other] >= ours[:, 1][mine]
    return mine[level], order[other[level]]


def nearest(far: NDArray[np.float64], of: Indices, other: Indices) -> NDArray[np.bool_]:
    """(P,) the pairs that are the nearest of each in `of`; the first `other` of equals."""
    order = np.lexsort((other, far, of))
    first = np.ones(len(order), np.bool_)
    first[1:] = of[order[1:]] != of[order[:-1]]
    found = np.zeros(len(order), np.bool_)
    found[order[first]] = True
    return found
