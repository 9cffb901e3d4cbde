"""The contenders of `peers`: the same film and weights, each as its maker means it to be used.

Rule 1: everybody decodes the film with their own reader, picture by picture, and leaves out none.
Rule 2: nobody draws, saves or prints.
Rule 3: every network gets the same number of threads. All else stays as each library sets it; as
all are in one process, OpenCV and torch have the one thread that ultralytics leaves them.
Rule 4: how long a picture is inside onnxruntime is taken at the same place for all: its session.
"""

import importlib.util
import os
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.films import Film
from benchmarks.rounds import Turned, timed
from counter.clock import footage_clock
from counter.config import Loaded
from counter.counting import Counting
from counter.detectors.lookout import Lookout
from counter.detectors.open import open_detector
from counter.disclosure import Gate
from counter.engine import Engine
from counter.health import Monitor, standing
from counter.models import Model
from counter.purposes import RULES, Purpose
from counter.settings import CameraSettings, LineSettings, ModelSettings, Settings, ZoneSettings
from counter.sources.merge import View, merged
from counter.sources.open import open_source

POLYGON = [(0.05, 0.1), (0.95, 0.1), (0.95, 0.98), (0.05, 0.98)]
LINE = [(0.1, 0.55), (0.9, 0.55)]
CONFIDENCE, IOU = 0.1, 0.5  # from where on boxes reach a tracker, and NMS; the same for all
EYE, STARTS_AT = "eye", "2026-01-01T00:00:00Z"
Inside = list[float]  # ms in onnxruntime, of each run
RECIPE = Path(__file__).parents[1] / "models/recipe"


class Ours:
    """The appliance's own parts: reader, letterbox, network, decoding, tracker, zone, line, tally.

    Left out are the outputs: nothing is due within a few hundred pictures. With more than one
    picture `ahead` a run of the network has no picture of its own that it could be taken out of.
    """

    def __init__(self, film: Film, model: Model, settings: ModelSettings, ahead: int) -> None:
        self._ahead = ahead
        whole = _settings(film, settings)
        gate = Gate(whole)
        self._source = open_source(EYE, whole.cameras[EYE])
        self._views: Iterator[View] = merged([self._source])
        self._inside: Inside = []
        with sessions(self._inside):
            detector = open_detector(settings, ahead=ahead)
        self.backend = detector.backend
        health = standing(Loaded(whole, "0" * 64, ()), model, None, detector.backend)
        self._engine = Engine(
            lookout=Lookout(detector),
            counting=Counting(whole, gate),
            outputs=(),
            health=Monitor(health, {}),
            clock=footage_clock(STARTS_AT, gate.parameters.interval_s),
        )

    def turn(self, pictures: int) -> Turned:
        taken: list[float] = []
        self._inside.clear()
        self._engine.run(self._watched(pictures, taken), lambda: False)
        ended = time.perf_counter()
        taken[-1] += (ended - self._paused) * 1e3  # what was in flight
        return Turned(taken, list(self._inside) if self._ahead == 1 else None)

    def close(self) -> None:
        self._engine.lookout.close()
        self._source.close()

    def _watched(self, pictures: int, taken: list[float]) -> Generator[View]:
        """Give the loop its views; a picture's time is that from one request to the next."""
        for _ in range(pictures):
            began = time.perf_counter()
            yield next(self._views)
            self._paused = time.perf_counter()
            taken.append((self._paused - began) * 1e3)


class Ultralytics:
    """`model.track()` with ByteTrack over the film, as a stream; each picture's boxes are read."""

    method = "track"

    def __init__(self, film: Film, model: Model, threads: int) -> None:
        yolo = ultralytics()
        width, height = model.entry.input
        network = yolo.YOLO(str(model.path), task="detect")
        more: dict[str, Any] = (
            {"persist": True, "tracker": "bytetrack.yaml"} if self.method == "track" else {}
        )
        self._inside: Inside = []
        with sessions(self._inside, threads):
            self._results: Iterator[Any] = getattr(network, self.method)(
                source=str(film.path), stream=True, imgsz=(height, width), classes=[0],
                conf=CONFIDENCE, iou=IOU, verbose=False, save=False, device="cpu", **more,
            )  # fmt: skip
            self._take()  # the network may be opened at the first picture

    def turn(self, pictures: int) -> Turned:
        self._inside.clear()
        return Turned(timed(self._take, pictures), list(self._inside))

    def close(self) -> None:
        """Nothing to hand back."""

    def _take(self) -> None:
        self._use(next(self._results))

    def _use(self, result: Any) -> None:
        boxes = result.boxes
        _ = boxes.xyxy.numpy(), boxes.id


class Supervision(Ultralytics):
    """`model.predict()` over the film; `trackers`' ByteTrack; a PolygonZone and a LineZone."""

    method = "predict"

    def __init__(self, film: Film, model: Model, threads: int) -> None:
        import supervision as sv
        from trackers import ByteTrackTracker

        self._sv, self._tracker = sv, ByteTrackTracker()
        self._zone = sv.PolygonZone((np.array(POLYGON) * film.size).astype(int))
        self._line = sv.LineZone(*(sv.Point(x * film.size[0], y * film.size[1]) for x, y in LINE))
        super().__init__(film, model, threads)

    def _use(self, result: Any) -> None:
        tracked = self._tracker.update(self._sv.Detections.from_ultralytics(result))
        self._zone.trigger(tracked)
        self._line.trigger(tracked)


def _settings(film: Film, model: ModelSettings) -> Settings:
    return Settings(
        site="bench",
        device="peers",
        purpose=Purpose.FOOTFALL,
        interval_s=RULES[Purpose.FOOTFALL].interval_s,
        cameras={EYE: CameraSettings(source=str(film.path))},
        zones={"all": ZoneSettings(camera=EYE, polygon=list(POLYGON))},
        lines={"middle": LineSettings(camera=EYE, points=list(LINE))},
        model=model,
    )


def ultralytics() -> ModuleType:
    """Import it offline, and on a torch that torchvision's operators do not fit, as the recipe."""
    os.environ.update({"ORT_DISABLE_TELEMETRY": "1", "YOLO_VERBOSE": "False"})
    if importlib.util.find_spec("ultralytics") is None:
        raise ImportError("not installed", name="ultralytics")
    where = RECIPE / "offline_ultralytics.py"
    spec = importlib.util.spec_from_file_location("offline_ultralytics", where)
    assert spec is not None
    assert spec.loader is not None
    offline = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(offline)
    return importlib.import_module("ultralytics")


class _Session:
    """A session of onnxruntime that notes how long each run took."""

    def __init__(self, session: Any, inside: Inside) -> None:
        self._session, self._inside = session, inside

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, *given: Any) -> Any:
        return self._noted(self._session.run, *given)

    def run_with_iobinding(self, *given: Any) -> Any:
        return self._noted(self._session.run_with_iobinding, *given)

    def _noted(self, call: Any, *given: Any) -> Any:
        began = time.perf_counter()
        try:
            return call(*given)
        finally:
            self._inside.append((time.perf_counter() - began) * 1e3)


@contextmanager
def sessions(inside: Inside, threads: int = 0) -> Iterator[None]:
    """Note the runs of sessions that are opened now (Rule 4); where a library asks for no options,
    `threads` is the one that it gets.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # type: ignore[import-untyped]

    made = onnxruntime.InferenceSession

    def session(path: Any, sess_options: Any = None, **more: Any) -> _Session:
        options = sess_options or onnxruntime.SessionOptions()
        if threads:
            options.intra_op_num_threads = threads
        return _Session(made(path, options, **more), inside)

    onnxruntime.InferenceSession = session
    try:
        yield
    finally:
        onnxruntime.InferenceSession = made
