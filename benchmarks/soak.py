"""Is the appliance after half an hour what it was at the start?

The whole appliance runs on paced drawn cameras for 30 minutes; the last five minutes are compared
with the first five (of a shorter run: the last sixth with the first sixth). Memory's slope is a
straight line through 30 means of the time after the first tenth, with the half width of its 95 %
interval: a slope that is smaller than that may be none. Ctrl-C ends the run and tells what was
measured until then.
"""

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import stats

from benchmarks.board import ABSENT
from benchmarks.job import Outcome, above, asked, parser
from benchmarks.machine import report
from benchmarks.pacing import progress
from benchmarks.rig import run_job
from benchmarks.stages import Floats

WINDOW_S: Final = 300.0
PARTS: Final = 6  # of a run: windows are no longer than one of them
SETTLING: Final = 0.1  # of the run: buffers and caches are filled in it
MEANS: Final = 30


@dataclass(frozen=True, slots=True)
class Slope:
    kib_per_min: float
    half_width: float  # of the 95 % interval; NaN: the run was too short to tell

    def __str__(self) -> str:
        if math.isnan(self.half_width):
            return "not known: too few readings"
        return f"{self.kib_per_min:+.1f} +/- {self.half_width:.1f} KiB/min"


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    """Print both windows, their difference, and the slope of memory."""
    args = _options().parse_args(rest)
    job = replace(asked(args, model), cameras=args.cameras, fps=args.fps, seconds=60 * args.minutes)
    with progress("soak", job.seconds) as turn:
        outcome = run_job(job, None, turn)
    slope = slope_of(outcome)
    asks = (
        f"{__doc__.splitlines()[0]} {job.cameras} x {job.fps:g} FPS for"
        f" {outcome.seconds / 60:.1f} of {args.minutes:g} min"
        f"{' (interrupted)' if outcome.interrupted else ''}, {outcome.dropped} of"
        f" {outcome.offered} pictures dropped, memory {slope}"
    )
    more = {"memory, KiB/min": slope.kib_per_min, "half width": slope.half_width}
    numbers = {name: _number(value) for name, value in more.items()}
    report(asks, compared(outcome), out, outcome.told | {"slope": numbers})


def windows(outcome: Outcome) -> tuple[dict[str, float], dict[str, float], float]:
    """The first and the last window, and how long they are, s."""
    length_s = min(WINDOW_S, outcome.seconds / PARTS)
    last_s = outcome.seconds - length_s
    return _window(outcome, 0.0, length_s), _window(outcome, last_s, outcome.seconds), length_s


def compared(outcome: Outcome) -> list[dict[str, Any]]:
    """Both windows, and last less first; without what could not be read at all."""
    first, last, length_s = windows(outcome)
    change = {name: last[name] - value for name, value in first.items()}
    known = [name for name in first if not math.isnan(first[name] + last[name])]
    said = f"{length_s / 60:.0f} min" if length_s >= 60 else f"{length_s:.0f} s"
    rows = {f"first {said}": first, f"last {said}": last, "last less first": change}
    return [{"": name} | {key: row[key] for key in known} for name, row in rows.items()]


def slope_of(outcome: Outcome) -> Slope:
    """Of resident memory, over the time that was measured."""
    watch = outcome.watch
    at_s = watch.column("at_s") - outcome.begin_ns / 1e9
    within = (at_s >= 0) & (at_s <= outcome.seconds)
    return slope(at_s[within] / 60, watch.column("rss_mib")[within] * 1024)


def slope(minutes: Floats, kib: Floats) -> Slope:
    """A line through means: single readings follow from the one before and would seem surer."""
    settled = slice(round(SETTLING * len(minutes)), None)
    parts = min(MEANS, len(minutes[settled]) // 2)
    if parts < 4:
        return Slope(math.nan, math.nan)
    x, y = (
        np.array([part.mean() for part in np.array_split(values[settled], parts)])
        for values in (minutes, kib)
    )
    if not np.ptp(y):  # regression knows no error of a level line
        return Slope(0.0, 0.0)
    line = stats.linregress(x, y)
    return Slope(float(line.slope), float(line.stderr * stats.t.ppf(0.975, parts - 2)))


def _window(outcome: Outcome, begin_s: float, end_s: float) -> dict[str, float]:
    took = outcome.counted_ms[(outcome.at_s >= begin_s) & (outcome.at_s < end_s)]
    at_s = outcome.watch.column("at_s") - outcome.begin_ns / 1e9
    now = (at_s >= begin_s) & (at_s < end_s)

    def mean(name: str, over: Callable[[Floats], Any] = np.mean) -> float:
        known = outcome.watch.column(name)[now]
        known = known[~np.isnan(known)]
        return float(over(known)) if len(known) else math.nan

    return {
        "counted/s": len(took) / (end_s - begin_s),
        "p50, ms": float(np.percentile(took, 50)) if len(took) else math.nan,
        "p99, ms": float(np.percentile(took, 99)) if len(took) >= 100 else math.nan,
        "memory, MiB": mean("rss_mib"),
        "clock, MHz": mean("clock_mhz"),
        "SoC, C": mean("soc_c"),
        "accelerator, C": mean("npu_c"),
    }


def _number(value: float) -> float | str:
    return ABSENT if math.isnan(value) else value


def _options() -> argparse.ArgumentParser:
    options = parser("soak", __doc__)
    options.add_argument("--minutes", type=above(float, 0.05), default=30.0, help="(30)")
    options.add_argument("--cameras", type=above(int, 1), default=1, help="at once (1)")
    options.add_argument("--fps", type=above(float, 0.5), default=15.0, help="of each camera (15)")
    return options
