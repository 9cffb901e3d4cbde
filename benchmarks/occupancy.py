"""Which estimate of an interval's occupancy is nearest to the truth, and who is a poster?

First table: mean absolute error in persons against the true mean of the interval, every zone of
every sequence with public detections, one setting for all. `exact`: estimates as they are;
`rounded`: to whole persons, as they are tallied; `blind`, `doubled`: rounded, when a tenth of each
interval sees nobody or everybody twice. From, to: 95 % of 2000 bootstraps of whole intervals, of
the rounded error minus that of the median. Second table: how far places where a box stayed spread
(counter/still.py), in body heights, in the same sequences and in still pictures of the same people
that a camera's noise, encoder and light have changed. `below`: share that counts as a thing.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import mot
from benchmarks.counting import SHARED, SURE
from benchmarks.machine import report
from benchmarks.posters import rows as posters
from counter.settings import TrackerSettings
from counter.tally import midmean
from counter.tracking import Tracker
from counter.zones import Zones

LENGTHS_S = (10, 30, 60)
BOOTSTRAPS = 2000
Counts = NDArray[np.intp]  # (frames,)


def _trimmed(share: float) -> Callable[[Counts], float]:
    def mean(persons: Counts) -> float:
        cut = int(share * len(persons))
        return float(np.sort(persons)[cut : len(persons) - cut].mean())

    return mean


def _hodges_lehmann(persons: Counts) -> float:
    """Median of the means of all pairs."""
    held = np.bincount(persons)
    pairs = np.convolve(held.astype(np.float64), held)  # by the sum of the two
    until = np.cumsum(pairs)
    return float(np.searchsorted(2 * until, until[-1])) / 2


ESTIMATES: dict[str, Callable[[Counts], float]] = {
    "median": lambda persons: float(np.median(persons)),
    "mean": lambda persons: float(persons.mean()),
    "mean without 10 %": _trimmed(0.1),
    "ours: mean without 25 %": lambda persons: midmean(np.bincount(persons)),
    "pairs (Hodges-Lehmann)": _hodges_lehmann,
    "most frequent": lambda persons: float(np.bincount(persons).argmax()),
    "quantile 0.6": lambda persons: float(np.quantile(persons, 0.6)),
}


@dataclass(frozen=True)
class Stretch:
    """One zone in one interval."""

    interval: tuple[str, int]  # sequence, number: its zones are drawn together
    ours: Counts
    truth: float


def stretches(sequence: mot.Sequence, length_s: int) -> Iterator[Stretch]:
    """Cut one sequence into intervals; one that is not half full is left out."""
    settings = TrackerSettings()
    tracker, zones = Tracker(settings, SURE), Zones(sequence.zones.values())
    ours = np.array([zones.persons(tracker.update(people)) for people in sequence.frames])
    length = round(length_s * sequence.fps)
    for index, truth in enumerate(sequence.occupancy.values()):
        many = min(len(truth), len(ours))
        for start in range(0, many, length):
            end = min(start + length, many)
            if end - start >= length / 2:
                name = sequence.name, start
                yield Stretch(name, ours[start:end, index], float(truth[start:end].mean()))


def disturbed(persons: Counts, factor: int, rng: np.random.Generator) -> Counts:
    """Multiply a tenth of the interval, somewhere in it."""
    tenth = len(persons) // 10
    start = int(rng.integers(0, len(persons) - tenth + 1))
    changed = persons.copy()
    changed[start : start + tenth] *= factor
    return changed


def _errors(found: list[Stretch], factor: int | None, *, whole: bool) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(1)
    seen = [s.ours if factor is None else disturbed(s.ours, factor, rng) for s in found]
    truth = np.array([stretch.truth for stretch in found])
    errors = {}
    for name, estimate in ESTIMATES.items():
        values = np.array([estimate(persons) for persons in seen])
        errors[name] = (np.floor(values + 0.5) if whole else values) - truth
    return errors


def _difference(found: list[Stretch], more: NDArray[np.float64]) -> tuple[float, float]:
    """95 % of the bootstrapped means of `more` (n,), drawn by interval."""
    rng = np.random.default_rng(2)
    names = sorted({stretch.interval for stretch in found})
    owner = np.array([names.index(stretch.interval) for stretch in found])
    sums, many = np.bincount(owner, more), np.bincount(owner)
    drawn = rng.integers(0, len(names), (BOOTSTRAPS, len(names)))
    means = sums[drawn].sum(axis=1) / many[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def compare(sequences: list[mot.Sequence], length_s: int) -> Iterator[dict[str, Any]]:
    """One row for each estimate."""
    found = [stretch for each in sequences for stretch in stretches(each, length_s)]
    exact = _errors(found, None, whole=False)
    whole = _errors(found, None, whole=True)
    blind, doubled = (_errors(found, factor, whole=True) for factor in (0, 2))
    for name in ESTIMATES:
        more = np.abs(whole[name]) - np.abs(whole["median"])
        low, high = _difference(found, more)
        yield {
            "interval s": length_s,
            "n": len(found),
            "estimate": name,
            "exact": float(np.abs(exact[name]).mean()),
            "bias": float(exact[name].mean()),
            "rounded": float(np.abs(whole[name]).mean()),
            "from": low,
            "to": high,
            "blind": float(np.abs(blind[name]).mean()),
            "doubled": float(np.abs(doubled[name]).mean()),
        }


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    """Print the estimates, and the places of people and of posters."""
    parser = ArgumentParser(prog="python -m benchmarks occupancy", description=__doc__)
    parser.add_argument("--no-posters", action="store_true", help="leave the second table out")
    args = parser.parse_args(rest)
    folders = [
        truth.parent for truth in sorted((SHARED / "data/mot").glob("*/counting_truth.json"))
    ]
    sequences = [mot.read(folder) for folder in folders if (folder / "det.txt").exists()]
    if not sequences:
        raise SystemExit(f"not measured: no sequences at {SHARED} (set COUNTER_SHARED)")
    table = [row for length_s in LENGTHS_S for row in compare(sequences, length_s)]
    report(f"{__doc__.splitlines()[0]} Estimates", table, out)
    if args.no_posters:
        return
    also = out.with_name(f"{out.stem}-posters{out.suffix}") if out else None
    report(f"{__doc__.splitlines()[0]} Places", list(posters(model)), also)
