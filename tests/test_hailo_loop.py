"""The ways in which a Hailo chip fails, each through the loop. Over the fake, not on hardware."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from counter.detectors import Detector, hailo, hailo_checks
from counter.detectors.hailo import HailoDetector
from counter.detectors.open import open_detector
from counter.errors import DeviceError
from counter.settings import ModelSettings
from tests.backend_suite import noise
from tests.fakes.full_street import Outage, never_zero, street_view
from tests.fakes.hailo_here import hailo_here
from tests.fakes.tiny_chips import tiny_hailo, tiny_hailo_maps

Happens = Callable[[Any], None]
PATIENT = {"ANSWER_MS": 60_000, "FIRST_MS": 60_000}  # a busy machine takes its time
HASTY_MS = 200  # for a chip of which it is known that it never answers


@pytest.fixture(params=["4.23.0", "5.2.0"])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, limit_ms in PATIENT.items():
        monkeypatch.setattr(hailo, name, limit_ms)
    monkeypatch.setattr(hailo_checks, "LOOK_S", 0.0)
    with hailo_here(monkeypatch, request.param) as found:
        yield found.world


def chip(world: Any) -> Any:
    return next(iter(world.chips.values()))


def fault(**steps: int) -> Happens:
    return lambda world: world.faults.update(steps)


def nothing(_: Any) -> None:
    """What broke was gone at once."""


def stuck(world: Any) -> None:
    hailo.ANSWER_MS = hailo.FIRST_MS = HASTY_MS  # type: ignore[misc]
    world.stuck = True


def well(world: Any) -> None:
    for name, limit_ms in PATIENT.items():
        setattr(hailo, name, limit_ms)
    version = world.version
    world.reset()
    world.version = version


def detector(folder: Path, *, raw: bool = False) -> Callable[[], Detector]:
    model = (tiny_hailo_maps if raw else tiny_hailo)(folder)
    return lambda: open_detector(ModelSettings(confidence=0.5), model)


def played(world: Any, opens: Callable[[], Detector], breaks: Happens, stays: Happens) -> Outage:
    def again() -> None:
        well(world)
        stays(world)

    outage = Outage(opens, lambda: breaks(world), again, lambda: well(world))
    engine, kept = outage.play()
    never_zero(kept)
    assert not engine.lookout.blind
    engine.lookout.close()
    assert sorted(world.opened) == sorted(name for name in world.closed if name != "jobs")
    return outage


# While it runs: what happens, and what is said.
BREAKS: list[tuple[Happens, str]] = [
    (stuck, "did not answer in time"),
    (fault(job=62), "no longer answers"),
    (fault(job=4), "did not answer in time"),
    (fault(ready=4), "did not answer in time"),
    (fault(run=36), "no longer answers"),
    (fault(run=82), "queue is full"),
    (lambda world: setattr(chip(world), "celsius", 110.0), "too hot: 110 C, limit 104 C"),
]


@pytest.mark.parametrize(("breaks", "said"), BREAKS)
def test_whatever_breaks_it_comes_back(world, tmp_path, caplog, breaks, said):
    outage = played(world, detector(tmp_path), breaks, nothing)
    assert said in " ".join(record.message for record in caplog.records)
    assert outage.asked_s in ([36], [37])  # what is in flight may tell a picture later


def test_raw_heads_break_in_the_same_way(world, tmp_path, caplog):
    played(world, detector(tmp_path, raw=True), stuck, nothing)
    assert "did not answer in time" in caplog.text


# And then, each time that it is opened again.
STAYS: list[tuple[Happens, str]] = [
    (lambda world: setattr(chip(world), "in_use", True), "is in use by another process"),
    (lambda world: world.chips.clear(), "no Hailo chip is found"),
    (lambda world: setattr(chip(world), "architecture", 6), "for Hailo-8L, this is a Hailo-10H"),
    (fault(vdevice=76), "of another version than its library"),
    (fault(configure=93), "compiled for another chip than this one"),
    (stuck, "did not answer in time"),
    (lambda world: setattr(chip(world), "celsius", 100.0), "too hot: 100 C, limit 99 C"),
]


@pytest.mark.parametrize(("stays", "said"), STAYS)
def test_whatever_keeps_it_away_it_is_tried_again_ever_more_slowly(
    world, tmp_path, caplog, stays, said
):
    outage = played(world, detector(tmp_path), fault(job=62), stays)
    messages = [record.message for record in caplog.records if said in record.message]
    assert len(messages) == 3
    assert [later - outage.asked_s[0] for later in outage.asked_s] == [0, 2, 6, 14]
    assert [message.rsplit("tried again in ")[1].split()[0] for message in messages] == [
        "2", "4", "8"
    ]  # fmt: skip


def test_a_chip_that_hangs_does_not_hold_up_the_end(world, tmp_path):
    """With two pictures in flight: one limit is waited for, not one for each of them."""
    opened = detector(tmp_path)()
    assert isinstance(opened, HailoDetector)
    stuck(world)
    for at_s in (0, 1):
        with street_view(at_s).frame as frame:  # type: ignore[union-attr]
            opened.submit(frame)
    with pytest.raises(DeviceError, match="did not answer in time"):
        opened.collect()
    hailo.ANSWER_MS = 60_000  # type: ignore[misc]
    began = time.monotonic()
    opened.close()
    assert time.monotonic() - began < 30
    assert world.closed == ["jobs", "network", "vdevice", "device"]


@pytest.mark.usefixtures("world")
def test_a_picture_between_two_halves_is_the_callers_mistake(tmp_path):
    opened = detector(tmp_path)()
    assert isinstance(opened, HailoDetector)
    with noise(96, 128) as frame:
        opened.submit(frame)
        with pytest.raises(RuntimeError, match="in flight"):
            opened.detect(frame)
        assert opened.collect().captured_ns == frame.captured_ns
        assert opened.detect(frame).captured_ns == frame.captured_ns
    opened.close()
