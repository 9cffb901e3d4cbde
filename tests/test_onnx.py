"""The onnx backend: a detector written down here, and the real ones where they are present."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from counter.backends import BACKENDS
from counter.detectors import onnx, yolo
from counter.detectors.onnx import OnnxDetector
from counter.detectors.open import floor, open_detector
from counter.errors import ModelError
from counter.frame import Frame
from counter.models import Model, State
from counter.settings import ModelSettings
from tests.tiny_model import tiny_entry, tiny_model

SETTINGS = ModelSettings(name="tiny", confidence=0.5, threads=1)
RED, GREEN, BLUE = (0, 0, 255), (0, 255, 0), (255, 0, 0)  # B G R


def street(*cells: tuple[int, int, tuple[int, int, int]]) -> Frame:
    """A black picture of 128 x 96 with cells (column, row) painted."""
    pixels = np.zeros((96, 128, 3), np.uint8)
    for column, row, colour in cells:
        pixels[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32] = colour
    return Frame(pixels, 77)


class TestTinyModel:
    @pytest.mark.parametrize("layout", ["raw", "end-to-end"])
    @pytest.mark.parametrize("dynamic", [False, True])
    def test_it_sees_persons_where_they_are_and_nothing_else(self, tmp_path, layout, dynamic):
        detector = open_detector(SETTINGS, tiny_model(tmp_path, layout, dynamic=dynamic))
        half = (0, 128, 0)
        with street((0, 0, RED), (3, 2, GREEN), (1, 1, half), (2, 0, BLUE)) as frame:
            people = detector.detect(frame)
        np.testing.assert_allclose(people.confidence, [1, 128 / 255], rtol=1e-4)
        np.testing.assert_allclose(
            people.xyxy, [[0.75, 2 / 3, 1, 1], [0.25, 1 / 3, 0.5, 2 / 3]], atol=1e-6
        )
        assert (people.captured_ns, people.aspect) == (77, 128 / 96)
        assert (detector.name, detector.backend) == ("tiny", "onnx")
        detector.close()

    def test_pictures_do_not_mix_and_results_stay(self, tmp_path):
        detector = open_detector(SETTINGS, tiny_model(tmp_path))
        with street((0, 0, GREEN)) as frame:
            first = detector.detect(frame)
        with Frame(np.zeros((50, 200, 3), np.uint8), 1) as frame:  # another camera, nobody there
            assert len(detector.detect(frame)) == 0
        with street((3, 0, GREEN)) as frame:
            second = detector.detect(frame)
        np.testing.assert_allclose(first.xyxy, [[0, 0, 0.25, 1 / 3]], atol=1e-6)
        np.testing.assert_allclose(second.xyxy, [[0.75, 0, 1, 1 / 3]], atol=1e-6)

    def test_no_picture_stays_in_the_detector(self, tmp_path):
        detector = open_detector(SETTINGS, tiny_model(tmp_path))
        assert isinstance(detector, OnnxDetector)
        with street((0, 0, GREEN), (2, 2, RED)) as frame:
            detector.detect(frame)
        assert (detector._letterbox.tensor == yolo.GREY).all()

    def test_a_released_frame_is_not_looked_at(self, tmp_path):
        detector = open_detector(SETTINGS, tiny_model(tmp_path))
        with street((0, 0, GREEN)) as frame:
            pass
        with pytest.raises(RuntimeError, match="released"):
            detector.detect(frame)

    def test_weak_boxes_come_out_for_the_tracker(self, tmp_path):
        detector = open_detector(SETTINGS, tiny_model(tmp_path))
        with street((0, 0, (0, 30, 0)), (1, 0, (0, 20, 0))) as frame:  # 0.12 and 0.08
            people = detector.detect(frame)
        np.testing.assert_allclose(people.confidence, [30 / 255], rtol=1e-4)

    def test_the_floor(self):
        assert floor(ModelSettings(confidence=0.5)) == 0.1
        assert floor(ModelSettings(confidence=0.05)) == 0.05


class TestErrors:
    @pytest.mark.parametrize("size", [0, 1, 200])
    def test_a_damaged_file(self, tmp_path, size):
        model = tiny_model(tmp_path)
        assert model.path is not None
        model.path.write_bytes(model.path.read_bytes()[:size])
        with pytest.raises(ModelError, match="onnxruntime cannot load") as caught:
            open_detector(SETTINGS, model)
        assert "\n" not in caught.value.message + caught.value.hint

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"layout": "end-to-end"}, r"output is \(1, 7, 12\), 'end-to-end' needs \(1, n, 6\)"),
            ({"classes": 80}, r"output is \(1, 7, 12\), 'raw' needs \(1, 84, n\)"),
            ({"input": (640, 640)}, r"its input is .*, the registry says float \(1, 3, 640, 640\)"),
        ],
    )
    def test_a_registry_that_says_something_else(self, tmp_path, changes, message):
        model = tiny_model(tmp_path)
        wrong = Model(model.name, tiny_entry(**changes), model.path, State.VERIFIED)
        with pytest.raises(ModelError, match=message) as caught:
            open_detector(SETTINGS, wrong)
        assert "registry" in caught.value.hint

    def test_a_size_that_the_model_cannot_run_at(self, tmp_path):
        model = tiny_model(tmp_path, dynamic=True)  # any size by its input, 128 x 96 by its boxes
        wrong = Model(model.name, tiny_entry(input=(64, 64)), model.path, State.VERIFIED)
        with pytest.raises(ModelError, match="does not run"):
            open_detector(SETTINGS, wrong)

    @pytest.mark.parametrize("backend", ["ultralytics", "auto"])
    def test_a_backend_that_does_not_open_the_file(self, tmp_path, backend):
        model = tiny_model(tmp_path)
        hef = Model("tiny", model.entry, tmp_path / "tiny.hef", State.VERIFIED)
        asked = ModelSettings(backend=backend)
        with pytest.raises(
            ModelError, match=rf"model.backend: '{backend}' does not open"
        ) as caught:
            open_detector(asked, hef if backend == "auto" else model)
        assert ".onnx (onnx), .pt (ultralytics)" in caught.value.hint

    def test_every_backend_that_settings_know_is_in_the_table(self):
        known = set(ModelSettings.__annotations__["backend"].__args__)
        assert known == {"auto", *BACKENDS}

    def test_a_runtime_that_may_have_called_home_is_refused(self, tmp_path, monkeypatch):
        open_detector(SETTINGS, tiny_model(tmp_path))
        monkeypatch.delenv(onnx.SILENT)
        with pytest.raises(ModelError, match=f"imported without {onnx.SILENT}=1"):
            open_detector(SETTINGS, tiny_model(tmp_path))


@pytest.mark.skipif(shutil.which("strace") is None, reason="not run: strace is not installed")
def test_the_runtime_opens_no_socket_and_writes_no_file(tmp_path):
    # Without the switch, onnxruntime 1.32 makes ~/.cache/Microsoft/DeveloperTools/... (seen so).
    model = tiny_model(tmp_path)
    code = (
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from counter.detectors.open import open_detector\n"
        "from counter.frame import Frame\n"
        "from counter.settings import ModelSettings\n"
        "from counter.models import Model, State\n"
        "from tests.tiny_model import tiny_entry\n"
        f"model = Model('tiny', tiny_entry(), Path({str(model.path)!r}), State.VERIFIED)\n"
        "detector = open_detector(ModelSettings(), model)\n"
        "with Frame(np.zeros((96, 128, 3), np.uint8), 0) as frame:\n"
        "    detector.detect(frame)\n"
    )
    trace = tmp_path / "trace"
    quiet = {"CI", "GITHUB_ACTIONS", "TF_BUILD", onnx.SILENT}
    environment = {name: value for name, value in os.environ.items() if name not in quiet}
    environment |= {"HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    calls = "trace=%network,open,openat,creat,mkdir,mkdirat"
    subprocess.run(
        ["strace", "-f", "-o", trace, "-e", calls, sys.executable, "-c", code],
        check=True, env=environment, cwd=Path(__file__).parents[1], timeout=60,
    )  # fmt: skip
    lines = trace.read_text().splitlines()
    assert any("tiny.onnx" in line for line in lines)  # the trace saw the work
    writes = ("O_WRONLY", "O_RDWR", "O_CREAT", "mkdir(", "mkdirat(", "creat(")
    network = ("socket(", "socketpair(", "connect(", "bind(", "sendto(", "sendmsg(")
    assert [line for line in lines if any(call in line for call in (*writes, *network))] == []
