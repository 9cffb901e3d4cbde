"""What is released: the closed list of cells that follows from a configuration.

A cell is one measure of a zone, a line or a group. Among the cells of a device none is a sum or a
difference of others (P9):
Rule 1: a zone that is part of a group has no cell of its own: its number could be subtracted from
the group's.
Rule 2: where lines release entries and exits, no occupancy is released: what a place held before,
plus those who came, minus those who left, is what it holds now (the arithmetic: disclosure.py).
Rule 3: a line has both directions as cells, or none: they are told together (`balance.py`).
Rule 4: where there is a space, its occupancy is all that is released. Its lines release nothing,
by Rule 2; zones release nothing beside it, because the people of a zone may be people of the space,
and no geometry tells. There is one space at most (`floor.py`), so nothing can be subtracted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from counter.floorplan import zone_area_m2
from counter.purposes import RULES, Measure
from counter.settings import Settings, SpaceSettings, ZoneSettings


class Kind(StrEnum):
    ZONE = "zone"
    LINE = "line"
    GROUP = "group"
    SPACE = "space"


DIRECTIONS: Final = {
    "both": (Measure.ENTRIES, Measure.EXITS),
    "in": (Measure.ENTRIES,),
    "out": (Measure.EXITS,),
}


@dataclass(frozen=True, slots=True)
class Cell:
    kind: Kind
    name: str
    measure: Measure
    seats: int = 0
    capacity: int = 0  # seats + standing room; 0: no fill ratio and no level
    area_m2: float = 0.0  # 0: no density

    @property
    def key(self) -> str:
        """`zone.front.occupancy`: unique within a device, the tail of its topic."""
        return f"{self.kind}.{self.name}.{self.measure}"


def released_cells(settings: Settings) -> tuple[Cell, ...]:
    """Every cell this configuration releases, in a fixed order."""
    measures = RULES[settings.purpose].measures
    asked = DIRECTIONS.get(settings.disclosure.directions, DIRECTIONS["both"])
    if settings.spaces:  # Rule 4
        spaces = sorted(settings.spaces.items())
        return tuple(_occupancy(Kind.SPACE, name, [(s, s.area_m2)]) for name, s in spaces)
    crossings = [measure for measure in asked if measure in measures]
    if settings.lines and crossings:  # Rule 2
        lines = sorted(settings.lines)
        return tuple(Cell(Kind.LINE, name, measure) for name in lines for measure in crossings)
    grouped = {zone for group in settings.groups.values() for zone in group.zones}  # Rule 1
    cells: list[Cell] = []
    for name, group in sorted(settings.groups.items()):
        cells.append(_occupancy(Kind.GROUP, name, [_with_area(settings, z) for z in group.zones]))
    cells += [
        _occupancy(Kind.ZONE, name, [_with_area(settings, name)])
        for name in sorted(settings.zones)
        if name not in grouped
    ]
    return tuple(cells)


def _with_area(settings: Settings, name: str) -> tuple[ZoneSettings, float]:
    return settings.zones[name], zone_area_m2(settings, name)


def _occupancy(
    kind: Kind, name: str, parts: Sequence[tuple[ZoneSettings | SpaceSettings, float]]
) -> Cell:
    """A sum of which one part is not known is not known: no ratio rather than a wrong one."""
    zones = [zone for zone, _ in parts]
    areas = [area_m2 for _, area_m2 in parts]
    capacities = [zone.capacity for zone in zones]
    known = all(capacities)
    return Cell(
        kind,
        name,
        Measure.OCCUPANCY,
        seats=sum(zone.seats for zone in zones) if known else 0,
        capacity=sum(capacities) if known else 0,
        area_m2=sum(areas) if all(areas) else 0.0,
    )
