"""Levels: the mapping of outputs.md, and a memory that knows released tokens only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.cells import Cell, Kind
from counter.levels import Levels, scale
from counter.purposes import Measure
from counter.release import Level, Status

THRESHOLD, BASE = 11, 5
ORDER = list(Level)  # declared in rising order, NO_DATA_AVAILABLE last


def cell(seats: int, standing: int, name: str = "coach") -> Cell:
    return Cell(Kind.ZONE, name, Measure.OCCUPANCY, seats=seats, capacity=seats + standing)


def fresh(where: Cell, value: int | None) -> Level | None:
    """The level of a first release, with nothing before it."""
    status = Status.SUPPRESSED if value is None else Status.PUBLISHED
    return Levels(THRESHOLD, BASE).next(where, status, value)


@pytest.mark.parametrize(
    ("value", "level"),
    [
        # S = 80, T = 160: EMPTY < 8, MANY <= 40, FEW <= 76, STANDING <= 120, CRUSHED <= 144.
        (15, Level.MANY_SEATS_AVAILABLE),
        (40, Level.MANY_SEATS_AVAILABLE),
        (45, Level.FEW_SEATS_AVAILABLE),
        (75, Level.FEW_SEATS_AVAILABLE),
        (80, Level.STANDING_ROOM_ONLY),
        (120, Level.STANDING_ROOM_ONLY),
        (125, Level.CRUSHED_STANDING_ROOM_ONLY),
        (140, Level.CRUSHED_STANDING_ROOM_ONLY),
        (145, Level.FULL),
        (400, Level.FULL),
        (None, Level.MANY_SEATS_AVAILABLE),
    ],
)
def test_the_default_mapping(value: int | None, level: Level):
    assert fresh(cell(80, 80), value) is level


def test_empty_is_below_five_percent_not_at_it():
    assert scale(cell(100, 200))[0] == (1499, Level.EMPTY)  # 5 % of 300 is 15 persons
    assert fresh(cell(100, 200), 15) is Level.MANY_SEATS_AVAILABLE
    assert fresh(cell(100, 220), 15) is Level.EMPTY


@pytest.mark.parametrize(
    ("seats", "standing", "expected"),
    [
        (50, 0, ["EMPTY", "MANY_SEATS_AVAILABLE", "FEW_SEATS_AVAILABLE"]),  # a coach without room
        (0, 100, ["EMPTY", "STANDING_ROOM_ONLY", "CRUSHED_STANDING_ROOM_ONLY"]),  # a lift
        (60, 4, ["EMPTY", "MANY_SEATS_AVAILABLE", "FEW_SEATS_AVAILABLE", "STANDING_ROOM_ONLY"]),
        (0, 0, []),
    ],
)
def test_levels_that_a_vehicle_cannot_have_do_not_exist(seats, standing, expected):
    rows = scale(cell(seats, standing))
    assert [level.value for _, level in rows] == expected
    assert sorted(limit for limit, _ in rows) == [limit for limit, _ in rows]


def test_a_suppressed_count_has_the_level_of_its_upper_bound():
    """Ten persons may be there and eight sit, so no seat is promised to anybody."""
    assert fresh(cell(8, 4), None) is Level.STANDING_ROOM_ONLY


def test_without_a_capacity_there_is_no_level():
    levels = Levels(THRESHOLD, BASE)
    assert levels.next(cell(0, 0), Status.PUBLISHED, 50) is None
    assert levels.next(cell(0, 0), Status.MISSING, None) is None


def test_not_known_is_never_empty_and_ends_the_memory():
    levels, coach = Levels(THRESHOLD, BASE), cell(80, 80)
    assert levels.next(coach, Status.PUBLISHED, 45) is Level.FEW_SEATS_AVAILABLE
    assert levels.next(coach, Status.MISSING, None) is Level.NO_DATA_AVAILABLE
    assert levels.next(coach, Status.PUBLISHED, 40) is Level.MANY_SEATS_AVAILABLE


def test_a_count_that_wavers_by_one_step_does_not_flicker():
    levels, coach = Levels(THRESHOLD, BASE), cell(80, 80)
    seen = [levels.next(coach, Status.PUBLISHED, value) for value in (40, 45, 40, 45, 40, 35)]
    assert seen[0] is Level.MANY_SEATS_AVAILABLE
    assert set(seen[1:5]) == {Level.FEW_SEATS_AVAILABLE}
    assert seen[5] is Level.MANY_SEATS_AVAILABLE


def test_a_level_falls_as_far_as_the_count_does():
    levels, coach = Levels(THRESHOLD, BASE), cell(80, 80)
    assert levels.next(coach, Status.PUBLISHED, 160) is Level.FULL
    assert levels.next(coach, Status.PUBLISHED, 20) is Level.MANY_SEATS_AVAILABLE


def test_a_full_vehicle_that_empties_does_not_stay_full():
    """Below the lowest released number there is no token to wait for (Rule 3)."""
    levels, small = Levels(THRESHOLD, BASE), cell(20, 0)  # MANY <= 10, FEW <= 19
    assert levels.next(small, Status.PUBLISHED, 15) is Level.FEW_SEATS_AVAILABLE
    assert levels.next(small, Status.SUPPRESSED, None) is Level.MANY_SEATS_AVAILABLE


def test_cells_do_not_share_their_memory():
    levels, one, two = Levels(THRESHOLD, BASE), cell(80, 80, "one"), cell(80, 80, "two")
    assert levels.next(one, Status.PUBLISHED, 45) is Level.FEW_SEATS_AVAILABLE
    assert levels.next(two, Status.PUBLISHED, 40) is Level.MANY_SEATS_AVAILABLE


def test_a_published_count_without_a_value_is_a_fault():
    with pytest.raises(ValueError, match="has a value"):
        Levels(THRESHOLD, BASE).next(cell(80, 80), Status.PUBLISHED, None)


TOKENS = st.one_of(
    st.tuples(st.just(Status.PUBLISHED), st.integers(3, 60).map(lambda n: 5 * n)),
    st.just((Status.SUPPRESSED, None)),
    st.just((Status.MISSING, None)),
)
CELLS = st.builds(cell, st.integers(0, 150), st.integers(0, 150))


@given(CELLS, st.lists(TOKENS, max_size=30))
def test_the_same_history_gives_the_same_levels(
    where: Cell, history: list[tuple[Status, int | None]]
):
    one, two = Levels(THRESHOLD, BASE), Levels(THRESHOLD, BASE)
    other = cell(7, 7, "other")
    seen = []
    for token in history:
        seen.append(one.next(where, *token))
        one.next(other, Status.PUBLISHED, 15)
    assert seen == [two.next(where, *token) for token in history]


@given(CELLS, st.lists(TOKENS, min_size=1, max_size=30))
def test_a_level_is_never_below_that_of_the_count_nor_a_margin_above(
    where: Cell, history: list[tuple[Status, int | None]]
):
    levels = Levels(THRESHOLD, BASE)
    for status, value in history:
        level = levels.next(where, status, value)
        if level is None or value is None:
            continue
        lowest, highest = fresh(where, value), fresh(where, value + BASE)
        assert lowest is not None
        assert highest is not None
        assert ORDER.index(lowest) <= ORDER.index(level) <= ORDER.index(highest)
