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
Rule 6: a level of service, A to F, follows from the released density alone, by a table of
persons per square metre. It improves only when one more step of rounding would improve it as well
(Rule 2), and its memory ends where no density is released.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from counter.cells import Cell
from counter.errors import ConfigError
from counter.release import Level, Status
from counter.settings import ServiceSettings


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

SERVICE: Final = "ABCDEF"
# Up to so many persons per square metre A, B, C, D and E hold; F is denser. Released densities are
# halves (0.5, 1.0, 1.5 ...), so a letter whose range holds no half is never released.
SERVICE_TABLES: Final[dict[str, tuple[float, float, float, float, float]]] = {
    # John J. Fruin, Pedestrian Planning and Design (1971; revised 1987), chapter 4, queuing, i.e.
    # people who stand: A from 13 square feet a person on, B from 10, C from 7, D from 3, E from 2.
    # Square feet are turned into persons per m2 here (10.764 / 13 ...); tables that were rounded to
    # 0.28 and 0.19 m2 first say 3.57 and 5.26. The Highway Capacity Manual's queues (1.2, 0.9, 0.6,
    # 0.3 and 0.2 m2) are another table: give those as `service.bounds`.
    "fruin-standing": (0.83, 1.08, 1.54, 3.59, 5.38),
    # The same chapter, walkways: 35, 25, 15, 10 and 5 square feet a person.
    "fruin-walkway": (0.31, 0.43, 0.72, 1.08, 2.15),
    # 2: half a square metre of free floor a person is in general use for outdoor music events (The
    # event safety guide, HSG195, 2nd edition 1999, paragraph 87). 4.7: the most on a standing
    # terrace in good condition, 47 and not 54 on 10 m2 (Lord Justice Taylor, The Hillsborough
    # Stadium Disaster, final report, Cm 962, 1990, recommendation 8a, for the Guide to Safety at
    # Sports Grounds; the guide's present edition, the sixth of 2018, was not at hand). 1, 3 and 4
    # are whole persons between them, and ours.
    "event": (1.0, 2.0, 3.0, 4.0, 4.7),
}


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


class Services:
    """The levels of service of one device's cells (Rule 6). Raises ConfigError."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.bounds = service_bounds(settings)
        self._rank: dict[Cell, int] = {}

    def next(self, cell: Cell, density: float | None, above: float | None) -> str | None:
        """Take the next released density, and what one more step of rounding would be released as;
        both are None where none is.
        """
        if density is None or above is None:
            self._rank.pop(cell, None)
            return None
        rank = bisect_left(self.bounds, density)
        before = self._rank.get(cell, rank)
        if rank < before:
            rank = min(before, bisect_left(self.bounds, above))
        self._rank[cell] = rank
        return SERVICE[rank]


def service_bounds(settings: ServiceSettings) -> tuple[float, ...]:
    """Give the upper bounds of A to E, persons per square metre."""
    if settings.bounds is None:
        return SERVICE_TABLES[settings.table]
    if len(set(settings.bounds)) < len(settings.bounds) or sorted(settings.bounds) != list(
        settings.bounds
    ):
        raise ConfigError(
            "service.bounds: expected five rising numbers",
            "persons per square metre up to which A, B, C, D and E hold",
        )
    return tuple(settings.bounds)


def _rank(rows: tuple[tuple[int, Level], ...], persons: int) -> int:
    """The place of the first level whose bound holds `persons`; len(rows) is FULL."""
    for rank, (limit, _) in enumerate(rows):
        if 100 * persons <= limit:
            return rank
    return len(rows)
