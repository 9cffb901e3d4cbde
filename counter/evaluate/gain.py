"""From counts by eye beside numbers of a density map to the map's gain (`crowd.gains`).

A map misses or doubles heads by much the same share all day. The gain acts on its sums, before it
is asked whether the map takes over; the zone's correction acts on every released number, the map's
too.

Rule 1: so the correction is fitted first, to what the tracker counted, and the gain to what the
correction leaves: after both, a number of the map is the eye's.
Rule 2: where one of the two has too few counts, its numbers stay as they are: the correction at 1,
or the gain divided by the correction, which would change the map's numbers, too.
Rule 3: a zone has one error, of the numbers of both: it stands in its correction, which also keeps
how many counts there were and when. The gain itself is a number alone.
Rule 4: in such a zone neither has a power: two gains are what a few dozen counts can carry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from counter.errors import ConfigError
from counter.evaluate.fit import GAIN_RANGE, Fit, fit

Pairs = Sequence[tuple[int, float]]  # released, counted by eye


@dataclass(frozen=True, slots=True)
class Gain:
    """What a zone with a map is to be given."""

    gain: float  # of the map, with the one that was in force while the counts were made
    gain_low: float  # of the 95 % interval
    gain_high: float
    correction: float  # of all its numbers
    error: float  # persons, Rule 3
    before: float  # the same without any change
    tallies: int
    notes: tuple[str, ...]


def fit_gain(cell: str, tracked: Pairs, mapped: Pairs, *, in_force: float, base: float) -> Gain:
    """Fit the gain of a zone's map and its correction.

    Raises ConfigError where neither can be fitted, or the map would need too large a gain.
    """
    by_tracker, short = _tried(f"{cell}, by the tracker", tracked, base)
    correction = 1.0 if by_tracker is None or by_tracker.needless else by_tracker.gain
    left = [(seen, eye / correction) for seen, eye in mapped]
    by_map, few = _tried(f"{cell}, by the map", left, base)
    if few is not None and by_tracker is None:
        raise few
    notes = [f"the numbers stay as they are: {why.message}" for why in (few, short) if why]
    low, gain, high = (1 / correction,) * 3  # Rule 2
    if by_map is not None:
        low, gain, high = by_map.gain_low, by_map.gain, by_map.gain_high
        if by_map.needless:
            gain = 1.0
            notes.append("the counts agree with the map's gain: it stays as it is")
    if not GAIN_RANGE[0] <= gain * in_force <= GAIN_RANGE[1]:
        raise ConfigError(
            f"{cell}: the map would need a gain of {gain * in_force:.2g}, expected 0.2 to 5",
            "look at the zone: a map counts heads, of the size that it was trained on",
        )
    parts = [(by_map, mapped, correction), (by_tracker, tracked, 1.0)]
    squares = [len(pairs) * (_left(one) * by) ** 2 for one, pairs, by in parts if one]
    used = [pair for one, pairs, _ in parts if one for pair in pairs]
    return Gain(
        gain=gain * in_force,
        gain_low=low * in_force,
        gain_high=high * in_force,
        correction=correction,
        error=sqrt(sum(squares) / len(used)),
        before=sqrt(sum((eye - seen) ** 2 for seen, eye in used) / len(used)),
        tallies=len(used),
        notes=tuple(notes),
    )


def _tried(
    cell: str, pairs: Pairs, base: float
) -> tuple[Fit, None] | tuple[None, ConfigError] | tuple[None, None]:
    """Fit what there is; give why it cannot be fitted, or nothing where nothing was counted."""
    if not pairs:
        return None, None
    try:
        return fit(cell, pairs, base, bend=False), None
    except ConfigError as error:
        return None, error


def _left(found: Fit) -> float:
    return found.before if found.needless else found.error
