"""Several cameras, one stream of views: the engine has one loop, whatever the cameras are.

Rule 1: footage is merged by its own clocks, live cameras in rounds over their newest frames; the
two have no clock in common, so a configuration holds one kind.
Rule 2: `now_ns` never goes back, and passes also while there is no picture.
Rule 3: the merge holds one frame of each film at most, and none of a live camera.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from threading import Event

from counter.errors import ConfigError
from counter.frame import Frame
from counter.sources import TimedSource
from counter.sources.live import LiveSource
from counter.sources.timing import TICK_S, Clock


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class View:
    """What there is to look at now. The frame belongs to the receiver, who releases it."""

    camera: str  # "" in a tick, which belongs to no camera
    frame: Frame | None  # None: time passes, and there is nothing to look at
    now_ns: int  # footage: its own clock, from 0. Live: CLOCK_MONOTONIC


def merged(
    sources: Sequence[TimedSource], *, realtime: bool = False, clock: Clock | None = None
) -> Generator[View]:
    """Merge the sources' frames, until all films have ended or all live cameras are closed.

    `realtime` shows footage at its own pace, without leaving out a picture: a machine that is too
    slow falls behind. Live cameras have no other pace. Raises ConfigError for a mixture, at once.
    """
    clock = clock or Clock()
    if are_live(sources):
        return _rounds([_boxed(source) for source in sources])
    views = _in_order(sources)
    return _paced(views, clock) if realtime else views


def are_live(sources: Sequence[TimedSource]) -> bool:
    """Tell cameras from footage. Raises ConfigError when there are both."""
    live = [source.camera for source in sources if source.live]
    footage = [source.camera for source in sources if not source.live]
    if live and footage:
        raise ConfigError(
            f"cameras.{footage[0]}.source: footage beside the live camera {live[0]!r}",
            "cameras of one configuration are all live or all footage",
        )
    return bool(live)


def _boxed(source: TimedSource) -> LiveSource:
    if not isinstance(source, LiveSource):
        raise TypeError("a live source is a LiveSource with a capture of its own")
    return source


def _rounds(cameras: Sequence[LiveSource]) -> Generator[View]:
    """Offer each camera's newest frame once a round; a tick when a round found nothing."""
    bell = Event()
    for camera in cameras:
        camera.ring(bell)
    while not all(camera.closed for camera in cameras):
        bell.wait(TICK_S)
        bell.clear()  # before the round: a frame that comes during it rings for the next
        found = False
        for camera in cameras:
            frame = camera.take()
            if frame is not None:
                found = True
                yield View(camera.camera, frame, camera.now_ns)
        if not found and cameras:
            yield View("", None, cameras[0].now_ns)


def _in_order(films: Sequence[TimedSource]) -> Generator[View]:
    """Yield the earliest view of all films again and again; at equal times the first film's."""
    readers = [_views(film) for film in films]
    ahead: list[View | None] = []
    try:
        ahead += [next(reader, None) for reader in readers]
        while any(ahead):
            turn = min(
                (view.now_ns, index) for index, view in enumerate(ahead) if view is not None
            )[1]
            view, ahead[turn] = ahead[turn], None
            if view is not None:
                yield view
            ahead[turn] = next(readers[turn], None)
    finally:
        for view in ahead:
            if view is not None and view.frame is not None:
                view.frame.release()


def _views(film: TimedSource) -> Iterator[View]:
    for frame in film.frames():
        yield View(film.camera, frame, film.now_ns)


def _paced(views: Generator[View], clock: Clock) -> Generator[View]:
    """Hold each view until its time has come since the first; tick while waiting."""
    never = Event()
    start_ns: int | None = None
    with closing(views):
        for view in views:
            if start_ns is None:
                start_ns = clock.now_ns() - view.now_ns
            try:
                while (left_ns := start_ns + view.now_ns - clock.now_ns()) > 0:
                    clock.wait(never, min(TICK_S, left_ns / 1e9))
                    if left_ns > TICK_S * 1e9:
                        yield View("", None, min(clock.now_ns() - start_ns, view.now_ns))
            except GeneratorExit:
                if view.frame is not None:
                    view.frame.release()
                raise
            yield view
