"""HOTA, IDF1 and MOTA of our tracks, by the `trackeval` package: an extra of the laboratory.

Rule 1: only labelled frames are scored, and only boxes that were seen in them: no prediction.
Rule 2: a box of ours on what is no person to count (`mot.DISTRACTOR_CLASSES`) is left out before
scoring, as the challenge does.
Rule 3: a track gets a number here, which it has nowhere else, to be compared with labels of
recorded footage; it is forgotten with the report.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from counter.evaluate.walks import Walks
from counter.people import Tracks, TrackState

SAME = 0.5  # IoU from which two boxes are one person: of IDF1, MOTA and Rule 2
HINT = "HOTA, IDF1 and MOTA: not computed, trackeval is not installed (the extra `evaluate`)"

Boxes = NDArray[np.float64]  # (N, 4)


@dataclass(frozen=True, slots=True)
class Scores:
    hota: float  # 0..1, mean over IoU 0.05 to 0.95 (Luiten et al. 2021)
    deta: float
    assa: float
    idf1: float  # at IoU 0.5
    mota: float  # at IoU 0.5
    switches: int


class Recorder:
    """Our boxes beside the labelled ones, frame by frame."""

    def __init__(self, walks: Walks) -> None:
        self._walks = walks
        self._number: dict[int, int] = {}  # of the present life of each slot
        self._lives = 0
        self._ours: list[NDArray[np.intp]] = []
        self._truth: list[NDArray[np.intp]] = []
        self._alike: list[NDArray[np.float64]] = []
        self._names: dict[int, int] = {}

    def observe(self, frame: int, tracks: Tracks) -> None:
        for slot in tracks.slot[tracks.born]:
            self._number[int(slot)] = self._lives
            self._lives += 1
        people = self._walks.people.get(frame)
        if people is None:
            return
        seen = tracks.state == TrackState.CONFIRMED
        boxes = tracks.xyxy[seen].astype(np.float64)
        numbers = np.array([self._number[int(slot)] for slot in tracks.slot[seen]], np.intp)
        truth = np.array(list(people.values()), np.float64).reshape(-1, 4)
        others = np.array(self._walks.distractors.get(frame, ()), np.float64).reshape(-1, 4)
        free = _free(boxes, truth, others)
        self._ours.append(numbers[free])
        names = [self._names.setdefault(who, len(self._names)) for who in people]
        self._truth.append(np.array(names, np.intp))
        self._alike.append(iou(truth, boxes[free]))

    def score(self) -> Scores | None:
        """Give the scores; None where `trackeval` is not installed."""
        try:
            from trackeval.metrics import CLEAR, HOTA, Identity  # noqa: PLC0415
        except ImportError:
            return None
        data = self._data()
        quiet = {"PRINT_CONFIG": False, "THRESHOLD": SAME}
        hota = HOTA().eval_sequence(data)
        identity = Identity(dict(quiet)).eval_sequence(data)
        clear = CLEAR(dict(quiet)).eval_sequence(data)
        return Scores(
            hota=float(np.mean(hota["HOTA"])),
            deta=float(np.mean(hota["DetA"])),
            assa=float(np.mean(hota["AssA"])),
            idf1=float(identity["IDF1"]),
            mota=float(clear["MOTA"]),
            switches=int(clear["IDSW"]),
        )

    def _data(self) -> dict[str, Any]:
        """Lay the frames out as trackeval wants them; ids count from 0 without a gap."""
        used = np.unique(np.concatenate(self._ours or [np.zeros(0, np.intp)]))
        return {
            "num_timesteps": len(self._truth),
            "num_gt_ids": len(self._names),
            "num_tracker_ids": len(used),
            "num_gt_dets": sum(map(len, self._truth)),
            "num_tracker_dets": sum(map(len, self._ours)),
            "gt_ids": self._truth,
            "tracker_ids": [np.searchsorted(used, ids) for ids in self._ours],
            "similarity_scores": self._alike,
        }


def iou(one: Boxes, other: Boxes) -> NDArray[np.float64]:
    """Overlap of each box of `one` (N, 4) with each of `other` (M, 4): (N, M), 0..1."""
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    both = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    whole = areas[0][:, None] + areas[1][None, :] - both
    found: NDArray[np.float64] = np.divide(both, whole, out=np.zeros_like(both), where=whole > 0)
    return found


def _free(boxes: Boxes, truth: Boxes, others: Boxes) -> NDArray[np.bool_]:
    """Tell which of our boxes (N,) are not matched with a distractor (Rule 2)."""
    free = np.ones(len(boxes), np.bool_)
    if len(others) and len(boxes):
        alike = iou(np.concatenate((truth, others)), boxes)
        alike[alike < SAME] = 0
        labelled, ours = linear_sum_assignment(-alike)
        matched = alike[labelled, ours] > 0
        free[ours[matched & (labelled >= len(truth))]] = False
    return free
