"""P17: what lies under a mask never reaches the detector, and is of no influence on anything."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from counter.frame import Frame, Pixels
from counter.people import Detections
from counter.release import CameraState
from counter.settings import CameraSettings, Point
from counter.sources import Source
from counter.sources.capture import Pictures
from counter.sources.live import LiveSource
from counter.sources.mask import FILL, Masks
from counter.sources.open import open_source
from counter.sources.picture import Judge

RNG = np.random.default_rng(11)
SECOND = 1_000_000_000
SLANTED: list[Point] = [(0.2, 0.1), (0.7, 0.3), (0.5, 0.8), (0.1, 0.6)]
CORNER: list[Point] = [(0.8, 0.0), (1.0, 0.0), (1.0, 0.3)]
MASKS = [SLANTED, CORNER]
RIGHT_HALF: list[Point] = [(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)]
SIZES = [(360, 640), (97, 131), (16, 16)]


def noise(height: int = 90, width: int = 160) -> Pixels:
    return RNG.integers(20, 230, (height, width, 3), np.uint8)


def hidden(masks: list[list[Point]], height: int, width: int) -> Any:
    there = Masks(masks).hidden(np.zeros((height, width, 3), np.uint8))
    assert there is not None
    return there


POINTS = st.tuples(st.floats(0, 1), st.floats(0, 1))


@given(st.lists(POINTS, min_size=3, max_size=9), st.sampled_from(SIZES), st.integers(0, 2**32))
@budget(max_examples=150)
def test_no_pixel_survives_that_the_polygon_touches(ring, size, seed):
    """Whatever the outline: every point of its edges and of its inside is in a hidden pixel."""
    height, width = size
    there = hidden([ring], height, width)
    share = np.linspace(0, 1, 200)[:, None]
    corners = np.array(ring)
    along = [a + share * (b - a) for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)]
    points = np.concatenate([*along, np.random.default_rng(seed).random((2000, 2))])
    edges = len(share) * len(ring)
    inside = np.zeros(len(points), bool)
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        between = (ay > points[:, 1]) != (by > points[:, 1])
        rise = by - ay if abs(by - ay) > 1e-12 else 1.0  # else it is level
        inside ^= between & (points[:, 0] < ax + (points[:, 1] - ay) * (bx - ax) / rise)
    inside[:edges] = True
    at = np.minimum((points * (width, height)).astype(int), (width - 1, height - 1))
    assert there[at[inside, 1], at[inside, 0]].all()


@pytest.mark.parametrize("size", SIZES)
def test_what_is_hidden_is_the_polygon_and_at_most_the_pixels_it_touches(size):
    height, width = size
    drawn = np.zeros(size, np.uint8)
    rings = [np.round(np.array(ring) * (width, height)).astype(np.int32) for ring in MASKS]
    cv2.fillPoly(drawn, rings, 255)
    wider = cv2.dilate(drawn, np.ones((5, 5), np.uint8)) > 0
    there = hidden(MASKS, height, width)
    assert not (there & ~wider).any()
    assert not ((cv2.erode(drawn, np.ones((5, 5), np.uint8)) > 0) & ~there).any()


def test_an_edge_between_two_pixels_hides_both_and_a_mask_reaches_the_border():
    there = hidden([[(0.25, 0.5), (0.5, 0.5), (0.5, 1.0), (0.25, 1.0)]], 8, 8)
    assert np.flatnonzero(there.any(axis=0)).tolist() == [1, 2, 3, 4]
    assert np.flatnonzero(there.any(axis=1)).tolist() == [3, 4, 5, 6, 7]
    whole = hidden([[(0, 0), (1, 0), (1, 1), (0, 1)]], 17, 31)
    assert whole.all()


def test_many_masks_are_their_union_and_the_rest_is_untouched():
    dice = np.random.default_rng(2)
    turn = np.arange(64) * (2 * np.pi / 64)
    masks = [
        [(float(x), float(y)) for x, y in (dice.random(2) + 0.05 * circle).clip(0, 1)]
        for circle in [np.stack((np.cos(turn), np.sin(turn)), axis=1)] * 64
    ]
    picture, before = noise(360, 640), None
    before = picture.copy()
    Masks(masks).cover(picture)
    union = np.logical_or.reduce([hidden([one], 360, 640) for one in masks])
    assert (picture[union] == FILL).all()
    assert (picture[~union] == before[~union]).all()


def test_a_picture_of_another_size_is_masked_anew():
    masks = Masks(MASKS)
    for height, width in (*SIZES, SIZES[0]):
        picture = np.zeros((height, width, 3), np.uint8)
        masks.cover(picture)
        there = masks.hidden(picture)
        assert there is not None
        assert ((picture == FILL).all(axis=2) == there).all()


class Spy:
    """A detector that keeps what it was shown."""

    name, backend = "spy", "fake"

    def __init__(self) -> None:
        self.shown: list[Pixels] = []

    def detect(self, frame: Frame) -> Detections:
        self.shown.append(frame.pixels.copy())
        none = np.zeros((0, 4), np.float32)
        return Detections(none, none[:, 0], frame.captured_ns)

    def close(self) -> None: ...


def shown(source: Source, many: int) -> list[Pixels]:
    """What the first `many` pictures of a source are to a detector."""
    spy = Spy()
    for frame in source.frames():
        if frame is not None:
            with frame:
                spy.detect(frame)
        if len(spy.shown) == many or (frame is None and not source.live):
            break
    source.close()
    return spy.shown


class Shots:
    """A stream of given pictures, as a capture."""

    fps, pictures = 25.0, 0

    def __init__(self, pictures: list[Pixels]) -> None:
        self._left: Iterator[Pixels] = iter(pictures * 100)

    def grab(self) -> bool:
        return True

    def retrieve(self, buffer: Pixels | None) -> Pixels:
        picture = next(self._left)
        if buffer is None or buffer.shape != picture.shape:
            return picture.copy()
        np.copyto(buffer, picture)
        return buffer

    def close(self) -> None: ...


def directory(folder: Path, pictures: list[Pixels], settings: CameraSettings) -> Source:
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    return open_source("a", CameraSettings(source=str(folder), masks=settings.masks))


def video(folder: Path, pictures: list[Pixels], settings: CameraSettings) -> Source:
    path = folder / "film.avi"
    height, width = pictures[0].shape[:2]
    code = cv2.VideoWriter.fourcc(*"FFV1")  # without loss
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, 10, (width, height))
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return open_source("a", CameraSettings(source=str(path), masks=settings.masks))


def stream(_: Path, pictures: list[Pixels], settings: CameraSettings) -> Source:
    return LiveSource("a", lambda: Shots(pictures), settings)


@pytest.mark.parametrize("made", [directory, video, stream])
def test_the_detector_sees_the_fill_and_nothing_of_what_was_there(
    made: Callable[[Path, list[Pixels], CameraSettings], Source], tmp_path: Path
) -> None:
    """Two films that differ under the masks only are the same film, byte for byte."""
    settings = CameraSettings(source="rtsp://camera/", masks=MASKS)
    there = hidden(MASKS, 90, 160)
    one = [noise()] * 3
    other = [np.where(there[..., None], noise(), picture) for picture in one]
    seen = []
    for number, film in enumerate((one, other)):
        folder = tmp_path / str(number)
        folder.mkdir()
        seen.append(shown(made(folder, film, settings), 3))
    assert [len(pictures) for pictures in seen] == [3, 3]
    for mine, others in zip(*seen, strict=True):
        assert (mine[there] == FILL).all()
        assert mine.tobytes() == others.tobytes()
        if made is not video:  # whose colours are stored as YUV
            assert (mine[~there] == one[0][~there]).all()


def test_a_drawn_scene_is_masked_too():
    plain = shown(open_source("a", CameraSettings(source="synthetic:platform")), 3)
    masked = shown(open_source("a", CameraSettings(source="synthetic:platform", masks=MASKS)), 3)
    there = hidden(MASKS, 360, 640)
    for bare, covered in zip(plain, masked, strict=True):
        assert (covered[there] == FILL).all()
        assert (covered[~there] == bare[~there]).all()


def states(pictures: list[Pixels], frozen_s: float = 3) -> list[CameraState]:
    taken = Pictures(Judge(frozen_s), Masks([RIGHT_HALF]))
    found = []
    for number, picture in enumerate(pictures):
        one = taken.take(Shots([picture]), number * SECOND)
        found.append(CameraState.OK if isinstance(one, Frame) else one)
    return found


def half(left: Pixels, right: Pixels) -> Pixels:
    """`left` on the left half, `right` under the mask (whose edge takes a pixel more)."""
    return np.concatenate((left[:, :80], right[:, 80:]), axis=1)


DARK, GREY = np.full((90, 160, 3), 5, np.uint8), np.full((90, 160, 3), 128, np.uint8)


@pytest.mark.parametrize("rest", [DARK, GREY, np.full_like(GREY, FILL), np.full_like(GREY, 255)])
def test_a_mask_does_not_hide_that_the_rest_is_black_or_flat(rest: Pixels) -> None:
    assert states([half(rest, noise())]) == [CameraState.BLACK]
    assert states([half(noise(), rest)]) == [CameraState.OK]


def test_a_clock_under_a_mask_does_not_keep_a_frozen_picture_alive():
    still = noise()
    assert states([half(still, noise()) for _ in range(5)])[2:] == [
        CameraState.OK,
        CameraState.FROZEN,
        CameraState.FROZEN,
    ]
    assert states([half(noise(), still) for _ in range(5)]) == [CameraState.OK] * 5


def test_where_all_is_masked_there_is_nothing_to_see():
    whole = Pictures(Judge(3), Masks([[(0, 0), (1, 0), (1, 1), (0, 1)]]))
    assert whole.take(Shots([noise()]), 0) is CameraState.BLACK
