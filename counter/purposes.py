"""The table of purposes: what each may release, and how finely.

Rule 1: a purpose that is not in this table does not exist.
Rule 2: the floors are compiled in; a configuration can only tighten them (P14).

Sources: 11 is the threshold of the French statistical office for cells about natural persons, 10
that of public disclosure-control tools; 20 minutes is the only period a French regulation names
for cameras that measure (decree of 2021 on masks in transport).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MIN_COVERAGE_FLOOR: Final = 0.5  # an interval seen for less than half of it is MISSING (P13)


class Purpose(StrEnum):
    PASSENGER_INFORMATION = "passenger-information"
    EVENT_DENSITY = "event-density"
    FOOTFALL = "footfall"


class Measure(StrEnum):
    OCCUPANCY = "occupancy"  # persons in a zone at a moment, estimated over the interval
    ENTRIES = "entries"  # persons who crossed a line in its direction during the interval
    EXITS = "exits"  # persons who crossed a line against its direction during the interval


@dataclass(frozen=True, slots=True)
class Rule:
    """What one purpose releases. Floors bound what a configuration may ask for."""

    measures: frozenset[Measure]
    interval_s: int  # default length of an interval
    interval_floor_s: int
    rounding: int = 5  # released counts are multiples of this; also its floor
    coarse_above: int | None = None  # above this count the base is `coarse_rounding`
    coarse_rounding: int = 10
    threshold: int = 11  # counts below it are released as one token
    threshold_floor: int = 10
    ratio_rounding: float = 0.05  # of the fill ratio
    density_rounding: float = 0.5  # persons per square metre


RULES: dict[Purpose, Rule] = {
    Purpose.PASSENGER_INFORMATION: Rule(
        frozenset({Measure.OCCUPANCY}), interval_s=60, interval_floor_s=30
    ),
    Purpose.EVENT_DENSITY: Rule(
        frozenset({Measure.OCCUPANCY}), interval_s=60, interval_floor_s=60, coarse_above=100
    ),
    Purpose.FOOTFALL: Rule(frozenset(Measure), interval_s=1200, interval_floor_s=900),
}
