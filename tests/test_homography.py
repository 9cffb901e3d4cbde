"""The map between planes: OpenCV and numpy are the oracles."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from counter import homography

TRUE = np.array([[18.0, 3.0, 1.0], [1.0, 25.0, -4.0], [0.1, -0.9, 1.3]])


def image(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(cv2.perspectiveTransform(points[None], TRUE)[0])


def fit(
    source: NDArray[np.float64], target: NDArray[np.float64]
) -> tuple[NDArray[np.float64], homography.Fit]:
    found = homography.fitted(source.tolist(), target.tolist())
    assert found is not None
    matrix = np.array(found.matrix)
    return matrix / matrix[2, 2], found


@pytest.mark.parametrize("many", [4, 5, 12, 64])
def test_exact_points_give_the_exact_map(many: int):
    points = np.random.default_rng(many).random((many, 2))
    ours, _ = fit(points, image(points))
    assert ours == pytest.approx(TRUE / TRUE[2, 2], abs=1e-9)
    theirs, _ = cv2.findHomography(points, image(points), 0)
    assert ours == pytest.approx(theirs, abs=1e-3)  # OpenCV works with 32 bits here


@pytest.mark.parametrize("seed", range(5))
def test_with_noise_it_errs_as_little_as_opencv(seed: int):
    drawn = np.random.default_rng(seed)
    points, fresh = drawn.random((20, 2)), drawn.random((200, 2))
    ours, _ = fit(points + drawn.normal(0, 0.002, points.shape), image(points))
    theirs, _ = cv2.findHomography(points, image(points), 0)
    noisy, _ = cv2.findHomography(
        points + np.random.default_rng(seed).normal(0, 0.002, points.shape), image(points), 0
    )
    errors = [
        np.linalg.norm(cv2.perspectiveTransform(fresh[None], matrix)[0] - image(fresh), axis=1)
        for matrix in (ours, noisy, theirs)
    ]
    assert np.median(errors[0]) < 3 * np.median(errors[1])
    assert np.median(errors[0]) > np.median(errors[2])  # the noise is felt


def test_the_shape_of_the_picture_changes_nothing():
    """Rule 1: fractions of a wide picture or its pixels give one map, whatever is left over."""
    drawn = np.random.default_rng(2)
    points = drawn.random((9, 2))
    noisy = image(points) + drawn.normal(0, 0.1, points.shape)
    ours, _ = fit(points, noisy)
    stretched, _ = fit(points * (1920, 1080), noisy)
    back = stretched @ np.diag([1920, 1080, 1])
    assert back / back[2, 2] == pytest.approx(ours, rel=1e-9)


def test_the_weight_is_one_in_the_mean():
    points = np.random.default_rng(4).random((6, 2))
    _, found = fit(points, image(points))
    weights = [homography.times(found.matrix, (x, y))[2] for x, y in points.tolist()]
    assert sum(weights) / 6 == pytest.approx(1)


SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ([(0.0, 0.0), (1.0, 0.0), (0.5, 0.0), (0.2, 0.0)], SQUARE),  # level
        ([(0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (0.2, 0.2)], SQUARE),
        (SQUARE, [(0.0, 0.0), (2.0, 1.0), (4.0, 2.0), (8.0, 4.0)]),
        ([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.0)], SQUARE),  # three of four
        ([(0.0, 0.0), (0.0, 0.0), (1.0, 1.0), (0.5, 0.0)], SQUARE),  # one of them twice
        ([(0.3, 0.3)] * 4, SQUARE),
    ],
)
def test_points_on_a_line_are_told(source, target):
    found = homography.fitted(source, target)
    assert found is None or max(found.equations, found.flatness) > 1e6


@given(st.integers(4, 12), st.integers(3, 9), st.integers(0, 10_000))
def test_singular_values_are_those_of_numpy(high: int, wide: int, seed: int):
    table = np.random.default_rng(seed).normal(size=(high, wide))
    values, vectors = homography.singular(table.tolist())
    theirs = np.linalg.svd(table, compute_uv=False)
    assert values[: len(theirs)] == pytest.approx(theirs, abs=1e-9)
    assert np.array(vectors) @ np.array(vectors).T == pytest.approx(np.eye(wide), abs=1e-9)
    for value, vector in zip(values, vectors, strict=True):
        assert np.linalg.norm(table @ vector) == pytest.approx(value, abs=1e-9)


def test_products_and_inverses_are_those_of_numpy():
    one: homography.Matrix = ((0.3, -1.2, 4.0), (2.0, 0.7, -0.1), (0.2, 0.1, 1.5))
    two: homography.Matrix = ((1.1, 0.4, -2.0), (0.0, 3.0, 0.6), (-0.3, 0.9, 0.8))
    product = np.asarray(homography.product(one, two), np.float64)
    assert product == pytest.approx(np.asarray(one) @ np.asarray(two))
    inverse = np.asarray(homography.inverse(one), np.float64)
    assert inverse == pytest.approx(np.linalg.inv(np.asarray(one)))
