"""Lines: every row of the peers' table exactly, by prescribed ids and through the tracker."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counter.lines import ORPHANS, Lines
from counter.people import Direction, Tracks, TrackState
from counter.settings import LineSettings, TrackerSettings
from counter.tracking import Tracker
from tests.traces import CAMERA, Trace, read_all

TRACES = read_all()
MANY = 512
Foot = tuple[float, float]


def crossings(
    lines: dict[str, LineSettings], frames: Iterable[Tracks]
) -> dict[str, tuple[int, int]]:
    counter = Lines(lines, MANY)
    seen = Counter((c.line, c.direction) for tracks in frames for c in counter.update(tracks))
    return {name: (seen[name, Direction.IN], seen[name, Direction.OUT]) for name in lines}


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.title)
def test_golden_traces_are_counted_exactly(trace: Trace):
    assert crossings(trace.lines, trace.tracks) == trace.expect


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.title)
def test_golden_traces_are_counted_exactly_through_the_tracker(trace: Trace):
    tracker = Tracker(TrackerSettings())
    assert crossings(trace.lines, (tracker.update(p) for p in trace.frames)) == trace.expect


def walk(feet: list[Foot], *, height: float = 0.3, fps: float = 25.0) -> list[Tracks]:
    """One person, a foot a frame, confirmed in the second frame."""
    return [
        Tracks(
            np.array([0]),
            np.array([TrackState.CONFIRMED if number else TrackState.TENTATIVE], np.int8),
            np.array([[x - 0.03, y - height, x + 0.03, y]], np.float32),
            np.array([number == 0]),
            round(number * 1e9 / fps),
            16 / 9,
        )
        for number, (x, y) in enumerate(feet)
    ]


def line(*points: Foot, dead_band: float = 0.1) -> dict[str, LineSettings]:
    return {"door": LineSettings(camera=CAMERA, points=list(points), dead_band=dead_band)}


def between(a: Foot, b: Foot, steps: int) -> list[Foot]:
    return [(x, y) for x, y in np.linspace(a, b, steps).tolist()]


def later(frames: list[Tracks], seconds: float) -> list[Tracks]:
    """The same walk by somebody else, in another slot, some time later."""
    return [
        replace(t, slot=t.slot + 1, captured_ns=t.captured_ns + round(seconds * 1e9))
        for t in frames
    ]


LEVEL = line((0.1, 0.5), (0.9, 0.5))
DOWN = between((0.5, 0.35), (0.5, 0.75), 40)


@pytest.mark.parametrize(
    ("points", "way"),
    [
        (((0.1, 0.5), (0.9, 0.5)), (1, 0)),  # drawn left to right: down the picture is IN
        (((0.9, 0.5), (0.1, 0.5)), (0, 1)),
    ],
)
def test_the_order_of_a_lines_points_says_which_way_is_in(points, way):
    assert crossings(line(*points), walk(DOWN))["door"] == way


def test_a_line_drawn_upwards_counts_to_the_right_as_in():
    frames = walk(between((0.3, 0.5), (0.7, 0.5), 40))
    assert crossings(line((0.5, 0.9), (0.5, 0.1)), frames)["door"] == (1, 0)


def test_the_path_before_confirmation_counts():
    """Tentative all the way over the line, confirmed behind it: counted, once."""
    frames = walk(DOWN)
    for tracks in frames[:-2]:
        tracks.state[:] = TrackState.TENTATIVE
    assert crossings(LEVEL, frames[:-2])["door"] == (0, 0)
    assert crossings(LEVEL, frames)["door"] == (1, 0)


def test_a_prediction_alone_never_counts():
    frames = walk(DOWN)
    for tracks in frames[10:]:  # lost before the line, and guessed to have gone on
        tracks.state[:] = TrackState.LOST
    assert crossings(LEVEL, frames)["door"] == (0, 0)


def test_a_slot_that_is_used_again_is_somebody_else():
    above, below = walk([(0.2, 0.3)] * 10), later(walk([(0.8, 0.9)] * 10), 0.4)
    below = [replace(t, slot=t.slot - 1) for t in below]
    assert crossings(LEVEL, above + below)["door"] == (0, 0)


def test_a_newcomer_is_not_taken_for_one_who_left_the_line_behind():
    """Somebody ends just behind the line; the next one begins before it: two entries, no exit."""
    first = walk(DOWN[:22])
    second = later(walk(DOWN[8:]), 0.9)
    assert crossings(LEVEL, first + second)["door"] == (2, 0)


def test_nobody_hands_over_across_the_picture():
    ended = walk(between((0.2, 0.35), (0.2, 0.49), 20))  # ends before the line
    begun = later(walk(between((0.8, 0.55), (0.8, 0.75), 20)), 0.84)
    assert crossings(LEVEL, ended + begun)["door"] == (0, 0)


def test_the_size_of_the_state_is_fixed():
    lines = Lines(LEVEL, 8)
    size = lines._rows.nbytes
    nobody = Tracks(
        np.zeros(0, np.intp), np.zeros(0, np.int8), np.zeros((0, 4), np.float32),
        np.zeros(0, np.bool_), 0, 16 / 9,
    )  # fmt: skip
    for number in range(ORPHANS * 3):  # eight end at the line at once, again and again
        start_ns = number * 200_000_000
        for one in walk([(0.5, 0.45), (0.5, 0.49)]):
            eight = Tracks(
                np.arange(8),
                np.repeat(one.state, 8),
                np.repeat(one.xyxy, 8, axis=0),
                np.repeat(one.born, 8),
                start_ns + one.captured_ns,
                one.aspect,
            )
            lines.update(eight)
        assert lines.update(replace(nobody, captured_ns=start_ns + 100_000_000)) == ()
    assert lines._rows.nbytes == size
    assert np.count_nonzero(lines._rows["alive"]) == ORPHANS


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.05, 0.95), min_size=2, max_size=8), st.floats(0.02, 0.98))
def test_entries_and_exits_never_differ_by_more_than_one(heights: list[float], level: float):
    """One person on an endless line: ins and outs alternate, wherever the walk goes."""
    legs = [between((0.5, a), (0.5, b), 12) for a, b in pairwise(heights)]
    feet = [foot for leg in legs for foot in leg]
    into, out = crossings(line((0.0, level), (1.0, level)), walk(feet, height=0.2))["door"]
    assert abs(into - out) <= 1
    assert into + out <= sum((a > level) != (b > level) for (_, a), (_, b) in pairwise(feet))


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(6)))
def test_the_order_of_slots_changes_nothing(order: list[int]):
    frames = TRACES[1].tracks[:120]  # of fifty people who turn back
    mixed = []
    for tracks in frames:
        swap = [i for i in order if i < len(tracks)] + list(range(6, len(tracks)))
        mixed.append(
            replace(
                tracks,
                slot=tracks.slot[swap],
                state=tracks.state[swap],
                xyxy=tracks.xyxy[swap],
                born=tracks.born[swap],
            )
        )
    assert crossings(LEVEL, mixed) == crossings(LEVEL, frames)
