"""What is called black or frozen, and what is not."""

import threading

import cv2
import numpy as np
import pytest

from counter.frame import Frame, Pixels
from counter.release import CameraState
from counter.settings import CameraSettings
from counter.sources.capture import KEEP, Pictures
from counter.sources.picture import Judge

RNG = np.random.default_rng(3)
SECOND = 1_000_000_000
OK, BLACK, FROZEN = CameraState.OK, CameraState.BLACK, CameraState.FROZEN


def platform() -> Pixels:
    return RNG.integers(40, 200, (360, 640, 3), np.uint8)


def night_with_lamps() -> Pixels:
    picture = RNG.integers(0, 12, (360, 640, 3), np.uint8)
    picture[40:70, ::80] = 255
    picture[40:70, 1::80] = 255
    picture[200:260, 100:200] = 90
    return picture


@pytest.mark.parametrize(
    ("picture", "state"),
    [
        (np.zeros((360, 640, 3), np.uint8), BLACK),
        (RNG.integers(0, 12, (360, 640, 3), np.uint8), BLACK),  # a covered lens is noisy
        (np.full((1080, 1920, 3), 16, np.uint8), BLACK),
        (np.full((360, 640, 3), 128, np.uint8), BLACK),  # the grey of a lost key frame
        (np.full((360, 640, 3), 255, np.uint8), BLACK),
        (platform(), OK),
        (night_with_lamps(), OK),
        (RNG.integers(100, 160, (8, 8, 3), np.uint8), OK),  # fewer rows than samples
    ],
)
def test_a_picture_with_nothing_in_it_is_black(picture: Pixels, state: CameraState) -> None:
    assert Judge(frozen_s=10).verdict(picture, 0) is state


def test_the_same_picture_becomes_frozen_and_a_new_one_thaws_it() -> None:
    judge, same = Judge(frozen_s=3), platform()
    states = [judge.verdict(same, second * SECOND) for second in range(5)]
    assert states == [OK, OK, OK, FROZEN, FROZEN]
    assert judge.verdict(platform(), 5 * SECOND) is OK
    assert judge.verdict(same, 6 * SECOND) is OK


def test_a_still_scene_without_noise_is_a_picture_for_a_minute() -> None:
    """Frozen is MISSING, and an empty place that is MISSING is told from a suppressed one (P7)."""
    judge, empty = Judge(CameraSettings(source="rtsp://camera/").frozen_s), platform()
    states = [judge.verdict(empty, second * SECOND) for second in range(62)]
    assert states == [OK] * 60 + [FROZEN] * 2


def test_noise_of_one_level_keeps_a_still_scene_alive() -> None:
    judge, still = Judge(frozen_s=3), platform()
    for second in range(20):
        noisy = still + RNG.integers(0, 2, still.shape, np.uint8)
        assert judge.verdict(noisy, second * SECOND) is OK


@pytest.mark.shared
def test_no_real_footage_is_black_or_frozen(shared) -> None:
    """One judge a film, at a limit a hundred and twenty times as strict as the default."""
    films = sorted((shared / "data" / "videos").glob("*.[ma][pv][4i]"))
    assert films
    for film in films:
        opened, judge, number = cv2.VideoCapture(str(film)), Judge(frozen_s=0.5), 0
        pixels: Pixels | None = None
        while number < 400:
            read, image = opened.read(pixels)
            if not read:
                break
            pixels = np.asarray(image, np.uint8)
            at_ns = round(number * SECOND / opened.get(cv2.CAP_PROP_FPS))
            assert judge.verdict(pixels, at_ns) is OK, (film.name, number)
            number += 1
        opened.release()


class OnePicture:
    """A capture that shows the same picture again and again, into the buffer it is given."""

    fps, pictures = 25.0, 0

    def __init__(self, shown: Pixels | None) -> None:
        self.shown = shown
        self.buffers: list[int] = []

    def grab(self) -> bool:
        return True

    def retrieve(self, buffer: Pixels | None) -> Pixels | None:
        if self.shown is None:
            return None
        if buffer is None or buffer.shape != self.shown.shape:
            buffer = np.empty_like(self.shown)
        np.copyto(buffer, self.shown)
        self.buffers.append(buffer.ctypes.data)
        return buffer

    def close(self) -> None:
        pass


def test_one_buffer_serves_a_thousand_frames() -> None:
    capture, pictures = OnePicture(platform()), Pictures(Judge(1000))
    for number in range(1000):
        taken = pictures.take(capture, number)
        assert isinstance(taken, Frame)
        with taken:
            assert taken.pixels.any()
    assert len(set(capture.buffers)) == 1


def test_a_black_picture_is_wiped_and_its_buffer_used_again() -> None:
    capture, pictures = OnePicture(RNG.integers(1, 9, (90, 90, 3), np.uint8)), Pictures(Judge(10))
    assert [pictures.take(capture, n) for n in range(50)] == [BLACK] * 50
    assert len(set(capture.buffers)) == 1
    assert not np.any(pictures._free[0])


def test_an_unreadable_picture_is_lost_and_leaves_no_rest() -> None:
    capture, pictures = OnePicture(platform()), Pictures(Judge(10))
    taken = pictures.take(capture, 0)
    assert isinstance(taken, Frame)
    taken.release()
    capture.shown = None
    assert pictures.take(capture, 1) is CameraState.LOST
    assert pictures.state is OK
    assert [bool(buffer.any()) for buffer in pictures._free] == [False]


def test_a_new_size_is_followed_and_the_pool_stays_small() -> None:
    capture, pictures = OnePicture(platform()), Pictures(Judge(1000))
    held = [pictures.take(capture, n) for n in range(2 * KEEP)]
    threads = [threading.Thread(target=f.release) for f in held if isinstance(f, Frame)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pictures._free) == KEEP
    capture.shown = RNG.integers(0, 255, (120, 160, 3), np.uint8)
    taken = pictures.take(capture, 99)
    assert isinstance(taken, Frame)
    with taken:
        assert taken.pixels.shape == (120, 160, 3)
