"""How many cameras at once does this machine keep up with?

The number is doubled until pictures are dropped, then halved in between. A number is kept up with
if at most 1 % of all pictures shown are dropped in its one run; each run is a row. One hiccup of a
busy machine can end the search early, so the answer is a lower bound. Nothing is said of decoding:
pictures come from memory.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.job import Outcome, above, asked, parser
from benchmarks.machine import report
from benchmarks.pacing import progress
from benchmarks.realtime import account, row
from benchmarks.rig import run_job

MOST = 64


class _Interrupted(Exception):  # noqa: N818  # it is no error
    pass


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    """Print each number of cameras that was tried, and the largest that was kept up with."""
    args = _options().parse_args(rest)
    first = replace(asked(args, model), fps=args.fps, seconds=args.seconds)
    outcomes: list[Outcome] = []

    def keeps(cameras: int) -> bool:
        with progress(f"{cameras} x {args.fps:g} FPS", args.seconds) as turn:
            outcomes.append(run_job(replace(first, cameras=cameras), None, turn))
        if outcomes[-1].interrupted:
            raise _Interrupted
        return outcomes[-1].kept

    try:
        most = search(keeps, args.most)
        found = f"{most}{' or more' if most == args.most else ''} at {args.fps:g} FPS"
    except _Interrupted:
        found = "interrupted before it was found"
    rows = [row(outcome) for outcome in outcomes]
    asks = f"{__doc__.splitlines()[0]} {found} (at most 1 % dropped in {args.seconds:g} s)"
    report(asks, rows, out, account(outcomes) | {"found": found})


def search(keeps: Callable[[int], bool], most: int) -> int:
    """Give the largest number up to `most` that is kept up with; 0: not even one.

    It is taken for granted that fewer are kept up with, too.
    """
    kept, failed = 0, 1
    while failed <= most and keeps(failed):
        kept, failed = failed, min(2 * failed, most) if failed < most else most + 1
    while failed - kept > 1:
        middle = (kept + failed) // 2
        if keeps(middle):
            kept = middle
        else:
            failed = middle
    return kept


def _options() -> argparse.ArgumentParser:
    options = parser("max_streams", __doc__)
    options.add_argument("--fps", type=above(float, 0.5), default=15.0, help="of each camera (15)")
    options.add_argument(
        "--seconds", type=above(float, 1), default=15.0, help="of each number tried (15)"
    )
    options.add_argument(
        "--most", type=above(int, 1), default=MOST, help=f"no more are tried ({MOST})"
    )
    return options
