"""Geometry of zones and lines, against properties and an independent count of grid points."""

from math import cos, pi, sin

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from counter import geometry

SQUARE = [(0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)]
L_SHAPE = [(0.0, 0.0), (0.6, 0.0), (0.6, 0.2), (0.2, 0.2), (0.2, 0.6), (0.0, 0.6)]
U_SHAPE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.8, 1.0), (0.8, 0.2), (0.2, 0.2), (0.2, 1.0),
           (0.0, 1.0)]  # fmt: skip
BOW_TIE = [(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)]


@st.composite
def stars(draw) -> list[tuple[float, float]]:
    """A simple polygon, mostly concave: rising angles around a middle, any radius."""
    count = draw(st.integers(3, 12))
    radii = draw(st.lists(st.floats(0.05, 0.45), min_size=count, max_size=count))
    turn = draw(st.floats(0, 2 * pi))
    middle_x, middle_y = draw(st.floats(0.3, 0.7)), draw(st.floats(0.3, 0.7))
    return [
        (
            middle_x + radius * cos(turn + 2 * pi * i / count),
            middle_y + radius * sin(turn + 2 * pi * i / count),
        )
        for i, radius in enumerate(radii)
    ]


def moved(ring, dx: float, dy: float):
    return [(x + dx, y + dy) for x, y in ring]


def inside(point, ring) -> bool:
    """Even-odd rule: written another way than the code under test."""
    x, y = point
    odd = False
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            odd = not odd
    return odd


@pytest.mark.parametrize(("ring", "area"), [(SQUARE, 0.16), (L_SHAPE, 0.20), (U_SHAPE, 0.52)])
def test_areas(ring, area: float):
    assert geometry.area(ring) == pytest.approx(area)
    assert geometry.area(ring[::-1]) == pytest.approx(area)
    assert geometry.signed_area(ring) == pytest.approx(-geometry.signed_area(ring[::-1]))


@pytest.mark.parametrize(
    ("one", "two", "common"),
    [
        (SQUARE, SQUARE, 0.16),
        (SQUARE, moved(SQUARE, 0.2, 0.2), 0.04),
        (SQUARE, moved(SQUARE, 0.4, 0.0), 0.0),  # a shared edge
        (SQUARE, moved(SQUARE, 0.4, 0.4), 0.0),  # a shared corner
        (SQUARE, moved(SQUARE, 0.399, 0.0), 0.0004),  # a sliver of a thousandth
        (SQUARE, moved(SQUARE, 0.5, 0.0), 0.0),
        (SQUARE, [(0.3, 0.3), (0.4, 0.3), (0.4, 0.4), (0.3, 0.4)], 0.01),  # nested
        (L_SHAPE, [(0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)], 0.0),  # fills the corner
        (U_SHAPE, [(0.3, 0.3), (0.7, 0.3), (0.7, 0.9), (0.3, 0.9)], 0.0),  # stands in the U
        (U_SHAPE, [(0.1, 0.5), (0.9, 0.5), (0.9, 0.6), (0.1, 0.6)], 0.02),  # in both of its arms
        (L_SHAPE, U_SHAPE, 0.20),
    ],
)
def test_overlaps(one, two, common: float):
    for first in (one, one[::-1]):
        for second in (two, two[::-1]):
            assert geometry.overlap_area(first, second) == pytest.approx(common, abs=1e-12)
            assert geometry.overlap_area(second, first) == pytest.approx(common, abs=1e-12)


@given(stars(), stars())
def test_an_overlap_is_bounded_and_has_no_sides(one, two):
    common = geometry.overlap_area(one, two)
    assert -1e-12 <= common <= min(geometry.area(one), geometry.area(two)) + 1e-9
    assert common == pytest.approx(geometry.overlap_area(two, one), abs=1e-9)


@given(stars())
def test_a_shape_overlaps_itself_wholly_and_its_distant_copy_not_at_all(ring):
    assert geometry.overlap_area(ring, ring) == pytest.approx(geometry.area(ring), abs=1e-9)
    assert geometry.overlap_area(ring, moved(ring, 2.0, 0.0)) == 0.0


@given(stars(), stars())
def test_an_overlap_is_what_a_count_of_points_says(one, two):
    steps = 40
    grid = [((i + 0.5) / steps * 1.6 - 0.3, (j + 0.5) / steps * 1.6 - 0.3)
            for i in range(steps) for j in range(steps)]  # fmt: skip
    both = sum(inside(point, one) and inside(point, two) for point in grid)
    cell = (1.6 / steps) ** 2
    # Points err along the outlines: a border of length 5 crosses about 5 * 40 / 1.6 cells, of which
    # errors mostly cancel.
    assert geometry.overlap_area(one, two) == pytest.approx(both * cell, abs=0.06)


@given(stars())
def test_stars_are_simple_whatever_corner_they_begin_at(ring):
    assert geometry.is_simple(ring)
    assert geometry.is_simple(ring[3:] + ring[:3])
    assert geometry.is_simple(ring[::-1])


@given(stars(), st.data())
def test_a_ring_with_two_corners_changed_over_crosses_itself(ring, data):
    assume(len(ring) >= 5)
    i = data.draw(st.integers(0, len(ring) - 2))
    convex = [
        (0.5 + 0.4 * cos(2 * pi * k / len(ring)), 0.5 + 0.4 * sin(2 * pi * k / len(ring)))
        for k in range(len(ring))
    ]
    convex[i], convex[i + 1] = convex[i + 1], convex[i]
    assert not geometry.is_simple(convex)


@pytest.mark.parametrize(
    "ring",
    [
        BOW_TIE,
        [(0.0, 0.0), (0.0, 0.0), (1.0, 0.0), (1.0, 1.0)],  # a corner named twice
        [(0.0, 0.0), (1.0, 0.0), (0.5, 0.0)],  # no area, folds back
        [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (1.0, -0.5)],  # a spike
        [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.0), (0.0, 1.0)],  # touches its own edge
        [(0.0, 0.0), (1.0, 0.0), (0.5, 0.5), (1.0, 1.0), (0.0, 1.0), (0.5, 0.5)],  # and a corner
        [*SQUARE, SQUARE[0]],  # the first corner again at the end
    ],
)
def test_what_is_not_simple(ring):
    assert not geometry.is_simple(ring)
    assert not geometry.is_simple(ring[::-1])


def test_a_corner_on_a_straight_edge_is_simple():
    assert geometry.is_simple([(0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])


@pytest.mark.parametrize(
    ("point", "distance"),
    [((0.5, 0.3), 0.3), ((0.0, 0.0), 0.0), ((1.3, 0.4), 0.5), ((-0.3, -0.4), 0.5)],
)
def test_distance_to_a_segment(point, distance: float):
    assert geometry.point_to_segment(point, (0.0, 0.0), (1.0, 0.0)) == pytest.approx(distance)


def test_a_segment_without_length_is_its_point():
    assert geometry.point_to_segment((0.3, 0.4), (0.0, 0.0), (0.0, 0.0)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("a", "b", "along"),
    [
        ((0.0, 0.98), (1.0, 0.97), True),
        ((0.0, 0.02), (1.0, 0.02), True),
        ((0.01, 0.0), (0.03, 1.0), True),
        ((0.99, 0.2), (0.96, 0.8), True),
        ((0.0, 0.5), (1.0, 0.5), False),  # ends at the border, does not run along it
        ((0.0, 0.9), (0.1, 1.0), False),  # cuts off a corner
    ],
)
def test_running_along_the_border(a, b, along: bool):
    assert geometry.runs_along_border(a, b, 0.05) is along
