"""The newest frame, stall, loss, return, end: with a camera and a clock of the test's own."""

import threading
from collections.abc import Iterator

import pytest

from counter.release import CameraState
from counter.sources.live import BAD_IN_A_ROW
from counter.sources.timing import LONGEST_WAIT_S, Backoff
from tests.fake_camera import BAD, SECOND, FakeCamera, Site, brightness


@pytest.fixture
def camera() -> FakeCamera:
    return FakeCamera()


@pytest.fixture
def site(camera: FakeCamera) -> Iterator[Site]:
    site = Site(camera)
    yield site
    if not site.source.closed:
        site.end(camera)


def state(site: Site) -> CameraState:
    return site.source.state


def test_the_box_holds_the_newest_frame_and_counts_what_came_too_late(
    site: Site, camera: FakeCamera
) -> None:
    camera.show(10)
    site.now_ns += SECOND
    camera.show(20, 30)
    frame = site.source.take()
    assert frame is not None
    assert frame.captured_ns == 101 * SECOND
    assert brightness(frame) == 30
    assert site.source.take() is None
    assert site.source.dropped == 2
    assert state(site) is CameraState.OK


def test_frames_ticks_without_a_picture(site: Site, camera: FakeCamera) -> None:
    frames = site.source.frames()
    assert next(frames) is None
    camera.show(10)
    assert brightness(next(frames)) == 10
    assert next(frames) is None


def test_a_camera_is_lost_until_its_first_picture_then_stalled_without_one(
    site: Site, camera: FakeCamera
) -> None:
    assert state(site) is CameraState.LOST
    camera.show(10)
    assert state(site) is CameraState.OK
    site.now_ns += 2 * SECOND
    assert state(site) is CameraState.OK
    site.now_ns += 1
    assert state(site) is CameraState.STALLED
    camera.show(20)
    assert state(site) is CameraState.OK


def test_black_and_frozen_pictures_do_not_come_through(site: Site, camera: FakeCamera) -> None:
    camera.show(128)  # 128 and 127: one tone
    assert site.source.take() is None
    assert state(site) is CameraState.BLACK
    camera.show(10)
    assert brightness(site.source.take()) == 10
    site.now_ns += 10 * SECOND
    camera.show(10)
    assert site.source.take() is None
    assert state(site) is CameraState.FROZEN
    assert site.source.dropped == 0


def test_a_few_bad_packets_are_not_a_loss(site: Site, camera: FakeCamera) -> None:
    camera.show(*[BAD] * BAD_IN_A_ROW, 10)
    assert brightness(site.source.take()) == 10
    assert not camera.closed


def test_many_bad_packets_are_a_loss(site: Site, camera: FakeCamera) -> None:
    camera.show(10, *[BAD] * BAD_IN_A_ROW)
    assert state(site) is CameraState.OK
    camera.show_last(BAD)
    assert site.exhausted.wait(5)
    assert camera.closed
    assert state(site) is CameraState.LOST
    site.source.close()


def test_a_lost_camera_is_tried_again_with_growing_waits_and_comes_back() -> None:
    first, second = FakeCamera(), FakeCamera()
    site = Site(first, None, None, None, second)
    first.show(10)
    assert brightness(site.source.take()) == 10
    site.now_ns += 3 * SECOND  # a read that waited for nothing
    first.show_last(BAD)
    second.show(20)
    assert first.closed
    assert site.waits == [0.5, 1, 2, 4]
    assert state(site) is CameraState.OK
    assert brightness(site.source.take()) == 20
    site.end(second)


def test_waits_double_to_a_limit_and_begin_anew() -> None:
    backoff = Backoff()
    waits = [backoff.next_s() for _ in range(9)]
    assert waits == [0.5, 1, 2, 4, 8, 16, LONGEST_WAIT_S, LONGEST_WAIT_S, LONGEST_WAIT_S]
    backoff.reset()
    assert backoff.next_s() == 0.5


def test_a_connection_that_held_makes_the_next_wait_short() -> None:
    first, second = FakeCamera(), FakeCamera()
    site = Site(None, None, first, second)
    first.show(10)
    assert site.waits == [0.5, 1]
    site.now_ns += 11 * SECOND
    first.show(20)
    site.now_ns += 3 * SECOND
    first.show_last(BAD)
    second.show(30)
    assert site.waits == [0.5, 1, 0.5]
    site.end(second)


def test_a_picture_that_comes_after_the_closing_is_wiped(site: Site, camera: FakeCamera) -> None:
    camera.show(10)
    first = site.source.take()
    assert first is not None
    first.release()
    threading.Timer(0.1, camera.show_last, [20]).start()
    site.source.close()
    assert not site.source.running
    assert site.source._box is None
    assert [bool(buffer.any()) for buffer in site.source._pictures._free] == [False]


def test_closing_joins_the_thread_wipes_the_box_and_ends_the_frames(
    site: Site, camera: FakeCamera
) -> None:
    camera.show(10)
    box = site.source._box
    assert box is not None
    buffer = box._buffer
    site.end(camera)
    assert camera.closed
    assert buffer is not None
    assert not buffer.any()
    assert list(site.source.frames()) == []
    assert state(site) is CameraState.LOST
