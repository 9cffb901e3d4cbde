"""What is said of a camera: a line for a change that holds, none for the flicker in between."""

import logging
import re
import threading

import pytest

from counter.release import CameraState
from counter.sources.live import BAD_IN_A_ROW
from counter.sources.telling import News
from tests.fake_camera import BAD, SECOND, FakeCamera, Site, brightness

OK, LOST, STALLED = CameraState.OK, CameraState.LOST, CameraState.STALLED
BLACK, FROZEN = CameraState.BLACK, CameraState.FROZEN


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "counter.sources")


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [f"{line.levelname} {line.getMessage()}" for line in caplog.records]


def test_each_state_has_its_line_once(caplog) -> None:
    news, now_ns = News("door", 0), 0
    for state in (OK, LOST, OK, STALLED, OK, BLACK, FROZEN, OK):
        for _ in range(3):
            now_ns += SECOND
            news.hear(state, "rtsp://host:554/...: no stream there", now_ns)
    assert said(caplog) == [
        "WARNING camera door: lost (rtsp://host:554/...: no stream there), trying again",
        "INFO camera door: back",
        "WARNING camera door: stalled (it is open, and no picture comes)",
        "INFO camera door: back",
        "WARNING camera door: black (there is nothing in its picture)",
        "INFO camera door: back",
    ]
    assert {line.name for line in caplog.records} == {"counter.sources"}


def test_a_camera_that_comes_and_goes_is_said_once_until_it_holds(caplog) -> None:
    news = News("door", 4 * SECOND)
    for second in range(0, 3600, 5):  # a picture every five seconds, stalled after two
        news.hear(OK, "", second * SECOND)
        news.hear(STALLED, "", (second + 2) * SECOND)
    assert len(caplog.records) == 1
    news.hear(OK, "", 3600 * SECOND)
    news.hear(OK, "", 3603 * SECOND)
    assert len(caplog.records) == 1
    news.hear(OK, "", 3604 * SECOND)
    assert said(caplog)[1:] == ["INFO camera door: back"]


def test_a_stall_that_becomes_a_loss_is_said_when_it_holds(caplog) -> None:
    news = News("door", 4 * SECOND)
    news.hear(STALLED, "", 0)
    for second in (3, 5, 7, 90):
        news.hear(LOST, "gone", second * SECOND)
    assert [line.getMessage().split()[2] for line in caplog.records] == ["stalled", "lost"]


def test_an_error_of_ours_is_said_once_without_its_text(caplog) -> None:
    news = News("door", 0)
    for _ in range(3):
        try:
            news.hear(LOST, 17, "no time")  # type: ignore[arg-type]
        except TypeError as error:
            news.broke(error)
    (line,) = said(caplog)
    assert line.startswith("ERROR camera door: internal error: TypeError at sources/telling.py:")
    assert line.endswith(", trying again")
    assert "str" not in line


# --- a source and its thread ---------------------------------------------------------------------


def test_an_error_of_ours_in_the_reader_is_a_loss_that_is_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = FakeCamera(), FakeCamera()
    site = Site(first, OSError("17 people"), OSError("18 people"), second)
    first.show(10)
    assert brightness(site.source.take()) == 10
    site.now_ns += 11 * SECOND
    first.show(20)
    first.show_last(ValueError("16 people"))
    second.show(30)
    assert first.closed
    assert brightness(site.source.take()) == 30
    assert site.waits == [0.5, 1, 2], "a connection that held makes the next wait short"
    fault = (
        r"ERROR camera door: internal error: {} at sources/live\.py:\d+( > sources/live\.py:\d+)*"
    )
    assert len(said(caplog)) == 2
    for line, kind in zip(said(caplog), ("ValueError", "OSError"), strict=True):
        assert re.fullmatch(fault.format(kind) + ", trying again", line), line
    site.end(second)


def test_a_loss_and_the_return_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    first, gate, second = FakeCamera(), threading.Event(), FakeCamera()
    site = Site(first, None, None, gate, second)
    site.source.take()  # before there was any attempt
    first.show(10)
    site.source.take()
    assert said(caplog) == []
    first.show_last(*[BAD] * (BAD_IN_A_ROW + 1))
    while len(site.waits) < 3:  # refused twice, waiting for the third answer
        threading.Event().wait(0.01)
    for _ in range(3):
        site.source.take()
    lost = "WARNING camera door: lost (rtsp://host:554/...: no stream there), trying again"
    assert said(caplog) == [lost]
    gate.set()
    for brightness_now in (20, 30):
        second.show(brightness_now)
        site.source.take()
        site.now_ns += 4 * SECOND
    second.show(40)
    site.source.take()
    site.source.take()
    assert said(caplog) == [lost, "INFO camera door: back"]
    site.end(second)
    site.source.take()
    assert said(caplog)[2:] == [], "the closing is no loss"


def test_a_black_camera_is_said(caplog: pytest.LogCaptureFixture) -> None:
    camera = FakeCamera()
    site = Site(camera)
    for _ in range(3):
        camera.show(128)
        site.source.take()
    assert said(caplog) == ["WARNING camera door: black (there is nothing in its picture)"]
    site.end(camera)
