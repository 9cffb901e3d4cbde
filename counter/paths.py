"""What a path says: where its owner should be by now, and who has taken whose id.

Rule 1: a path is straight and even for SPAN_S: a line is fitted to it, from the first frames on
(the growing-memory, then fixed alpha-beta filter; Brookner 1998, 1.2.10 and 1.3).
Rule 2: two on different sides of a line, who would both have gone on better in each other's place,
have exchanged their ids there. Who stopped before turning back has no such place.

Positions are (N, 2) x and y in image heights.
"""

import numpy as np
from numpy.typing import NDArray

from counter.nearby import nearest, touching

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

SPAN_S = 0.8  # half a dozen steps at 8 FPS; longer paths of walkers are not straight
LEAST, KNOWN_S = 4, 0.3  # detections and seconds before a path is believed
# Rule 2, in body heights. Boxes tremble by a twentieth: this is twice that, and a little more.
STRAYED = 0.12
BESIDE = 1.0  # ids are exchanged by who stand side by side
FEW = 16  # of so many, all pairs are less work than a search for those that touch
ALIKE = 2.0  # the taller box is at most this much taller


def fit(steps: NDArray[np.int64], missed: Floats, step_s: float) -> tuple[Floats, Floats]:
    """Give what to add to places and speeds that `missed` (N, 2) where somebody was found.

    A path has taken so many `steps` before, the last of them `step_s` ago.
    """
    if step_s <= 0:
        return missed, np.zeros_like(missed)
    many = np.minimum(steps + 1.0, max(2.0, SPAN_S / step_s))[:, None]
    share = missed / (many * (many + 1))
    return (4 * many - 2) * share, np.where(many > 1, 6 / step_s, 0.0) * share


def strayed(missed: Floats, height: Floats) -> Indices:
    """Who is elsewhere than their path, of those who `missed` it by (N, 2)."""
    x, y = missed.T
    return np.flatnonzero(x * x + y * y > (STRAYED * height) ** 2)


def exchanged(
    expected: Floats, found: Floats, height: Floats, sides: NDArray[np.int8]
) -> tuple[Indices, Indices]:
    """Pairs that have each other's id, of those who `strayed`: (N, 2), (N, 2), (N,), (N, L)."""
    there, tall = expected, height
    if len(found) <= FEW:
        one, two = np.nonzero((sides[:, None] * sides < 0).any(axis=2))
    else:
        reach = BESIDE * tall[:, None]
        near = np.concatenate((found - reach, found + reach), axis=1)
        one, two = touching(near, near)
        opposite = (sides[one] * sides[two] < 0).any(axis=1)
        one, two = one[opposite], two[opposite]
    if not len(one):
        return one, two
    own, apart = _length(found - there), _length(there[one] - found[two])  # one's path, two's place
    other = _length(there[two] - found[one])
    taller, smaller = np.maximum(tall[one], tall[two]), np.minimum(tall[one], tall[two])
    gain = own[one] + own[two] - apart - other
    may = (taller <= ALIKE * smaller) & (gain > 2 * STRAYED * taller)
    may &= (apart < own[one]) & (other < own[two])
    may &= _length(found[one] - found[two]) <= BESIDE * taller
    one, two, loss = one[may], two[may], -gain[may]
    mutual = nearest(loss, one, two) & nearest(loss, two, one) & (one < two)
    return one[mutual], two[mutual]


def _length(moves: Floats) -> Floats:
    length: Floats = np.hypot(moves[:, 0], moves[:, 1])
    return length
