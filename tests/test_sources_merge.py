"""Several sources in one loop: order, fairness, pace, ticks, and nothing held for too long."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from counter.errors import ConfigError
from counter.frame import Frame, Pixels
from counter.release import CameraState
from counter.sources import TimedSource
from counter.sources.merge import View, are_live, merged
from counter.sources.timing import TICK_S, Clock
from tests.fake_camera import FakeCamera, Site

MS = 1_000_000


class Film:
    """Footage with a picture at each of `times_ms`; a negative time is a black picture."""

    live = False
    state = CameraState.OK

    def __init__(self, camera: str, *times_ms: int) -> None:
        self.camera = camera
        self.now_ns = 0
        self.out = 0  # frames that are held by somebody
        self._times_ms = times_ms

    def frames(self) -> Iterator[Frame | None]:
        for time_ms in self._times_ms:
            self.now_ns = abs(time_ms) * MS
            if time_ms < 0:
                yield None
                continue
            self.out += 1
            yield Frame(np.full((2, 2, 3), 9, np.uint8), self.now_ns, self._back)

    def close(self) -> None: ...

    def _back(self, _buffer: Pixels) -> None:
        self.out -= 1


def played(sources: list[TimedSource]) -> list[tuple[str, int]]:
    seen = []
    for view in merged(sources):
        seen.append((view.camera, view.now_ns // MS))
        if view.frame is not None:
            assert view.frame.captured_ns == view.now_ns
            view.frame.release()
    return seen


def test_films_are_merged_by_their_clocks_until_all_have_ended() -> None:
    a, b, c = Film("a", 0, 100, 200, 300), Film("b", 0, 150, 900), Film("c")
    assert played([a, b, c]) == [
        ("a", 0),
        ("b", 0),
        ("a", 100),
        ("b", 150),
        ("a", 200),
        ("a", 300),
        ("b", 900),
    ]
    assert a.out == b.out == 0


def test_black_pictures_take_their_place_in_time() -> None:
    views = list(merged([Film("a", 0, -50, -400), Film("b", -70)]))
    assert [(v.camera, v.now_ns // MS, v.frame is None) for v in views] == [
        ("a", 0, False),
        ("a", 50, True),
        ("b", 70, True),
        ("a", 400, True),
    ]


def test_no_sources_are_no_views() -> None:
    assert list(merged([])) == []


def test_the_merge_holds_one_frame_a_film_and_lets_go_of_it() -> None:
    films = [Film("a", 0, 1, 2, 3), Film("b", 0, 1, 2, 3), Film("c", 9)]
    views = merged(films)
    for _ in range(5):
        view = next(views)
        assert view.frame is not None
        with view.frame:
            assert max(film.out for film in films) == 1
    views.close()
    assert [film.out for film in films] == [0, 0, 0]


def test_a_live_camera_beside_footage_is_refused_at_once() -> None:
    camera = FakeCamera()
    site = Site(camera)
    with pytest.raises(ConfigError, match=r"cameras\.tape\.source: footage beside .*'door'"):
        merged([Film("tape", 0), site.source])
    site.end(camera)


def test_a_view_is_not_printed_and_not_compared() -> None:
    view = View("a", Frame(np.zeros((2, 2, 3), np.uint8), 0), 0)
    assert "0" not in repr(view).split(" at ")[0]
    assert view != View("a", view.frame, 0)


class FakeTime:
    """A clock that the waits of a paced merge move."""

    def __init__(self) -> None:
        self.now_ns = 7_000 * MS
        self.waits: list[float] = []

    def clock(self) -> Clock:
        return Clock(lambda: self.now_ns, self.wait)

    def wait(self, _event: threading.Event, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now_ns += round(seconds * 1e9)
        return False


def test_realtime_footage_keeps_its_own_pace_and_ticks_while_it_waits() -> None:
    time, begun = FakeTime(), 7_000 * MS
    shown = []
    for view in merged([Film("a", 0, 100, 1000)], realtime=True, clock=time.clock()):
        shown.append((view.camera, view.now_ns // MS, (time.now_ns - begun) // MS))
        if view.frame is not None:
            view.frame.release()
    assert shown == [
        ("a", 0, 0),
        ("a", 100, 100),
        ("", 300, 300),
        ("", 500, 500),
        ("", 700, 700),
        ("", 900, 900),
        ("a", 1000, 1000),
    ]
    assert max(time.waits) <= TICK_S


def test_realtime_footage_leaves_no_picture_out_when_the_machine_is_slow() -> None:
    time, shown = FakeTime(), 0
    for view in merged([Film("a", *range(0, 1000, 40))], realtime=True, clock=time.clock()):
        assert view.frame is not None
        view.frame.release()
        time.now_ns += 60 * MS
        shown += 1
    assert shown == 25
    assert time.waits == []


def test_a_paced_merge_that_is_closed_lets_go_of_its_frame() -> None:
    film, time = Film("a", 0, 1000), FakeTime()
    views = merged([film], realtime=True, clock=time.clock())
    first = next(views).frame
    assert first is not None
    first.release()
    assert next(views).frame is None
    assert film.out == 1
    views.close()
    assert film.out == 0


def test_live_cameras_take_turns_and_only_their_newest_frames_count() -> None:
    cameras = [FakeCamera(), FakeCamera()]
    sites = [Site(camera) for camera in cameras]
    sites[1].source.camera = "rear"
    sources: list[TimedSource] = [site.source for site in sites]
    assert are_live(sources)
    cameras[0].show(10, 11, 12)
    cameras[1].show(20)
    views, seen = merged(sources), []
    for _ in range(3):
        for _ in range(2):
            view = next(views)
            assert view.frame is not None
            with view.frame:
                seen.append((view.camera, int(view.frame.pixels[0, 0, 0])))
            cameras[0].show(13)  # the busy camera has a new frame again and again
        cameras[1].show(21)
    assert seen == [
        ("door", 12),
        ("rear", 20),
        ("door", 13),
        ("rear", 21),
        ("door", 13),
        ("rear", 21),
    ]
    for site, camera in zip(sites, cameras, strict=True):
        site.end(camera)
    assert [view for view in views if view.frame is not None] == []


def test_live_cameras_tick_when_none_has_a_frame() -> None:
    camera = FakeCamera()
    site = Site(camera)
    views = merged([site.source])
    tick = next(views)
    assert (tick.camera, tick.frame, tick.now_ns) == ("", None, site.now_ns)
    site.end(camera)
    assert list(views) == []
