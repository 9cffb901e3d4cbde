"""Which cells follow from a configuration: nothing that could be subtracted from another (P9)."""

from itertools import combinations

import pytest
from msgspec import structs

from counter.cells import Cell, Kind, released_cells
from counter.purposes import RULES, Measure, Purpose
from counter.settings import (
    CameraSettings,
    GroupSettings,
    LineSettings,
    Settings,
    SpaceSettings,
    ZoneSettings,
)


def zone(left: float, **more: float) -> ZoneSettings:
    corners = [(left, 0.0), (left + 0.2, 0.0), (left + 0.2, 0.5), (left, 0.5)]
    return ZoneSettings(camera="door", polygon=corners, **more)  # type: ignore[arg-type]


def device(purpose: Purpose, *, lines: bool = False, groups: bool = False) -> Settings:
    line = LineSettings(camera="door", points=[(0.1, 0.5), (0.9, 0.5)])
    return Settings(
        site="s",
        device="d",
        purpose=purpose,
        cameras={"door": CameraSettings(source="clip.mp4")},
        zones={"c": zone(0.6, seats=4), "a": zone(0.0, seats=40, standing_m2=5.0), "b": zone(0.3)},
        lines={"two": line, "one": line} if lines else {},
        groups={"all": GroupSettings(zones=["a", "c"])} if groups else {},
    )


def keys(settings: Settings) -> list[str]:
    return [cell.key for cell in released_cells(settings)]


@pytest.mark.parametrize("purpose", Purpose)
def test_zones_release_occupancy_in_the_order_of_their_names(purpose: Purpose):
    assert keys(device(purpose)) == ["zone.a.occupancy", "zone.b.occupancy", "zone.c.occupancy"]


@pytest.mark.parametrize("purpose", Purpose)
def test_the_parts_of_a_group_are_not_released(purpose: Purpose):
    assert keys(device(purpose, groups=True)) == ["group.all.occupancy", "zone.b.occupancy"]


def test_footfall_releases_both_directions_of_a_line_and_no_occupancy_beside_them():
    released = keys(device(Purpose.FOOTFALL, lines=True, groups=True))
    assert released == ["line.one.entries", "line.one.exits", "line.two.entries", "line.two.exits"]


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.FOOTFALL])
def test_other_purposes_release_nothing_of_a_line(purpose: Purpose):
    assert not any(
        ".entries" in key or ".exits" in key for key in keys(device(purpose, lines=True))
    )


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("groups", [False, True])
def test_no_cell_shares_a_zone_with_another(purpose: Purpose, lines: bool, groups: bool):
    settings = device(purpose, lines=lines, groups=groups)

    def zones(cell: Cell) -> set[str]:
        if cell.kind is Kind.LINE:
            return set()
        return set(settings.groups[cell.name].zones) if cell.kind is Kind.GROUP else {cell.name}

    released = released_cells(settings)
    assert all(cell.measure in RULES[purpose].measures for cell in released)
    assert len({cell.key for cell in released}) == len(released)
    for one, two in combinations(released, 2):
        assert not zones(one) & zones(two)
    assert len({cell.measure is Measure.OCCUPANCY for cell in released}) == 1


@pytest.mark.parametrize("purpose", Purpose)
def test_beside_a_space_nothing_else_is_released(purpose: Purpose):
    hall = SpaceSettings(lines=["one", "two"], seats=10, standing_m2=5.0, area_m2=20.0)
    made = structs.replace(device(purpose, lines=True, groups=True), spaces={"hall": hall})
    (cell,) = released_cells(made)
    assert cell == Cell(Kind.SPACE, "hall", Measure.OCCUPANCY, seats=10, capacity=30, area_m2=20.0)


def test_a_group_has_the_seats_and_the_room_of_its_zones():
    group = released_cells(device(Purpose.PASSENGER_INFORMATION, groups=True))[0]
    assert (group.seats, group.capacity) == (44, 64)


def test_a_group_with_an_unknown_part_has_no_ratio():
    settings = device(Purpose.PASSENGER_INFORMATION)
    parts = Settings(
        site="s",
        device="d",
        purpose=settings.purpose,
        cameras=settings.cameras,
        zones={"a": zone(0.0, seats=40, area_m2=20.0), "b": zone(0.3)},
        groups={"all": GroupSettings(zones=["a", "b"])},
    )
    group = released_cells(parts)[0]
    assert (group.seats, group.capacity, group.area_m2) == (0, 0, 0.0)
