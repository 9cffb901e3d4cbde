"""HOTA, IDF1 and MOTA of what a tracker followed, by the package `trackeval`, in per cent.

As MOTChallenge does, a followed box that lies on a distractor (a sitting person, a mirror image)
is neither right nor wrong. Boxes that overlap by half are the same.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from benchmarks.following_peers import Followed
from benchmarks.mot import Truth

SAME = 0.5  # IoU
Boxes = NDArray[np.float64]


class Scores(NamedTuple):
    hota: float
    idf1: float
    mota: float


def overlap(ours: Boxes, theirs: Boxes) -> NDArray[np.float64]:
    """Intersection over union: (N, 4) and (M, 4) -> (N, M)."""
    low = np.maximum(ours[:, None, :2], theirs[None, :, :2])
    high = np.minimum(ours[:, None, 2:], theirs[None, :, 2:])
    inside = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(box[:, 2:] - box[:, :2], 0, None).prod(axis=1) for box in (ours, theirs)]
    either = areas[0][:, None] + areas[1][None] - inside
    share: NDArray[np.float64] = np.divide(
        inside, either, out=np.zeros_like(inside), where=either > 0
    )
    return share


def score(truth: Sequence[Truth], followed: Sequence[Followed]) -> Scores:
    from trackeval.metrics import CLEAR, HOTA, Identity

    data = _compared(truth, followed)
    quiet = {"PRINT_CONFIG": False}
    hota = HOTA().eval_sequence(data)["HOTA"]
    return Scores(
        100 * float(np.mean(hota)),
        100 * float(Identity(quiet).eval_sequence(data)["IDF1"]),
        100 * float(CLEAR(quiet).eval_sequence(data)["MOTA"]),
    )


def _compared(truth: Sequence[Truth], followed: Sequence[Followed]) -> dict[str, Any]:
    """Give what `trackeval` asks for: ids from 0 without gaps, and the overlaps of each frame."""
    kept = [_without_ignored(true, seen) for true, seen in zip(truth, followed, strict=True)]
    names = np.unique(np.concatenate([seen.ids for seen in kept]))
    true_names = np.unique(np.concatenate([true.ids for true in truth]))
    return {
        "num_timesteps": len(truth),
        "num_gt_ids": len(true_names),
        "num_tracker_ids": len(names),
        "num_gt_dets": sum(len(true.ids) for true in truth),
        "num_tracker_dets": sum(len(seen.ids) for seen in kept),
        "gt_ids": [np.searchsorted(true_names, true.ids) for true in truth],
        "tracker_ids": [np.searchsorted(names, seen.ids) for seen in kept],
        "similarity_scores": [
            overlap(true.xyxy, seen.xyxy) for true, seen in zip(truth, kept, strict=True)
        ],
    }


def _without_ignored(true: Truth, seen: Followed) -> Followed:
    if not (len(true.ignored) and len(seen.ids)):
        return seen
    both = np.concatenate((true.xyxy, true.ignored))
    same = overlap(both, seen.xyxy)
    same[same < SAME] = 0
    row, column = linear_sum_assignment(same, maximize=True)
    dropped = column[(row >= len(true.ids)) & (same[row, column] > 0)]
    keep = np.ones(len(seen.ids), np.bool_)
    keep[dropped] = False
    return Followed(seen.ids[keep], seen.xyxy[keep])
