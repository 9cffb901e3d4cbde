"""What an evaluation found, as numbers, as text and as JSON.

The numbers are exact: they describe recorded footage whose people have agreed to it, never a
place that is being watched.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

MISSING = "missing"  # as in release.Status


@dataclass(frozen=True, slots=True)
class CountError:
    """Ours beside the truth over the frames (or images) that were labelled; persons."""

    frames: int
    truth_mean: float
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
class IntervalRow:
    """One cell in one interval: exact, and what the gate would let out of it."""

    cell: str
    start_s: float  # of the clip
    truth: int | None  # the median over the interval; None: not labelled
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
class LineRow:
    measure: str
    truth: int
    ours: int


@dataclass(frozen=True, slots=True)
class Report:
    source: str
    model: str
    backend: str
    frames: int  # looked at
    seconds: float  # of the clip
    occupancy: CountError | None = None  # tracked people against labels
    detector: CountError | None = None  # detected people against labels
    intervals: tuple[IntervalRow, ...] = ()
    lines: tuple[LineRow, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def agreement(self) -> tuple[int, int]:
        """Intervals whose release is the one of the truth, of all whose truth is known."""
        known = [row.same for row in self.intervals if row.same is not None]
        return sum(known), len(known)

    def to_json(self) -> str:
        body = asdict(self)
        for row, out in zip(self.intervals, body["intervals"], strict=True):
            out["same"] = row.same
        return json.dumps(body, indent=1)

    def to_text(self) -> str:
        """Lay the report out for a terminal, at most 100 columns."""
        clip = f"{self.source}: {self.frames} frames, {self.seconds:.1f} s"
        lines = [
            f"{clip}, {self.model} on {self.backend}",
            *_errors("tracked people", self.occupancy),
            *_errors("detected people", self.detector),
        ]
        lines += [
            f"{row.measure:<16} truth {row.truth:>5}  ours {row.ours:>5}  "
            f"error {row.ours - row.truth:+d}"
            for row in self.lines
        ]
        if self.intervals:
            head = (
                "cell",
                "from s",
                "truth",
                "ours",
                "coverage",
                "truth released",
                "ours released",
            )
            table = [head, *(_cells(row) for row in self.intervals)]
            widths = [max(len(row[i]) for row in table) for i in range(len(head))]
            lines += ["", *("  ".join(map(str.rjust, row, widths)) for row in table)]
            lines.append("{} of {} releases are those of the truth".format(*self.agreement))
        return "\n".join([*lines, *self.notes])


def _errors(name: str, found: CountError | None) -> list[str]:
    if found is None:
        return []
    means = f"truth {found.truth_mean:5.2f}  ours {found.ours_mean:5.2f}"
    errors = f"MAE {found.mae:.2f}  RMSE {found.rmse:.2f}  bias {found.bias:+.2f}"
    return [f"{name:<16} {means}  {errors}  ({found.frames} labelled frames)"]


def _cells(row: IntervalRow) -> tuple[str, ...]:
    def number(value: int | None) -> str:
        return "-" if value is None else str(value)

    mark = "" if row.same is not False else " *"
    return (
        row.cell,
        f"{row.start_s:.0f}",
        number(row.truth),
        number(row.ours),
        f"{row.coverage:.2f}",
        row.truth_released,
        row.ours_released + mark,
    )
