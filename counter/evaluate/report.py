"""What an evaluation found, as numbers and as JSON.

The numbers are exact: they describe recorded footage whose people have agreed to it, never a
place that is being watched.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from counter.evaluate.acceptance import Acceptance
from counter.evaluate.scores import Scores

MISSING = "missing"  # as in release.Status


@dataclass(frozen=True, slots=True)
class CountError:
    """Ours beside the truth over the frames (or images, or intervals) that were labelled."""

    frames: int
    truth_mean: float  # persons
    ours_mean: float
    mae: float  # mean of |ours - truth|
    rmse: float
    bias: float  # mean of ours - truth: negative where people are missed

    @classmethod
    def of(cls, pairs: Sequence[tuple[int, int]]) -> "CountError | None":
        """Compare (truth, ours) of each frame; None where nothing was labelled."""
        if not pairs:
            return None
        errors = [ours - truth for truth, ours in pairs]
        return cls(
            frames=len(pairs),
            truth_mean=sum(truth for truth, _ in pairs) / len(pairs),
            ours_mean=sum(ours for _, ours in pairs) / len(pairs),
            mae=sum(map(abs, errors)) / len(errors),
            rmse=math.sqrt(sum(error**2 for error in errors) / len(errors)),
            bias=sum(errors) / len(errors),
        )


@dataclass(frozen=True, slots=True)
class ZoneError:
    """One zone: frame by frame, and by interval as the gate would be given it."""

    zone: str
    tracked: CountError | None
    detected: CountError | None  # the detector's sure boxes, without a tracker
    by_interval: CountError | None


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """One zone in one interval: exact, and what the gate would let out of it."""

    cell: str
    start_s: float  # of the clip
    truth: int | None  # the estimate over the interval; None: not labelled
    ours: int | None
    coverage: float  # 0..1, ours
    truth_released: str  # "35", "<11", "missing"
    ours_released: str

    @property
    def same(self) -> bool | None:
        """Would the public have read the same? None where too little is labelled to tell."""
        known = self.truth_released != MISSING
        return self.truth_released == self.ours_released if known else None


@dataclass(frozen=True, slots=True)
class CrossingRow:
    """One direction of a line in one interval."""

    cell: str
    start_s: float
    truth: int | None  # None: nobody counted it by interval
    ours: int | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """One direction of a line over the whole clip."""

    measure: str
    truth: int
    ours: int
    line: str = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    source: str
    model: str
    backend: str
    frames: int  # looked at
    seconds: float  # of the clip
    zones: tuple[ZoneError, ...] = ()
    intervals: tuple[IntervalRow, ...] = ()
    lines: tuple[LineRow, ...] = ()
    crossings: tuple[CrossingRow, ...] = ()
    scores: Scores | None = None
    acceptance: tuple[Acceptance, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def occupancy(self) -> CountError | None:
        """Tracked people of the first zone against its labels."""
        return self.zones[0].tracked if self.zones else None

    @property
    def detector(self) -> CountError | None:
        """Detected people of the first zone against its labels."""
        return self.zones[0].detected if self.zones else None

    @property
    def agreement(self) -> tuple[int, int]:
        """Intervals whose release is the one of the truth, of all whose truth is known."""
        known = [row.same for row in self.intervals if row.same is not None]
        return sum(known), len(known)

    def to_json(self) -> str:
        body = asdict(self)
        for row, out in zip(self.intervals, body["intervals"], strict=True):
            out["same"] = row.same
        for test, out in zip(self.acceptance, body["acceptance"], strict=True):
            out["accepted"] = test.accepted
        return json.dumps(body, indent=1)
