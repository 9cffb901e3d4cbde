"""Aiming with films that are blurred, dark, frozen or black, and with a live camera."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from counter.aim import watch as watching
from counter.aim.watch import watch
from counter.frame import Pixels
from counter.settings import CameraSettings, Settings, ZoneSettings
from counter.sources import TimedSource
from counter.sources.live import LiveSource
from counter.sources.synthetic import Scene
from tests.test_aim_watch import EDGE, begun, never, settings


def film(path: Path, make: object, seconds: int = 32) -> Settings:
    """A film of two pictures a second of the drawn platform, each changed by `make`."""
    scene = Scene(kind="platform", seed=3, size=(640, 360), fps=2.0, people=20)
    code = cv2.VideoWriter.fourcc(*"FFV1")
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, 2, (640, 360))
    picture = np.zeros((360, 640, 3), np.uint8)
    for _ in range(seconds * 2):
        scene.render(picture)
        writer.write(make(picture))  # type: ignore[operator]
    writer.release()
    camera = CameraSettings(source=str(path), frozen_s=5)
    return settings(camera, zones={"edge": ZoneSettings(camera="hall", polygon=EDGE)})


def sharp(picture: Pixels) -> Pixels:
    return picture


def blurred(picture: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 5), np.uint8)


def dark(picture: Pixels) -> Pixels:
    """Night, and a lamp."""
    night = picture // 8
    night[10:40, 300:360] = 255
    return night


def still(_: Pixels) -> Pixels:
    return np.random.default_rng(1).integers(0, 255, (360, 640, 3), np.uint8)


def black(picture: Pixels) -> Pixels:
    return picture // 64


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (sharp, "picture  sharp and bright enough"),
        (blurred, "picture  blurred: "),
        (dark, "picture  dark: "),
        (still, "picture  the picture was frozen: the same, bit for bit (most of the time)"),
        (black, "picture  there was nothing in the picture"),
    ],
)
def test_a_film_that_is_blurred_dark_frozen_or_black(make, said, tmp_path):
    found = watch(begun(film(tmp_path / "film.avi", make)), 5, never)
    assert said in found.text
    assert "camera hall: watched for 0 min 32 s" in found.text


class Endless:
    """A stream of noise, as a capture, that says when it is read first."""

    fps, pictures = 25.0, 0

    def __init__(self, told: list[str]) -> None:
        self._told = told
        self._dice = np.random.default_rng(1)

    def grab(self) -> bool:
        if "read" not in self._told:
            self._told.append("read")
        return True

    def retrieve(self, _buffer: Pixels | None) -> Pixels:
        return self._dice.integers(0, 255, (90, 160, 3), np.uint8)

    def close(self) -> None:
        self._told.append("closed")


def test_a_live_camera_is_read_after_the_process_was_sealed_and_closed_at_the_end(monkeypatch):
    told: list[str] = []
    opened: list[TimedSource] = []

    def open_live(name: str, camera: CameraSettings) -> TimedSource:
        opened.append(LiveSource(name, lambda: Endless(told), camera))
        return opened[0]

    monkeypatch.setattr(watching, "open_source", open_live)
    looks = iter(range(20))
    said: list[str] = []
    zones = {"edge": ZoneSettings(camera="hall", polygon=EDGE)}
    made = settings(CameraSettings(source="rtsp://camera/"), zones=zones)
    stop = lambda: next(looks, None) is None  # noqa: E731
    found = watch(begun(made, lambda: told.append("sealed")), 5, stop, said.append)
    assert told == ["sealed", "read", "closed"]
    assert "watched for less than 30 s: nothing is told of people" in found.text
    assert said == ["watching for 5 min; Ctrl-C ends it earlier and still answers"]
