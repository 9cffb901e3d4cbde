"""Ring 2, exact. One interval's exact numbers, in RAM only, on their way to the gate.

Rule 1: a tally has no instant and no person: a cell, an interval, a number, a coverage.
Rule 2: it prints no value and is never pickled.
"""

from dataclasses import dataclass

from counter.cells import Cell
from counter.interval import Interval


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tally:
    cell: Cell
    interval: Interval
    value: int | None  # persons, exact; None: not known
    coverage: float  # 0..1, share of the interval that every camera of the cell saw

    def __repr__(self) -> str:
        return "<Tally>"

    def __reduce__(self) -> str:
        raise TypeError("Tally stays in this process")
