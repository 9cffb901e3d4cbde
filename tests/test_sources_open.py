"""Addresses: which form opens what, what cannot be opened, and that no credential leaves one."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from counter.errors import SourceError
from counter.settings import CameraSettings
from counter.sources.open import open_source
from counter.sources.opencv import READ_TIMEOUT_S, VideoCapture, masked, open_stream
from counter.sources.timing import Clock
from tests.test_sources_footage import film


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ftp://viewer:s3cret@host/film.mp4",
        "viewer:s3cret@10.0.0.1:554/stream",
        "rtsp://viewer:s3cret@/stream",
        "rtsp://viewer:s3cret@host:port/stream",
        "rtsp://viewer:s3cret@[::1/stream",
        "synthetic:beach",
        "synthetic:",
        "/dev/viewer:s3cret@null/x",
    ],
)
def test_an_address_of_no_known_form_is_refused_without_repeating_a_password(address: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source("front", CameraSettings(source=address))
    assert caught.value.message.startswith("cameras.front.source: ")
    assert caught.value.hint
    assert "s3cret" not in caught.value.message + caught.value.hint
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://viewer:s3cret@cam.local:8554/live/1", "rtsp://cam.local:8554/..."),
        ("rtsp://cam.local/user=viewer&password=s3cret&channel=1", "rtsp://cam.local/..."),
        ("http://10.0.0.7/mjpg?user=viewer&pwd=s3cret", "http://10.0.0.7/..."),
        ("rtsp://viewer:12/s3cret@10.0.0.7/live", "rtsp://..."),
        ("rtsp://[fd00::7]:554/s3cret", "rtsp://[fd00::7]:554/..."),
    ],
)
def test_only_scheme_host_and_port_of_an_address_are_shown(url: str, shown: str) -> None:
    assert masked(url) == shown


def test_a_refused_connection_is_one_line_without_credentials() -> None:
    with pytest.raises(SourceError) as caught:
        open_stream("rtsp://viewer:s3cret@127.0.0.1:9/live?token=s3cret")
    assert caught.value.message == "rtsp://127.0.0.1:9/...: no stream there"


class SilentDevice:
    """As a V4L2 node that opens and gives nothing: each read waits to its limit."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.reads = 0

    def read_clock(self) -> int:
        return self.now_ns

    def set(self, *_: object) -> None: ...
    def get(self, _: object) -> float:
        return 0.0

    def grab(self) -> bool:
        self.reads += 1
        self.now_ns += round(READ_TIMEOUT_S * 1e9)
        return False

    def release(self) -> None: ...


def test_a_device_that_gives_nothing_is_given_up_after_ten_seconds() -> None:
    device = SilentDevice()
    with pytest.raises(SourceError, match="/dev/video7: it opens, but no picture can be decoded"):
        VideoCapture(device).proven("/dev/video7", Clock(device.read_clock))
    assert device.now_ns == 10 * 10**9
    assert device.reads == 2


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything, so the test gives root up for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def _text(tmp_path: Path) -> Path:
    path = tmp_path / "talk.txt"
    path.write_text("hello\n" * 500)
    return path


def _renamed_text(tmp_path: Path) -> Path:
    return _text(tmp_path).rename(tmp_path / "talk.mp4")


def _playlist(tmp_path: Path) -> Path:
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    return path


def _cut_mp4(tmp_path: Path) -> Path:
    whole = film(tmp_path / "whole.mp4", 40, codec="mp4v").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    return tmp_path / "cut.mp4"


def _empty(tmp_path: Path) -> Path:
    (tmp_path / "empty.avi").touch()
    return tmp_path / "empty.avi"


def _no_pictures(tmp_path: Path) -> Path:
    _text(tmp_path)
    return tmp_path


def _bad_picture(tmp_path: Path) -> Path:
    (tmp_path / "1.png").write_text("no picture")
    return tmp_path


def _pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def _locked(tmp_path: Path) -> Path:
    path = film(tmp_path / "a.avi", 3)
    path.chmod(stat.S_IWUSR)
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda tmp: tmp / "none.mp4", "does not exist"),
        (lambda _: Path("/dev/video97"), "does not exist"),
        (lambda _: Path("/dev/null"), "not a camera that can be opened"),
        (_text, "not a video that can be read"),
        (_renamed_text, "not a video that can be read"),
        (_playlist, "not a video that can be read"),
        (_cut_mp4, "not a video that can be read"),
        (_empty, "not a video that can be read"),
        (_no_pictures, "no pictures in this directory"),
        (_bad_picture, "not a picture that can be read"),
        (_pipe, "neither a file, a directory nor a camera"),
        (_locked, "may not read"),
    ],
)
def test_bad_input_is_one_line_that_names_the_key(tmp_path, make, says) -> None:
    path = make(tmp_path)
    within = Path(tempfile.gettempdir())
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.is_relative_to(within) or folder == within:
            break
        folder.chmod(0o755)
    with as_nobody(), pytest.raises(SourceError) as caught:
        open_source("front", CameraSettings(source=str(path)))
    assert caught.value.message.startswith("cameras.front.source: ")
    assert says in caught.value.message
    assert "\n" not in caught.value.message + caught.value.hint
