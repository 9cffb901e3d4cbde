"""The Edge TPU over a fake: probing it, running on it, and each way in which it fails.

Not run on hardware. The runtime that probes is real where a test says so: then a library that is
compiled for the test stands for libedgetpu.
"""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from counter import accelerators
from counter.accelerators import EDGE_TPU, HAILO, accelerator_of, device_files, probe_tpu
from counter.detectors import edgetpu
from counter.detectors.edgetpu import EdgeTpuDetector
from counter.detectors.tflite import TfliteDetector
from counter.detectors.yolo import Head
from counter.errors import DeviceError, ModelError
from counter.frame import Frame
from counter.models import Model, State
from tests.fakes.edgetpu_here import edgetpu_here
from tests.tiny_model import tiny_entry

pytest.importorskip("ai_edge_litert", reason="not run: ai-edge-litert is not installed")
HEAD = Head("raw", "normalised", classes=80, person=0, floor=0.1, iou=0.5)
TWIN, COMPILED = "yolov8n_640_full_int8.tflite", "yolov8n_640_full_int8_edgetpu.tflite"


def model_of(path: Path) -> Model:
    entry = tiny_entry("raw", input=(640, 640), units="normalised", classes=80, person=0)
    return Model("net", entry, path, State.VERIFIED)


def picture(shared: Path) -> np.ndarray:
    import cv2

    films = sorted((shared / "data" / "person").rglob("*.jpg"))
    found = cv2.imread(str(films[0]))
    assert found is not None
    return found.astype(np.uint8)


@pytest.mark.shared
class TestOnIt:
    @pytest.fixture
    def folder(self, shared):
        return shared / "models" / "edgetpu"

    def test_the_same_people_as_its_twin_on_the_cpu(self, folder, shared, monkeypatch):
        with edgetpu_here(monkeypatch, "fine", folder / TWIN):
            pixels = picture(shared)
            chip = EdgeTpuDetector(model_of(folder / COMPILED), HEAD, 1)
            twin = TfliteDetector(model_of(folder / TWIN), HEAD, 1)
            with Frame(pixels.copy(), 5) as one, Frame(pixels.copy(), 5) as other:
                theirs, ours = twin.detect(one), chip.detect(other)
            np.testing.assert_array_equal(ours.xyxy, theirs.xyxy)
            np.testing.assert_array_equal(ours.confidence, theirs.confidence)
            assert len(ours) > 0
            assert (chip.name, chip.backend) == ("net", "edgetpu")
            chip.close()

    def test_a_chip_that_fails_is_a_device_error(self, folder, shared, monkeypatch):
        with edgetpu_here(monkeypatch, "fine", folder / TWIN):
            chip = EdgeTpuDetector(model_of(folder / COMPILED), HEAD, 1)
            monkeypatch.setenv("FAKE_EDGETPU", "fails")
            with (
                Frame(picture(shared), 5) as frame,
                pytest.raises(DeviceError, match=r"the Edge TPU fails \(RuntimeError\)$"),
            ):
                chip.detect(frame)
            assert (chip._network._input() == chip._network._letterbox.tensor).all()
            assert (
                len(np.unique(chip._network._input())) == 1
            )  # no picture stays in the interpreter
            chip.close()

    def test_a_chip_that_hangs_is_given_up(self, folder, shared, monkeypatch):
        monkeypatch.setattr(edgetpu, "ANSWER_S", 0.2)
        with edgetpu_here(monkeypatch, "fine", folder / TWIN):
            chip = EdgeTpuDetector(model_of(folder / COMPILED), HEAD, 1)
            monkeypatch.setenv("FAKE_EDGETPU", "hangs")
            for _ in range(2):  # the second fails at once
                with (
                    Frame(picture(shared), 5) as frame,
                    pytest.raises(DeviceError, match="did not answer"),
                ):
                    chip.detect(frame)
            chip.close()

    @pytest.mark.parametrize(
        ("mood", "said"),
        [
            ("not-taken", "does not take the file .Internal: Unsupp"),
            ("fails", "fails while it runs"),
        ],
    )
    def test_a_probe_that_gets_as_far_as_the_model(self, folder, monkeypatch, mood, said):
        with (
            edgetpu_here(monkeypatch, mood, folder / TWIN),
            pytest.raises(ModelError, match=said) as caught,
        ):
            EdgeTpuDetector(model_of(folder / COMPILED), HEAD, 1)
        assert caught.value.hint

    def test_a_compiled_file_is_nothing_for_the_cpu(self, folder):
        with pytest.raises(ModelError, match="is compiled for the Edge TPU"):
            TfliteDetector(model_of(folder / COMPILED), HEAD, 1)

    def test_a_plain_file_is_nothing_for_the_chip(self, folder):
        with pytest.raises(ModelError, match="is not compiled for the Edge TPU") as caught:
            EdgeTpuDetector(model_of(folder / TWIN), HEAD, 1)
        assert "edgetpu_compiler" in caught.value.hint


def compiled_file(folder: Path) -> Path:
    path = folder / "net_edgetpu.tflite"
    path.write_bytes(b"TFL3 edgetpu-custom-op")
    return path


@pytest.mark.parametrize(
    ("mood", "said"),
    [
        ("no-library", "libedgetpu.so.1 cannot be loaded"),
        ("no-device", "no Edge TPU answers"),
        ("crash", r"ends the process that loads it \(signal 11\)"),
    ],
)
def test_a_probe_says_what_is_wrong(tmp_path, monkeypatch, mood, said):
    path = compiled_file(tmp_path)
    with edgetpu_here(monkeypatch, mood, path), pytest.raises(ModelError, match=said) as caught:
        EdgeTpuDetector(model_of(path), HEAD, 1)
    assert caught.value.hint
    assert "\n" not in caught.value.message


def test_a_probe_that_hangs_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(accelerators, "PROBE_S", 0.01)
    path = compiled_file(tmp_path)
    with (
        edgetpu_here(monkeypatch, "fine", path),
        pytest.raises(ModelError, match="does not answer within"),
    ):
        probe_tpu("net", path, "usb")


LIBRARY = r"""
#include <stddef.h>
void *tflite_plugin_create_delegate(char **k, char **v, size_t n, void (*report)(const char *)) {
    %s
    return NULL;
}
void tflite_plugin_destroy_delegate(void *delegate) {}
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="not run: there is no C compiler")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('report("no device");', "no Edge TPU answers"),
        ("*(volatile int *)8 = 1;", "ends the process that loads it"),
    ],
)
def test_the_real_runtime_with_a_library_that_fails(tmp_path, monkeypatch, body, said):
    source = tmp_path / "fake.c"
    source.write_text(LIBRARY % body)
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", tmp_path / "libedgetpu.so.1", source], check=True
    )
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    with pytest.raises(ModelError, match=said):
        probe_tpu("net", compiled_file(tmp_path), "usb")


@pytest.mark.skipif(
    any(Path("/usr/lib").rglob("libedgetpu.so.1")), reason="not run: libedgetpu is installed"
)
def test_the_real_runtime_without_the_library(tmp_path):
    with pytest.raises(ModelError, match=r"libedgetpu\.so\.1 cannot be loaded") as caught:
        probe_tpu("net", compiled_file(tmp_path), "usb")
    assert "libedgetpu1-std" in caught.value.hint


@pytest.mark.parametrize(
    ("backend", "name", "expected"),
    [
        ("auto", "a.hef", HAILO),
        ("hailo", "a.hef", HAILO),
        ("auto", "a_edgetpu.tflite", EDGE_TPU),
        ("edgetpu", "a.tflite", EDGE_TPU),
        ("auto", "a.tflite", None),
        ("tflite", "a_edgetpu.tflite", None),
        ("auto", "a.onnx", None),
    ],
)
def test_which_chip_a_model_needs(backend, name, expected):
    assert accelerator_of(backend, model_of(Path(name))) == expected


def test_the_device_files_of_a_chip(tmp_path, monkeypatch):
    monkeypatch.setattr(accelerators, "DEVICES", tmp_path)
    assert device_files(HAILO) == (tmp_path / "hailo0",)  # not there yet
    assert device_files(EDGE_TPU) == (tmp_path / "bus/usb",)
    assert accelerators.tpu_bus() == "usb"
    for name in ("hailo0", "hailo1", "hailo_other", "apex_0"):
        (tmp_path / name).touch()
    assert device_files(HAILO) == (tmp_path / "hailo0", tmp_path / "hailo1")
    (tmp_path / "h1x-0").touch()  # a Hailo-10H, since HailoRT 5.3
    assert device_files(HAILO)[0] == tmp_path / "h1x-0"
    assert device_files(EDGE_TPU) == (tmp_path / "apex_0",)
    assert accelerators.tpu_bus() == "pci"
