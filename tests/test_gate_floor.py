"""No settings, whoever made them, release more than a floor that is written down here again (P14).

Nothing of floor.py, purposes.py or geometry.py is used to say what is right: the numbers are those
of the product's published table, and shapes are compared by points thrown at them.
"""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from counter.cells import Cell, Kind
from counter.disclosure import Gate
from counter.errors import CounterError, RefusedError
from counter.purposes import Measure, Purpose
from counter.release import Status, ZoneCount
from counter.settings import (
    CameraSettings,
    DisclosureSettings,
    GroupSettings,
    LineSettings,
    Settings,
)
from counter.settings import ZoneSettings as Zone
from tests.gates import quick, tallies

FLOOR_THRESHOLD, FLOOR_ROUNDING, FLOOR_COVERAGE = 10, 5, 0.5
FLOOR_INTERVAL_S = {"passenger-information": 30, "event-density": 60, "footfall": 900}
MEASURES = {Purpose.FOOTFALL: {Measure.OCCUPANCY, Measure.ENTRIES, Measure.EXITS}}
# Most hostile settings are refused, as they should be; those that are not are what is looked at.
hostile = settings(
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
POINTS = np.random.default_rng(5).random((4000, 2))

WHOLE = st.one_of(st.none(), st.integers(-(10**6), 10**6), st.integers(0, 60))
FRACTION = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
CORNERS = st.lists(st.tuples(FRACTION, FRACTION), min_size=3, max_size=6)
BOXES = st.tuples(FRACTION, FRACTION, FRACTION, FRACTION).map(
    lambda b: [(b[0], b[1]), (b[2], b[1]), (b[2], b[3]), (b[0], b[3])]
)
NAMES = st.sampled_from(["a", "b", "c", "d"])
ZONES = st.builds(
    Zone,
    camera=st.sampled_from(["one", "two"]),
    polygon=st.one_of(BOXES, CORNERS),
    anchor=st.sampled_from(["foot", "head"]),
    seats=st.integers(0, 60),
    area_m2=st.one_of(st.just(0.0), st.floats(0, 100)),
)
LINES = st.builds(
    LineSettings,
    camera=st.sampled_from(["one", "two"]),
    points=st.lists(st.tuples(FRACTION, FRACTION), min_size=2, max_size=2),
)
SETTINGS = st.builds(
    Settings,
    site=st.just("s"),
    device=st.just("d"),
    purpose=st.sampled_from(Purpose),
    interval_s=st.one_of(
        st.none(),
        st.sampled_from([1200, 1800, 3600]),
        st.sampled_from([0, 30, 60, 900]),
        st.integers(-100, 90_000),
    ),
    cameras=st.just({name: CameraSettings(source=f"rtsp://{name}/1") for name in ("one", "two")}),
    zones=st.dictionaries(NAMES, ZONES, max_size=3),
    lines=st.dictionaries(NAMES, LINES, max_size=2),
    groups=st.one_of(
        st.just({}),
        st.just({"all": GroupSettings(zones=["a", "b"])}),
        st.dictionaries(
            NAMES, st.builds(GroupSettings, zones=st.lists(NAMES, min_size=2, max_size=3))
        ),
    ),
    disclosure=st.builds(
        DisclosureSettings,
        threshold=WHOLE,
        rounding=WHOLE,
        min_coverage=st.one_of(st.floats(-5, 5), st.sampled_from([math.nan, math.inf, -math.inf])),
    ),
)


def accepted(made: Settings) -> Gate | None:
    """The gate of these settings, or None where they are refused by name."""
    try:
        return Gate(made)
    except CounterError:
        return None


def parts(cell: Cell, made: Settings) -> list[str]:
    return made.groups[cell.name].zones if cell.kind is Kind.GROUP else [cell.name]


def inside(polygon: list[tuple[float, float]]) -> np.ndarray:
    """Which POINTS lie in a polygon: rays to the right cross its sides an odd number of times."""
    x, y = POINTS.T
    odd = np.zeros(len(POINTS), bool)
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if abs(ay - by) > 1e-12:  # else it is level
            odd ^= ((ay > y) != (by > y)) & (x < ax + (y - ay) * (bx - ax) / (by - ay))
    return odd


@given(SETTINGS, st.integers(0, 400), st.floats(0, 1))
@hostile
def test_what_is_released_keeps_to_the_floor(made: Settings, value: int, coverage: float):
    gate = accepted(made)
    assume(gate is not None and gate.cells)
    assert gate is not None
    for count in gate.release(tallies(gate, [value] * len(gate.cells), coverage=coverage)):
        keeps_to_the_floor(count, value, coverage)
    length_s = gate.parameters.interval_s
    assert length_s >= FLOOR_INTERVAL_S[made.purpose]
    assert 86_400 % length_s == 0


def keeps_to_the_floor(count: ZoneCount, value: int, coverage: float) -> None:
    if coverage < FLOOR_COVERAGE:
        assert count.status is Status.MISSING
    if count.status is Status.PUBLISHED:
        assert value >= FLOOR_THRESHOLD
        assert count.value is not None
        assert count.value >= FLOOR_THRESHOLD
    else:
        shares = (count.value, count.fill, count.density)
        assert shares == (None, None, None)
        assert count.less_than is None or count.less_than >= FLOOR_THRESHOLD


@given(st.sampled_from(Purpose), WHOLE, WHOLE)
@example(Purpose.EVENT_DENSITY, None, 7)
@quick
def test_what_is_told_apart_is_never_finer_than_the_floor(purpose, threshold, rounding):
    asked = DisclosureSettings(threshold=threshold, rounding=rounding)
    zones = {"a": Zone(camera="one", polygon=[(0, 0), (1, 0), (1, 1)], seats=70, area_m2=20.0)}
    cameras = {"one": CameraSettings(source="rtsp://c/1")}
    made = Settings(
        site="s", device="d", purpose=purpose, cameras=cameras, zones=zones, disclosure=asked
    )
    tokens: dict[ZoneCount, list[int]] = {}
    for exact in range(260):
        gate = Gate(made)
        (count,) = gate.release(tallies(gate, [exact]))
        tokens.setdefault(count, []).append(exact)
    ranges = list(tokens.values())
    assert len(ranges[0]) >= FLOOR_THRESHOLD  # nobody, and whoever is as few
    assert all(found == list(range(found[0], found[-1] + 1)) for found in ranges)
    whole = ranges[2:-1]  # the first number begins at the threshold, the last is cut off here
    coarse = 10 if purpose is Purpose.EVENT_DENSITY else FLOOR_ROUNDING
    for found in whole:
        assert len(found) >= (coarse if found[0] > 105 else FLOOR_ROUNDING)


@given(SETTINGS)
@hostile
def test_no_two_cells_share_people(made: Settings):
    gate = accepted(made)
    assume(gate is not None and len(gate.cells) > 1)
    assert gate is not None
    measures = {cell.measure for cell in gate.cells}
    assert measures in ({Measure.OCCUPANCY}, {Measure.ENTRIES, Measure.EXITS})
    assert measures <= MEASURES.get(made.purpose, {Measure.OCCUPANCY})
    if measures == {Measure.OCCUPANCY}:
        zones = [name for cell in gate.cells for name in parts(cell, made)]
        assert len(set(zones)) == len(zones)
        for camera in made.cameras:
            mine = [made.zones[name].polygon for name in zones if made.zones[name].camera == camera]
            assert not mine or np.sum([inside(polygon) for polygon in mine], axis=0).max() <= 1


THIN = st.floats(1e-4, 0.3)


@given(THIN, THIN, THIN, THIN)
@quick
def test_a_zone_in_another_is_refused_however_thin_the_rim(left, top, right, bottom):
    inner = [(left, top), (1 - right, top), (1 - right, 1 - bottom), (left, 1 - bottom)]
    refused_for_overlap([(0, 0), (1, 0), (1, 1), (0, 1)], inner)


@given(THIN, st.integers(0, 3))
@quick
def test_two_zones_that_overlap_are_refused_however_thin_the_strip(strip, turn):
    left = [(0.1, 0.1), (0.5, 0.1), (0.5, 0.9), (0.1, 0.9)]
    right = [(0.5 - strip, 0.2), (0.9, 0.2), (0.9, 0.8), (0.5 - strip, 0.8)]
    refused_for_overlap(left[turn:] + left[:turn], right)


def refused_for_overlap(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> None:
    made = Settings(
        site="s",
        device="d",
        purpose=Purpose.PASSENGER_INFORMATION,
        cameras={"one": CameraSettings(source="rtsp://c/1")},
        zones={name: Zone(camera="one", polygon=p) for name, p in (("a", one), ("b", other))},
    )
    with pytest.raises(RefusedError) as refused:
        Gate(made)
    assert refused.value.name == "overlapping-zones"
