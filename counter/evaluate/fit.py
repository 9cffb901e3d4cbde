"""From counts by eye beside released numbers to a correction, with its uncertainty.

estimate = gain * released ** power, where power is 1 unless the counts demand another.

Rule 1: the gain is a ratio of sums. Rounding makes the released numbers wrong at random, which
flattens a fitted line but not a ratio of sums.
Rule 2: a count far off (a number misheard, an interval mistaken) weighs less (Huber's weights).
Rule 3: a second parameter must earn its place: enough counts, over a wide range, an interval
without 1, and an error on counts left out one by one that is lower by a tenth at least.
Rule 4: the error is the root mean square on counts left out one by one, all of them, the far ones
too. It holds rounding, our misses, and the eye's.
Rule 5: the 95 % interval is a bootstrap: counts drawn anew, and the released numbers moved within
what they may stand for.
Rule 6: an interval of the gain with 1 in it says that no correction is needed only where it is
narrow; a wide one says that these counts cannot tell, and nothing is fitted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from counter.errors import ConfigError

LEAST = 8  # counts; fewer leave the gain and its error to chance
LEAST_SPAN = 1.5  # largest released number over the smallest
POWER_LEAST, POWER_SPAN, POWER_GAIN = 16, 2.5, 0.9  # Rule 3
WIDEST = 0.25  # of the gain's 95 % interval around 1 (Rule 6): a quarter off reads `degraded`
GAIN_RANGE, POWER_RANGE = (0.2, 5.0), (0.5, 2.0)  # as CorrectionSettings
HUBER = 1.345  # deviations from which a count weighs less: 95 % efficient for normal errors
MAD_TO_SIGMA = 1.4826
ROUNDS, DRAWS, SEED = 12, 400, 1

Numbers = NDArray[np.float64]
Curve = tuple[float, float]  # gain, power
Fitting = Callable[[Numbers, Numbers], Curve]


@dataclass(frozen=True, slots=True)
class Fit:
    cell: str
    gain: float
    power: float
    gain_low: float  # of the 95 % interval
    gain_high: float
    power_low: float
    power_high: float
    error: float  # persons, Rule 4
    before: float  # the same without any correction
    tallies: int

    @property
    def needless(self) -> bool:
        """The counts agree with no correction at all."""
        straight = self.power == 1.0
        return straight and self.gain_low <= 1 <= self.gain_high


def fit(
    cell: str, pairs: Sequence[tuple[int, float]], base: float = 5.0, *, bend: bool = True
) -> Fit:
    """Fit (released, by eye); `base` is the gate's, `bend` allows a power (Rule 3).

    Raises ConfigError for too few counts, or counts that cannot tell (Rule 6).
    """
    _check(cell, pairs)
    seen = np.array([pair[0] for pair in pairs], np.float64)
    eye = np.array([pair[1] for pair in pairs], np.float64)
    fitting: Fitting = _straight
    error = _left_out(_straight, seen, eye)
    low, high = _interval(_straight, seen, eye, base)
    if bend and len(pairs) >= POWER_LEAST and seen.max() >= POWER_SPAN * seen.min():
        bent, ends = _left_out(_bent, seen, eye), _interval(_bent, seen, eye, base)
        sound = GAIN_RANGE[0] <= _bent(seen, eye)[0] <= GAIN_RANGE[1]
        if sound and bent < POWER_GAIN * error and not ends[0][1] <= 1 <= ends[1][1]:
            fitting, error, (low, high) = _bent, bent, ends
    gain, power = fitting(seen, eye)
    if not GAIN_RANGE[0] <= gain <= GAIN_RANGE[1]:
        raise ConfigError(
            f"{cell}: the counts by eye are {gain:.2g} times the released ones",
            "that is no bias to correct: look at the aim, the zone and the times",
        )
    found = Fit(
        cell=cell,
        gain=gain,
        power=power,
        gain_low=low[0],
        gain_high=high[0],
        power_low=low[1],
        power_high=high[1],
        error=error,
        before=sqrt(float(np.mean((eye - seen) ** 2))),
        tallies=len(pairs),
    )
    _refuse_wide(found)
    return found


def _refuse_wide(found: Fit) -> None:
    if found.needless and found.gain_high - found.gain_low > WIDEST:
        raise ConfigError(
            f"{found.cell}: the gain may be {found.gain_low:.2f} to {found.gain_high:.2f} (95 %),"
            " so these counts cannot tell whether a correction is needed",
            f"count more, until the interval is narrower than {WIDEST:g}",
        )


def _check(cell: str, pairs: Sequence[tuple[int, float]]) -> None:
    if len(pairs) < LEAST:
        raise ConfigError(
            f"{cell}: {len(pairs)} counts by eye meet a released number, at least {LEAST} expected",
            "count in more intervals, at times when the box releases a number",
        )
    smallest, largest = min(seen for seen, _ in pairs), max(seen for seen, _ in pairs)
    if largest < LEAST_SPAN * smallest:
        raise ConfigError(
            f"{cell}: the released numbers span {smallest} to {largest} only",
            f"count at quiet and at busy times: the largest {LEAST_SPAN:g} times the smallest",
        )


def _straight(seen: Numbers, eye: Numbers) -> Curve:
    gain = float(np.median(eye / seen))
    for _ in range(ROUNDS):
        weights = _weights(eye - gain * seen)
        gain = float((weights * eye).sum() / (weights * seen).sum())
    return gain, 1.0


def _bent(seen: Numbers, eye: Numbers) -> Curve:
    """Fit a line to the logarithms; at nobody by eye half a person is taken."""
    x, y = np.log(seen), np.log(np.maximum(eye, 0.5))
    weights = np.ones(len(x))
    power, offset = 1.0, 0.0
    for _ in range(ROUNDS):
        mean_x, mean_y = np.average(x, weights=weights), np.average(y, weights=weights)
        spread = (weights * (x - mean_x) ** 2).sum()
        power = float((weights * (x - mean_x) * (y - mean_y)).sum() / max(spread, 1e-12))
        power = min(max(power, POWER_RANGE[0]), POWER_RANGE[1])
        offset = float(mean_y - power * mean_x)
        weights = _weights(y - offset - power * x)
    return float(np.exp(offset)), power


def _weights(residuals: Numbers) -> Numbers:
    scale = MAD_TO_SIGMA * float(np.median(np.abs(residuals)))
    if scale < 1e-9:
        return np.ones(len(residuals))
    far: Numbers = np.abs(residuals) / (HUBER * scale)
    return 1 / np.maximum(far, 1)


def _left_out(fitting: Fitting, seen: Numbers, eye: Numbers) -> float:
    errors = []
    for index in range(len(seen)):
        others = np.arange(len(seen)) != index
        gain, power = fitting(seen[others], eye[others])
        errors.append(eye[index] - gain * seen[index] ** power)
    return sqrt(float(np.mean(np.square(errors))))


def _interval(fitting: Fitting, seen: Numbers, eye: Numbers, base: float) -> tuple[Curve, Curve]:
    """Give the 2.5 % and 97.5 % points of gain and power (Rule 5); seeded: it repeats itself."""
    random = np.random.default_rng(SEED)
    found = np.empty((DRAWS, 2))
    for draw in range(DRAWS):
        chosen = random.integers(0, len(seen), len(seen))
        moved = seen[chosen] + random.uniform(-base / 2, base / 2, len(seen))
        found[draw] = fitting(np.maximum(moved, 1), eye[chosen])
    low, high = np.quantile(found, (0.025, 0.975), axis=0)
    return (float(low[0]), float(low[1])), (float(high[0]), float(high[1]))
