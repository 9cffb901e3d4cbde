"""Zones: who stands in which polygon."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counter.people import MOST_SEEN, Tracks, TrackState
from counter.settings import ZoneSettings
from counter.zones import FEWEST, LINGER_NS, Zones

SQUARE = [(0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)]
HOOK = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.7, 0.9), (0.7, 0.3), (0.1, 0.3)]  # not convex
WHOLE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]


def zone(
    polygon: list[tuple[float, float]], anchor: Literal["foot", "center", "head"] = "foot"
) -> ZoneSettings:
    return ZoneSettings(camera="c", polygon=polygon, anchor=anchor)


def box_with_foot(x: float, y: float) -> list[float]:
    return [x - 0.02, y - 0.3, x + 0.02, y]


def inside(polygon: list[tuple[float, float]], *feet: tuple[float, float]) -> list[bool]:
    boxes = np.array([box_with_foot(*foot) for foot in feet], np.float32)
    return [bool(held) for held in Zones([zone(polygon)]).inside(boxes)[:, 0]]


def test_all_zones_and_all_people_at_once():
    boxes = np.array([box_with_foot(0.4, 0.4), box_with_foot(0.8, 0.8)], np.float32)
    found = Zones([zone(SQUARE), zone(HOOK), zone(WHOLE)]).inside(boxes)
    assert found.tolist() == [[True, False, True], [False, True, True]]


def test_a_hook_holds_what_it_encloses_and_not_its_bay():
    assert inside(HOOK, (0.2, 0.2), (0.8, 0.5), (0.4, 0.6), (0.95, 0.5)) == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(("anchor", "held"), [("foot", False), ("center", True), ("head", False)])
def test_the_anchor_decides(anchor, held):
    box = np.array([[0.3, 0.1, 0.5, 0.7]], np.float32)  # only its middle is in the square
    assert Zones([zone(SQUARE, anchor)]).inside(box).tolist() == [[held]]


def test_feet_cut_off_by_the_picture_are_inside_it():
    assert (
        inside(WHOLE, (0.5, 1.0), (0.5, 1.02), (0.0, 0.5), (1.0, 1.0), (-0.01, 0.5)) == [True] * 5
    )


def test_no_zones_and_no_people_are_no_special_cases():
    assert Zones([]).inside(np.zeros((3, 4), np.float32)).shape == (3, 0)
    assert Zones([zone(SQUARE)]).inside(np.zeros((0, 4), np.float32)).shape == (0, 1)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 100), st.integers(0, 100))
def test_neighbours_share_nobody_and_lose_nobody(x: int, y: int):
    """Four quarters of the picture, anchors on a grid that has points on every shared edge."""
    quarters = [
        [(a, b), (a + 0.5, b), (a + 0.5, b + 0.5), (a, b + 0.5)] for a in (0, 0.5) for b in (0, 0.5)
    ]
    box = np.array([box_with_foot(x / 100, y / 100)], np.float32)
    assert Zones([zone(q) for q in quarters]).inside(box).sum() == 1


def tracks(state: TrackState, captured_ns: int, slot: int = 3) -> Tracks:
    return Tracks(
        np.array([slot]),
        np.array([state], np.int8),
        np.array([box_with_foot(0.4, 0.4)], np.float32),
        np.array([captured_ns == 0]),
        captured_ns,
        16 / 9,
    )


def test_a_lost_person_counts_for_a_moment():
    zones = Zones([zone(SQUARE)])
    assert zones.persons(tracks(TrackState.TENTATIVE, 0)) == [0]
    assert zones.persons(tracks(TrackState.CONFIRMED, 10)) == [1]
    assert zones.persons(tracks(TrackState.LOST, LINGER_NS)) == [1]
    assert zones.persons(tracks(TrackState.LOST, LINGER_NS + 11)) == [0]
    assert zones.persons(tracks(TrackState.CONFIRMED, LINGER_NS + 12)) == [1]


def several(step: float, many: int, captured_ns: int = 0) -> Tracks:
    """People side by side, `step` of the picture apart; a box is 0.04 wide."""
    boxes = [box_with_foot(0.22 + step * n, 0.5) for n in range(many)]
    state = np.full(many, TrackState.CONFIRMED, np.int8)
    born = np.full(many, captured_ns == 0)
    return Tracks(np.arange(many), state, np.array(boxes, np.float32), born, captured_ns, 16 / 9)


@pytest.mark.parametrize(
    ("step", "many", "crowded"),
    [
        (0.03, 8, True),  # 14 % of the union in common
        (0.035, 8, False),  # 7 %
        (0.05, 8, False),
        (0.03, FEWEST, True),
        (0.03, FEWEST - 1, False),
    ],
)
def test_a_zone_is_crowded_where_boxes_overlap(step: float, many: int, crowded: bool):
    zones = Zones([zone(SQUARE), zone([(0.7, 0.7), (0.9, 0.7), (0.9, 0.9)])])
    assert zones.persons(several(step, many)).tolist() == [many, 0]
    assert zones.crowded.tolist() == [crowded, False]


def test_a_few_who_overlap_do_not_make_a_crowd():
    near, apart = several(0.03, 4), several(0.05, 7)
    boxes = np.concatenate((near.xyxy, apart.xyxy + np.array([0, 0.05, 0, 0.05], np.float32)))
    boxes[:4, ::2] += 0.5  # a group of four, and seven who stand alone
    both = Tracks(
        np.arange(11), np.full(11, TrackState.CONFIRMED, np.int8), boxes, np.ones(11, bool), 0, 1.0
    )
    zones = Zones([zone(WHOLE)])
    assert zones.persons(both) == [11]
    assert zones.crowded.tolist() == [False]


def test_crowding_is_looked_for_once_a_second():
    zones = Zones([zone(SQUARE)])
    answers = []
    for tenth, step in enumerate([0.03] * 5 + [0.05] * 10):
        zones.persons(several(step, 8, tenth * 100_000_000))
        answers.append(bool(zones.crowded[0]))
    assert answers == [True] * 10 + [False] * 5


def test_a_tracker_without_a_free_slot_makes_every_zone_crowded():
    zones = Zones([zone(SQUARE), zone(HOOK)], max_tracks=5)
    zones.persons(several(0.05, 5))
    assert zones.crowded.tolist() == [True, True]


@pytest.mark.parametrize(("many", "crowded"), [(MOST_SEEN, True), (MOST_SEEN // 2, False)])
def test_a_picture_with_as_many_as_a_detector_tells_makes_every_zone_crowded(many, crowded):
    zones = Zones([zone(SQUARE), zone(HOOK)])
    places = [(0.02 + 0.05 * (i % 20), 0.06 + 0.055 * (i // 20)) for i in range(many)]
    boxes = np.array([[x - 0.01, y - 0.05, x + 0.01, y] for x, y in places], np.float32)
    state = np.full(many, TrackState.CONFIRMED, np.int8)
    zones.persons(Tracks(np.arange(many), state, boxes, np.ones(many, bool), 0, 16 / 9))
    assert zones.crowded.tolist() == [crowded, crowded]
