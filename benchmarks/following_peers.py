"""Other people's trackers and line counters behind two doors, each as its package ships it.

Nothing is tuned: defaults, but for the frame rate, and where the name says so. `missing` says which
packages are not installed (extras `peers` and `ultralytics`; its line counter needs shapely).
"""

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from counter.people import Detections, TrackState
from counter.settings import LineSettings, TrackerSettings
from counter.tracking import Tracker

HEIGHT = 1080  # pixels of the picture that peers are told of


class Followed(NamedTuple):
    """Who is followed in one frame, in pixels of a picture HEIGHT high."""

    ids: NDArray[np.int64]  # (N,)
    xyxy: NDArray[np.float64]  # (N, 4)


class Follower(Protocol):
    def update(self, people: Detections) -> Followed: ...


class LineCounter(Protocol):
    def update(self, followed: Followed) -> None: ...
    @property
    def counts(self) -> tuple[int, int]: ...  # IN, OUT


def pixels(boxes: NDArray[np.float32], aspect: float) -> NDArray[np.float64]:
    """Fractions of a picture to its pixels: (N, 4)."""
    return boxes.astype(np.float64) * (HEIGHT * aspect, HEIGHT, HEIGHT * aspect, HEIGHT)


class Ours:
    """Our tracker. An id is never used twice here: slots are, so each life gets a number."""

    def __init__(self, fps: float, sure: float = 0.25) -> None:  # noqa: ARG002 (it reads the clock)
        settings = TrackerSettings()
        self._tracker = Tracker(settings, sure)
        self._lives = np.zeros(settings.max_tracks, np.int64)
        self._given = 0

    def update(self, people: Detections) -> Followed:
        tracks = self._tracker.update(people)
        born = tracks.slot[tracks.born]
        self._lives[born] = self._given + np.arange(len(born))
        self._given += len(born)
        seen = tracks.state == TrackState.CONFIRMED
        return Followed(self._lives[tracks.slot[seen]], pixels(tracks.xyxy[seen], tracks.aspect))


class UltralyticsByteTrack:
    """`BYTETracker` with the settings of its own bytetrack.yaml; `sure` raises its thresholds."""

    def __init__(self, fps: float, sure: float | None = None) -> None:  # noqa: ARG002 (has no rate)
        from ultralytics.trackers.byte_tracker import BYTETracker
        from ultralytics.utils import YAML, IterableSimpleNamespace
        from ultralytics.utils.checks import check_yaml

        settings = YAML.load(check_yaml("bytetrack.yaml"))
        if sure is not None:
            settings |= {"track_high_thresh": sure, "new_track_thresh": sure}
        self._tracker = BYTETracker(IterableSimpleNamespace(**settings))

    def update(self, people: Detections) -> Followed:
        from ultralytics.engine.results import Boxes

        xyxy = pixels(people.xyxy, people.aspect)
        person = np.zeros((len(people), 1))
        rows = np.concatenate((xyxy, people.confidence[:, None], person), axis=1)
        found = self._tracker.update(Boxes(rows, (HEIGHT, round(HEIGHT * people.aspect))))
        found = found.reshape(-1, 8)
        return Followed(found[:, 4].astype(np.int64), found[:, :4].astype(np.float64))


class RoboflowTracker:
    """A tracker of the package `trackers`; ids below zero are of people it does not believe yet."""

    def __init__(self, name: str, fps: float, **settings: float) -> None:
        import trackers

        self._tracker = getattr(trackers, name)(frame_rate=fps, **settings)

    def update(self, people: Detections) -> Followed:
        import supervision

        found: Any = self._tracker.update(
            supervision.Detections(
                xyxy=pixels(people.xyxy, people.aspect).astype(np.float32),
                confidence=people.confidence,
                class_id=np.zeros(len(people), int),
            )
        )
        believed = found.tracker_id >= 0
        return Followed(found.tracker_id[believed], found.xyxy[believed].astype(np.float64))


class UltralyticsLine:
    """`ObjectCounter`'s decision for each box, without the model and the picture around it.

    It counts right and down as IN, whatever the order of a line's points.
    """

    def __init__(self, line: LineSettings, aspect: float) -> None:
        from shapely.geometry import LineString, Point
        from ultralytics.solutions.object_counter import ObjectCounter

        self._rule: Any = ObjectCounter.__new__(ObjectCounter)
        region = [(x * HEIGHT * aspect, y * HEIGHT) for x, y in line.points]
        state = SimpleNamespace(region=region, LineString=LineString, Point=Point)
        state.r_s, state.counted_ids, state.in_count, state.out_count = (
            LineString(region),
            set(),
            0,
            0,
        )
        state.names, state.classwise_count = {0: "person"}, {"person": {"IN": 0, "OUT": 0}}
        self._rule.__dict__.update(vars(state))
        self._last: dict[int, tuple[float, float]] = {}

    def update(self, followed: Followed) -> None:
        for number, box in zip(followed.ids.tolist(), followed.xyxy.tolist(), strict=True):
            centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            self._rule.count_objects(centre, number, self._last.get(number), 0)
            self._last[number] = centre

    @property
    def counts(self) -> tuple[int, int]:
        return self._rule.in_count, self._rule.out_count


class SupervisionLine:
    """`LineZone`: with its four corners, or one `anchor`. Its IN is to the left of its line."""

    def __init__(self, line: LineSettings, aspect: float, anchor: str = "") -> None:
        import supervision

        first, second = (
            supervision.Point(x * HEIGHT * aspect, y * HEIGHT) for x, y in reversed(line.points)
        )
        more = {"triggering_anchors": [supervision.Position[anchor]]} if anchor else {}
        self._zone: Any = supervision.LineZone(first, second, **more)

    def update(self, followed: Followed) -> None:
        import supervision

        if len(followed.ids):
            self._zone.trigger(
                supervision.Detections(
                    followed.xyxy,
                    tracker_id=followed.ids,
                    class_id=np.zeros(len(followed.ids), int),
                )
            )

    @property
    def counts(self) -> tuple[int, int]:
        return self._zone.in_count, self._zone.out_count


Makers = dict[str, tuple[tuple[str, ...], Callable[..., Any]]]  # name: packages, maker

TRACKERS: Makers = {
    "ultralytics ByteTrack": (("ultralytics",), UltralyticsByteTrack),
    "trackers ByteTrack": (("trackers",), partial(RoboflowTracker, "ByteTrackTracker")),
    "trackers SORT": (("trackers",), partial(RoboflowTracker, "SORTTracker")),
    "trackers OC-SORT": (("trackers",), partial(RoboflowTracker, "OCSORTTracker")),
    "trackers C-BIoU": (("trackers",), partial(RoboflowTracker, "CBIoUTracker")),
}


def same_sure(sure: float) -> Makers:
    """Name both ByteTracks, with boxes that are sure from `sure` as ours are."""
    more = {"track_activation_threshold": sure, "high_conf_det_threshold": sure}
    return {
        f"ultralytics ByteTrack, {sure}": (
            ("ultralytics",),
            partial(UltralyticsByteTrack, sure=sure),
        ),
        f"trackers ByteTrack, {sure}": (
            ("trackers",),
            partial(RoboflowTracker, "ByteTrackTracker", **more),
        ),
    }


LINES: Makers = {
    "ultralytics": (("ultralytics", "shapely"), UltralyticsLine),
    "supervision corners": (("supervision",), SupervisionLine),
    "supervision foot": (("supervision",), partial(SupervisionLine, anchor="BOTTOM_CENTER")),
}


def installed(makers: Makers) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, (packages, maker) in makers.items():
        if not missing(packages):
            yield name, maker


def missing(packages: tuple[str, ...]) -> list[str]:
    return [name for name in packages if find_spec(name) is None]
