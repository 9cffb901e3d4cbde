"""Levels of service: tables from books, letters from released densities alone."""

from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from counter.cells import Cell, Kind
from counter.disclosure import Gate
from counter.errors import ConfigError
from counter.interval import EPOCH, interval_at
from counter.levels import SERVICE, SERVICE_TABLES, Services, service_bounds
from counter.purposes import Measure, Purpose
from counter.release import Status, ZoneCount
from counter.settings import CameraSettings, ServiceSettings, Settings, ZoneSettings
from counter.tally import Tally

SQUARE = Cell(Kind.ZONE, "square", Measure.OCCUPANCY, area_m2=50.0)
M2_OF_A_SQUARE_FOOT = 0.09290304
FEET = {"fruin-standing": (13, 10, 7, 3, 2), "fruin-walkway": (35, 25, 15, 10, 5)}
# What each table calls the densities that are ever released, in halves from 0 to 6.
LETTERS = {
    "fruin-standing": "AABCDDDDEEEFF",
    "fruin-walkway": "ACDEEFFFFFFFF",
    "event": "AAABBCCDDEFFF",
}


@pytest.mark.parametrize("table", FEET)
def test_fruin_speaks_of_square_feet_a_person(table: str):
    exact = [1 / (feet * M2_OF_A_SQUARE_FOOT) for feet in FEET[table]]
    assert SERVICE_TABLES[table] == pytest.approx(exact, abs=0.005)


def test_the_configuration_names_every_table():
    kind = next(f.type for f in structs.fields(ServiceSettings) if f.name == "table")
    assert set(get_args(kind)) == set(SERVICE_TABLES) == set(LETTERS)


@pytest.mark.parametrize("table", LETTERS)
def test_a_density_has_its_letter(table):
    for half, letter in enumerate(LETTERS[table]):
        fresh = Services(ServiceSettings(table=table))
        assert fresh.next(SQUARE, half / 2, half / 2) == letter


def test_own_bounds_hold_up_to_themselves():
    own = ServiceSettings(bounds=[0.5, 1.0, 1.5, 2.0, 2.5])
    letters = [Services(own).next(SQUARE, half / 2, half / 2) for half in range(7)]
    assert "".join(str(letter) for letter in letters) == "AABCDEF"


@pytest.mark.parametrize("bounds", [[1, 2, 3, 3, 4], [5, 4, 3, 2, 1], [1, 2, 3, 5, 4]])
def test_bounds_that_do_not_rise_are_no_table(bounds: list[float]):
    with pytest.raises(ConfigError, match="five rising numbers"):
        service_bounds(ServiceSettings(bounds=bounds))


def test_a_letter_improves_when_one_more_step_would_improve_it_too():
    services = Services(ServiceSettings())
    seen = [services.next(SQUARE, *told) for told in ((1.5, 1.5), (1.0, 1.5), (1.0, 1.0))]
    assert seen == ["C", "C", "B"]
    assert services.next(SQUARE, 4.0, 4.0) == "E"  # it worsens at once


def test_where_no_density_is_released_the_memory_ends():
    services = Services(ServiceSettings())
    assert services.next(SQUARE, 1.5, 1.5) == "C"
    assert services.next(SQUARE, None, None) is None
    assert services.next(SQUARE, 1.0, 1.5) == "B"


# --- through the gate ----------------------------------------------------------------------------

OUTLINE = [(0.1, 0.1), (0.4, 0.1), (0.4, 0.9), (0.1, 0.9)]
BESIDE = [(0.5, 0.1), (0.9, 0.1), (0.9, 0.9), (0.5, 0.9)]


def gate(area_m2: float, table: ServiceSettings | None = None) -> Gate:
    return Gate(
        Settings(
            site="s",
            device="d",
            purpose=Purpose.EVENT_DENSITY,
            cameras={"one": CameraSettings(source="x")},
            zones={
                "bare": ZoneSettings(camera="one", polygon=BESIDE),
                "square": ZoneSettings(camera="one", polygon=OUTLINE, area_m2=area_m2),
            },
            service=table or ServiceSettings(),
        )
    )


def released(of: Gate, number: int, value: int | None) -> ZoneCount:
    """Release one interval and give the square's count."""
    length_s = of.parameters.interval_s
    interval = interval_at(EPOCH + timedelta(seconds=number * length_s), length_s)
    bare, square = of.release([Tally(cell, interval, value, 1.0) for cell in of.cells])
    assert bare.service is None  # without an area there is no density
    return square


def test_a_dense_crowd_has_its_letter():
    count = released(gate(50.0), 1, 203)
    assert (count.value, count.density, count.service) == (200, 4.0, "E")
    count = released(gate(50.0, ServiceSettings(table="event")), 1, 203)
    assert (count.density, count.service) == (4.0, "D")


@given(st.floats(1, 500), st.lists(st.one_of(st.none(), st.integers(0, 900)), max_size=12))
def test_a_letter_is_there_where_a_density_is_and_tells_no_more(area_m2, values):
    """Rule 6: what was exact changes nothing; two exact numbers of one token have one letter."""
    one, two = gate(area_m2), gate(area_m2)
    for number, value in enumerate(values):
        count = released(one, number, value)
        assert (count.service is None) == (count.density is None)
        assert (count.service is None) == (count.status is not Status.PUBLISHED)
        assert count.service is None or count.service in SERVICE
        stands_for = count.value if count.status is Status.PUBLISHED else value
        again = released(two, number, stands_for)
        assert (again.value, again.service) == (count.value, count.service)


@given(st.floats(1, 500), st.lists(st.integers(11, 900), min_size=1, max_size=12))
def test_a_letter_is_never_better_than_that_of_its_density(area_m2, values):
    shown = gate(area_m2)
    for number, value in enumerate(values):
        count = released(shown, number, value)
        if count.density is None or count.service is None:
            continue
        alone = Services(ServiceSettings()).next(SQUARE, count.density, count.density)
        assert count.service >= str(alone)
