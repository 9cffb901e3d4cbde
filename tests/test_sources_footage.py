"""Files and directories: their own clock, every picture once, an honest end, one-line errors."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from counter.errors import SourceError
from counter.frame import Pixels
from counter.release import CameraState
from counter.settings import CameraSettings
from counter.sources.footage import Footage
from counter.sources.open import open_source
from counter.sources.opencv import VideoCapture, open_video

SIZE = (160, 120)
SECOND = 1_000_000_000


def numbered(number: int) -> Pixels:
    """Two halves, the brightness of one is the number of the picture."""
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    picture[:, :80] = 60 + number
    picture[:, 80:] = 250
    return picture


def film(path: Path, pictures: int, fps: float = 25.0, codec: str = "MJPG") -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, SIZE)
    assert writer.isOpened()
    for number in range(pictures):
        writer.write(cv2.resize(numbered(number), SIZE))
    writer.release()
    return path


def opened(path: Path, **settings: float) -> Footage:
    source = open_source("a", CameraSettings(source=str(path), **settings))  # type: ignore[arg-type]
    assert isinstance(source, Footage)
    return source


def times_ns(source: Footage) -> list[int]:
    """Read to the end; the last turn is the end itself, without a frame."""
    times = []
    *seen, last = (frame for frame in _released(source))
    assert last is None
    for captured_ns in seen:
        assert captured_ns is not None
        times.append(captured_ns)
    return times


def _released(source: Footage) -> Iterator[int | None]:
    for frame in source.frames():
        if frame is None:
            yield None
            continue
        with frame:
            assert frame.pixels.ndim == 3
            yield frame.captured_ns


@pytest.mark.parametrize(
    ("name", "codec"), [("a.avi", "MJPG"), ("a.mp4", "mp4v"), ("a.mkv", "mp4v")]
)
def test_a_file_runs_on_its_own_clock_to_its_end(tmp_path: Path, name: str, codec: str) -> None:
    source = opened(film(tmp_path / name, 40, 12.5, codec))
    assert not source.live
    assert times_ns(source) == [round(n * SECOND / 12.5) for n in range(40)]
    assert source.now_ns == round(40 * SECOND / 12.5)
    assert source.state is CameraState.OK
    source.close()


def test_one_buffer_serves_a_whole_film_and_is_wiped(tmp_path: Path) -> None:
    source, places = opened(film(tmp_path / "a.avi", 30)), set[int]()
    for frame in source.frames():
        if frame is not None:
            with frame:
                kept = frame.pixels
                places.add(kept.ctypes.data)
            assert not kept.any()
    assert len(places) == 1


def test_pictures_come_in_order_and_in_blue_green_red(tmp_path: Path) -> None:
    for number, colour in enumerate([(250, 0, 0), (0, 250, 0), (0, 0, 250)]):
        picture = numbered(0)
        picture[:, :80] = colour
        cv2.imwrite(str(tmp_path / f"{number:03}.png"), picture)
    (tmp_path / "notes.txt").write_text("not a picture")
    seen = []
    source = opened(tmp_path, fps=0.5)
    for frame in source.frames():
        if frame is not None:
            with frame:
                seen.append((tuple(frame.pixels[0, 0].tolist()), frame.captured_ns // SECOND))
    assert seen == [((250, 0, 0), 0), ((0, 250, 0), 2), ((0, 0, 250), 4)]
    assert source.now_ns == 6 * SECOND


def test_a_directory_is_one_picture_a_second_unless_told(tmp_path: Path) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), numbered(number))
    assert times_ns(opened(tmp_path)) == [0, SECOND, 2 * SECOND]


def test_rotation_in_the_file_is_not_applied(tmp_path: Path) -> None:
    """EXIF orientation 6 asks a viewer to turn the picture; zones lie in the sensor's picture."""
    jpeg = cv2.imencode(".jpg", numbered(0))[1].tobytes()
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    (tmp_path / "a.jpg").write_bytes(jpeg[:2] + segment + jpeg[2:])
    turned = cv2.imread(str(tmp_path / "a.jpg"))
    assert turned is not None
    assert turned.shape[:2] == SIZE  # what a viewer shows
    with next(f for f in opened(tmp_path).frames() if f is not None) as frame:
        assert frame.pixels.shape[:2] == SIZE[::-1]


def test_an_unreadable_picture_keeps_its_time(tmp_path: Path) -> None:
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), numbered(number))
    (tmp_path / "2.png").write_bytes(b"no png")
    source = opened(tmp_path, fps=10)
    assert times_ns(source) == [0, SECOND // 10, 3 * SECOND // 10]
    assert source.state is CameraState.OK


def test_a_truncated_file_is_used_and_ends_as_lost(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.avi", 100, 10).read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) // 2])
    source = opened(tmp_path / "cut.avi")
    times = times_ns(source)
    assert 40 <= len(times) <= 60
    assert times == [n * SECOND // 10 for n in range(len(times))]
    assert source.state is CameraState.LOST


def test_a_damaged_middle_is_skipped_and_what_follows_keeps_its_time(tmp_path: Path) -> None:
    data = bytearray(film(tmp_path / "whole.avi", 100, 10).read_bytes())
    for at in range(len(data) * 4 // 10, len(data) * 5 // 10):
        data[at] = 0
    (tmp_path / "hurt.avi").write_bytes(data)
    source = opened(tmp_path / "hurt.avi")
    times = times_ns(source)
    assert times[0] == 0
    assert times == sorted(set(times))
    assert 60 <= len(times) < 100


@pytest.mark.parametrize("fps", [0.0, float("nan"), 90_000.0])
def test_a_container_without_a_frame_rate_needs_one_from_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fps: float
) -> None:
    path = film(tmp_path / "a.avi", 3)

    def without_rate(path: Path) -> VideoCapture:
        capture = open_video(path)
        capture.fps = fps
        return capture

    monkeypatch.setattr("counter.sources.open.open_video", without_rate)
    with pytest.raises(SourceError, match="no usable frame rate") as caught:
        opened(path)
    assert caught.value.hint == "set cameras.a.fps"
    assert times_ns(opened(path, fps=5)) == [0, SECOND // 5, 2 * SECOND // 5]


def test_black_footage_passes_time_without_a_frame(tmp_path: Path) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((90, 90, 3), np.uint8))
    source, seen = opened(tmp_path), []
    for frame in source.frames():
        assert frame is None
        seen.append((source.now_ns // SECOND, source.state))
    assert seen == [(n, CameraState.BLACK) for n in range(4)]


def test_footage_that_is_closed_ends_without_being_lost(tmp_path: Path) -> None:
    source = opened(film(tmp_path / "a.avi", 30))
    frames = source.frames()
    first = next(frames)
    assert first is not None
    first.release()
    source.close()
    assert list(frames) == []
    assert source.state is CameraState.OK


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "pictures", "fps"),
    [
        ("vtest_pets09s2l1.avi", 795, 10),
        ("plaza_high.mp4", 341, 25),
        ("office_lobby_cctv.mp4", 641, 30_000 / 1001),
    ],
)
def test_real_footage_is_read_to_its_last_picture(shared, name, pictures, fps) -> None:
    source = opened(shared / "data" / "videos" / name)
    assert times_ns(source) == [round(n * SECOND / fps) for n in range(pictures)]
    assert source.state is CameraState.OK
