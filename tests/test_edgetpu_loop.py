"""The ways in which an Edge TPU fails, each through the loop. Over the fake, not on hardware."""

import time

import pytest

from counter.detectors import edgetpu
from counter.detectors.open import open_detector
from counter.errors import DeviceError
from counter.settings import ModelSettings
from tests.fakes.edgetpu_here import edgetpu_here
from tests.fakes.full_street import Outage, never_zero, street_view
from tests.fakes.tiny_chips import tiny_edgetpu

pytest.importorskip("ai_edge_litert", reason="not run: ai-edge-litert is not installed")
PATIENT_S, HASTY_S = 60.0, 2.0  # a busy machine takes its time; a chip that hangs never answers


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setattr(edgetpu, "ANSWER_S", PATIENT_S)
    with edgetpu_here(monkeypatch, "fine", tmp_path / "tiny.tflite"):
        yield tiny_edgetpu(tmp_path)


def opened(model):
    return open_detector(ModelSettings(confidence=0.5), model)


# What happens while it runs, what is said then; what the probe finds until it is well, what it says
FAILURES = [
    ("fails", "the Edge TPU fails (RuntimeError)", "no-device", "no Edge TPU answers"),
    ("hangs", "did not answer within", "no-device", "no Edge TPU answers"),
    ("fails", "the Edge TPU fails (RuntimeError)", "in-use", "no Edge TPU answers"),
    ("fails", "the Edge TPU fails (RuntimeError)", "no-library", "libedgetpu.so.1 cannot be"),
    ("fails", "the Edge TPU fails (RuntimeError)", "crash", "ends the process that loads it"),
    ("fails", "the Edge TPU fails (RuntimeError)", "not-taken", "does not take the file"),
    ("fails", "the Edge TPU fails (RuntimeError)", "fails", "fails while it runs the model"),
]


@pytest.mark.parametrize("row", FAILURES)
def test_it_fails_stays_away_and_comes_back(model, monkeypatch, caplog, row):
    breaks, said, stays, probed = row

    def mood(now: str) -> None:
        monkeypatch.setattr(edgetpu, "ANSWER_S", PATIENT_S)
        monkeypatch.setenv("FAKE_EDGETPU", now)

    if breaks == "hangs":
        monkeypatch.setattr(edgetpu, "ANSWER_S", HASTY_S)
    outage = Outage(
        lambda: opened(model), lambda: mood(breaks), lambda: mood(stays), lambda: mood("fine")
    )
    engine, kept = outage.play()
    never_zero(kept)
    engine.lookout.close()
    messages = [record.message for record in caplog.records]
    assert said in messages[0]
    assert [probed in message for message in messages[1:-1]] == [True] * 3
    assert outage.asked_s == [36, 38, 42, 50]
    assert "open again" in messages[-1]


def test_a_chip_that_hangs_does_not_hold_up_the_end(model, monkeypatch):
    monkeypatch.setattr(edgetpu, "ANSWER_S", HASTY_S)
    chip = opened(model)
    monkeypatch.setenv("FAKE_EDGETPU", "hangs")
    frame = street_view(0).frame
    assert frame is not None
    with frame, pytest.raises(DeviceError, match="did not answer"):
        chip.detect(frame)
    began = time.monotonic()
    chip.close()
    assert time.monotonic() - began < 30  # the fake hangs for an hour
