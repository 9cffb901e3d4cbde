"""Only whole intervals, each of them once, whatever the clock and the restarts do (Rule 10)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.counting import Counting
from counter.disclosure import Gate
from counter.history import HOLD_S, Run, not_before
from counter.interval import interval_at
from counter.release import Status
from counter.tally import Tally
from tests.gates import device, footfall, interval, quick, tallies

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
NOTHING = {Status.MISSING}


@pytest.mark.parametrize("made", [device(), footfall()])
@pytest.mark.parametrize("second", [0.001, 1, 20, 29.999])
def test_the_interval_in_which_a_device_began_is_missing(made, second: float):
    first = interval(Gate(made)).start
    gate = Gate(made, first + timedelta(seconds=second))
    begun = gate.release(tallies(gate, [30] * len(gate.cells), coverage=0.9))
    assert {count.status for count in begun} == {Status.MISSING}
    assert {count.coverage for count in begun} == {0.9}  # as it is
    whole = gate.release(tallies(gate, [30] * len(gate.cells), 1))
    assert {count.status for count in whole} == {Status.PUBLISHED}


def test_a_device_that_begins_on_the_grid_releases_its_first_interval():
    gate = Gate(device(), interval(Gate(device())).start)
    assert gate.release(tallies(gate, [30] * 3))[0].value == 30


def test_footage_begins_on_the_grid_and_knows_no_earlier_run():
    gate = Gate(device(), None)
    assert gate.release(tallies(gate, [30] * 3))[0].value == 30


def test_asking_again_does_not_release_what_was_held():
    gate = Gate(device(), interval(Gate(device())).end)
    for _ in range(3):
        assert {count.status for count in gate.release(tallies(gate, [30] * 3))} == NOTHING


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match="naive"):
        Gate(device(), datetime(2026, 5, 4, 12, 0))  # noqa: DTZ001


class Life:
    """One device through several runs: what was released with a status that says something."""

    def __init__(self) -> None:
        self.told: list[tuple[str, datetime, datetime]] = []  # grid, start, end

    def run(self, grid: str, started: datetime, ended: datetime, memory: list[Run] | None) -> None:
        made = device() if grid == "a" else device(interval_s=300)
        gate = Gate(made, not_before(started, grid, memory))
        when = interval_at(started, gate.parameters.interval_s)
        while when.end <= ended:
            counts = gate.release([Tally(cell, when, 30, 1.0) for cell in gate.cells])
            if {count.status for count in counts} != NOTHING:
                self.told.append((grid, when.start, when.end))
            when = interval_at(when.end, when.length_s)


RUN = st.tuples(
    st.sampled_from("ab"),
    st.integers(-3000, 3000),  # seconds from the end of the run before: the clock may be set back
    st.integers(1, 9000),  # how long it lasts
    st.booleans(),  # is its stop recorded?
)


@given(st.lists(RUN, min_size=2, max_size=6))
@quick
def test_no_interval_is_told_twice_and_no_two_grids_are_told_close_to_each_other(runs):
    """Where a run's stop is not recorded, nobody can know that the clock was set back after it."""
    life, memory, now, known = Life(), list[Run](), NOON, True
    for grid, pause_s, lasts_s, recorded in runs:
        started = now + timedelta(seconds=pause_s if known else abs(pause_s))
        now = started + timedelta(seconds=lasts_s)
        life.run(grid, started, now, memory)
        memory.append(Run(grid, started, now if recorded else None))
        known = recorded
    told = sorted(life.told, key=lambda each: (each[1], each[2]))
    starts = [(grid, start) for grid, start, _ in told]
    assert len(set(starts)) == len(starts)
    for grid, start, end in told:
        for other, begins, ends in told:
            if other != grid:
                apart = max((begins - end).total_seconds(), (start - ends).total_seconds())
                assert apart >= HOLD_S


@given(st.lists(st.floats(-200, 200), min_size=1, max_size=40))
@quick
def test_whatever_the_clock_does_an_interval_is_released_once(steps):
    made = device()
    counting, now, seen = Counting(made, Gate(made)), NOON, list[int]()
    for step in steps:
        now += timedelta(seconds=step)
        counts = counting.release(now)
        assert {count.cell for count in counts} in (set(), set(Gate(made).cells))
        seen += {count.interval.sequence for count in counts}
    assert seen == sorted(set(seen))
