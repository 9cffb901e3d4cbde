"""The floor under every settings, whoever made them: tightened, or refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.disclosure import Gate
from counter.errors import RefusedError
from counter.purposes import RULES, Measure, Purpose
from counter.release import Status
from counter.settings import (
    CameraSettings,
    DisclosureSettings,
    GroupSettings,
    LineSettings,
    ZoneSettings,
)
from tests.gates import ASKED, PURPOSES, box, device, quick, released, tallies

# --- Rule 8: the floor ---------------------------------------------------------------------------


@given(PURPOSES, ASKED, st.integers(0, 400), st.floats(0, 1))
@quick
def test_no_configuration_releases_more_than_the_floor_allows(purpose, asked, value, coverage):
    rule = RULES[purpose]
    gate = Gate(device(purpose, asked))
    for count in gate.release(tallies(gate, [value] * 3, coverage=coverage)):
        if coverage < 0.5:
            assert count.status is Status.MISSING
        if value < rule.threshold_floor:
            assert count.status is not Status.PUBLISHED
        if count.status is Status.PUBLISHED:
            assert count.value is not None
            assert count.value >= rule.threshold_floor
            assert count.value % gate.parameters.rounding == 0
            assert gate.parameters.rounding >= rule.rounding
        if count.less_than is not None:
            assert count.less_than >= rule.threshold_floor


@pytest.mark.parametrize("threshold", [-1, 0, 1, 9, 10])
def test_a_threshold_below_the_floor_is_the_floor(threshold: int):
    made = device(disclosure=DisclosureSettings(threshold=threshold, rounding=1, min_coverage=0))
    assert released(made, 9).less_than == 10
    assert released(made, 10).value == 10
    assert released(made, 11).value == 10
    assert released(made, 11).rule_id == "passenger-information/k10/r5/v2"


def test_a_configuration_can_tighten():
    made = device(disclosure=DisclosureSettings(threshold=30, rounding=20, min_coverage=0.9))
    assert released(made, 29).less_than == 30
    assert released(made, 30).value == 40
    assert released(made, 30).rule_id == "passenger-information/k30/r20/v2"


@pytest.mark.parametrize(("purpose", "interval_s"), [
    (Purpose.PASSENGER_INFORMATION, 20), (Purpose.EVENT_DENSITY, 30), (Purpose.FOOTFALL, 600),
    (Purpose.FOOTFALL, 0), (Purpose.FOOTFALL, -1200),
])  # fmt: skip
def test_a_short_interval_is_refused_whoever_made_the_settings(purpose: Purpose, interval_s: int):
    with pytest.raises(RefusedError) as refused:
        Gate(device(purpose, interval_s=interval_s))
    assert refused.value.name == "short-window"


@pytest.mark.parametrize(
    "zones",
    [
        {"a": box(0.0), "b": box(0.1)},  # overlap
        {"a": box(0.0), "b": box(0.0)},  # the same
        {"a": box(0.0), "b": box(0.1999)},  # a thin sliver
        {"a": box(0.0), "b": box(0.2, anchor="head")},  # one person in two that only touch
    ],
)
def test_cells_that_share_people_are_refused_whoever_made_the_settings(zones):
    with pytest.raises(RefusedError) as refused:
        Gate(device(zones=zones, groups={}))
    assert refused.value.name == "overlapping-zones"


def test_two_groups_with_one_zone_in_both_are_refused():
    groups = {"one": GroupSettings(zones=["a", "b"]), "two": GroupSettings(zones=["b", "c"])}
    with pytest.raises(RefusedError, match="zone b is already in group one"):
        Gate(device(groups=groups))


def test_zones_of_different_cameras_are_not_compared():
    cameras = {name: CameraSettings(source=f"{name}.mp4") for name in ("one", "two")}
    corners = box(0.0).polygon
    zones = {name: ZoneSettings(camera=name, polygon=corners) for name in cameras}
    assert len(Gate(device(cameras=cameras, zones=zones, groups={})).cells) == 2


@pytest.mark.parametrize("second", ["rtsp://h/1", "rtsp://user:secret@H/1"])
def test_one_camera_has_one_name(second):
    """Else its zones could lie in each other, and be subtracted."""
    sources = {"one": "rtsp://h/1", "two": second}
    cameras = {name: CameraSettings(source=source) for name, source in sources.items()}
    zones = {name: ZoneSettings(camera=name, polygon=box(0.0).polygon) for name in cameras}
    with pytest.raises(RefusedError) as caught:
        Gate(device(cameras=cameras, zones=zones, groups={}))
    assert caught.value.name == "overlapping-zones"
    assert "secret" not in caught.value.message


# --- Rule 6: footfall ----------------------------------------------------------------------------


def test_footfall_releases_crossings_or_occupancy_but_never_both():
    """With both, 20 before, 15 in and 20 out bound a suppressed occupancy to 7..10."""
    line = LineSettings(camera="door", points=[(0.1, 0.5), (0.9, 0.5)])
    both = Gate(device(Purpose.FOOTFALL, lines={"in": line}))
    assert {cell.measure for cell in both.cells} == {Measure.ENTRIES, Measure.EXITS}
    without = Gate(device(Purpose.FOOTFALL))
    assert {cell.measure for cell in without.cells} == {Measure.OCCUPANCY}


@pytest.mark.parametrize("points", [
    [(0.1, 0.5), (0.9, 0.5)], [(0.9, 0.52), (0.1, 0.49)], [(0.3, 0.51), (0.6, 0.51)],
])  # fmt: skip
def test_two_lines_that_the_same_people_cross_are_refused(points):
    line = LineSettings(camera="door", points=[(0.1, 0.5), (0.9, 0.5)])
    second = LineSettings(camera="door", points=points)
    with pytest.raises(RefusedError) as refused:
        Gate(device(Purpose.FOOTFALL, zones={}, groups={}, lines={"a": line, "b": second}))
    assert refused.value.name == "overlapping-zones"


@pytest.mark.parametrize("points", [
    [(0.55, 0.5), (0.9, 0.5)],  # the next door in the same wall
    [(0.51, 0.5), (0.54, 0.5)],  # and a narrow one
    [(0.1, 0.8), (0.5, 0.8)], [(0.3, 0.2), (0.3, 0.8)],
])  # fmt: skip
def test_lines_apart_are_released(points):
    line = LineSettings(camera="door", points=[(0.1, 0.5), (0.5, 0.5)])
    second = LineSettings(camera="door", points=points)
    for lines in ({"a": line, "b": second}, {"a": second, "b": line}):
        made = device(Purpose.FOOTFALL, zones={}, groups={}, lines=lines)
        assert len(Gate(made).cells) == 4
