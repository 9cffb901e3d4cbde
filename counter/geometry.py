"""Plane geometry of zones and lines: pure arithmetic on points, the lowest floor.

Rule 1: points are fractions of the image (x, y), polygons are rings without a repeated last point.
Rule 2: shapes that only touch (a shared corner, a shared edge) do not overlap.
Rule 3: nothing here knows what a zone is; the caller decides what a distance or an area means.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import hypot

Point = tuple[float, float]
Polygon = Sequence[Point]

# Coordinates are fractions that a person wrote with a few digits, and a turn (twice the area of a
# triangle) of such points errs by about 1e-16: a smaller turn than this one is none.
NO_TURN = 1e-12


def cross(origin: Point, a: Point, b: Point) -> float:
    """Twice the signed area of the triangle origin, a, b."""
    return (a[0] - origin[0]) * (b[1] - origin[1]) - (a[1] - origin[1]) * (b[0] - origin[0])


def signed_area(polygon: Polygon) -> float:
    """Area by the shoelace formula; its sign is the ring's sense."""
    origin = polygon[0]
    return sum(cross(origin, a, b) for a, b in pairwise(polygon[1:])) / 2


def area(polygon: Polygon) -> float:
    return abs(signed_area(polygon))


def length(a: Point, b: Point) -> float:
    return hypot(b[0] - a[0], b[1] - a[1])


def point_to_segment(point: Point, a: Point, b: Point) -> float:
    """Distance from a point to the nearest point of the segment a, b."""
    span = length(a, b)
    if span == 0.0:
        return length(point, a)
    along = ((point[0] - a[0]) * (b[0] - a[0]) + (point[1] - a[1]) * (b[1] - a[1])) / span**2
    along = min(1.0, max(0.0, along))
    return length(point, (a[0] + along * (b[0] - a[0]), a[1] + along * (b[1] - a[1])))


def runs_along_border(a: Point, b: Point, margin: float) -> bool:
    """Whether the whole segment lies within `margin` of one and the same side of the image."""
    return any(
        max(a[axis], b[axis]) <= margin or min(a[axis], b[axis]) >= 1 - margin for axis in (0, 1)
    )


def segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the closed segments a-b and c-d share a point."""
    one, two = cross(a, b, c), cross(a, b, d)
    three, four = cross(c, d, a), cross(c, d, b)
    if one * two < 0 and three * four < 0:
        return True
    return any(
        abs(turn) <= NO_TURN and _in_box(point, start, end)
        for turn, point, start, end in (
            (one, c, a, b),
            (two, d, a, b),
            (three, a, c, d),
            (four, b, c, d),
        )
    )


def _in_box(point: Point, a: Point, b: Point) -> bool:
    return all(min(a[axis], b[axis]) <= point[axis] <= max(a[axis], b[axis]) for axis in (0, 1))


def is_simple(polygon: Polygon) -> bool:
    """Whether a ring of three or more points crosses, touches or folds back on itself nowhere."""
    count = len(polygon)
    edges = [(polygon[i], polygon[(i + 1) % count]) for i in range(count)]
    if any(a == b for a, b in edges):
        return False
    for i, (a, b) in enumerate(edges):
        _, after = edges[(i + 1) % count]
        straight = abs(cross(a, b, after)) <= NO_TURN
        if straight and (a[0] - b[0]) * (after[0] - b[0]) + (a[1] - b[1]) * (after[1] - b[1]) > 0:
            return False  # a spike: the next edge runs back over this one
        for j in range(i + 2, count):
            neighbours = i == 0 and j == count - 1
            if not neighbours and segments_meet(a, b, *edges[j]):
                return False
    return True


def overlap_area(one: Polygon, two: Polygon) -> float:
    """Area that two simple polygons, convex or not, have in common.

    A simple ring is the signed sum of the fan of triangles from its first corner (every point
    outside is covered as often with one sign as with the other), so the common area is the signed
    sum of the common areas of the two fans' triangles, which are convex and can be clipped.
    """
    total = 0.0
    for first, sign_first in _fan(one):
        for second, sign_second in _fan(two):
            if _boxes_meet(first, second):
                total += sign_first * sign_second * _convex_overlap(first, second)
    return abs(total)


def _fan(polygon: Polygon) -> list[tuple[list[Point], int]]:
    """The ring's triangles from its first corner, each turned counter-clockwise, with its sign."""
    origin = polygon[0]
    fan: list[tuple[list[Point], int]] = []
    for a, b in pairwise(polygon[1:]):
        turn = cross(origin, a, b)
        if turn > 0:
            fan.append(([origin, a, b], 1))
        elif turn < 0:
            fan.append(([origin, b, a], -1))
    return fan


def _boxes_meet(one: Polygon, two: Polygon) -> bool:
    return all(
        min(p[axis] for p in one) < max(p[axis] for p in two)
        and min(p[axis] for p in two) < max(p[axis] for p in one)
        for axis in (0, 1)
    )


def _convex_overlap(subject: list[Point], clip: list[Point]) -> float:
    """Area of `subject` inside the convex counter-clockwise `clip` (Sutherland-Hodgman)."""
    kept = subject
    for a, b in zip(clip, clip[1:] + clip[:1], strict=True):
        kept = _left_of(kept, a, b)
        if len(kept) < 3:
            return 0.0
    return area(kept)


def _left_of(ring: list[Point], a: Point, b: Point) -> list[Point]:
    """The part of a convex ring on the left of the line from a to b."""
    kept: list[Point] = []
    sides = [cross(a, b, point) for point in ring]
    for i, here in enumerate(ring):
        there, side, other = ring[i - 1], sides[i], sides[i - 1]
        if (side < 0 < other) or (other < 0 < side):
            share = other / (other - side)
            kept.append(
                (there[0] + share * (here[0] - there[0]), there[1] + share * (here[1] - there[1]))
            )
        if side >= 0:
            kept.append(here)
    return kept
