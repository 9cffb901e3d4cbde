"""The lens: OpenCV is the oracle, and what it bends is straightened again."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from counter import lens
from counter.lens import Lens
from counter.settings import LensSettings

WIDTH, HEIGHT = 1280, 720
FOCAL, CENTRE = (0.62, 1.1), (0.51, 0.48)
PIXELS = np.diag([WIDTH, HEIGHT, 1]) @ np.array(
    [[FOCAL[0], 0, CENTRE[0]], [0, FOCAL[1], CENTRE[1]], [0, 0, 1]]
)
BROWN = [
    (-0.28, 0.09, 0.0, 0.0),
    (-0.28, 0.09, 0.002, -0.001, -0.01),
    (0.12, -0.05, 0.001, 0.002, 0.01, 0.03, -0.02, 0.005),
    (-0.2, 0.05, 0.001, 0.002, 0.0, 0.01, 0.0, 0.0, 0.003, -0.001, 0.002, 0.001),
]
FISHEYE = [(0.0, 0.0, 0.0, 0.0), (-0.02, 0.01, -0.003, 0.0004), (0.08, 0.02, 0.0, 0.0)]
PLACES = [(x / 8, y / 8) for x in range(9) for y in range(9)]


def made(distortion: Sequence[float], *, fisheye: bool = False) -> Lens:
    return lens.made(
        LensSettings(focal=FOCAL, centre=CENTRE, distortion=list(distortion), fisheye=fisheye)
    )


def pixels(places: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    return np.array(places).reshape(-1, 1, 2) * (WIDTH, HEIGHT)


@pytest.mark.parametrize("distortion", BROWN, ids=len)
def test_a_lens_bends_as_opencv_does(distortion: tuple[float, ...]):
    rays = [(x / 2.5 - 0.8, y / 4 - 0.4) for x, y in [(i, j) for i in range(5) for j in range(5)]]
    points = np.array([(x, y, 1.0) for x, y in rays])
    zero = np.zeros(3)
    seen, _ = cv2.projectPoints(points, zero, zero, PIXELS, np.array(distortion))
    ours = [made(distortion).place(ray) for ray in rays]
    assert pixels(ours) == pytest.approx(seen, abs=1e-9)


@pytest.mark.parametrize("distortion", BROWN, ids=len)
def test_a_place_is_straightened_as_by_opencv(distortion: tuple[float, ...]):
    many = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 200, 1e-12)
    theirs = cv2.undistortPoints(pixels(PLACES), PIXELS, np.array(distortion), criteria=many)
    for place, ray in zip(PLACES, theirs.reshape(-1, 2), strict=True):
        assert made(distortion).ray(place) == pytest.approx(tuple(ray), abs=1e-8)


@pytest.mark.parametrize("distortion", FISHEYE, ids=str)
def test_a_fisheye_is_straightened_as_by_opencv(distortion: tuple[float, ...]):
    theirs = cv2.fisheye.undistortPoints(pixels(PLACES), PIXELS, np.array(distortion))
    for place, ray in zip(PLACES, theirs.reshape(-1, 2), strict=True):
        assert made(distortion, fisheye=True).ray(place) == pytest.approx(tuple(ray), abs=1e-6)


@pytest.mark.parametrize("distortion", FISHEYE, ids=str)
def test_a_fisheye_bends_as_opencv_does(distortion: tuple[float, ...]):
    rays = np.array([(x / 2, y / 2) for x in range(-4, 5) for y in range(-4, 5)]).reshape(-1, 1, 2)
    theirs = cv2.fisheye.distortPoints(rays, PIXELS, np.array(distortion))
    ours = [made(distortion, fisheye=True).place((x, y)) for x, y in rays.reshape(-1, 2)]
    assert pixels(ours) == pytest.approx(theirs, abs=1e-6)


LENSES = [made(distortion) for distortion in BROWN]
LENSES += [made(distortion, fisheye=True) for distortion in FISHEYE]


@given(st.sampled_from(LENSES), st.floats(0, 1), st.floats(0, 1))
def test_what_is_straightened_is_bent_back(one: Lens, x: float, y: float):
    ray = one.ray((x, y))
    assert ray is not None
    assert one.place(ray) == pytest.approx((x, y), abs=1e-9)


def test_beyond_the_fold_there_is_no_ray():
    """x (1 - 0.3 x^2) is 0.703 at most, for x = 1.054: no ray arrives further out."""
    folded = made((-0.3, 0.0, 0.0, 0.0))
    edge = FOCAL[0] * 0.70 + CENTRE[0]
    assert folded.ray((edge, CENTRE[1])) is not None
    assert folded.ray((edge + 0.03, CENTRE[1])) is None


def test_beyond_half_a_turn_there_is_no_ray():
    wide = made((0.0, 0.0, 0.0, 0.0), fisheye=True)
    assert wide.ray((CENTRE[0] + FOCAL[0] * 1.57, CENTRE[1])) is not None
    assert wide.ray((CENTRE[0] + FOCAL[0] * 1.58, CENTRE[1])) is None


def test_the_middle_of_a_fisheye_is_itself():
    middle = made((0.1, 0.0, 0.0, 0.0), fisheye=True)
    assert middle.ray(CENTRE) == (0.0, 0.0)
    assert middle.place((0.0, 0.0)) == CENTRE


def test_no_distortion_is_a_pinhole():
    assert made((0.0,) * 4).ray((CENTRE[0] + FOCAL[0], CENTRE[1])) == pytest.approx((1.0, 0.0))
