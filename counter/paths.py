"""What a path says: where its owner should be by now, and who has taken whose id.

Rule 1: a path is straight and even for SPAN_S: a line is fitted to it, from the first frames on
(the growing-memory, then fixed alpha-beta filter; Brookner 1998, 1.2.10 and 1.3).
Rule 2: two on different sides of a line, who would both have gone on better in each other's place,
have exchanged their ids there. Who stopped before turning back has no such place.

Positions are (N, 2) x and y in image heights.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

SPAN_S = 0.8  # half a dozen steps at 8 FPS; longer paths of walkers are not straight
LEAST, KNOWN_S = 4, 0.3  # detections and seconds before a path is believed
# Rule 2, in body heights. Boxes tremble by a twentieth: this is twice that, and a little more.
STRAYED = 0.12
BESIDE = 1.0  # ids are exchanged by who stand side by side
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
    return np.flatnonzero((missed * missed).sum(axis=1) > (STRAYED * height) ** 2)


def exchanged(
    expected: Floats, found: Floats, height: Floats, sides: NDArray[np.int8]
) -> tuple[Indices, Indices]:
    """Pairs that have each other's id: all arrays share their first axis; `sides` is (N, L)."""
    who = strayed(found - expected, height)
    if len(who) < 2:
        return who[:0], who[:0]
    own = np.hypot(*(found[who] - expected[who]).T)
    away = expected[who, None] - found[None, who]
    apart = np.hypot(away[..., 0], away[..., 1])  # [i, j]: i's path from j's place
    tall = height[who]
    taller, smaller = np.maximum(tall[:, None], tall), np.minimum(tall[:, None], tall)
    gain = own[:, None] + own - apart - apart.T
    opposite = (sides[who][:, None] * sides[who][None] < 0).any(axis=2)
    may = opposite & (taller <= ALIKE * smaller) & (gain > 2 * STRAYED * taller)
    closer = apart < own[:, None]
    may &= closer & closer.T
    here = found[who][:, None] - found[who][None]
    may &= np.hypot(here[..., 0], here[..., 1]) <= BESIDE * taller
    gain = np.where(may, gain, 0.0)
    best = gain.argmax(axis=1)
    rows = np.arange(len(who))
    mutual = (best[best] == rows) & (rows < best) & (gain[rows, best] > 0)
    return who[rows[mutual]], who[best[mutual]]
