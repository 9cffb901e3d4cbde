"""The attacker finds nothing in what the gate released, and wins against every weaker gate (P9).

`python -m benchmarks attacker --histories 10000` is the same attack over more histories.
"""

from datetime import timedelta

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from counter.disclosure import Gate
from counter.interval import EPOCH, Interval
from counter.levels import Levels
from counter.purposes import Purpose
from counter.release import Status, ZoneCount
from counter.tally import Tally
from tests.attacker import doors, strips
from tests.attacker.campaign import KINDS, outcome_of
from tests.attacker.linear import Block, Bound, Programme, Target
from tests.attacker.weaker import WEAKER, each_direction_alone, no_hold

# The kind of histories in which a weaker gate shows.
SHOWS = {
    "each direction of a line alone": "doors",
    "crossings and occupancy": "doors",
    "a total and its parts": "zones",
    "rounding across the threshold": "zones",
    "another grid without a hold": "zones",
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_suppressed_number_is_bounded_more_tightly_than_the_threshold(kind: str):
    outcome = outcome_of(kind, seed=3, histories=150)
    assert outcome.suppressed > 500
    assert outcome.found == 0, outcome.first
    assert outcome.spare == 0  # the floor is reached and not gone below


@pytest.mark.parametrize("name", WEAKER)
def test_a_weaker_gate_is_caught(name: str):
    with WEAKER[name]():
        outcome = outcome_of(SHOWS[name], seed=1, histories=30)
    assert outcome.found > 0


# --- what the attacker can do, by hand -----------------------------------------------------------


def walked(entries: list[int], exits: list[int], inside: list[int]) -> doors.Walk:
    """One door from the street into one room."""
    shape = (-1, 1)
    numbers = [np.array(each).reshape(shape) for each in (entries, exits, inside)]
    return doors.Walk(((doors.STREET, 0),), *numbers)


def bounds(made: doors.Walk, known: list[int]) -> list[Bound]:
    """Send a walk through the gate in force; attack it, with these occupancies known."""
    asked = doors.settings(np.random.default_rng(0), made, 1200)
    asked = type(asked)(
        site="s", device="d", purpose=Purpose.FOOTFALL, cameras=asked.cameras, lines=asked.lines
    )
    gate, releases = Gate(asked), list[doors.Release]()
    for now in range(len(made.entries)):
        when = Interval(EPOCH + timedelta(days=20_000, seconds=now * 1200), 1200)
        values = (int(made.entries[now, 0]), int(made.exits[now, 0]))
        tallies = [Tally(c, when, v, 1.0) for c, v in zip(gate.cells, values, strict=True)]
        releases.append((gate.release(tallies), gate.parameters))
    sure = np.zeros_like(made.inside, bool)
    sure[known] = True
    return Programme([doors.block(made, releases, sure)]).attack()


CLOSING = walked([9], [15], [6, 0])


def test_whoever_knows_a_room_empty_at_both_ends_bounds_a_direction_told_alone():
    emptied = walked([10], [11], [1, 0])
    with each_direction_alone():
        (found,) = bounds(emptied, known=[0, 1])
        assert (found.low, found.high) == (10, 10)  # 11 to 17 went out, and 1 was there before
        (found,) = bounds(CLOSING, known=[1])
        assert (found.low, found.high) == (0, 10)  # how many were there before is not known
    for known in ([], [0], [1], [0, 1]):
        assert all(bound.width >= 11 for bound in bounds(CLOSING, known))
        assert all(bound.width >= 11 for bound in bounds(emptied, known))


def test_the_sums_reach_across_intervals():
    """25 in and 20 out leave 9 at most, so of the next 11 who leave 2 came in meanwhile."""
    made = walked([25, 6], [20, 11], [0, 5, 0])
    with each_direction_alone():
        (found,) = bounds(made, known=[0])
        assert (found.low, found.high) == (2, 10)
    assert min(bound.width for bound in bounds(made, known=[0, 1, 2])) == 11


def test_two_grids_for_the_same_people_are_subtracted():
    """20 (18 to 22) in two zones and 15 (11 to 17) in one leave at least 1 in the other."""
    block = Block()
    left, right = block.unknown(11, 17), block.unknown(0, 10)
    total = block.unknown(18, 22)
    block.equal.append(([(total, 1), (left, -1), (right, -1)], 0))
    block.targets.append(Target(right, 11, suppressed=True))
    (found,) = Programme([block]).attack()
    assert (found.low, found.high, found.found) == (1, 10, True)


@pytest.mark.parametrize("weaker", [each_direction_alone, no_hold])
def test_whole_numbers_of_persons_give_the_same_bounds(weaker):
    """The sums are flows, whose corners are whole, so the linear bounds lose nothing."""
    with weaker():
        blocks = [
            kind(np.random.default_rng([7, n]))
            for n in range(6)
            for kind in (doors.history_of_doors, strips.history_of_strips)
        ]
    blocks = [block for block in blocks if block.targets]
    programme = Programme(blocks)
    (a, b), (c, d) = programme.equal, programme.at_most
    limits = [LinearConstraint(a, b, b), LinearConstraint(c, -np.inf, d)]
    low, high = programme.bounds.T
    at = np.array(
        [
            start + block.targets[0].unknown
            for start, block in zip(programme._starts, blocks, strict=False)
        ]
    )
    for sign in (1, -1):
        objective = np.zeros(len(low))
        objective[at] = sign
        whole = milp(
            objective,
            integrality=np.ones(len(low), int),
            bounds=Bounds(low, high),
            constraints=limits,
        )
        assert whole.x is not None
        assert whole.x[at] == pytest.approx(programme.least(at, sign), abs=1e-6)


# --- what needs no sums --------------------------------------------------------------------------


def test_levels_follow_from_the_released_numbers_alone():
    """Whoever replays the public tokens gets every level, so a level tells nothing more."""
    rng, told = np.random.default_rng(2), 0
    for _ in range(40):
        asked = strips.settings(rng, Purpose.PASSENGER_INFORMATION)
        gate = Gate(asked)
        replay = Levels(gate.parameters.threshold, margin=gate.parameters.rounding)
        for index in range(12):
            when = Interval(EPOCH + timedelta(days=20_000, seconds=60 * index), 60)
            seen = [None if rng.random() < 0.1 else int(rng.integers(0, 90)) for _ in gate.cells]
            tallies = [Tally(c, when, v, 1.0) for c, v in zip(gate.cells, seen, strict=True)]
            for count in gate.release(tallies):
                assert count.level == replay.next(count.cell, count.status, count.value)
                told += _has_level(count)
    assert told > 200


def _has_level(count: ZoneCount) -> bool:
    return count.level is not None and count.status is not Status.MISSING
