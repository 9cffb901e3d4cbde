"""How hot an Edge TPU on PCIe is, over files as its driver has them. Not on hardware."""

from pathlib import Path

import pytest

from counter import accelerators
from counter.accelerators import EDGE_TPU, HAILO, heat_files
from counter.detectors import apex, edgetpu
from counter.detectors.apex import LOOK_S, ApexHeat
from counter.detectors.edgetpu import EdgeTpuDetector
from counter.detectors.yolo import Head
from counter.errors import DeviceError, ModelError
from tests.fakes.edgetpu_here import edgetpu_here
from tests.fakes.full_street import street_view
from tests.fakes.tiny_chips import tiny_edgetpu

NUMBERS = {"temp": 61_200, "trip_point0_temp": 84_800, "trip_point2_temp": 94_800}


@pytest.fixture
def chip(tmp_path, monkeypatch):
    """A folder as the driver makes it in /sys/class/apex."""
    monkeypatch.setattr(accelerators, "DEVICES", tmp_path / "dev")
    monkeypatch.setattr(accelerators, "APEX", tmp_path / "apex")
    folder = tmp_path / "apex" / "apex_0"
    folder.mkdir(parents=True)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "apex_0").touch()
    for name, number in NUMBERS.items():
        (folder / name).write_text(f"{number}\n")
    return folder


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def heat(now_s: float = 0.0) -> ApexHeat:
    return ApexHeat("net", heat_files(EDGE_TPU), now_s)


def test_which_files_say_it(chip):
    assert heat_files(EDGE_TPU) == tuple(chip / name for name in NUMBERS)
    assert heat_files(HAILO) == ()
    (accelerators.DEVICES / "apex_0").unlink()
    assert heat_files(EDGE_TPU) == ()  # on USB


def test_it_begins_below_the_first_limit_and_ends_at_the_third(chip):
    before = open_files()
    cool = heat()
    (chip / "temp").write_text("94799\n")
    cool.look(LOOK_S + 1)
    (chip / "temp").write_text("94800\n")
    cool.look(LOOK_S + 2)  # not asked for so soon again
    with pytest.raises(DeviceError, match="too hot: 95 C, limit 95 C") as caught:
        cool.look(2 * LOOK_S + 2)
    assert "heat sink" in caught.value.hint
    cool.close()
    cool.close()
    (chip / "temp").write_text("84800\n")
    with pytest.raises(DeviceError, match="too hot: 85 C, limit 85 C"):
        heat()
    assert open_files() == before


@pytest.mark.parametrize("written", ["", "hot\n"])
def test_what_cannot_be_read_is_not_known(chip, written):
    (chip / "temp").write_text(written)
    unknown = heat()
    unknown.look(100.0)
    unknown.close()
    (chip / "temp").unlink()
    heat().look(100.0)
    ApexHeat("net", [Path("/nowhere")] * 3, 0.0).look(100.0)


def test_a_chip_becomes_too_hot_while_it_looks(chip, tmp_path, monkeypatch):
    monkeypatch.setattr(apex, "LOOK_S", 0.0)
    monkeypatch.setattr(edgetpu, "ANSWER_S", 60.0)
    before = open_files()
    with edgetpu_here(monkeypatch, "fine", tmp_path / "tiny.tflite"):
        model = tiny_edgetpu(tmp_path)
        head = Head("raw", "normalised", classes=3, person=1, floor=0.1, iou=0.5)
        detector = EdgeTpuDetector(model, head, 1)
        for celsius, hot in ((90, False), (96, True)):
            (chip / "temp").write_text(f"{celsius}000\n")
            view = street_view(1)
            assert view.frame is not None
            with view.frame as frame:
                if hot:
                    with pytest.raises(DeviceError, match="the Edge TPU is too hot: 96 C"):
                        detector.detect(frame)
                else:
                    assert len(detector.detect(frame)) == 12
        detector.close()
        assert open_files() == before
        monkeypatch.setenv("FAKE_EDGETPU", "no-device")
        accelerators.probe_tpu.cache_clear()
        (chip / "temp").write_text("61000\n")
        with pytest.raises(ModelError, match="no Edge TPU answers"):
            EdgeTpuDetector(model, head, 1)
        assert open_files() == before
