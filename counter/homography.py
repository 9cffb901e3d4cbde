"""The plane-to-plane map through pairs of points: plain arithmetic on short lists.

Rule 1: the map is the least-squares solution of the normalised direct linear transformation
(Hartley, In defense of the eight-point algorithm, 1997, with a scale for each axis, so that the
shape of a picture changes nothing).
Rule 2: it comes with what it is worth: the condition of the equations and of the map itself.
Without an array library, because a configuration is checked before one may be loaded.

The singular values are those of one-sided Jacobi rotations (Hestenes 1958), which lose no digits to
squaring the matrix.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Final

from counter.geometry import Point

Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]
SWEEPS: Final = 40  # of rotations; 6 to 10 are enough
ORTHOGONAL: Final = 1e-15  # cosine between two columns that no rotation improves


@dataclass(frozen=True, slots=True)
class Fit:
    """`matrix` takes (x, y, 1) to (u, v, 1) times a weight, whose mean over the pairs is 1."""

    matrix: Matrix
    equations: float  # largest by eighth singular value of the normalised equations
    flatness: float  # largest by least singular value of the normalised map


def fitted(source: Sequence[Point], target: Sequence[Point]) -> Fit | None:
    """Find the map from four or more points to as many others; None where there is none."""
    before, after = _normaliser(source), _normaliser(target)
    if before is None or after is None:
        return None
    rows: list[list[float]] = []
    for place, aim in zip(source, target, strict=True):
        (x, y, _), (u, v, _) = times(before, place), times(after, aim)
        rows.append([-x, -y, -1.0, 0.0, 0.0, 0.0, u * x, u * y, u])
        rows.append([0.0, 0.0, 0.0, -x, -y, -1.0, v * x, v * y, v])
    values, vectors = singular(rows)
    a, b, c, d, e, f, g, h, i = vectors[-1]
    plain: Matrix = ((a, b, c), (d, e, f), (g, h, i))
    spread, _ = singular([list(row) for row in plain])
    matrix = product(inverse(after), product(plain, before))
    weight = sum(times(matrix, place)[2] for place in source) / len(source)
    if not weight or not values[7] or not spread[2]:
        return None
    scaled = tuple(tuple(part / weight for part in row) for row in matrix)
    (r, s, t) = scaled
    return Fit(
        ((r[0], r[1], r[2]), (s[0], s[1], s[2]), (t[0], t[1], t[2])),
        values[0] / values[7],
        spread[0] / spread[2],
    )


def times(matrix: Matrix, point: Point) -> Row:
    """The homogeneous image of a point."""
    x, y = point
    (a, b, c), (d, e, f), (g, h, i) = matrix
    return a * x + b * y + c, d * x + e * y + f, g * x + h * y + i


def product(one: Matrix, two: Matrix) -> Matrix:
    columns = list(zip(*two, strict=True))
    rows = [tuple(sum(a * b for a, b in zip(r, c, strict=True)) for c in columns) for r in one]
    (p, q, r) = rows
    return (p[0], p[1], p[2]), (q[0], q[1], q[2]), (r[0], r[1], r[2])


def inverse(matrix: Matrix) -> Matrix:
    """The adjugate by the determinant. Raises ZeroDivisionError for a map that has none."""
    (a, b, c), (d, e, f), (g, h, i) = matrix
    one, two, three = e * i - f * h, f * g - d * i, d * h - e * g
    whole = a * one + b * two + c * three
    return (
        (one / whole, (c * h - b * i) / whole, (b * f - c * e) / whole),
        (two / whole, (a * i - c * g) / whole, (c * d - a * f) / whole),
        (three / whole, (b * g - a * h) / whole, (a * e - b * d) / whole),
    )


def _normaliser(points: Sequence[Point]) -> Matrix | None:
    """Move the points' mean to the origin and their mean square along each axis to 1."""
    many = len(points)
    x, y = (sum(axis) / many for axis in zip(*points, strict=True))
    wide = sqrt(sum((p[0] - x) ** 2 for p in points) / many)
    high = sqrt(sum((p[1] - y) ** 2 for p in points) / many)
    if not wide or not high:
        return None
    return (1 / wide, 0.0, -x / wide), (0.0, 1 / high, -y / high), (0.0, 0.0, 1.0)


def singular(rows: list[list[float]]) -> tuple[list[float], list[list[float]]]:
    """Give the singular values, largest first, and the right singular vector of each."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    many = len(columns)
    vectors = [[float(i == j) for i in range(many)] for j in range(many)]
    nothing = (ORTHOGONAL * max(_length(column) for column in columns)) ** 2
    for _ in range(SWEEPS):
        turned = False
        for i in range(many - 1):
            for j in range(i + 1, many):
                turned |= _rotate(columns, vectors, (i, j), nothing)
        if not turned:
            break
    order = sorted(range(many), key=lambda k: -_length(columns[k]))
    return [_length(columns[k]) for k in order], [vectors[k] for k in order]


def _rotate(
    columns: list[list[float]],
    vectors: list[list[float]],
    pair: tuple[int, int],
    nothing: float,
) -> bool:
    """Turn two columns until they are orthogonal; False where they were."""
    i, j = pair
    one, two = columns[i], columns[j]
    alpha, beta = (sum(x * x for x in column) for column in (one, two))
    gamma = sum(x * y for x, y in zip(one, two, strict=True))
    if min(alpha, beta) <= nothing or abs(gamma) <= ORTHOGONAL * sqrt(alpha * beta):
        return False
    zeta = (beta - alpha) / (2 * gamma)
    tangent = (1 if zeta >= 0 else -1) / (abs(zeta) + hypot(1, zeta))
    cosine = 1 / hypot(1, tangent)
    sine = cosine * tangent
    for table in (columns, vectors):
        first, second = table[i], table[j]
        table[i] = [cosine * x - sine * y for x, y in zip(first, second, strict=True)]
        table[j] = [sine * x + cosine * y for x, y in zip(first, second, strict=True)]
    return True


def _length(column: Sequence[float]) -> float:
    return hypot(*column)
