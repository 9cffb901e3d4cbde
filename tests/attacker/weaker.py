"""Gates with one rule switched off: the attacker has to win against each of them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from unittest.mock import patch

from counter.cells import Cell, Kind, released_cells
from counter.floor import Parameters
from counter.purposes import Measure
from counter.settings import Settings


def each_direction_alone() -> AbstractContextManager[object]:
    return patch("counter.disclosure.together", lambda _cells, statuses: list(statuses))


def _crossings_and_occupancy(settings: Settings) -> tuple[Cell, ...]:
    zones = (Cell(Kind.ZONE, name, Measure.OCCUPANCY) for name in sorted(settings.zones))
    return (*released_cells(settings), *(zones if settings.lines else ()))


def crossings_and_occupancy() -> AbstractContextManager[object]:
    return patch("counter.disclosure.released_cells", _crossings_and_occupancy)


def _parts_and_total(settings: Settings) -> tuple[Cell, ...]:
    cells = released_cells(settings)
    parts = {zone for group in settings.groups.values() for zone in group.zones}
    return (*cells, *(Cell(Kind.ZONE, name, Measure.OCCUPANCY) for name in sorted(parts)))


def parts_and_total() -> AbstractContextManager[object]:
    return patch("counter.disclosure.released_cells", _parts_and_total)


def _nearest(value: int, parameters: Parameters) -> int:
    return (2 * value + parameters.rounding) // (2 * parameters.rounding) * parameters.rounding


def rounding_across_the_threshold() -> AbstractContextManager[object]:
    # A correction of nothing would round a second time, and so notice.
    return patch.multiple(
        "counter.disclosure", rounded=_nearest, _corrected=lambda value, *_: value
    )


@contextmanager
def no_hold() -> Iterator[None]:
    with patch("counter.history.HOLD_S", 0):
        yield


WEAKER: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "each direction of a line alone": each_direction_alone,
    "crossings and occupancy": crossings_and_occupancy,
    "a total and its parts": parts_and_total,
    "rounding across the threshold": rounding_across_the_threshold,
    "another grid without a hold": no_hold,
}
