"""A detector's device that fails while people are counted: never a zero, and back when it is well.

With detectors made for the test; test_hailo_loop.py has the same with a chip's own failures.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from counter import assemble, models
from counter.clock import FootageClock
from counter.config import Loaded
from counter.counting import Counting
from counter.detectors import Detector
from counter.detectors.lookout import LONGEST_WAIT_S, SEALED, Lookout
from counter.disclosure import Gate
from counter.engine import Engine
from counter.errors import CounterError, DeviceError, ModelError
from counter.frame import Frame
from counter.health import Monitor
from counter.people import Detections
from counter.release import CameraState, Status
from counter.sandbox import Enclosure, Plan
from counter.service import Service
from counter.sources.merge import View
from counter.start import Start
from tests.test_engine import HEALTH, START, Crowd, Kept, never, settings, tick, view
from tests.tiny_model import tiny_model

PEOPLE = 20


class Faulty(Crowd):
    """Sees PEOPLE in every picture until `fails_at` s of its time."""

    def __init__(self, fails_at: float = 1e9) -> None:
        super().__init__(PEOPLE)
        self.fails_at, self.closed = fails_at, False

    def detect(self, frame: Frame) -> Detections:
        if frame.captured_ns / 1e9 >= self.fails_at:
            raise DeviceError("the chip fails", "cool it")
        return super().detect(frame)

    def close(self) -> None:
        self.closed = True
        raise OSError("it is gone")  # the close of a device that is gone


class Overlapped(Faulty):
    """The same with two pictures in flight; a failure comes out when the persons are asked for."""

    depth, done = 2, False

    def __init__(self, fails_at: float = 1e9) -> None:
        super().__init__(fails_at)
        self.sent: deque[int] = deque()
        self.most = 0

    def submit(self, frame: Frame) -> None:
        assert frame.pixels.any()
        self.sent.append(frame.captured_ns)
        self.most = max(self.most, len(self.sent))

    def collect(self) -> Detections:
        with Frame(np.ones((4, 4, 3), np.uint8), self.sent.popleft()) as frame:
            return self.detect(frame)


class Workshop:
    """Opens the given detectors or errors, one after another; says when it was asked."""

    def __init__(self, engine: Engine, *given: Detector | CounterError) -> None:
        self.engine, self.given, self.asked_s = engine, list(given), list[float]()
        engine.lookout.reopen = self

    def __call__(self) -> Detector:
        self.asked_s.append(self.engine.now_ns / 1e9)
        found = self.given.pop(0)
        if isinstance(found, CounterError):
            raise found
        return found


def engine_of(
    detector: Detector, reopen: Callable[[], Detector] | None = None
) -> tuple[Engine, Kept]:
    chosen, kept = settings("eye"), Kept()
    health = Monitor(HEALTH, {"eye": lambda: CameraState.OK})
    counting = Counting(chosen, Gate(chosen))
    lookout = Lookout(detector, reopen)
    return Engine(lookout, counting, [kept], health, FootageClock(START)), kept


def statuses(kept: Kept) -> list[Status]:
    return [release[0].status for release in kept.releases]


@pytest.mark.parametrize("kind", [Faulty, Overlapped])
def test_a_failure_makes_its_interval_missing_and_the_next_ones_go_on(kind, caplog):
    broken, new = kind(fails_at=70), kind()
    engine, kept = engine_of(broken)
    shop = Workshop(engine, new)
    engine.run((view("eye", s) for s in range(151)), never)
    assert statuses(kept) == [
        Status.PUBLISHED, Status.PUBLISHED, Status.MISSING, Status.PUBLISHED, Status.PUBLISHED
    ]  # fmt: skip
    assert [release[0].value for release in kept.releases] == [20, 20, None, 20, 20]
    assert broken.closed
    assert len(shop.asked_s) == 1
    said = [record.message for record in caplog.records]
    assert said == ["the chip fails; tried again in 1 s (cool it)", "the detector is open again"]


def test_a_failure_of_an_instant_is_no_less_a_gap():
    """One picture of 30 s was not looked at: coverage would have let the interval pass."""
    engine, kept = engine_of(Faulty(fails_at=40))
    Workshop(engine, Faulty())
    engine.run((view("eye", s) for s in range(91)), never)
    assert statuses(kept) == [Status.PUBLISHED, Status.MISSING, Status.PUBLISHED]


def test_it_is_tried_again_ever_more_slowly_and_health_says_so():
    engine, kept = engine_of(Faulty(fails_at=5))
    errors = [ModelError("in use", "stop the other one") for _ in range(7)]
    shop = Workshop(engine, *errors, Faulty())
    engine.run((view("eye", s) for s in range(331)), never)
    waits = np.diff([5, *shop.asked_s])
    assert waits.tolist() == [1, 2, 4, 8, 16, 32, 60, 60]
    assert LONGEST_WAIT_S == 60
    assert statuses(kept)[:7] == [Status.MISSING] * 7  # the last failed at 128 s, it is back at 188
    assert statuses(kept)[7:] == [Status.PUBLISHED] * 4
    states = [health.cameras[0].state for health in kept.health]
    assert states == [CameraState.UNSEEN] * 6 + [CameraState.OK] * 5
    assert [health.ok for health in kept.health] == [False] * 6 + [True] * 5


def test_who_worked_for_a_while_is_tried_again_soon():
    engine, _ = engine_of(Faulty(fails_at=5))
    busy = [ModelError("in use", "") for _ in range(3)]
    shop = Workshop(engine, *busy, Faulty(fails_at=100), Faulty())
    engine.run((view("eye", s) for s in range(120)), never)
    assert np.diff([5, *shop.asked_s]).tolist() == [1, 2, 4, 8, 81]  # failed at 100, back at 101


def test_a_lost_camera_stays_lost_while_the_detector_is_away():
    engine, kept = engine_of(Faulty(fails_at=0))
    engine.health = Monitor(HEALTH, {"eye": lambda: CameraState.STALLED})
    Workshop(engine, *[ModelError("in use", "") for _ in range(9)])
    engine.run((view("eye", s) for s in range(31)), never)
    assert kept.health[0].cameras[0].state is CameraState.STALLED


@pytest.mark.parametrize("kind", [Faulty, Overlapped])
def test_a_sealed_process_ends_in_a_sentence(kind):
    engine, kept = engine_of(kind(fails_at=40))
    views = [view("eye", s) for s in range(60)]
    buffers = [v.frame._buffer for v in views[:42] if v.frame is not None]
    with pytest.raises(DeviceError, match="the chip fails") as caught:
        engine.run(views, never)
    assert caught.value.hint == f"cool it; {SEALED}"
    assert statuses(kept) == [Status.PUBLISHED]  # and nothing of the interval that was open
    assert not any(buffer is None or buffer.any() for buffer in buffers[:40])


def test_a_sealed_process_tries_once_and_then_ends():
    engine, _ = engine_of(Faulty(fails_at=40))
    shop = Workshop(engine, ModelError("no library", "install it"))
    engine.lookout.sealed = True
    with pytest.raises(DeviceError, match="no library") as caught:
        engine.run((view("eye", s) for s in range(60)), never)
    assert caught.value.hint == f"install it; {SEALED}"
    assert shop.asked_s == [41]


@pytest.mark.parametrize(
    ("name", "sealed", "again"),
    [("net.hef", True, False), ("net.hef", False, True), ("net.onnx", True, True)],
)
def test_only_a_chip_cannot_be_opened_again_once_sealed(monkeypatch, name, sealed, again):
    monkeypatch.setattr(assemble, "open_detector", lambda *_, **__: Faulty())
    loaded = Loaded(settings("eye"), "0" * 64, ())
    model = replace(models.variants("counter-n")[0], path=Path(name))
    enclosure = Enclosure(Plan()) if sealed else None
    begun = Start(loaded, model, enclosure, Service(None, None), None, None)
    assert (assemble._lookout(begun).reopen is not None) is again


def test_a_file_that_was_altered_meanwhile_is_not_opened_again(tmp_path):
    model = tiny_model(tmp_path)
    assert model.path is not None
    entry = structs.replace(model.entry, sha256=models.digest(model.path))
    begun = Start(
        Loaded(settings("eye"), "0" * 64, ()), replace(model, entry=entry), None,
        Service(None, None), None, None,
    )  # fmt: skip
    lookout = assemble._lookout(begun)
    assert lookout.reopen is not None
    lookout.reopen().close()
    model.path.write_bytes(model.path.read_bytes() + b"\n")
    with pytest.raises(ModelError, match="has not the registered sha256"):
        lookout.reopen()
    lookout.close()


class TestInFlight:
    def test_the_counts_are_those_of_one_after_the_other(self):
        plain, flying = Faulty(), Overlapped()
        releases = []
        for detector in (plain, flying):
            engine, kept = engine_of(detector)
            engine.run((view("eye", s / 4) for s in range(4 * 91)), never)
            releases.append(kept.releases)
        assert releases[0] == releases[1]
        assert flying.most == 2

    def test_pictures_are_counted_in_the_interval_that_they_were_taken_in(self):
        engine, _ = engine_of(Overlapped())
        engine.run([view("eye", 29.0), view("eye", 29.9)], never)
        assert engine.lookout.in_flight == 0  # the end of a film waits for all
        engine.run([view("eye", 29.95)], lambda: True)
        assert engine.lookout.in_flight == 1
        engine.run([view("eye", 30.0)], lambda: True)
        assert engine.lookout.in_flight == 1  # 29.95 was asked for before the release
        engine.run([tick(30.2)], lambda: True)
        assert engine.lookout.in_flight == 0

    def test_what_was_in_flight_at_a_failure_is_not_counted_as_nobody(self):
        engine, kept = engine_of(Overlapped(fails_at=29.5))
        Workshop(engine, Overlapped())
        views: list[View] = [view("eye", s / 2) for s in range(2 * 91)]
        engine.run(views, never)  # the failure of 29.5 is found out when 30 is due
        assert statuses(kept) == [Status.MISSING, Status.MISSING, Status.PUBLISHED]
