"""Is the target's hardware fast enough for what it is asked?

PASS or FAIL, and NOT MEASURED on anything else. The target's own scenario (cameras, pace, model,
limits: benchmarks/targets.toml) is run as `realtime` runs it; --soak makes half an hour of it. The
word comes in the first line. On another machine, with a stand-in for a chip or its library, in a
shorter run than the target asks for, or when something that has a limit could not be read, it is
NOT MEASURED, with the reason, whatever the figures are; and so it is where fewer boxes were found
than 0.6 of the drawn people: whatever that was, it did not look for people. The rig keeps all
rights, so the sandbox is not in the figures.
No Raspberry Pi target has ever been run.

Exit code: 0 PASS, 1 FAIL, 3 NOT MEASURED, 2 a mistake in the command.
"""

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks import soak
from benchmarks.board import ABSENT
from benchmarks.evidence import Machine, Work, other_machine, other_work
from benchmarks.job import FOUND, OUT, Job, Outcome, above
from benchmarks.machine import report
from benchmarks.pacing import progress
from benchmarks.realtime import row
from benchmarks.rig import run_job
from benchmarks.stages import LEAST, Floats
from benchmarks.targets import Target, Targets, named, targets
from counter.errors import CounterError
from counter.settings import ModelSettings

PASS, FAIL, NOT_MEASURED = "PASS", "FAIL", "NOT MEASURED"
CODES: Final = {PASS: 0, FAIL: 1, NOT_MEASURED: 3}
SEEN: Final = 0.6  # of the drawn people, some of whom are hidden: so many are found, at least
NOW_BITS: Final = 0xF  # of `vcgencmd get_throttled`; the others stay set until the next start


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that is asked for. A value that is NaN could not be read."""

    what: str
    value: float
    most: float = math.inf
    least: float = -math.inf

    @property
    def word(self) -> str:
        if math.isnan(self.value) or self.value < self.least:
            return NOT_MEASURED
        return PASS if self.value <= self.most else FAIL


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    """Print the word and the reason first, then each limit. Exits with the word's code."""
    args = _options().parse_args(rest)
    known = targets()
    target = named(args.target, known.target)
    if model is not None:
        raise CounterError("--model: a target has a model of its own", f"it is {target.model}")
    reasons = list(other_machine(target, Machine.here()))
    found: list[Limit] = []
    account: dict[str, Any] = {}
    ran = ""
    if not reasons:
        outcome, reasons = _measured(target, known, args)
        if outcome is not None:
            found = list(_limits(target, known, outcome, soaked=args.soak))
            account = outcome.told | {"run": row(outcome)}
            ran = f"; {target.model} sha256 {outcome.account['model']['sha256']}"
    word, why = judged(found, reasons)
    print(f"{word}: {args.target}: {why}{ran}")
    asks = f"{__doc__.splitlines()[0]} {args.target}: {target.hardware}"
    verdict = {"target": args.target, "word": word, "why": why}
    rows = [_row(limit, told=not reasons) for limit in found]
    report(asks, rows, out, account | {"verdict": verdict})
    raise SystemExit(CODES[word])


def judged(found: Sequence[Limit], reasons: Sequence[str]) -> tuple[str, str]:
    """Give the word for all limits together, and why."""
    if reasons:
        return NOT_MEASURED, "; ".join(reasons)
    names = {word: [limit.what for limit in found if limit.word == word] for word in CODES}
    if names[FAIL]:
        return FAIL, "; ".join(names[FAIL])
    if names[NOT_MEASURED] or not found:
        return NOT_MEASURED, f"could not be read: {'; '.join(names[NOT_MEASURED]) or 'anything'}"
    return PASS, "every limit is kept"


def limits(target: Target, outcome: Outcome) -> Iterator[Limit]:
    """What the target asks of a run, beside what came of it."""
    took, watch = outcome.counted_ms, outcome.watch
    known = len(took) >= LEAST["p99"]
    yield Limit(FOUND, outcome.account[FOUND], least=SEEN * target.people)
    yield Limit("pictures dropped, %", outcome.dropped_percent, target.max_drops_percent)
    p99 = float(np.percentile(took, 99)) if known else math.nan
    yield Limit("p99 from capture to count, ms", p99, target.max_p99_ms)
    for name, column, most in (
        ("SoC, C", "soc_c", target.max_soc_c),
        ("accelerator, C", "npu_c", target.max_accelerator_c),
    ):
        if most is not None:
            yield Limit(name, hottest(watch.column(column)), most)
    if not target.throttling:
        yield Limit("throttling seen, bits", lowered(watch.column("throttled")), 0)


def lowered(bits: Floats) -> float:
    """The throttling during a run, as bits; NaN: not known. What was before does not count."""
    known = bits[~np.isnan(bits)].astype(np.int64)
    if not len(known):
        return math.nan
    seen = int(np.bitwise_or.reduce(known))
    return float(seen & NOW_BITS | seen & ~int(known[0]))


def hottest(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else math.nan


def unseen(target: Target, outcome: Outcome) -> Iterator[str]:
    """Say that nobody was looked for: then no figure counts."""
    found, least = outcome.account[FOUND], SEEN * target.people
    if not found >= least:
        yield (
            f"{found:g} boxes were found in a picture of {target.people} drawn people, at least"
            f" {least:g} are asked for"
        )


def _measured(
    target: Target, known: Targets, args: argparse.Namespace
) -> tuple[Outcome | None, list[str]]:
    """Run the target's scenario; say why it was none, if it was none."""
    asked_s = max(target.seconds, 60 * known.soak.minutes) if args.soak else target.seconds
    seconds = asked_s if args.seconds is None else args.seconds
    settings = ModelSettings(name=target.model, backend=target.backend)
    job = Job(settings, target.cameras, target.fps, seconds, people=target.people)
    try:
        with progress(args.target, seconds) as turn:
            outcome = run_job(job, None, turn)
    except CounterError as error:
        return None, [f"it does not run here: {error.message}; {error.hint}"]
    reasons = [*other_work(target, Work.done(outcome.account)), *unseen(target, outcome)]
    if outcome.seconds < asked_s:
        reasons.append(f"{outcome.seconds:.0f} s were run, the target asks for {asked_s:.0f}")
    return outcome, reasons


def _limits(target: Target, known: Targets, outcome: Outcome, *, soaked: bool) -> Iterator[Limit]:
    yield from limits(target, outcome)
    if not soaked:
        return
    first, last, _ = soak.windows(outcome)
    loss = 100 * (1 - last["counted/s"] / first["counted/s"]) if first["counted/s"] else math.nan
    yield Limit("FPS lost in a soak, %", loss, known.soak.max_fps_loss_percent)
    growth = 100 * (last["p99, ms"] / first["p99, ms"] - 1)
    yield Limit("p99 grown in a soak, %", growth, known.soak.max_p99_growth_percent)
    slope = soak.slope_of(outcome)
    least = slope.kib_per_min - slope.half_width
    yield Limit("memory grown, KiB/min at least", least, known.soak.max_memory_kib_per_min)


def _row(limit: Limit, *, told: bool) -> dict[str, Any]:
    """One limit in the table; without a word where nothing counts."""
    value = ABSENT if math.isnan(limit.value) else limit.value
    word = limit.word if told else "-"
    bounds = {"at least": limit.least, "at most": limit.most}
    asked = {name: "-" if math.isinf(bound) else bound for name, bound in bounds.items()}
    return {"limit of": limit.what, "measured": value, **asked, "verdict": word}


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog="python -m benchmarks verdict",
        description=__doc__,
        epilog=f"targets: {', '.join(targets().target)}\n\nand for every benchmark:\n{OUT}\n"
        "  --model       is refused: a target has a model of its own",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--target", required=True, metavar="NAME", help="one of those below")
    options.add_argument(
        "--soak",
        action="store_true",
        help="run for half an hour, and compare its end with its beginning (off)",
    )
    options.add_argument(
        "--seconds",
        type=above(float, 1),
        help="to try it out: less than the target's (300) is no verdict",
    )
    return options
