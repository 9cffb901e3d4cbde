"""From a released count to a level of occupancy (OccupancyStatus of GTFS-Realtime).

Rule 1: a level follows from the released tokens of its cell, this one and those before it, and
from the cell's seats and capacity; from nothing else. So a level tells nothing that the tokens
did not tell already.
Rule 2: a level rises at its boundary and falls only when the released count is a margin below it.
The margin is one step of rounding, so a crowd that wavers between two neighbouring multiples does
not waver between two levels.
Rule 3: a suppressed count has the level of its upper bound, threshold - 1. One token must have one
level (zero is not distinguished, P7), and the upper bound is the one that never promises a
traveller a seat that is taken. It falls without a margin: there is no lower token to wait for.
Rule 4: what is not known is NO_DATA_AVAILABLE, never EMPTY, and the cell's memory ends there.
Rule 5: a cell without a capacity has no level.
"""

from dataclasses import dataclass
from typing import Final

from counter.cells import Cell
from counter.release import Level, Status


@dataclass(frozen=True, slots=True)
class Bound:
    """A level holds up to this share of the seats plus this share of the standing room."""

    level: Level
    seats_percent: int
    standing_percent: int
    needs_standing: bool = False  # does not exist in a vehicle without standing room


# The default mapping, with S seats and T = seats + standing room: EMPTY < 5 % T, MANY <= 50 % S,
# FEW <= 95 % S, STANDING up to half of the standing room, CRUSHED up to 90 % T, FULL above.
# A level whose bound is not above that of the level before it does not exist for that vehicle.
DEFAULT_BOUNDS: Final = (
    Bound(Level.EMPTY, 5, 5),  # below this bound, not at it
    Bound(Level.MANY_SEATS_AVAILABLE, 50, 0),
    Bound(Level.FEW_SEATS_AVAILABLE, 95, 0),
    Bound(Level.STANDING_ROOM_ONLY, 100, 50, needs_standing=True),
    Bound(Level.CRUSHED_STANDING_ROOM_ONLY, 90, 90, needs_standing=True),
)


def scale(cell: Cell, bounds: tuple[Bound, ...] = DEFAULT_BOUNDS) -> tuple[tuple[int, Level], ...]:
    """The cell's levels in rising order, each with its upper bound in hundredths of a person.

    FULL is the level above the last bound. Empty for a cell without a capacity.
    """
    standing = cell.capacity - cell.seats
    if cell.capacity <= 0 or standing < 0:
        return ()
    rows: list[tuple[int, Level]] = []
    top = 0
    for bound in bounds:
        limit = bound.seats_percent * cell.seats + bound.standing_percent * standing
        if bound.level is Level.EMPTY:
            limit -= 1  # counts are whole persons, so "below" is one hundredth less
        if limit > top and (standing or not bound.needs_standing):
            rows.append((limit, bound.level))
            top = limit
    return tuple(rows)


class Levels:
    """The levels of one device's cells. `margin` is the rounding step, persons."""

    def __init__(self, threshold: int, margin: int) -> None:
        self._below = threshold - 1
        self._margin = margin
        self._rank: dict[Cell, int] = {}  # of the last released token; absent after MISSING

    def next(self, cell: Cell, status: Status, value: int | None) -> Level | None:
        """Take the cell's next released token and name its level. Raises ValueError without value
        when the status is PUBLISHED.
        """
        rows = scale(cell)
        if not rows or cell.capacity <= self._below:  # all it can hold is one token: no level
            return None
        if status is Status.MISSING:
            self._rank.pop(cell, None)
            return Level.NO_DATA_AVAILABLE
        rank = self._next_rank(cell, rows, status, value)
        self._rank[cell] = rank
        return rows[rank][1] if rank < len(rows) else Level.FULL

    def _next_rank(
        self, cell: Cell, rows: tuple[tuple[int, Level], ...], status: Status, value: int | None
    ) -> int:
        if status is Status.SUPPRESSED:
            return _rank(rows, self._below)
        if value is None:
            raise ValueError("a published count has a value")
        rank = _rank(rows, value)
        before = self._rank.get(cell, rank)
        return rank if rank >= before else min(before, _rank(rows, value + self._margin))


def _rank(rows: tuple[tuple[int, Level], ...], persons: int) -> int:
    """The place of the first level whose bound holds `persons`; len(rows) is FULL."""
    for rank, (limit, _) in enumerate(rows):
        if 100 * persons <= limit:
            return rank
    return len(rows)
