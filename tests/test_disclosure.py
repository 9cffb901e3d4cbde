"""The gate: what a released token stands for, and what it depends on."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counter.cells import Kind
from counter.disclosure import Gate, rounded
from counter.floor import in_force
from counter.purposes import RULES, Purpose
from counter.release import Level, Status
from counter.settings import (
    DisclosureSettings,
    Settings,
)
from tests.gates import ASKED, PURPOSES, VALUES, alike, device, footfall, quick, released, tallies

# --- Rule 5: what a number stands for ------------------------------------------------------------


@pytest.mark.parametrize(
    ("exact", "number"),
    [(11, 15), (12, 15), (15, 15), (17, 15), (18, 20), (22, 20), (23, 25), (102, 100), (103, 105)],
)
def test_a_count_leaves_as_the_nearest_multiple_of_five(exact: int, number: int):
    assert released(device(), exact).value == number


@pytest.mark.parametrize(
    ("exact", "number"),
    [(92, 90), (93, 95), (97, 95), (98, 100), (100, 100), (101, 100), (104, 100), (105, 110),
     (107, 110), (114, 110), (115, 120)],
)  # fmt: skip
def test_event_density_is_coarser_above_a_hundred(exact: int, number: int):
    made = device(Purpose.EVENT_DENSITY)
    assert released(made, exact).value == number


@given(PURPOSES, ASKED)
@example(Purpose.EVENT_DENSITY, DisclosureSettings(rounding=6))  # 12 does not divide 100
@quick
def test_released_numbers_are_monotone_near_and_on_one_grid(purpose, asked):
    parameters = in_force(device(purpose, asked))
    numbers = [rounded(exact, parameters) for exact in range(parameters.threshold, 700)]
    assert all(after - before >= 0 for before, after in pairwise(numbers))
    assert min(numbers) == parameters.lowest >= parameters.threshold
    assert all(number % parameters.rounding == 0 for number in numbers)
    for exact, number in enumerate(numbers, parameters.threshold):
        coarse = parameters.coarse_from is not None and exact > parameters.coarse_from
        base = parameters.coarse_rounding if coarse else parameters.rounding
        assert number == parameters.lowest or abs(number - exact) <= base / 2


@given(PURPOSES, ASKED)
@quick
def test_every_released_number_stands_for_at_least_five_counts(purpose, asked):
    """Unless the threshold cuts its first cell: 10 with threshold 10 stands for 10 to 12."""
    parameters = in_force(device(purpose, asked))
    numbers = [rounded(exact, parameters) for exact in range(parameters.threshold, 900)]
    whole = {n for n in numbers if parameters.lowest < n < max(numbers)}
    least = RULES[purpose].rounding
    assert all(numbers.count(number) >= least for number in whole)
    assert numbers.count(parameters.lowest) >= least // 2 + 1


# --- Rule 4: one token ---------------------------------------------------------------------------


@pytest.mark.parametrize("made", [device(), device(Purpose.EVENT_DENSITY), footfall()])
def test_all_counts_below_the_threshold_are_one_token(made: Settings):
    tokens = {released(made, value) for value in range(11)}
    assert len(tokens) == 1
    token = tokens.pop()
    assert token.status is Status.SUPPRESSED
    assert (token.value, token.fill, token.density) == (None, None, None)
    of_a_line = token.cell.kind is Kind.LINE  # of which only the smaller direction is below 11
    assert token.less_than == (None if of_a_line else 11)
    assert released(made, 11).status is Status.PUBLISHED


@given(st.lists(st.tuples(VALUES, st.integers(0, 10)), min_size=1, max_size=8), st.integers(0, 10))
@quick
def test_no_history_tells_small_counts_apart(history, other):
    """Two devices that differ only below the threshold release the same for ever."""
    one, two = Gate(device()), Gate(device())
    for index, (value, small) in enumerate(history):
        seen = [value, small, small]
        hidden = [value, (small + other) % 11, (other * 7 + small) % 11]
        assert one.release(tallies(one, seen, index)) == two.release(tallies(two, hidden, index))


# --- Rules 1 and 2: order and completeness -------------------------------------------------------


@given(st.permutations(range(3)), st.lists(VALUES, min_size=3, max_size=3), st.floats(0, 1))
@quick
def test_the_order_of_tallies_changes_nothing(order, values, coverage):
    straight, mixed = Gate(device()), Gate(device())
    expected = straight.release(tallies(straight, values, coverage=coverage))
    given_ = tallies(mixed, values, coverage=coverage)
    assert mixed.release([given_[i] for i in order]) == expected
    assert tuple(count.cell for count in expected) == straight.cells


@given(st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=6))
@quick
def test_a_cell_does_not_depend_on_other_cells(history):
    """Equal counts in a cell give equal releases of it, whatever happens elsewhere."""
    one, two = Gate(device()), Gate(device())
    for index, values in enumerate(history):
        other = [values[0], *(0 if value is None else None for value in values[1:])]
        mine = one.release(tallies(one, values, index))
        assert mine[0] == two.release(tallies(two, other, index))[0]
        assert len(mine) == len(one.cells)


def test_fill_and_density_follow_from_the_released_number():
    exact_11, exact_17 = released(device(), 11), released(device(), 17)
    count = replace(exact_11, cell=exact_17.cell)
    assert count == exact_17  # both are 15
    group, zone_a, _ = Gate(device()).release(alike(Gate(device()), 42))
    assert group.fill is None  # zone d has no seats: the capacity of the pair is not known
    assert (zone_a.value, zone_a.fill, zone_a.density) == (40, 0.5, 1.5)  # 40/80, 40/30
    assert zone_a.level is Level.STANDING_ROOM_ONLY  # 40 persons, 40 seats, FEW up to 38


@given(VALUES)
@quick
def test_shares_are_coarse(value):
    for count in Gate(device()).release(alike(Gate(device()), value)):
        assert count.fill is None or round(count.fill * 20) / 20 == count.fill
        assert count.density is None or count.density * 2 == int(count.density * 2)
