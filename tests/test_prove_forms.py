"""What networks are given of the marker is found, and a leak is one whatever the loop does."""

from typing import Any

import numpy as np
import pytest

from counter.detectors.letterbox import Camera, Interleaved, Planes
from counter.detectors.lookout import Lookout, Overlapping
from counter.detectors.open import open_detector
from counter.detectors.overlapped import AHEAD
from counter.detectors.quantised import Tensor, input_table
from counter.frame import Frame
from counter.prove.leaky import Leaking
from counter.prove.search import Search
from counter.settings import ModelSettings
from tests.backend_suite import noise
from tests.test_prove_search import FRAME, MARKER, MODEL_INPUT
from tests.tiny_model import tiny_model


def table(kind: Any, layout: str = "raw", scale: float = 0.0, zero: int = 0) -> Any:
    return input_table(Tensor("in", (), np.dtype(kind), scale, zero), layout)


# What the backends' letterboxes write, and the form that it is called by.
INPUTS: dict[str, tuple[Camera | Planes | Interleaved, str]] = {
    "onnx, ncnn": (Planes(MODEL_INPUT), "float32, planes"),
    "openvino": (Camera(MODEL_INPUT), "bytes, B G R"),
    "hailo": (Interleaved(MODEL_INPUT, np.arange(256, dtype=np.uint8)), "bytes, R G B"),
    "tflite, float": (Interleaved(MODEL_INPUT, table(np.float32)), "float32, R G B"),
    "tflite, int8": (
        Interleaved(MODEL_INPUT, table(np.int8, "raw", 1 / 255, -128)),
        "int8 from -128 on, R G B",
    ),
    "tflite, uint8": (Interleaved(MODEL_INPUT, table(np.uint8, "raw", 1 / 255, 0)), "bytes, R G B"),
    "ssd, float": (
        Interleaved(MODEL_INPUT, table(np.float32, "ssd")), "float32 from -1 to 1, R G B"
    ),
    "ssd, int8": (
        Interleaved(MODEL_INPUT, table(np.int8, "ssd", 1 / 128, 0)), "int8 from -128 on, R G B"
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", INPUTS)
def test_the_input_of_a_network_is_found(way):
    letterbox, form = INPUTS[way]
    letterbox.fill(FRAME)
    given = letterbox.tensor.tobytes()
    letterbox.wipe()
    assert f"model's input, {form}" in Search(MARKER).look(given)
    assert Search(MARKER).look(letterbox.tensor.tobytes()) == ()


def test_a_network_with_another_scale_is_said_to_be_missed():
    letterbox = Interleaved(MODEL_INPUT, table(np.int8, "raw", 1 / 200, -100))
    letterbox.fill(FRAME)
    assert Search(MARKER).look(letterbox.tensor.tobytes()) == ()


@pytest.mark.parametrize("ahead", [1, AHEAD])
def test_a_leaking_detector_is_asked_as_the_real_one_is(tmp_path, ahead):
    settings = ModelSettings(name="tiny", threads=2)
    real = open_detector(settings, tiny_model(tmp_path), ahead=ahead)
    shown: list[int] = []
    leaking = Leaking(real, lambda pixels: shown.append(int(pixels.max())))
    assert isinstance(leaking, Overlapping) is isinstance(real, Overlapping) is (ahead > 1)
    lookout, seen = Lookout(leaking), []
    for number in range(4):
        with noise(96, 128, number) as frame:
            seen += lookout.look("eye", frame, None, number)
        assert lookout.in_flight <= getattr(real, "depth", 1) - 1
    seen += lookout.drain()
    with Frame(noise(96, 128, 3).pixels.copy(), 0) as frame:
        expected = real.detect(frame)
    np.testing.assert_array_equal(seen[3][1].xyxy, expected.xyxy)
    assert len(shown) == 1
    lookout.close()
