"""Dark and blurred pictures are told from good ones, on drawn scenes and on real footage."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from counter.frame import Frame, Pixels
from counter.settings import CameraSettings, Point
from counter.sources.quality import LOOKS, Quality
from counter.sources.synthetic import Scene

SECOND = 1_000_000_000
RNG = np.random.default_rng(4)
MASK: list[Point] = [(0.0, 0.0), (0.4, 0.0), (0.45, 1.0), (0.0, 1.0)]


def scene(kind: str) -> Pixels:
    drawn = Scene(kind=kind, seed=3, size=(640, 360), fps=2.0, people=20)  # type: ignore[arg-type]
    picture = np.zeros((360, 640, 3), np.uint8)
    drawn.render(picture)
    return picture


def blurred(picture: Pixels, by: float) -> Pixels:
    """By a Gaussian of `by` 360ths of the height."""
    soft = cv2.GaussianBlur(picture, (0, 0), by * picture.shape[0] / 360)
    return np.asarray(soft, np.uint8)


def darker(picture: Pixels, share: float) -> Pixels:
    noisy = picture * share + RNG.normal(0, 2, picture.shape)
    return noisy.clip(0, 255).astype(np.uint8)


def verdict(*pictures: Pixels, masks: list[list[Point]] | None = None) -> tuple[object, object]:
    """(dark, blurred) of one camera that shows these, a second apart."""
    quality = Quality(CameraSettings(source="synthetic:platform", masks=masks or []))
    for number, picture in enumerate(pictures):
        with Frame(picture.copy(), number * SECOND) as frame:
            quality.look(frame)
    return quality.dark, quality.blurred


@pytest.mark.parametrize("kind", ["platform", "carriage"])
def test_drawn_scenes_and_their_copies(kind: str) -> None:
    sharp = scene(kind)
    assert verdict(sharp) == (False, False)
    assert verdict(blurred(sharp, 3)) == (False, True)
    assert verdict(blurred(sharp, 6)) == (False, True)
    assert verdict(darker(sharp, 0.25)) == (False, False)
    assert verdict(darker(sharp, 0.1))[0] is True
    assert verdict(cv2.resize(blurred(sharp, 4), (1920, 1080)).astype(np.uint8)) == (False, True)


@pytest.mark.shared
def test_real_footage_and_its_copies(shared) -> None:
    films = sorted((shared / "data" / "videos").glob("*.[ma][pv][4i]"))
    assert films
    makes: list[tuple[Callable[[Pixels], Pixels], tuple[bool, bool | None]]] = [
        (lambda picture: picture, (False, False)),
        (lambda picture: blurred(picture, 3), (False, True)),
        (lambda picture: blurred(picture, 6), (False, True)),
        (lambda picture: darker(picture, 0.1), (True, None)),
    ]
    for film in films:
        opened = cv2.VideoCapture(str(film))
        length = int(opened.get(cv2.CAP_PROP_FRAME_COUNT))
        pictures = []
        for number in np.linspace(0, length - 2, 5).astype(int).tolist():
            opened.set(cv2.CAP_PROP_POS_FRAMES, number)
            pictures.append(np.asarray(opened.read()[1], np.uint8))
        opened.release()
        for make, (dark, soft) in makes:
            found = verdict(*(make(picture) for picture in pictures))
            assert found[0] is dark, film.name
            assert soft is None or found[1] is soft, film.name


def test_a_mask_does_not_make_a_blurred_picture_sharp_or_a_dark_one_bright():
    for picture, expected in (
        (blurred(scene("platform"), 6), (False, True)),
        (darker(scene("platform"), 0.1), (True, False)),
    ):
        covered = picture.copy()
        covered[:, :260] = 114
        covered[::2, :200] = 255  # what lies under it has no say at all
        assert verdict(picture)[0] == expected[0]
        assert verdict(covered, masks=[MASK]) == expected


def test_one_tone_has_no_edges_and_nothing_seen_is_not_known():
    assert verdict(np.full((360, 640, 3), 128, np.uint8)) == (False, None)
    assert verdict() == (None, None)
    assert verdict(RNG.integers(0, 255, (3, 3, 3), np.uint8))[1] is None
    whole: list[Point] = [(0, 0), (1, 0), (1, 1), (0, 1)]
    assert verdict(scene("platform"), masks=[whole]) == (None, None)


def test_one_picture_a_second_is_looked_at_and_a_median_is_kept():
    quality = Quality(CameraSettings(source="synthetic:platform"))
    sharp, soft = scene("platform"), blurred(scene("platform"), 6)
    for number in range(50):
        with Frame((soft if number % 10 else sharp).copy(), number * SECOND // 10) as frame:
            quality.look(frame)
    assert len(quality._sharpness) == 5
    assert quality.blurred is False
    assert quality._sharpness.maxlen == quality._brightness.maxlen == LOOKS
    assert repr(quality) == "<Quality>"
