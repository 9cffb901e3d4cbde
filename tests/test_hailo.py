"""The hailo backend over a fake HailoRT: its files, and how it keeps the chip busy.

That it sees the same people as every other backend is asked in test_backends.py. Not run on
hardware: the fake follows what is documented of HailoRT 4.23 and 5.2.
"""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from counter import models
from counter.detectors.hailo import HailoDetector
from counter.detectors.hef import chips_of
from counter.detectors.lookout import Overlapping
from counter.detectors.onnx import OnnxDetector
from counter.detectors.open import open_detector
from counter.detectors.yolo import Head
from counter.errors import ModelError
from counter.frame import Frame
from counter.people import Detections
from counter.registry import Entry
from counter.settings import CameraSettings, ModelSettings
from counter.sources.open import open_source
from tests.backend_suite import GREEN, RED, street
from tests.fakes.hailo.hailo_platform.made import Hef, write_hef
from tests.fakes.hailo_here import compiled, hailo_here
from tests.tiny_model import tiny_model

HEAD = Head("nms-by-class", "normalised", classes=3, person=1, floor=0.1, iou=0.5)
HEAD_OURS = Head("nms-by-class", "normalised", classes=1, person=0, floor=0.1, iou=0.5)
OURS = Head("raw", "pixels", classes=1, person=0, floor=0.1, iou=0.5)


@pytest.fixture
def platform(monkeypatch):
    with hailo_here(monkeypatch) as found:
        yield found


def tiny(folder: Path, **changes: Any) -> models.Model:
    onnx = tiny_model(folder).path
    assert onnx is not None
    return compiled(folder, onnx, **changes)


@pytest.fixture(params=["4.23.0", "5.2.0"])
def detector(request, platform, tmp_path):
    platform.world.version = request.param
    opened = HailoDetector(tiny(tmp_path), HEAD, 1)
    yield opened
    opened.close()


def test_a_class_with_nobody_and_a_picture_of_another_shape(detector):
    with Frame(np.zeros((50, 200, 3), np.uint8), 1) as frame:
        assert len(detector.detect(frame)) == 0
    with street((3, 0, GREEN)) as frame:
        people = detector.detect(frame)
    np.testing.assert_allclose(people.xyxy, [[0.75, 0, 1, 1 / 3]], atol=1e-6)


def test_two_pictures_are_in_flight_and_come_back_in_order(detector, platform):
    cells = [(0, 0), (1, 1), (2, 2), (3, 0), (0, 2)]
    found: list[Detections] = []
    platform.world.slow_s = 0.02
    for number, cell in enumerate(cells):
        with street((*cell, GREEN)) as frame:
            detector.submit(frame)  # the frame is wiped here, before its result is asked for
        if number:
            found.append(detector.collect())
    found.append(detector.collect())
    assert platform.world.most_in_flight == 2 == detector.depth
    for (column, row), people in zip(cells, found, strict=True):
        expected = [column / 4, row / 3, (column + 1) / 4, (row + 1) / 3]
        np.testing.assert_allclose(people.xyxy, [expected], atol=1e-6)


def test_no_picture_and_no_person_stays_in_its_buffers(detector):
    with street((0, 0, GREEN), (2, 2, RED)) as frame:
        detector.detect(frame)
    assert len(detector._free) == 2
    for slot in detector._free:
        assert (slot.letterbox.tensor == 114).all()
        assert not any(output.any() for output in slot.outputs)


@pytest.mark.usefixtures("platform")
def test_the_log_file_is_off_before_the_package_is_imported(monkeypatch, tmp_path):
    monkeypatch.delenv("HAILORT_LOGGER_PATH", raising=False)
    HailoDetector(tiny(tmp_path), HEAD, 1).close()
    assert os.environ["HAILORT_LOGGER_PATH"] == "NONE"


def test_it_is_closed_in_reverse_and_pictures_in_flight_end_first(platform, tmp_path):
    detector = HailoDetector(tiny(tmp_path), HEAD, 1)
    with street((0, 0, GREEN)) as frame:
        detector.submit(frame)
    detector.close()
    assert platform.world.opened == ["device", "vdevice", "network"]
    assert platform.world.closed == ["jobs", "network", "vdevice", "device"]
    detector.close()  # twice does no harm
    assert len(platform.world.closed) == 4


@pytest.mark.usefixtures("platform")
def test_it_is_opened_through_the_table(tmp_path):
    detector = open_detector(ModelSettings(backend="hailo"), tiny(tmp_path))
    assert detector.backend == "hailo"
    assert isinstance(detector, Overlapping)  # the loop keeps two pictures in flight
    detector.close()


@pytest.mark.usefixtures("platform")
def test_nms_on_the_chip_keeps_its_own_thresholds(tmp_path):
    detector = HailoDetector(tiny(tmp_path, on_chip=True), HEAD, 1)
    with street((0, 0, (0, 40, 0)), (2, 0, (0, 60, 0))) as frame:  # 0.16 and 0.24; compiled in: 0.2
        people = detector.detect(frame)
    np.testing.assert_allclose(people.confidence, [60 / 255], rtol=1e-4)
    detector.close()


@pytest.mark.usefixtures("platform")
def test_the_same_people_as_onnx_on_the_embedded_model(tmp_path):
    model = models.variants("counter-n")[0]
    assert model.path is not None
    assert isinstance(model.entry, Entry)
    chip = HailoDetector(compiled(tmp_path, model.path, model.entry), HEAD_OURS, 1)
    oracle = OnnxDetector(model, OURS, 1)
    source = open_source("door", CameraSettings(source="synthetic:platform", seed=3, people=30))
    seen = 0
    for number, frame in enumerate(source.frames()):
        if number == 12:
            break
        if frame is None or number % 4:
            continue
        with frame:
            theirs, ours = oracle.detect(frame), chip.detect(frame)
        sure = min(len(theirs), len(ours))
        assert (
            abs(len(theirs) - len(ours)) <= 1
        )  # pixels are whole numbers in both: only NMS differs
        np.testing.assert_allclose(ours.xyxy[:sure], theirs.xyxy[:sure], atol=2e-3)
        seen += sure
    source.close()
    chip.close()
    assert seen > 10


class TestFile:
    @pytest.mark.parametrize("version", [0, 1, 2, 3])
    @pytest.mark.parametrize(
        ("hardware", "chips"), [("hailo8", (1,)), ("hailo8l", (2, 1)), ("hailo10h", (6, 3))]
    )
    def test_its_chip_stands_in_the_header(self, tmp_path, version, hardware, chips):
        path = write_hef(tmp_path / "a.hef", Hef("x.onnx", hardware=hardware), version)
        assert chips_of(path) == chips

    @pytest.mark.parametrize("data", [b"", b"\x01HEF", b"PK\3\4" * 20, b"\x01HEF\0\0\0\x09" * 9])
    def test_what_cannot_be_read_is_not_known(self, tmp_path, data):
        path = tmp_path / "a.hef"
        path.write_bytes(data)
        assert chips_of(path) is None

    @pytest.mark.parametrize(("chip", "hardware"), [(2, "hailo8"), (1, "hailo10h"), (6, "hailo8l")])
    def test_a_file_for_another_chip_is_refused_before_it_is_loaded(
        self, platform, tmp_path, chip, hardware
    ):
        next(iter(platform.world.chips.values())).architecture = chip
        with pytest.raises(ModelError, match=r"is compiled for Hailo-.*, this is a Hailo-"):
            HailoDetector(tiny(tmp_path, hardware=hardware), HEAD, 1)
        assert platform.world.opened == ["device"] == platform.world.closed

    def test_half_a_chips_file_runs_on_the_whole_one(self, platform, tmp_path):
        next(iter(platform.world.chips.values())).architecture = 1
        HailoDetector(tiny(tmp_path, hardware="hailo8l"), HEAD, 1).close()


def test_detect_costs_little_beside_the_network(detector):
    """A bound that only a mistake would break: a copy of all boxes, a sleep, a busy loop."""
    began = time.process_time()
    for _ in range(20):
        with street((0, 0, GREEN)) as frame:
            detector.detect(frame)
    assert (time.process_time() - began) / 20 < 0.05
