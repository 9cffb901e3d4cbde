"""The ways in which a Hailo chip fails, each through the loop. Over the fake, not on hardware."""

from typing import Any

import pytest

from counter.detectors import Detector, hailo
from counter.detectors.hailo import HailoDetector
from counter.release import Status
from tests.fakes.hailo_here import hailo_here
from tests.test_device_failures import engine_of, statuses
from tests.test_engine import never, view
from tests.test_hailo import HEAD, tiny


def first(world: Any) -> Any:
    return next(iter(world.chips.values()))


@pytest.fixture
def platform(monkeypatch):
    monkeypatch.setattr(hailo, "ANSWER_MS", 50)
    monkeypatch.setattr(hailo, "LOOK_S", 0.0)
    with hailo_here(monkeypatch) as found:
        yield found


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (lambda world: setattr(world, "stuck", True), "did not answer in time"),
        (lambda world: world.faults.update(job=62), "no longer answers"),
        (lambda world: world.faults.update(ready=4), "did not answer in time"),
        (lambda world: world.faults.update(run=36), "no longer answers"),
        (lambda world: setattr(first(world), "celsius", 110.0), "too hot: 110 C"),
    ],
)
def test_it_fails_and_comes_back(platform, tmp_path, caplog, breaks, said):
    world, model = platform.world, tiny(tmp_path)

    def reopen() -> Detector:
        if engine.now_ns < 50 * 10**9:
            first(world).in_use = True  # another process took it meanwhile
            return HailoDetector(model, HEAD, 1)
        world.reset()
        return HailoDetector(model, HEAD, 1)

    def played():
        for s in range(121):
            if s == 35:
                breaks(world)
            yield view("eye", s)

    engine, kept = engine_of(HailoDetector(model, HEAD, 1), reopen)
    engine.run(played(), never)
    engine.lookout.close()
    nobody = Status.SUPPRESSED  # no person in these pictures: below the threshold, and known
    assert statuses(kept) == [nobody, Status.MISSING, nobody, nobody]
    messages = " ".join(record.message for record in caplog.records)
    assert said in messages
    assert "is in use by another process" in messages
    assert "open again" in messages
