"""What a camera saw in an interval: means without the extremes, sums and coverage."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.people import Crossing, Direction
from counter.tally import CameraTally

SECOND = 1_000_000_000


def camera(most: int = 50) -> CameraTally:
    return CameraTally(["front", "back"], ["door"], stall_s=2.0, most=most)


def see(tally: CameraTally, *frames: tuple[float, int, int]) -> CameraTally:
    for seconds, front, back in frames:
        tally.observe(round(seconds * SECOND), np.array([front, back]), ())
    return tally


def test_nothing_seen_is_not_known():
    tally = camera()
    assert tally.coverage(60) == 0
    assert tally.occupancy("front") is None
    assert tally.crossings("door", Direction.IN) is None


def test_an_empty_picture_seen_is_a_zero():
    tally = see(camera(), (0, 0, 0), (1, 0, 0))
    assert tally.occupancy("front") == 0
    assert tally.crossings("door", Direction.IN) == 0


def test_the_mean_is_weighted_with_time():
    """5 people for 6 s in few frames, 1 for 4 s in many: a mean over frames would be 1.3."""
    tally = see(camera(), *[(s, 5, 0) for s in (0, 2, 4)], *[(6 + n / 10, 1, 9) for n in range(41)])
    # Without the first and the last 2.5 s in order of number: (1.5 * 1 + 3.5 * 5) / 5.
    assert (tally.occupancy("front"), tally.occupancy("back")) == (4, 3)


def test_a_flicker_does_not_move_it():
    frames = [(n / 10, 0 if n % 7 == 0 else 12, 30 if n % 7 == 0 else 12) for n in range(100)]
    tally = see(camera(), *frames)
    assert (tally.occupancy("front"), tally.occupancy("back")) == (12, 12)


@pytest.mark.parametrize("blind", [0, 60])
def test_a_fifth_of_the_interval_blind_or_doubled_does_not_move_it(blind: int):
    frames = [(n / 10, blind if 40 <= n < 60 else 30, 30) for n in range(100)]
    assert see(camera(most=60), *frames).occupancy("front") == 30


@given(st.lists(st.tuples(st.integers(1, 19), st.integers(0, 60)), min_size=1, max_size=40))
def test_it_is_the_mean_of_the_middle_seconds_laid_out(steps: list[tuple[int, int]]):
    """Against a list with four entries for each tenth of a second, so that a quarter is whole."""
    tally, now, laid_out = camera(), 0, []
    for tenths, persons in steps:
        tally.observe(now * SECOND // 10, np.array([persons, 0]), ())
        now += tenths
        laid_out += [min(persons, 50)] * tenths * 4
    tally.observe(now * SECOND // 10, np.array([0, 0]), ())
    middle = sorted(laid_out)[now:-now]
    assert tally.occupancy("front") == (2 * sum(middle) + len(middle)) // (2 * len(middle))
    assert tally.coverage(60) == pytest.approx(min(now / 600, 1)) or now > 650


@pytest.mark.parametrize(
    ("crowded_s", "saturated"), [(0, False), (4, False), (5, False), (6, True)]
)
def test_a_zone_is_saturated_when_it_was_crowded_for_most_of_the_time(crowded_s, saturated):
    tally = camera()
    for second in range(11):
        crowded = np.array([second < crowded_s, False])
        tally.observe(second * SECOND, np.array([9, 9]), (), crowded)
    assert (tally.saturated("front"), tally.saturated("back")) == (saturated, False)
    tally.restart()
    assert not tally.saturated("front")


def test_what_was_not_covered_saturates_nothing():
    tally = camera()
    tally.observe(0, np.array([9, 9]), (), np.array([True, True]))
    tally.observe(30 * SECOND, np.array([9, 9]), ())
    tally.observe(31 * SECOND, np.array([9, 9]), ())
    assert not tally.saturated("front")


def test_a_gap_longer_than_stall_s_is_not_covered():
    tally = see(camera(), (0, 3, 0), (1, 3, 0), (31, 3, 0), (32, 3, 0))
    assert tally.coverage(60) == pytest.approx(2 / 60)


def test_frames_that_go_back_in_time_cover_nothing():
    tally = see(camera(), (10, 3, 0), (11, 3, 0), (0, 3, 0), (1, 3, 0))
    assert tally.coverage(60) == pytest.approx(2 / 60)


def test_more_coverage_than_an_interval_has_is_no_coverage():
    assert see(camera(), *[(n, 3, 0) for n in range(63)]).coverage(60) == 1
    assert see(camera(), *[(n, 3, 0) for n in range(70)]).coverage(60) == 0


def test_a_restart_keeps_the_people_and_covers_the_gap_to_the_next_frame():
    tally = see(camera(), (0, 4, 2), (1, 4, 2))
    tally.restart()
    assert tally.occupancy("front") is None
    see(tally, (2, 0, 0))
    assert tally.occupancy("front") == 4
    assert tally.coverage(10) == pytest.approx(0.1)


def test_crossings_are_exact_sums():
    tally = camera()
    ways = [Direction.IN] * 3 + [Direction.OUT] * 2
    for second in range(4):
        crossings = [Crossing("door", way, second * SECOND) for way in ways]
        tally.observe(second * SECOND, np.array([0, 0]), crossings)
    assert (tally.crossings("door", Direction.IN), tally.crossings("door", Direction.OUT)) == (
        12,
        8,
    )
    tally.restart()
    see(tally, (4, 0, 0))
    assert tally.crossings("door", Direction.IN) == 0


def test_no_number_of_people_makes_it_larger():
    tally = camera(most=10)
    size = tally._held_ns.nbytes
    see(tally, (0, 5000, 0), (1, 5000, 0))
    assert tally.occupancy("front") == 10
    assert tally._held_ns.nbytes == size


def test_it_prints_no_value():
    tally = see(camera(), (0, 41, 0), (1, 41, 0))
    assert repr(tally) == str(tally) == "<CameraTally>"
    with pytest.raises(TypeError):
        pickle.dumps(tally)
