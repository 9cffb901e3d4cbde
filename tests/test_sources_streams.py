"""Real streams on loopback: they open with a password, are lost with the server, and come back."""

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from counter.release import CameraState
from counter.settings import CameraSettings
from counter.sources.live import LiveSource
from counter.sources.merge import merged
from counter.sources.open import open_source
from tests.stream_servers import (
    HEIGHT,
    PASSWORD,
    USER,
    WIDTH,
    Server,
    h264_camera,
    http,
    rtsp,
    silent,
)

LIMIT_S = 20.0  # a test gives up here; nothing is asserted about how long it took


@pytest.fixture
def server(request) -> Iterator[Server]:
    server = Server(request.param)
    yield server
    server.stop()


def camera(server: Server, scheme: str, password: str = PASSWORD) -> LiveSource:
    address = f"{scheme}://{USER}:{password}@127.0.0.1:{server.port}/live"
    source = open_source("door", CameraSettings(source=address))
    assert isinstance(source, LiveSource)
    return source


def pictures(source: LiveSource, wanted: int) -> int:
    """Count frames until there are as many as wanted, or the limit."""
    seen, until = 0, time.monotonic() + LIMIT_S
    for frame in source.frames():
        if frame is not None:
            with frame:
                assert frame.pixels.shape == (HEIGHT, WIDTH, 3)
                assert 30 < float(frame.pixels.mean()) < 120
                seen += 1
        if seen == wanted or time.monotonic() > until:
            break
    return seen


def until_lost(source: LiveSource) -> CameraState:
    until = time.monotonic() + LIMIT_S
    for frame in source.frames():
        if frame is not None:
            frame.release()
        if source.state is CameraState.LOST or time.monotonic() > until:
            break
    return source.state


def until_said(source: LiveSource, line: str, caplog: pytest.LogCaptureFixture) -> None:
    until = time.monotonic() + LIMIT_S
    for frame in source.frames():
        if frame is not None:
            frame.release()
        if line in caplog.messages or time.monotonic() > until:
            break
    assert line in caplog.messages


@pytest.mark.parametrize(
    ("server", "scheme"),
    [(rtsp, "rtsp"), (http, "http")],
    indirect=["server"],
    ids=["rtsp", "http"],
)
def test_a_stream_delivers_is_lost_with_its_server_and_comes_back(
    server: Server, scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "counter.sources")
    source = camera(server, scheme)
    assert pictures(source, 20) == 20
    assert source.state.value == "ok"
    server.stop()
    assert until_lost(source).value == "lost"
    server.start()
    assert pictures(source, 5) == 5
    assert source.state.value == "ok"
    until_said(source, "camera door: back", caplog)
    assert [line for line in caplog.messages if line.startswith("camera door: lost (")]
    source.close()
    assert not source.running


@pytest.mark.shared
@pytest.mark.parametrize("joined_at", [0, 37])
def test_the_h264_of_a_real_camera_is_decoded_also_from_the_middle(shared, joined_at: int) -> None:
    """A client mostly joins between key frames: what it cannot decode yet is not a loss."""
    server = Server(h264_camera(shared / "data" / "videos" / "one_by_one.mp4", joined_at))
    source = camera(server, "rtsp")
    shapes, until = list[tuple[int, ...]](), time.monotonic() + LIMIT_S
    for frame in source.frames():
        if frame is not None:
            with frame:
                shapes.append(frame.pixels.shape)
        if len(shapes) == 10 or time.monotonic() > until:
            break
    source.close()
    server.stop()
    assert shapes == [(432, 768, 3)] * 10


@pytest.mark.parametrize("server", [rtsp], indirect=True)
def test_a_wrong_password_is_a_lost_camera(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    source = camera(server, "rtsp", "wr0ng")
    views = merged([source])
    assert [next(views).frame for _ in range(3)] == [None] * 3
    assert source.state is CameraState.LOST
    said = f"camera door: lost (rtsp://127.0.0.1:{server.port}/...: no stream there), trying again"
    until_said(source, said, caplog)
    source.close()
    assert caplog.messages == [said]


@pytest.mark.parametrize("server", [silent], indirect=True)
def test_a_server_that_never_answers_can_be_left(server: Server) -> None:
    source = camera(server, "rtsp")
    assert next(source.frames()) is None
    assert source.state is CameraState.LOST
    source.close()
    assert not source.running


@pytest.mark.parametrize("server", [rtsp], indirect=True)
def test_a_slow_reader_gets_the_newest_picture_and_the_rest_is_dropped(server: Server) -> None:
    source = camera(server, "rtsp")
    assert pictures(source, 1) == 1
    while source.dropped < 10:
        time.sleep(0.05)
    frame = source.take()
    assert frame is not None
    assert source.take() is None
    frame.release()
    source.close()


QUIET = """
import logging, sys
from counter.errors import SourceError
from counter.settings import CameraSettings
from counter.sources.open import open_source
logging.disable()
for address in sys.argv[1:]:
    try:
        source = open_source("door", CameraSettings(source=address))
        for turn in zip(range(8), source.frames()):
            pass
        source.close()
    except SourceError:
        pass
"""


@pytest.mark.parametrize("server", [rtsp], indirect=True)
def test_the_libraries_own_logs_are_off(server: Server, tmp_path: Path) -> None:
    """In a process of its own: FFmpeg's log is set once, by whoever opens first."""
    web, text = Server(http), tmp_path / "talk.mp4"
    text.write_text("hello\n" * 500)
    addresses = [
        f"rtsp://{USER}:wr0ng@127.0.0.1:{server.port}/live",
        f"http://{USER}:wr0ng@127.0.0.1:{web.port}/live",
        f"rtsp://{USER}:wr0ng@127.0.0.1:9/live?token=wr0ng",
        str(text),
        "/dev/null",
    ]
    run = [sys.executable, "-c", QUIET, *addresses]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)
    web.stop()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
