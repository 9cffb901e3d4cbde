"""The tflite backend on the embedded model's own int8 file: needs nothing but the package."""

from dataclasses import replace

import numpy as np
import pytest

from counter import models
from counter.detectors.onnx import OnnxDetector
from counter.detectors.tflite import TfliteDetector
from counter.detectors.yolo import Head
from counter.errors import ModelError
from counter.frame import Frame
from counter.settings import CameraSettings
from counter.sources.open import open_source
from tests.backend_suite import FOUND, SHARES, SURELY, matched

pytest.importorskip("ai_edge_litert", reason="not run: ai-edge-litert is not installed")
FILE = "counter-n-int8.tflite"
FLOAT_MODEL = models.variants("counter-n")[0]
assert FLOAT_MODEL.path is not None
PATH = FLOAT_MODEL.path.with_name(FILE)
pytestmark = pytest.mark.skipif(not PATH.is_file(), reason=f"not run: there is no {FILE}")
HEAD = Head("raw", "pixels", classes=1, person=0, floor=0.1, iou=0.5)


@pytest.fixture(scope="module")
def detector():
    opened = TfliteDetector(replace(FLOAT_MODEL, path=PATH), HEAD, 1)
    yield opened
    opened.close()


def test_it_finds_whom_the_float_model_finds(detector):
    """Drawn people; those of photographs are below."""
    oracle = OnnxDetector(FLOAT_MODEL, HEAD, 1)
    source = open_source("eye", CameraSettings(source="synthetic:platform", seed=3, people=30))
    hits = many = 0
    for number, frame in enumerate(source.frames()):
        if number == 24:
            break
        if frame is None or number % 6:
            continue
        with frame:
            expected, found = oracle.detect(frame), detector.detect(frame)
        sure = expected.xyxy[expected.confidence >= SURELY]
        hits += matched(sure, found.xyxy[found.confidence >= FOUND])
        many += len(sure)
    source.close()
    assert many > 20
    assert hits >= SHARES[FILE] * many


@pytest.mark.shared
def test_it_finds_whom_the_float_model_finds_on_photographs(detector, shared):
    import cv2

    oracle = OnnxDetector(FLOAT_MODEL, HEAD, 1)
    hits = many = 0
    for path in sorted((shared / "data" / "person").rglob("*.jpg"))[:8]:
        picture = cv2.imread(str(path))
        assert picture is not None
        with Frame(picture.astype(np.uint8), 1) as one, Frame(picture.astype(np.uint8), 1) as two:
            expected, found = oracle.detect(one), detector.detect(two)
        sure = expected.xyxy[expected.confidence >= SURELY]
        hits += matched(sure, found.xyxy[found.confidence >= FOUND])
        many += len(sure)
    assert many > 10
    assert hits >= SHARES[FILE] * many


def test_no_picture_stays(detector):
    with Frame(np.full((96, 128, 3), 200, np.uint8), 3) as frame:
        assert detector.detect(frame).captured_ns == 3
    grey = np.float32(114) / np.float32(255)
    assert (detector._network._letterbox.tensor == grey).all()
    assert (detector._network._input() == grey).all()


def test_a_cut_file_is_told(tmp_path):
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(PATH.read_bytes()[:100_000])
    with pytest.raises(ModelError, match="LiteRT cannot load"):
        TfliteDetector(replace(FLOAT_MODEL, path=cut), HEAD, 1)


def test_it_is_closed():
    opened = TfliteDetector(replace(FLOAT_MODEL, path=PATH), HEAD, 1)
    opened.close()
    assert opened._network._interpreter is None
    opened.close()
