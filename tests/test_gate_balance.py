"""The two directions of a line leave together: no sum over them tells a small number (P9)."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from counter.balance import together
from counter.cells import Cell, Kind
from counter.disclosure import Gate
from counter.outputs.wire import encode_count
from counter.purposes import Measure, Purpose
from counter.release import Status, ZoneCount
from counter.settings import DisclosureSettings, LineSettings
from counter.tally import Tally
from tests.gates import device, footfall, interval, quick, tallies

P, S, M = Status.PUBLISHED, Status.SUPPRESSED, Status.MISSING
CELLS = (
    Cell(Kind.LINE, "a", Measure.ENTRIES),
    Cell(Kind.LINE, "a", Measure.EXITS),
    Cell(Kind.LINE, "b", Measure.ENTRIES),
    Cell(Kind.LINE, "b", Measure.EXITS),
    Cell(Kind.ZONE, "a", Measure.OCCUPANCY),
)
COUNTS = st.one_of(st.integers(0, 30), st.integers(0, 300))
TWO = device(
    Purpose.FOOTFALL,
    zones={},
    groups={},
    lines={
        name: LineSettings(camera="door", points=[(0.1, y), (0.9, y)])
        for name, y in (("a", 0.2), ("b", 0.8))
    },
)


def told(exact: list[int | None]) -> tuple[ZoneCount, ...]:
    gate = Gate(TWO)
    return gate.release(tallies(gate, exact))


@pytest.mark.parametrize(
    ("alone", "expected"),
    [
        ([P, P, P, P, P], [P, P, P, P, P]),
        ([P, S, P, P, P], [S, S, P, P, P]),
        ([S, P, P, S, S], [S, S, S, S, S]),
        ([S, S, P, P, S], [S, S, P, P, S]),
        ([P, M, S, M, P], [M, M, M, M, P]),
        ([P, P, P, P, M], [P, P, P, P, M]),  # a zone of the same name is no line
    ],
)
def test_a_line_may_be_told_what_its_worse_direction_may(alone, expected):
    assert together(CELLS, alone) == expected
    mixed = [3, 0, 4, 1, 2]
    by_order = together([CELLS[i] for i in mixed], [alone[i] for i in mixed])
    assert by_order == [expected[i] for i in mixed]


def test_every_pair_with_a_small_number_leaves_as_the_same_bytes():
    seen = {
        tuple(encode_count(count) for count in told([entries, exits, 40, 40]))
        for entries, exits in product([0, 1, 7, 10, 11, 12, 200], repeat=2)
        if min(entries, exits) < 11
    }
    assert len(seen) == 1


@given(COUNTS, COUNTS, COUNTS, COUNTS)
@quick
def test_a_pair_is_told_by_nothing_but_itself(entries, exits, other, another):
    one, two = told([entries, exits, 40, 40]), told([entries, exits, other, another])
    assert one[:2] == two[:2]
    statuses = [count.status for count in one[:2]]
    assert statuses == ([P, P] if min(entries, exits) >= 11 else [S, S])
    assert {count.less_than for count in one[:2]} == {None}


@given(COUNTS, COUNTS, st.integers(0, 10))
@quick
def test_people_who_turn_round_change_no_token_and_no_occupancy(entries, exits, smaller):
    """The proof of balance.py: k courses of events release the same, with 0 to k - 1."""
    if min(entries, exits) < 11:
        more = smaller - min(entries, exits)
        assert told([entries + more, exits + more, 0, 0]) == told([entries, exits, 0, 0])
        assert (entries + more) - (exits + more) == entries - exits


@pytest.mark.parametrize("exact", [(30, None), (None, 30), (None, 3), (3, None)])
def test_where_one_direction_is_not_known_neither_is(exact):
    gate = Gate(footfall())
    counts = gate.release(tallies(gate, exact))
    assert [count.status for count in counts] == [M, M]


def test_where_one_direction_was_seen_too_little_neither_is_told():
    gate = Gate(footfall())
    entries, exits = gate.cells
    when = interval(gate)
    counts = gate.release([Tally(entries, when, 30, 0.5), Tally(exits, when, 30, 0.4)])
    assert [count.status for count in counts] == [M, M]


@pytest.mark.parametrize(
    ("directions", "measure"), [("in", Measure.ENTRIES), ("out", Measure.EXITS)]
)
def test_one_direction_alone_has_its_own_token(directions, measure) -> None:
    gate = Gate(replace(TWO, disclosure=DisclosureSettings(directions=directions)))
    assert {cell.measure for cell in gate.cells} == {measure}
    few, many = gate.release(tallies(gate, [3, 40]))
    assert (few.status, few.less_than) == (S, 11)
    assert (many.status, many.value) == (P, 40)


def test_a_direction_that_nobody_knows_is_both() -> None:
    """Settings that were made by hand are held to the same floor."""
    odd = replace(TWO, disclosure=DisclosureSettings(directions="sideways"))  # type: ignore[arg-type]
    assert Gate(odd).cells == Gate(TWO).cells
