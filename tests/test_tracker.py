"""The tracker, on people made up of numbers."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from counter.people import Detections, Tracks, TrackState
from counter.settings import TrackerSettings
from counter.tracking import Tracker
from counter.tracking.assignment import Pairs, assign, grown_iou

SECOND = 1_000_000_000
FRAME = 100_000_000  # 10 FPS


def people(*feet: tuple[float, float], at: int = 0, confidence: float = 0.9) -> Detections:
    """Persons of 0.3 image heights with their feet at `feet`, at frame `at`."""
    x, y = np.array(feet, np.float32).reshape(-1, 2).T
    boxes = np.stack((x - 0.03, y - 0.3, x + 0.03, y), axis=1).astype(np.float32)
    return Detections(boxes, np.full(len(feet), confidence, np.float32), at * FRAME)


def states(tracks: Tracks) -> list[TrackState]:
    return [TrackState(state) for state in tracks.state]


def test_a_person_is_believed_at_the_second_detection():
    tracker = Tracker(TrackerSettings())
    first = tracker.update(people((0.5, 0.5), at=0))
    second = tracker.update(people((0.5, 0.5), at=1))
    assert (states(first), first.born.tolist()) == ([TrackState.TENTATIVE], [True])
    assert (states(second), second.born.tolist()) == ([TrackState.CONFIRMED], [False])
    assert first.slot.tolist() == second.slot.tolist()


@pytest.mark.parametrize("needed", [1, 2, 4])
def test_confirm_frames_is_kept(needed):
    tracker = Tracker(TrackerSettings(confirm_frames=needed))
    seen = [states(tracker.update(people((0.5, 0.5), at=n)))[0] for n in range(needed)]
    assert seen == [TrackState.TENTATIVE] * (needed - 1) + [TrackState.CONFIRMED]


def test_a_single_false_box_is_forgotten_at_once():
    tracker = Tracker(TrackerSettings())
    tracker.update(people((0.5, 0.5), at=0))
    assert len(tracker.update(people(at=1))) == 0


@pytest.mark.parametrize("step", [1, 2, 5])
def test_a_lost_track_lives_by_time_and_not_by_frames(step):
    """0.6 s of the frames' own clock, whether they come at 10, 5 or 2 FPS."""
    tracker = Tracker(TrackerSettings(lost_s=0.6))
    for frame in (0, 1):
        tracker.update(people((0.5, 0.5), at=frame))
    for frame in range(1 + step, 20, step):
        tracks = tracker.update(people(at=frame))
        lost = [TrackState.LOST] if frame - 1 <= 6 else []
        assert states(tracks) == lost, frame


def test_a_person_who_was_hidden_is_the_same_person():
    tracker = Tracker(TrackerSettings())
    before = [tracker.update(people((0.3 + 0.01 * n, 0.6), at=n)) for n in range(10)]
    for n in range(10, 15):
        tracker.update(people(at=n))
    after = tracker.update(people((0.3 + 0.15, 0.6), at=15))
    assert after.slot.tolist() == before[-1].slot.tolist()
    assert states(after) == [TrackState.CONFIRMED]


def test_unsure_boxes_continue_a_track_and_never_begin_one():
    tracker = Tracker(TrackerSettings(), high=0.5)
    assert len(tracker.update(people((0.2, 0.5), at=0, confidence=0.3))) == 0
    for n in (1, 2):
        tracker.update(people((0.5, 0.5), at=n))
    tracks = tracker.update(people((0.5, 0.5), (0.2, 0.5), at=3, confidence=0.3))
    assert states(tracks) == [TrackState.CONFIRMED]
    below = tracker.update(people((0.5, 0.5), at=4, confidence=0.05))  # too unsure to look at
    assert states(below) == [TrackState.LOST]


def test_the_same_frame_again_changes_nothing():
    tracker = Tracker(TrackerSettings())
    tracker.update(people((0.5, 0.5), at=0))
    once = tracker.update(people((0.5, 0.5), at=1))
    inside = copy.deepcopy(tracker._states)
    assert tracker.update(people((0.9, 0.9), at=1)) is once
    np.testing.assert_array_equal(tracker._states, inside)


def test_footage_that_begins_again_forgets_everybody():
    tracker = Tracker(TrackerSettings())
    for n in (5, 6):
        tracker.update(people((0.5, 0.5), at=n))
    again = tracker.update(people((0.5, 0.5), at=0))
    assert (states(again), again.born.tolist()) == ([TrackState.TENTATIVE], [True])


def test_who_walks_out_of_the_picture_leaves_no_ghost():
    tracker = Tracker(TrackerSettings())
    for n in range(10):
        tracker.update(people((0.88 + 0.012 * n, 0.6), at=n))
    assert len(tracker.update(people(at=11))) == 0


def test_a_lost_track_under_a_seen_one_is_the_same_person():
    """Two boxes on one person for a while: when one stays away, its track does not linger."""
    tracker = Tracker(TrackerSettings())
    for n in range(3):
        tracker.update(people((0.5, 0.6), (0.502, 0.6), at=n))
    assert len(tracker.update(people((0.501, 0.6), at=3))) == 1


def test_nobody_is_expected_far_away_after_a_long_gap():
    """Five seconds without a frame: a velocity is not trusted for longer than lost_s."""
    tracker = Tracker(TrackerSettings(lost_s=0.6))
    for n in range(10):
        before = tracker.update(people((0.2 + 0.01 * n, 0.6), at=n))
    after = tracker.update(people((0.35, 0.6), at=60))
    assert after.slot.tolist() == before.slot.tolist()
    assert not after.born.any()


def test_a_low_frame_rate_still_follows_a_runner():
    """2 body heights a second at 5 FPS: boxes of successive frames do not even touch."""
    tracker = Tracker(TrackerSettings())
    runner = [tracker.update(people((0.1 + 0.068 * n, 0.6), at=2 * n)) for n in range(8)]
    assert {len(tracks) for tracks in runner} == {1}
    assert sum(int(tracks.born.sum()) for tracks in runner) == 1


def test_two_who_pass_each_other_keep_their_slots():
    tracker = Tracker(TrackerSettings())
    for n in range(41):
        x = 0.3 + 0.01 * n
        tracks = tracker.update(people((x, 0.6), (1 - x, 0.64), at=n))
    assert len(tracks) == 2
    right = tracks.slot[tracks.xyxy[:, 0].argmax()]
    assert right == 0  # the surest boxes tie: the left one began first, and is on the right now


def test_a_full_pool_keeps_the_surest_and_stays_as_large():
    tracker = Tracker(TrackerSettings(max_tracks=3))
    crowd = people(*[(0.1 + 0.15 * n, 0.5) for n in range(6)])
    sure = replace(crowd, confidence=np.array([0.5, 0.9, 0.6, 0.8, 0.7, 0.4], np.float32))
    tracks = tracker.update(sure)
    assert sorted(tracks.xyxy[:, 0] + 0.03) == pytest.approx([0.25, 0.55, 0.7])
    assert len(tracker.update(replace(sure, captured_ns=FRAME))) == 3


def test_slots_are_recycled_over_20000_frames_of_churn():
    tracker = Tracker(TrackerSettings(max_tracks=16, lost_s=0.3))
    rng = np.random.default_rng(5)
    crowds = [people(*rng.uniform(0.1, 0.9, (n % 8, 2)).tolist()) for n in range(200)]
    sizes = _sizes(tracker)
    used: set[int] = set()
    born = 0
    for frame in range(20_000):
        crowd = crowds[frame * 7 % 199]  # never the same after the same
        tracks = tracker.update(replace(crowd, captured_ns=frame * FRAME))
        born += int(np.count_nonzero(tracks.born))
        used.update(tracks.slot.tolist())
    assert born > 30_000
    assert used <= set(range(16))
    assert _sizes(tracker) == sizes


def _sizes(tracker: Tracker) -> dict[str, int]:
    return {name: a.nbytes for name, a in vars(tracker).items() if isinstance(a, np.ndarray)}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_order_of_boxes_changes_nothing(seed: int):
    rng = np.random.default_rng(seed)
    straight, mixed = Tracker(TrackerSettings()), Tracker(TrackerSettings())
    feet, speed = rng.uniform(0.1, 0.9, (12, 2)), rng.normal(0, 0.01, (12, 2))
    for frame in range(12):
        boxes = people(*(feet + frame * speed).tolist(), at=frame)
        confidence = np.round(rng.uniform(0.1, 1, 12), 1).astype(np.float32)  # with ties
        order = rng.permutation(12)
        ours = straight.update(replace(boxes, confidence=confidence))
        shuffled = replace(boxes, xyxy=boxes.xyxy[order], confidence=confidence[order])
        theirs = mixed.update(shuffled)
        np.testing.assert_array_equal(ours.slot, theirs.slot)
        np.testing.assert_array_equal(ours.xyxy, theirs.xyxy)
        np.testing.assert_array_equal(ours.state, theirs.state)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10_000))
def test_assignment_is_the_best_of_all(tracks: int, persons: int, seed: int):
    """Against every possible assignment, by trying them all."""
    rng = np.random.default_rng(seed)
    similarity = np.where(rng.random((tracks, persons)) < 0.5, rng.random((tracks, persons)), 0)
    some = np.nonzero(similarity)
    rows, columns = assign(Pairs(some[0], some[1], similarity[some]), gate=0.2)
    assert len(set(rows.tolist())) == len(rows)
    assert len(set(columns.tolist())) == len(columns)
    assert (similarity[rows, columns] > 0.2).all()
    assert (similarity[rows, columns] - 0.2).sum() == pytest.approx(_best(similarity - 0.2))


def _best(gain: NDArray[np.float64]) -> float:
    if not gain.shape[0]:
        return 0.0
    rest = _best(gain[1:])
    for column in np.flatnonzero(gain[0] > 0):
        rest = max(rest, gain[0, column] + _best(np.delete(gain[1:], column, axis=1)))
    return float(rest)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 10_000))
def test_every_overlapping_pair_is_compared(tracks: int, persons: int, seed: int):
    """The sweep against all pairs, one by one."""
    rng = np.random.default_rng(seed)
    boxes = rng.uniform(0, 1, (tracks + persons, 2))
    boxes = np.concatenate((boxes, boxes + rng.uniform(0.01, 0.3, boxes.shape)), axis=1)
    ours, theirs, margin = boxes[:tracks], boxes[tracks:], rng.uniform(0, 0.1, tracks)
    pairs = grown_iou(ours, margin, theirs)
    found = dict(zip(zip(pairs.track, pairs.person, strict=True), pairs.similarity, strict=True))
    for t in range(tracks):
        for p in range(persons):
            a = ours[t] + np.array([-1, -1, 1, 1]) * margin[t]
            b = theirs[p] + np.array([-1, -1, 1, 1]) * margin[t]
            side = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
            inside = float(np.prod(np.maximum(side, 0)))
            both = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - inside
            assert found.get((t, p), 0.0) == pytest.approx(inside / both)


def test_tracks_print_no_value_and_stay_in_the_process():
    tracker = Tracker(TrackerSettings())
    tracks = tracker.update(people((0.123, 0.456)))
    assert repr(tracks) == "<Tracks>"
    assert not any(character.isdigit() for character in repr(tracker).split(" at 0x")[0])
    with pytest.raises(TypeError):
        pickle.dumps(tracks)
