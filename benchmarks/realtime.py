"""Does the appliance keep the pace of N cameras, and what does it drop?

Each camera shows a picture every 1/15 or 1/30 s, whoever looks. As in the appliance a thread puts
the newest one into a box of one; a picture that nobody took in time is dropped, and counted. A pace
is `kept` if at most 1 % of the pictures shown were dropped. Latency is from capture to count, of
those that were not dropped. Cameras do not run in step: each begins a part of a picture later.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.job import Job, Outcome, above, asked, parser
from benchmarks.machine import report
from benchmarks.pacing import progress
from benchmarks.rig import run_job
from benchmarks.stages import percentiles


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    """Print a row for each number of cameras and each pace."""
    args = _options().parse_args(rest)
    first = replace(asked(args, model), seconds=args.seconds)
    jobs = [
        replace(first, cameras=cameras, fps=fps) for cameras, fps in product(args.cameras, args.fps)
    ]
    outcomes = list(_outcomes(jobs))
    report(
        f"{__doc__.splitlines()[0]} {args.seconds:g} s each; kept: at most 1 % dropped",
        [row(outcome) for outcome in outcomes],
        out,
        account(outcomes),
    )


def row(outcome: Outcome) -> dict[str, Any]:
    """One run in a table."""
    told = dict(percentiles(outcome.counted_ms))
    told.pop("n")
    job = outcome.job
    said = " (interrupted)" if outcome.interrupted else ""
    return {
        "cameras x FPS": f"{job.cameras} x {job.fps:g}",
        "shown": outcome.offered,
        "counted/s": outcome.fps,
        "dropped": outcome.dropped,
        **{f"{name}, ms": value for name, value in told.items()},
        "cores": outcome.cpu,
        "verdict": outcome.verdict + said,
    }


def account(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What belongs to all runs, and the readings of each."""
    during = {f"{each.job.cameras} x {each.job.fps:g}": each.watch.during() for each in outcomes}
    readings = {
        "before": outcomes[0].watch.before,
        "during": during,
        "after": outcomes[-1].watch.after,
    }
    return outcomes[0].account | {"readings": readings}


def _outcomes(jobs: Sequence[Job]) -> Iterator[Outcome]:
    for job in jobs:
        with progress(f"{job.cameras} x {job.fps:g} FPS", job.seconds) as turn:
            outcome = run_job(job, None, turn)
        yield outcome
        if outcome.interrupted:
            return


def _options() -> argparse.ArgumentParser:
    options = parser("realtime", __doc__)
    options.add_argument(
        "--cameras", type=above(int, 1), nargs="+", default=[1, 2], metavar="N",
        help="how many at once, each a row (1 2)",
    )  # fmt: skip
    options.add_argument(
        "--fps", type=above(float, 0.5), nargs="+", default=[15.0, 30.0], metavar="F",
        help="pictures a second of each camera, each a row (15 30)",
    )  # fmt: skip
    options.add_argument("--seconds", type=above(float, 1), default=30.0, help="of each row (30)")
    return options
