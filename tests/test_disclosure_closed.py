"""The gate fails closed, answers once, and prints nothing."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter import disclosure
from counter.disclosure import Gate
from counter.interval import Interval
from counter.release import Level, Status
from counter.tally import Tally
from tests.gates import (
    VALUES,
    alike,
    box,
    device,
    interval,
    quick,
    tallies,
)

# --- Rule 7: fail closed -------------------------------------------------------------------------


class Hostile:
    """Not a tally; what is asked of it raises with a number in the message."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("there are 7 persons")


def malformed(gate: Gate) -> dict[str, list[Any]]:
    good = alike(gate, 30)
    when = interval(gate)
    after = interval(gate, 1)
    first = good[0]
    stranger = replace(first.cell, name="elsewhere")

    def instead(value: Any, coverage: Any = 1.0) -> list[Tally]:
        return [Tally(first.cell, when, value, coverage), *good[1:]]

    return {
        "a cell is lacking": good[1:],
        "a cell is given twice": [first, first, *good[2:]],
        "one too many": [*good, first],
        "an unknown cell": [Tally(stranger, when, 30, 1.0), *good[1:]],
        "two intervals": [Tally(first.cell, after, 30, 1.0), *good[1:]],
        "an interval off the grid": [
            Tally(first.cell, Interval(when.start + timedelta(seconds=1), 60), 30, 1.0), *good[1:]
        ],
        "a negative count": instead(-1),
        "a fraction of a person": instead(30.5),
        "a whole float": instead(30.0),
        "a text": instead("30"),
        "a truth": instead(True),
        "more people than there are": instead(10**12),
        "a coverage that is none": instead(30, math.nan),
        "a negative coverage": instead(30, -0.1),
        "a coverage above one": instead(30, 1.5),
        "a coverage that is a text": instead(30, "1"),
        "something else": [Hostile(), *good[1:]],
        "nothing in its place": [None, *good[1:]],
    }  # fmt: skip


@pytest.mark.parametrize("case", malformed(Gate(device())))
def test_malformed_input_makes_every_cell_missing(case: str):
    gate = Gate(device())
    counts = gate.release(malformed(gate)[case])
    assert [count.status for count in counts] == [Status.MISSING] * len(gate.cells)
    assert all((c.value, c.fill, c.density, c.less_than) == (None,) * 4 for c in counts)
    assert all(c.interval == interval(gate) and c.coverage == 0.0 for c in counts)
    assert {c.level for c in counts} <= {None, Level.NO_DATA_AVAILABLE}
    after = gate.release(alike(gate, 30, index=1))
    assert {count.status for count in after} == {Status.PUBLISHED}  # and it recovers


@pytest.mark.parametrize("given_", [[], [Hostile()], [None, 3, "x"]])
def test_what_names_no_interval_releases_nothing(given_):
    gate = Gate(device())
    assert gate.release(given_) == ()
    assert len(gate.release(alike(gate, 30))) == 3


def test_a_fault_in_the_arithmetic_releases_nothing_partial(monkeypatch):
    """The last cell's density cannot be computed after the first cells' could."""
    gate = Gate(device(zones={"a": box(0.0), "b": box(0.2, area_m2=50.0)}, groups={}))
    share = disclosure._per

    def per(value, whole, step):
        if value is not None and whole == 50.0:
            raise ArithmeticError("17 persons")
        return share(value, whole, step)

    monkeypatch.setattr(disclosure, "_per", per)
    assert {count.status for count in gate.release(alike(gate, 30))} == {Status.MISSING}


@pytest.mark.parametrize(
    ("value", "coverage", "status", "shown"),
    [
        (30, 1.0, Status.PUBLISHED, 1.0),
        (30, 0.5, Status.PUBLISHED, 0.5),
        (30, 0.7, Status.PUBLISHED, 0.7),
        (30, sum([0.1] * 8), Status.PUBLISHED, 0.8),  # the sum is 0.7999999999999999
        (30, 0.999, Status.PUBLISHED, 1.0),
        (30, 1.0000000001, Status.PUBLISHED, 1.0),
        (30, 0.499999, Status.MISSING, 0.5),
        (0, 0.4, Status.MISSING, 0.4),
        (30, 0.0, Status.MISSING, 0.0),
        (None, 1.0, Status.MISSING, 1.0),
        (0, 1.0, Status.SUPPRESSED, 1.0),
    ],
)
def test_what_was_not_seen_is_missing_and_never_zero(value, coverage, status, shown):
    gate = Gate(device())
    count = gate.release(tallies(gate, [value] * 3, coverage=coverage))[0]
    assert (count.status, count.coverage) == (status, shown)


# --- Rule 9: once --------------------------------------------------------------------------------


@given(VALUES, VALUES, st.booleans())
@quick
def test_asking_twice_gives_the_same_answer(first, second, broken):
    gate = Gate(device())
    answer = gate.release(alike(gate, first))
    again = alike(gate, second)
    assert gate.release(again[1:] if broken else again) == answer


def test_asking_twice_does_not_move_the_levels():
    once, often = Gate(device()), Gate(device())
    for index, value in enumerate((40, 45, 40, 35, 45)):
        expected = once.release(alike(once, value, index))
        for _ in range(3):
            assert often.release(alike(often, value, index)) == expected


def test_an_older_interval_is_refused():
    gate = Gate(device())
    latest = gate.release(alike(gate, 30, index=5))
    assert gate.release(alike(gate, 50, index=4)) == ()
    assert gate.release(alike(gate, 50, index=5)) == latest
    assert gate.release(alike(gate, 50, index=6))[0].value == 50


def test_one_tally_from_the_future_does_not_close_the_gate():
    gate = Gate(device())
    good, wrong = alike(gate, 30), alike(gate, 30, index=10_000)
    assert {count.status for count in gate.release([wrong[0], *good[1:]])} == {Status.MISSING}
    assert gate.release(alike(gate, 30, index=1))[0].status is Status.PUBLISHED


# --- P8: nothing prints --------------------------------------------------------------------------


def test_no_exact_number_is_printed_by_anything_near_the_gate():
    gate = Gate(device())
    exact = 7_331
    given_ = alike(gate, exact)
    counts = gate.release(given_)
    small = gate.release(alike(gate, 7, index=1))
    printed = " ".join(map(repr, [gate, *given_, *counts, vars(gate)])) + str(counts)
    assert str(exact) not in printed
    assert "7330" in printed
    assert all("value=7" not in repr(count) for count in small)


def test_a_fault_carries_no_number_out():
    gate = Gate(device())
    broken: list[Any] = [Hostile(), *alike(gate, 30)[1:]]
    assert "7 persons" not in repr(gate.release(broken))
    assert "7 persons" not in repr(vars(gate))
