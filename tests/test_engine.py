"""The loop with fakes at its doors: what is released when, and that a picture never outlives it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from msgspec import structs

from counter import people
from counter.clock import FootageClock
from counter.config import Loaded
from counter.counting import Counting
from counter.detectors.lookout import MAPLESS, Lookout
from counter.disclosure import Gate
from counter.engine import Engine
from counter.errors import DeviceError
from counter.frame import Frame
from counter.health import Monitor
from counter.people import Detections
from counter.purposes import Purpose
from counter.release import CameraState, Health, Status, ZoneCount
from counter.settings import CameraSettings, CrowdSettings, Settings, ZoneSettings
from counter.sources.merge import View
from tests.commands import SQUARE

SECOND = 1_000_000_000
START = datetime(2026, 1, 1, tzinfo=UTC)
HEALTH = Health(
    "a/b",
    "0",
    "0",
    "m",
    "0",
    None,
    None,
    "fake",
    "none",
    "2026-01-01T00:00:00Z",
    (),
    ok=True,
    below_ceiling=True,
)


def settings(*cameras: str) -> Settings:
    return Settings(
        site="a",
        device="b",
        purpose=Purpose.PASSENGER_INFORMATION,
        interval_s=30,
        cameras={name: CameraSettings(source=f"fake-{name}") for name in cameras},
        zones={f"of-{name}": ZoneSettings(camera=name, polygon=SQUARE) for name in cameras},
    )


class Crowd:
    """Finds as many people in every picture, and keeps the pictures' buffers to look at later."""

    name, backend = "crowd", "fake"

    def __init__(self, people: int) -> None:
        left = np.linspace(0.02, 0.9, people, dtype=np.float32)
        self._xyxy = np.stack((left, 0 * left + 0.4, left + 0.03, 0 * left + 0.5), axis=1)
        self.fails = False

    def detect(self, frame: Frame) -> Detections:
        assert frame.pixels.any()
        if self.fails:
            raise RuntimeError("17 people")
        sure = np.full(len(self._xyxy), 0.9, np.float32)
        return Detections(self._xyxy, sure, frame.captured_ns)

    def close(self) -> None: ...


class Kept:
    broken = False

    def __init__(self) -> None:
        self.releases: list[list[ZoneCount]] = []
        self.health: list[Health] = []

    def publish(self, counts: Sequence[ZoneCount], health: Health) -> None:
        self.releases.append(list(counts))
        self.health.append(health)

    def close(self, timeout_s: float = 5.0) -> None: ...


def view(camera: str, at_s: float, now_s: float | None = None) -> View:
    buffer = np.full((4, 4, 3), 200, np.uint8)
    frame = Frame(buffer, round(at_s * SECOND))
    return View(camera, frame, round((at_s if now_s is None else now_s) * SECOND))


def tick(now_s: float) -> View:
    return View("", None, round(now_s * SECOND))


def engine_of(detector: Crowd, *cameras: str) -> tuple[Engine, Kept]:
    chosen, kept = settings(*cameras), Kept()
    states = {name: lambda: CameraState.OK for name in cameras}
    counting = Counting(chosen, Gate(chosen))
    return Engine(
        Lookout(detector), counting, [kept], Monitor(HEALTH, states), FootageClock(START)
    ), kept


def never() -> bool:
    return False


def test_an_interval_is_released_with_what_was_seen_in_it():
    engine, kept = engine_of(Crowd(20), "eye")
    assert engine.run((view("eye", s) for s in range(31)), never) is True
    ((count,),) = kept.releases
    assert (count.status, count.value, count.coverage) == (Status.PUBLISHED, 20, 1.0)
    assert count.interval.start == START


def test_an_interval_closes_on_time_without_a_picture():
    engine, kept = engine_of(Crowd(20), "eye")
    engine.run([view("eye", 0), *(tick(s) for s in range(1, 61))], never)
    assert [release[0].status for release in kept.releases] == [Status.MISSING, Status.MISSING]


def test_a_picture_that_is_late_makes_no_interval_doubtful():
    """Camera `b` is looked at after `a`, and its pictures are a little older: time goes on."""
    engine, kept = engine_of(Crowd(20), "a", "b")
    views = [v for s in range(91) for v in (view("a", s), view("b", max(s - 0.3, 0)))]
    engine.run(views, never)
    statuses = [{count.status for count in release} for release in kept.releases]
    assert statuses == [{Status.PUBLISHED}] * 3


def test_every_picture_is_overwritten_also_when_the_detector_fails():
    crowd = Crowd(3)
    engine, _ = engine_of(crowd, "eye")
    first, second = view("eye", 0), view("eye", 1)
    buffers = [v.frame._buffer for v in (first, second) if v.frame is not None]
    engine.run([first], never)
    crowd.fails = True
    with pytest.raises(RuntimeError):
        engine.run([second], never)
    assert len(buffers) == 2
    assert not any(buffer is None or buffer.any() for buffer in buffers)


class Maps:
    """Maps of nobody, every 10 s; the calls with these numbers fail."""

    name, backend = "maps", "fake"

    def __init__(self, *fails: int) -> None:
        self.fails, self.asked = fails, 0

    def look(self, frame: Frame) -> people.Crowd:
        self.asked += 1
        if self.asked in self.fails:
            raise DeviceError("the map fails", "no hint")
        return people.Crowd(np.zeros((4, 4), np.float32), frame.captured_ns)

    def close(self) -> None: ...


def test_a_map_of_a_crowd_that_fails_makes_its_interval_missing(caplog):
    """In a dense crowd the tracker alone would count too few."""
    engine, kept = engine_of(Crowd(20), "eye")
    chosen = structs.replace(settings("eye"), crowd=CrowdSettings())
    maps = Maps(5, 6)
    engine.counting, engine.crowds = Counting(chosen, Gate(chosen)), maps
    engine.run((view("eye", s) for s in range(121)), never)
    assert maps.asked == 13
    said = [release[0].status for release in kept.releases]
    assert said == [Status.PUBLISHED, Status.MISSING, Status.PUBLISHED, Status.PUBLISHED]
    assert [record.message for record in caplog.records] == [
        f"the map fails; {MAPLESS}", "the crowd's map is back"
    ]  # fmt: skip


def test_stop_is_asked_after_each_view():
    engine, _ = engine_of(Crowd(3), "eye")
    views = iter([view("eye", 0), view("eye", 1)])
    assert engine.run(views, lambda: True) is False
    assert next(views).frame is not None


def test_a_clock_behind_what_was_released_is_said_once(caplog: pytest.LogCaptureFixture):
    class Set:
        """Goes well for 40 s, is then an hour behind, and catches up."""

        def utc(self, at_ns: int) -> datetime:
            back = 3600 if 40 <= at_ns / SECOND < 80 else 0
            return FootageClock(START).utc(at_ns - back * SECOND)

    engine, kept = engine_of(Crowd(20), "eye")
    engine.clock = Set()
    with caplog.at_level("WARNING"):
        engine.run((view("eye", s) for s in range(131)), never)
    said = [record.message for record in caplog.records]
    assert len(said) == 2
    assert "clock went back" in said[0]
    assert "caught up" in said[1]
    released = {
        r[0].interval.start.second + 60 * r[0].interval.start.minute: r for r in kept.releases
    }
    assert released[30][0].status is Status.MISSING  # it was held in between
    assert len(released) == len(kept.releases)  # nothing twice


def test_health_goes_out_with_each_release():
    engine, kept = engine_of(Crowd(20), "eye")
    engine.health = Monitor(HEALTH, {"eye": lambda: CameraState.BLACK})
    engine.run((view("eye", s) for s in range(31)), never)
    (health,) = kept.health
    assert not health.ok
    assert [(camera.name, camera.state) for camera in health.cameras] == [("eye", "black")]


def test_standing_health_names_what_runs():
    from counter import __version__, models
    from counter.health import standing

    model = models.find("counter-n")
    said = standing(Loaded(settings("eye"), "ab" * 32, ()), model, None, "onnx")
    assert (said.sensor_id, said.version, said.backend) == ("a/b", __version__, "onnx")
    assert (said.model, said.model_sha256) == ("counter-n", model.entry.sha256)
    assert said.sandbox == "none"  # the kernel enforces nothing yet, and that is said
