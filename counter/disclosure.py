"""The gate. Exact numbers go in, public ones come out; nothing else makes a ZoneCount (P3).

Rule 1 (P3, P4): a release follows from the cells' exact counts and coverages and from the releases
before it. Whose counts they are, and in which order they come, changes nothing.
Rule 2 (P5): all cells of an interval leave together, in one fixed order, suppressed ones too.
Rule 3 (P6): an interval lies on the grid of the settings; a shorter one than the floor is refused.
Rule 4 (P7): 0 to threshold - 1 leave as one token; zero is not distinguished.
Rule 5 (P8): other counts leave as the nearest multiple of the base, never below the first multiple
that is not below the threshold: with 11 and 5, a released 15 stands for 11 to 17.
Fill, density, level and level of service are computed from the released number.
Rule 6 (P9): no released cell is a sum or difference of others, and none share people
(`cells.released_cells`, `floor.refuse_unsafe`). The two directions of a line leave together or not
at all (`balance.py`); such a token is suppressed without `less_than`, because only the smaller of
the two is below the threshold.
Rule 7 (P13): not known is MISSING. Input that is not exactly one well-formed tally for each cell of
one interval makes every cell MISSING: no partial release, and no zero.
Rule 8 (P14): the larger of the configured and the compiled floor is in force, also for settings
that were made by hand.
Rule 9: an interval is released once. Asked again, the gate gives the same answer; asked for an
older one, it gives none.
Rule 10: an interval that began before `not_before` is MISSING: it was seen in part, or belongs to
a time in which another grid may still be subtracted (`history.py`).
Rule 11 (P8, P14): a number that a person's counts have corrected is made from the rounded number
alone, and is released where both are at or above the threshold (`correction.py`).

Why footfall releases no occupancy beside lines (P9). What a place holds now is what it held, plus
entries, minus exits. With threshold 11 and base 5, let 20 be released for the place (18..22), then
15 entries (11..17) and 20 exits (18..22): the place now holds 18 + 11 - 22 = 7 at least, so its
suppressed 0..10 is 7..10. The same sum bounds a suppressed entry or exit. A median or mean over
the interval instead of its end does not help: it lies between the same bounds, with the crossings
of two intervals. So either crossings or occupancy is released by a device, never both.

How it is attacked: `python -m benchmarks attacker` and tests/attacker.

What remains, for whoever hardens this gate. Neighbouring intervals of one zone hold mostly the same
people: no sum ties them, but whoever knows how long people stay can guess. Two devices of one
operator know nothing of each other. What balance.py and history.py do not cover is said there. A
camera that encodes a still scene bit for bit alike is called frozen after `frozen_s` without a
change, so that an empty place becomes MISSING where people would be suppressed, and its health says
so: a sensor's noise prevents it, and a longer `frozen_s`.
"""

from collections.abc import Sequence
from datetime import datetime
from math import floor
from typing import Final

from counter.balance import paired, together
from counter.cells import Cell, released_cells
from counter.correction import corrected, correction_of, unsure
from counter.floor import Parameters, in_force, refuse_unsafe
from counter.interval import Interval, interval_at
from counter.levels import Levels, Services
from counter.purposes import RULES
from counter.release import Quality, Status, ZoneCount
from counter.settings import CorrectionSettings, Settings
from counter.tally import Tally

# status, released value, released coverage, more people than can be told apart, what counted them
_Token = tuple[Status, int | None, float, bool, str]
_UNKNOWN: Final[_Token] = (Status.MISSING, None, 0.0, False, "none")
WHOLE: Final = 0.9  # of an interval; what saw less is degraded
MOST: Final = (
    1_000_000  # persons; more is a fault, and it bounds the width of what is released (P5)
)
ROUNDING_ERROR: Final = 1e-9  # of a sum of floats: eight times 0.1 is 0.7999999999999999


class Gate:
    """The gate of one device. Raises RefusedError for settings below the floor.

    `not_before` is aware UTC (Rule 10); None, for footage, releases from the first interval on.
    """

    def __init__(self, settings: Settings, not_before: datetime | None = None) -> None:
        refuse_unsafe(settings)  # Rule 3, Rule 6
        if not_before is not None and not_before.tzinfo is None:
            raise ValueError("a naive time has no place on the grid")
        self.cells = released_cells(settings)
        self._paired = paired(self.cells)
        self.parameters = in_force(settings)  # Rule 8
        self._corrections = {cell: correction_of(settings, cell) for cell in self.cells}
        self._sensor_id = settings.sensor_id
        self._rule = RULES[settings.purpose]
        step = self.parameters.rounding
        if self.parameters.coarse_from is not None:
            step = self.parameters.coarse_rounding
        self._levels = Levels(self.parameters.threshold, margin=step)
        self._not_before = not_before
        self._services = Services(settings.service)
        self._step = step
        self._last: tuple[ZoneCount, ...] = ()

    def release(self, tallies: Sequence[Tally]) -> tuple[ZoneCount, ...]:
        """Release one interval: one ZoneCount for each cell, in the order of `cells`.

        Empty where there is nothing to release: no tally names an interval of the grid, or it is
        older than the last one. Never raises.
        """
        interval = self._interval_of(tallies)
        if interval is None:
            return ()
        if self._last and interval.sequence <= self._last[0].interval.sequence:  # Rule 9
            return self._last if interval == self._last[0].interval else ()
        try:
            self._last = tuple(
                self._count(cell, interval, token)
                for cell, token in zip(self.cells, self._tokens(tallies, interval), strict=True)
            )
        except Exception:  # noqa: BLE001  # Rule 7: whatever it is, nothing of it may get out
            self._last = tuple(self._count(cell, interval, _UNKNOWN) for cell in self.cells)
        return self._last

    def _interval_of(self, tallies: Sequence[Tally]) -> Interval | None:
        """The earliest interval of the grid that a tally names.

        The earliest, so that one wrong tally from the future does not close the gate to the
        intervals before it.
        """
        named = [_on_grid(tally, self.parameters.interval_s) for tally in tallies]
        return min(
            (interval for interval in named if interval is not None),
            key=lambda interval: interval.sequence,
            default=None,
        )

    def _tokens(self, tallies: Sequence[Tally], interval: Interval) -> list[_Token]:
        """One token for each cell, in the order of `cells` (Rule 1). Raises ValueError (Rule 7)."""
        by_cell = {tally.cell: tally for tally in tallies}
        if len(tallies) != len(self.cells) or by_cell.keys() != set(self.cells):
            raise ValueError("not exactly one tally for each cell")
        if any(tally.interval != interval for tally in tallies):
            raise ValueError("tallies of several intervals")
        exact = [_checked(by_cell[cell]) for cell in self.cells]
        corrections = [self._corrections[cell] for cell in self.cells]
        told = list(zip(exact, corrections, strict=True))
        alone = [_status(tally, self.parameters, by) for tally, by in told]
        if self._not_before is not None and interval.start < self._not_before:  # Rule 10
            alone = [Status.MISSING] * len(alone)
        statuses = together(self.cells, alone)  # Rule 6
        return [
            _token(tally, status, self.parameters, by)
            for (tally, by), status in zip(told, statuses, strict=True)
        ]

    def _count(self, cell: Cell, interval: Interval, token: _Token) -> ZoneCount:
        status, value, coverage, saturated, method = token
        below = status is Status.SUPPRESSED and cell not in self._paired  # Rule 6
        return ZoneCount(
            sensor_id=self._sensor_id,
            cell=cell,
            interval=interval,
            status=status,
            value=value,
            less_than=self.parameters.threshold if below else None,
            coverage=coverage,
            fill=_per(value, cell.capacity, self._rule.ratio_rounding),  # Rule 5
            density=_per(value, cell.area_m2, self._rule.density_rounding),
            level=self._levels.next(cell, status, value),
            quality=_quality(
                coverage, saturated=saturated, unsure=unsure(value, self._corrections[cell])
            ),
            service=self._service(cell, value),
            method=method,
            rule_id=self.parameters.rule_id,
        )

    def _service(self, cell: Cell, value: int | None) -> str | None:
        """The level of service of a released number (Rule 5)."""
        above = None if value is None else value + self._step
        step = self._rule.density_rounding
        shares = _per(value, cell.area_m2, step), _per(above, cell.area_m2, step)
        return self._services.next(cell, *shares)


def _on_grid(tally: Tally, length_s: int) -> Interval | None:
    """The interval that a tally names, if it is one of the grid (Rule 3)."""
    try:
        interval = tally.interval
        return interval if interval == interval_at(interval.start, length_s) else None
    except Exception:  # noqa: BLE001  # Rule 7: what is not a tally names no interval
        return None


def _checked(tally: Tally) -> Tally:
    """Raise ValueError for what no tally can say (Rule 7)."""
    if not 0 <= tally.coverage <= 1 + ROUNDING_ERROR:  # also false for NaN
        raise ValueError("a coverage is a fraction")
    if tally.value is not None and (type(tally.value) is not int or not 0 <= tally.value <= MOST):
        # bool and numpy's integers are not what was agreed.
        raise ValueError("a count is a whole number of persons")
    return tally


def _status(tally: Tally, parameters: Parameters, by: CorrectionSettings | None) -> Status:
    """What may be told of a cell, whatever the others hold."""
    if tally.value is None or tally.coverage < parameters.min_coverage:
        return Status.MISSING  # Rule 7
    if tally.value < parameters.threshold:
        return Status.SUPPRESSED  # Rule 4
    few = _corrected(tally.value, parameters, by) < parameters.threshold  # Rule 11
    return Status.SUPPRESSED if few else Status.PUBLISHED


def _corrected(value: int, parameters: Parameters, by: CorrectionSettings | None) -> int:
    """Correct what would be released (Rule 11); persons, not on the grid."""
    return min(corrected(rounded(value, parameters), by), MOST)


def _token(
    tally: Tally, status: Status, parameters: Parameters, by: CorrectionSettings | None
) -> _Token:
    """Turn one exact tally into what is told of it."""
    value = None
    if status is Status.PUBLISHED and tally.value is not None:
        value = rounded(_corrected(tally.value, parameters, by), parameters)
    coverage = min(floor(tally.coverage * 10 + 0.5) / 10, 1.0)  # nearest: 0.997 was seen whole
    saturated = status is Status.PUBLISHED and tally.saturated  # else it would tell of a crowd
    # Which rule counted follows from how many were there, so it is told of published cells only.
    method = tally.method if status is Status.PUBLISHED else "none"
    return status, value, coverage, saturated, method


def _quality(coverage: float, *, saturated: bool, unsure: bool) -> Quality:
    if saturated:
        return Quality.SATURATED
    return Quality.OK if coverage >= WHOLE and not unsure else Quality.DEGRADED


def rounded(value: int, parameters: Parameters) -> int:
    """The number that stands for an exact count at or above the threshold (Rule 5).

    The nearest multiple of the base, a half up. Above `coarse_from` the base is the coarse one:
    with 5 and 10 above 100, 98 to 104 give 100 and 105 to 114 give 110.
    """
    base = parameters.rounding
    if parameters.coarse_from is not None and value > parameters.coarse_from:
        base = parameters.coarse_rounding
    return max((2 * value + base) // (2 * base) * base, parameters.lowest)


def _per(value: int | None, whole: float, step: float) -> float | None:
    """A released number as a share of a whole, to the nearest step; None where either lacks."""
    if value is None or not whole:
        return None
    steps_per_unit = round(1 / step)
    return floor(value * steps_per_unit / whole + 0.5) / steps_per_unit
