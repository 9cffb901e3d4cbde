"""The equivalence test: its arithmetic, its risk, and what it refuses to say."""

from math import sqrt

import numpy as np
import pytest
from scipy.stats import t as student

from counter.evaluate.acceptance import ALPHA, LEAST_EVENTS, accept, needed


def test_the_interval_is_that_of_two_one_sided_t_tests():
    truth = [10, 12, 8, 10, 9, 11, 20, 0] * 5
    ours = [10, 11, 8, 11, 9, 11, 19, 1] * 5
    found = accept("line.a.entries", list(zip(truth, ours, strict=True)))
    assert found is not None
    relative = (np.array(ours) - np.array(truth)) / np.mean(truth)
    half = student.ppf(1 - ALPHA, 39) * relative.std(ddof=1) / sqrt(40)
    assert found.error == pytest.approx(relative.mean())
    assert found.low == pytest.approx(relative.mean() - half)
    assert found.high == pytest.approx(relative.mean() + half)
    assert found.shown == pytest.approx(max(abs(found.low), abs(found.high)))
    assert not found.accepted
    assert (found.events, found.truth) == (40, 400)


def test_the_users_risk_holds_at_the_limit():
    """A counter whose true error is the limit passes in one sample of twenty."""
    random = np.random.default_rng(5)
    passed = 0
    for _ in range(1000):
        truth = random.poisson(20, 60)
        ours = truth + np.round(random.normal(0.05 * 20, 2, 60)).astype(int)
        found = accept("x", list(zip(truth.tolist(), ours.tolist(), strict=True)), limit=0.05)
        assert found is not None
        passed += found.accepted
    assert 0.03 < passed / 1000 < 0.075


def test_the_needed_events_pass_a_counter_without_error():
    spread, limit = 0.3, 0.05
    many = needed(spread, limit)
    assert needed(spread, limit / 2) == pytest.approx(4 * many, rel=0.03)
    random = np.random.default_rng(6)
    passed = 0
    for _ in range(400):
        errors = np.round(random.normal(0, spread * 1000, many)).astype(int)
        found = accept("x", [(1000, 1000 + int(error)) for error in errors], limit)
        assert found is not None
        passed += found.accepted
    assert 0.92 < passed / 400 < 0.98


def test_few_events_accept_nothing_and_say_how_many_are_needed():
    found = accept("x", [(10, 10)] * 10)
    assert found is not None
    assert found.shown == 0
    assert not found.accepted
    assert found.needed == LEAST_EVENTS
    enough = accept("x", [(10, 10)] * LEAST_EVENTS)
    assert enough is not None
    assert enough.accepted


@pytest.mark.parametrize("pairs", [[], [(5, 5)], [(0, 1), (0, 0)]])
def test_nothing_is_tested_where_nobody_was(pairs):
    assert accept("x", pairs) is None
