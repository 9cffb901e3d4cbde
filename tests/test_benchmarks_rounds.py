"""Turns, ratios within a round, and what a benchmark says when it is stopped."""

import argparse

import numpy as np
import pytest

from benchmarks.rounds import (
    WARM_UP,
    Times,
    Turned,
    alone,
    asked_for,
    beyond,
    in_rounds,
    own,
    ratio,
    some,
    stoppable,
)


def steady(ms: float, called: list[str], name: str, *, warm_up_ms: float = 900.0):
    """A contender whose first pictures are slow and all others take `ms`."""

    def turn(pictures: int) -> Turned:
        called.append(name)
        return Turned([warm_up_ms] * WARM_UP + [ms] * (pictures - WARM_UP))

    return turn


def test_each_round_begins_with_another_and_the_warm_up_is_not_counted():
    called: list[str] = []
    turns = {name: steady(ms, called, name) for name, ms in (("a", 10.0), ("b", 20.0))}
    times = in_rounds(turns, 3, 5).times
    assert called == ["a", "b", "b", "a", "a", "b"]
    assert times["a"].ms.shape == (3, 5)
    assert times["a"].row == {"FPS": 100.0, "ms a picture": 10.0}
    assert ratio(times["a"], times["b"]) == pytest.approx(2.0)
    np.testing.assert_allclose(beyond(times["b"], times["a"]), [10, 10, 10])


def test_a_ratio_is_that_of_the_middle_round_and_not_of_the_sums():
    """One round in which the machine was busy during one contender's turn changes nothing."""
    one = Times(np.array([[10.0], [10.0], [500.0]]))
    other = Times(np.array([[20.0], [20.0], [20.0]]))
    assert ratio(one, other) == pytest.approx(2.0)


def test_own_work_is_what_a_picture_takes_outside_the_runtime():
    rest = own(Times(np.array([[12.0, 14.0]]), np.array([[10.0, 10.0]])))
    assert rest is not None
    assert rest.tolist() == [3.0]
    assert own(Times(np.array([[12.0, 14.0]]))) is None


@pytest.mark.parametrize(("runs", "known"), [(WARM_UP + 2, True), (WARM_UP + 1, False)])
def test_own_work_is_known_only_with_a_run_for_each_picture(runs, known):
    def turn(pictures: int) -> Turned:
        return Turned([5.0] * pictures, [4.0] * runs)

    assert (in_rounds({"a": turn}, 1, 2).times["a"].inside is not None) == known


def test_a_bare_runtime_is_called_once_a_picture():
    called: list[int] = []
    turned = alone(lambda: called.append(1))(7)
    assert len(called) == len(turned.ms) == 7


def stops_in(round_: int):
    turns = 0

    def turn(pictures: int) -> Turned:
        nonlocal turns
        turns += 1
        if turns == round_:
            raise KeyboardInterrupt
        return Turned([1.0] * pictures)

    return turn


def test_stopped_after_whole_rounds_it_tells_those():
    done = in_rounds({"a": stops_in(3)}, 9, 4, "net")
    assert done.times["a"].ms.shape == (2, 4)
    assert done.early.startswith("stopped in round 3 of net")


def test_stopped_before_one_it_ends_without_a_traceback(capsys):
    with pytest.raises(SystemExit) as ended, stoppable():
        in_rounds({"a": stops_in(1)}, 9, 4)
    assert ended.value.code == 130
    assert "nothing was measured" in capsys.readouterr().err


def test_stopped_while_there_is_something_to_tell_it_goes_on_to_the_table(capsys):
    rows = ["of another network"]
    with stoppable(lambda: bool(rows)):
        in_rounds({"a": stops_in(1)}, 9, 4)
    assert "the table has what was whole" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "most", "met"),
    [
        (0.95, False, "yes"),
        (0.949, False, "no"),
        (0.95, True, "yes"),
        (0.951, True, "no"),
        (None, False, "not measured"),
        (None, True, "not measured"),
    ],
)
def test_a_figure_is_judged_by_its_own_value(value, most, met):
    assert asked_for("x", value, 0.95, most=most)["met"] == met


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_no_round_is_no_benchmark(text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"1 or more, not {text}"):
        some(text)


def test_one_round_is_one():
    assert some("1") == 1
