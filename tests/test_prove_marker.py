"""`synthetic:marker`: pictures that can be known again, of a place with people in it."""

import numpy as np
from numpy.typing import NDArray

from counter.detectors.open import open_detector
from counter.prove.forms import marker_of
from counter.settings import CameraSettings, ModelSettings
from counter.sources.open import open_source
from counter.sources.synthetic.marker import draw_marker

SIZE = (640, 360)


def pictures(seed: int, count: int) -> list[NDArray[np.uint8]]:
    source = open_source("eye", CameraSettings(source="synthetic:marker", seed=seed, fps=2.0))
    kept = []
    for frame in source.frames():
        assert frame is not None
        with frame:
            kept.append(frame.pixels.copy())
        if len(kept) == count:
            source.close()
    return kept


def test_every_picture_holds_the_marker_of_its_seed() -> None:
    drawn = draw_marker(5, SIZE)
    shown = pictures(5, 4)
    assert all((picture[:, :160] == drawn).all() for picture in shown)
    assert (shown[0][:, 160:] != shown[3][:, 160:]).any()  # people walk beside it


def test_another_seed_is_another_marker_with_the_same_people() -> None:
    one, other = pictures(5, 1)[0], pictures(6, 1)[0]
    assert (one[:, :160] != other[:, :160]).mean() > 0.9
    assert (one[:, 160:] == other[:, 160:]).all()


def test_the_model_is_given_what_the_search_looks_for() -> None:
    marker = marker_of(5, SIZE, (512, 288))
    assert marker.given.shape == (288, 128, 3)
    assert marker.scale == 0.8
    letterboxed = marker_of(5, SIZE, (640, 640))  # grey above and below
    assert (letterboxed.given == letterboxed.drawn).all()


def test_people_are_still_found_beside_it() -> None:
    detector = open_detector(ModelSettings())
    source = open_source("eye", CameraSettings(source="synthetic:marker", people=30))
    frame = next(iter(source.frames()))
    assert frame is not None
    with frame:
        people = detector.detect(frame)
    sure = people.xyxy[people.confidence > 0.25]
    assert (sure[:, 0] > 0.25).sum() >= 11
    source.close()
    detector.close()
