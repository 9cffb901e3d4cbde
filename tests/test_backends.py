"""Every backend on the same pictures: the persons of the ONNX float oracle, and no traces."""

import gc
import tracemalloc
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from counter.detectors import Detector
from counter.detectors.letterbox import PADDING
from counter.detectors.open import open_detector
from counter.errors import DeviceError
from counter.frame import Frame
from counter.settings import ModelSettings
from tests.backend_suite import (
    BLUE,
    FLOAT,
    GREEN,
    RED,
    SUBJECTS,
    Subject,
    breaks,
    differences,
    inputs_of,
    noise,
    street,
)
from tests.tiny_model import tiny_model

SETTINGS = ModelSettings(name="tiny", confidence=0.5, threads=1)
SIZES = [(1, 1), (7, 5), (129, 97), (128, 96), (357, 501), (640, 360)]
# A sliver's cells are nearly all grey: which colour leads is decided by less than a step of int8.
SLIVERS = [(1, 300), (300, 1)]


@pytest.fixture(params=SUBJECTS, ids=[one.name for one in SUBJECTS])
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.param
    return found


@pytest.fixture
def detector(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Detector]:
    if find_spec(subject.package) is None:  # importing openvino just so would report it
        pytest.skip(f"not run: no {subject.package}")
    with subject.here(monkeypatch, tmp_path):
        opened = open_detector(SETTINGS, subject.make(tmp_path))
        assert opened.backend == subject.backend
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Detector:
    return open_detector(SETTINGS, tiny_model(tmp_path_factory.mktemp("oracle")))


class TestContract:
    def test_it_sees_persons_where_they_are_and_nothing_else(self, detector, subject):
        with street((0, 0, RED), (3, 2, GREEN), (1, 1, (0, 128, 0)), (2, 0, BLUE)) as frame:
            people = detector.detect(frame)
        # A tenth of what is allowed: so small a network has little to lose.
        sure, near = subject.allowed.gap / 10, (1 - subject.allowed.iou) / 10
        np.testing.assert_allclose(people.confidence, [1, 128 / 255], rtol=0, atol=sure)
        expected = [[0.75, 2 / 3, 1, 1], [0.25, 1 / 3, 0.5, 2 / 3]]
        np.testing.assert_allclose(people.xyxy, expected, rtol=0, atol=near)
        assert (people.captured_ns, people.aspect, people.height_px) == (77, 128 / 96, 96)
        assert people.xyxy.dtype == people.confidence.dtype == np.float32

    def test_pictures_of_any_size_are_those_of_the_oracle(self, detector, subject, oracle):
        seen = 0
        sizes = SIZES + (SLIVERS if subject.allowed is FLOAT else [])
        for seed, size in enumerate(sizes * 2):
            with noise(*size, seed) as frame:
                expected, given = oracle.detect(frame), detector.detect(frame)
            assert differences(expected, given, subject.allowed) == [], size
            seen += len(expected)
        assert seen > 20

    def test_nobody_is_no_row(self, detector):
        for shape in ((96, 128, 3), (1, 1, 3)):
            with Frame(np.zeros(shape, np.uint8), 0) as frame:
                assert len(detector.detect(frame)) == 0

    def test_results_stay_when_other_pictures_come(self, detector):
        with street((0, 0, GREEN)) as frame:
            first = detector.detect(frame)
        kept = first.xyxy.copy(), first.confidence.copy()
        for seed in range(3):
            with noise(50, 200, seed) as frame:
                detector.detect(frame)
        np.testing.assert_array_equal(first.xyxy, kept[0])
        np.testing.assert_array_equal(first.confidence, kept[1])

    def test_no_picture_stays_in_its_input(self, detector):
        greys = [np.unique(given) for given in inputs_of(detector)]
        assert all(grey.size == 1 for grey in greys)
        if greys[0].dtype == np.float32:
            assert greys[0] == np.float32(PADDING) / np.float32(255)
        with noise(200, 120) as frame:
            detector.detect(frame)
        found = [np.unique(given) for given in inputs_of(detector)]
        assert np.array_equal(found, greys)

    def test_a_released_picture_is_not_looked_at(self, detector):
        with street((0, 0, GREEN)) as frame:
            pass
        with pytest.raises(RuntimeError, match="released"):
            detector.detect(frame)

    def test_one_that_fails_at_a_picture_is_a_device_and_says_nothing_of_it(self, detector):
        greys = [given.copy() for given in inputs_of(detector)]
        with pytest.MonkeyPatch.context() as broken:
            breaks(detector, broken)
            with street((0, 0, GREEN), (2, 2, RED)) as frame, pytest.raises(DeviceError) as caught:
                detector.detect(frame)
            assert "255" not in caught.value.message + caught.value.hint
            assert caught.value.__cause__ is None
            assert "ValueError" in caught.value.message
        assert np.array_equal(inputs_of(detector), greys)

    def test_it_is_closed_twice(self, detector):
        with street((0, 0, GREEN)) as frame:
            people = detector.detect(frame)
        detector.close()
        detector.close()
        assert people.confidence[0] > 0.99

    def test_no_memory_grows_with_pictures(self, detector):

        def look(times: int) -> int:
            for turn in range(times):
                with noise(300, 200, turn % 3) as frame:
                    detector.detect(frame)
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        try:
            before = look(10)
            after = look(100)
        finally:
            tracemalloc.stop()
        assert after - before < 16_384  # bytes; 164 a picture, whose input has 147,456
