"""What a person's counts on site say of ours: one number becomes another, after the rounding.

Rule 1 (P8, P14): a corrected number follows from the rounded number and from nothing else. So
whoever reads it learns nothing that the number without a correction would not have told: a gain of
3 turns 15 into 45, and does not tell 5 persons from 6.
Rule 2 (P7): who is too few stays untold. The gate's threshold holds for what was seen and for what
it was corrected to: the smaller of the two decides.
Rule 3: more people seen never read as fewer.
Rule 4: a cell has one correction. The zones of a group are released as one number, so they are
counted by eye as one, and all carry the same correction.
Entries and exits of a line share a correction.
Rule 5: a space is corrected as a whole. Where one crossing in forty is missed, in and out alike,
one in forty of those inside is missing too: a weight on each crossing and a gain on the balance are
the same number. The gain acts on what is rounded (Rule 1); a weight on crossings would not, and
with a weight of 5 the released number would be exact. What a gain does not mend is chance: misses
that do not cancel out wander on until the next zero, and so does a door that misses one direction
more than the other. So it is fitted to counts at the doors (the same lines, for footfall, without
the space), not to counts of those inside, in which chance of the day is taken for bias.

The fit (`counter evaluate --tally`) maps the same rounded numbers to counts by eye, so that what
rounding does to them is in the fitted error.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from counter.cells import Cell, Kind
from counter.errors import ConfigError
from counter.purposes import Measure
from counter.settings import CorrectionSettings, Settings

# A number that is less than four of its errors is `degraded`: off by more than a quarter of itself
# in one case of three.
LARGE_ERROR: Final = 0.25


def corrected(value: int, by: CorrectionSettings | None) -> int:
    """Give the estimate for a rounded number of persons, to the nearest whole person."""
    if by is None or not value:
        return value
    return int(by.gain * float(value) ** by.power + 0.5)


def surely_told(threshold: int, step: int, by: CorrectionSettings | None) -> int:
    """Give the fewest persons whose number is told wherever rounding by `step` puts it (Rule 2)."""
    seen = threshold
    while corrected(max(seen - step, threshold), by) < threshold:
        seen += 1
    return seen


def unsure(value: int | None, by: CorrectionSettings | None) -> bool:
    """Is the error found on site large beside this released number?"""
    return by is not None and value is not None and by.error > LARGE_ERROR * value


def correction_of(settings: Settings, cell: Cell) -> CorrectionSettings | None:
    """Find the correction of a cell (Rule 4); raises ConfigError where a group has several."""
    if cell.kind is Kind.ZONE:
        return settings.zones[cell.name].correction
    if cell.kind is Kind.LINE:
        return settings.lines[cell.name].correction
    if cell.kind is Kind.SPACE:
        return settings.spaces[cell.name].correction
    zones = settings.groups[cell.name].zones
    found = {settings.zones[name].correction for name in zones}
    if len(found) > 1:
        raise ConfigError(
            f"groups.{cell.name}: its zones carry different corrections",
            "a group is released, and counted by eye, as one: give all its zones the same",
        )
    return found.pop()


def check(settings: Settings) -> None:
    """Raise ConfigError for a correction that was not measured on a day, or by cells (Rule 4)."""
    for key, correction in _named(settings):
        _check_day(key, correction.fitted)
    for name in settings.groups:
        correction_of(settings, Cell(Kind.GROUP, name, Measure.OCCUPANCY))


def warnings(settings: Settings, today: date) -> Iterator[str]:
    """Yield what works and is probably not meant; the days were checked before."""
    for key, correction in _named(settings):
        if date.fromisoformat(correction.fitted) > today:
            yield f"{key}.correction.fitted: {correction.fitted} has not come yet"


def _named(settings: Settings) -> Iterator[tuple[str, CorrectionSettings]]:
    tables = ("zones", settings.zones), ("lines", settings.lines), ("spaces", settings.spaces)
    for table, entries in tables:
        for name, entry in entries.items():
            if entry.correction is not None:
                yield f"{table}.{name}", entry.correction


def _check_day(key: str, day: str) -> None:
    try:
        date.fromisoformat(day)
    except ValueError:
        raise ConfigError(
            f"{key}.correction.fitted: expected the day of the counts, for example 2026-03-01",
            "copy the table that `counter evaluate --tally` prints",
        ) from None
