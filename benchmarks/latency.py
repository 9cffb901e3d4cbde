"""How long from capture to count and to publication, and which stage takes it?

One drawn camera at its own pace before the appliance's own loop: reading thread, one-slot box,
detector, tracker, zones and lines, gate, output. Each stage's time is its own, without the stages
inside of it. `waiting for the detector` is what the loop waits for: all of the inference where it
is not told by `inference in the runtime`, little where the runtime looks in the loop, and the rest
of the picture before where it looks in a thread of its own. Where pictures overlap, a picture's
people are counted when the next one is looked at, so `capture to count` has that pause in it. A
percentile is told from as many values on as can show it. Publications come once in 30 s: run 1500
pictures and more to see some.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.job import Job, above, asked, parser
from benchmarks.machine import report
from benchmarks.pacing import progress
from benchmarks.rig import WARM_S, run_job
from benchmarks.stages import ORDER, Stages, percentiles


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    """Print the ways from end to end, then the stages."""
    args = _options().parse_args(rest)
    job = replace(asked(args, model), fps=args.fps, seconds=args.frames / args.fps)
    stages = Stages(room(job))
    with progress("latency", job.seconds) as turn:
        outcome = run_job(job, stages, turn)
    rows: list[dict[str, Any]] = [
        {"ms": "capture to count", **percentiles(outcome.counted_ms)},
        {"ms": "closing of an interval to publication", **percentiles(outcome.published_ms)},
    ]
    rows += [
        {"ms": f"  {name}", **percentiles(took)}
        for name in ORDER
        if len(took := stages.series[name].since(outcome.begin_ns))
    ]
    asks = (
        f"{__doc__.splitlines()[0]} {job.fps:g} pictures a second for {outcome.seconds:.0f} s,"
        f" {outcome.dropped_percent:.1f} % dropped, processor {100 * outcome.cpu:.0f} % of a core"
        f"{' (interrupted)' if outcome.interrupted else ''}"
    )
    report(asks, rows, out, outcome.told)


def room(job: Job) -> int:
    """How many values of one stage a run can have at most."""
    return round(4 * job.cameras * job.fps * (job.seconds + WARM_S)) + 256


def _options() -> argparse.ArgumentParser:
    options = parser("latency", __doc__)
    options.add_argument(
        "--frames", type=above(int, 1), default=1800, help="pictures to show (1800: 2 min)"
    )
    options.add_argument("--fps", type=above(float, 0.5), default=15.0, help="the pace (15)")
    return options
