"""Counts by eye become a correction: right where it is known, refused where it cannot be."""

import numpy as np
import pytest

from counter.errors import ConfigError
from counter.evaluate.fit import fit


def counted(many, gain, seed=3, spread=0.05):
    """People from 12 to 90; the box sees a share of them and rounds to 5; the eye is off by one."""
    random = np.random.default_rng(seed)
    pairs: list[tuple[int, float]] = []
    while len(pairs) < many:
        people = int(random.integers(12, 90))
        seen = round(people / gain * (1 + spread * random.standard_normal()))
        if seen >= 11:
            pairs.append(
                (max((2 * seen + 5) // 10 * 5, 15), float(people + random.integers(-1, 2)))
            )
    return pairs


@pytest.mark.parametrize("gain", [0.8, 1.25, 2.0])
def test_a_constant_bias_is_found_with_its_interval(gain):
    found = fit("zone.a.occupancy", counted(30, gain))
    assert found.gain == pytest.approx(gain, rel=0.05)
    assert found.gain_low < gain < found.gain_high
    assert found.power == 1.0
    assert found.error < 0.7 * found.before
    assert not found.needless
    assert found.tallies == 30


def test_a_box_without_a_bias_needs_no_correction():
    found = fit("zone.a.occupancy", counted(30, 1.0))
    assert found.needless
    assert found.before < 5


def test_a_count_misheard_hardly_moves_the_gain_and_shows_in_the_error():
    pairs = counted(30, 1.25)
    plain = fit("z", pairs)
    far = fit("z", [(pairs[0][0], pairs[0][1] + 100), *pairs[1:]])
    assert far.gain == pytest.approx(plain.gain, rel=0.03)
    assert far.error > 3 * plain.error


def test_a_second_parameter_is_taken_only_where_it_earns_its_place():
    released = list(range(15, 100, 5)) * 2
    bent = fit("z", [(seen, 0.4 * seen**1.4 + (seen % 3 - 1)) for seen in released])
    assert bent.power == pytest.approx(1.4, abs=0.1)
    assert bent.power_low > 1
    assert bent.error < 5
    few = fit("z", [(seen, 0.4 * seen**1.4) for seen in range(15, 90, 6)][:12])
    assert few.power == 1.0


def test_rounding_is_part_of_the_interval():
    """Exact agreement on multiples of 5 is still no exact gain."""
    found = fit("z", [(seen, float(seen)) for seen in range(15, 60, 5)])
    assert found.gain_high - found.gain_low > 0.01
    assert found.error == 0


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([(20, 20.0)] * 7, "at least 8"),
        ([(20, 20.0)] * 20, "span 20 to 20 only"),
        ([(seen, 9.0 * seen) for seen in range(15, 100, 5)], "9 times the released"),
    ],
)
def test_what_cannot_be_fitted_is_refused(pairs, message):
    with pytest.raises(ConfigError, match=message):
        fit("zone.a.occupancy", pairs)


def test_the_same_counts_give_the_same_correction():
    assert fit("z", counted(20, 1.3)) == fit("z", counted(20, 1.3))
