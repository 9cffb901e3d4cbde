"""The openvino backend: the real runtime, its silence, and what it refuses."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from counter import models
from counter.detectors import openvino
from counter.detectors.letterbox import PADDING
from counter.detectors.open import open_detector
from counter.detectors.openvino import REPORTER, OpenvinoDetector
from counter.errors import DeviceError, ModelError, RefusedError
from counter.frame import Frame
from counter.models import Model
from counter.registry import Entry
from counter.settings import ModelSettings
from counter.sources.synthetic import Scene
from tests.backend_suite import FLOAT, GREEN, INT8, differences, street
from tests.tiny_model import tiny_entry, tiny_model
from tests.tiny_models import tiny_openvino, two_files

pytestmark = pytest.mark.skipif(find_spec("openvino") is None, reason="not run: no openvino")
SETTINGS = ModelSettings(name="tiny", confidence=0.5, threads=1)


def pictures(count: int) -> list[Frame]:
    scene = Scene(kind="platform", seed=3, size=(640, 360), fps=2.0, people=23)
    drawn = []
    for turn in range(count):
        pixels = np.zeros((360, 640, 3), np.uint8)
        scene.render(pixels)
        drawn.append(Frame(pixels, turn))
    return drawn


def converted(model: Model, folder: Path) -> Model:
    """The same weights as OpenVINO's own format."""
    ov = openvino._runtime()
    ov.save_model(ov.Core().read_model(model.path), folder / "m.xml", compress_to_fp16=False)
    assert isinstance(model.entry, Entry)
    entry = tiny_entry(
        model.entry.layout, file="m.xml", weights="m.bin", weights_sha256="0" * 64,
        input=model.entry.input, classes=model.entry.classes, person=model.entry.person,
        units=model.entry.units,
    )  # fmt: skip
    return replace(model, entry=entry, path=folder / "m.xml")


@pytest.mark.parametrize("layout", ["raw", "end-to-end"])
def test_a_dynamic_model_takes_the_size_of_the_registry(tmp_path, layout):
    detector = open_detector(SETTINGS, tiny_openvino(tmp_path, layout, dynamic=True))
    with street((3, 2, GREEN)) as frame:
        people = detector.detect(frame)
    np.testing.assert_allclose(people.xyxy, [[0.75, 2 / 3, 1, 1]], atol=1e-6)


def test_the_embedded_model_sees_the_same_persons(tmp_path):
    model = models.find("counter-n")
    oracle = open_detector(ModelSettings(backend="onnx"), model)
    detector = open_detector(ModelSettings(), converted(model, tmp_path))
    seen = 0
    for frame in pictures(4):
        with frame:
            expected, given = oracle.detect(frame), detector.detect(frame)
        assert differences(expected, given, FLOAT) == []
        seen += len(expected)
    assert seen > 20


@pytest.mark.shared
def test_an_int8_model_sees_the_same_persons(shared):
    agpl = shared / "models/agpl"
    oracle = models.find("yolo11n-640")
    assert isinstance(oracle.entry, Entry)
    made = converted_entry(oracle, agpl / "yolo11n_dyn_int8_openvino.xml")
    exact = open_detector(ModelSettings(backend="onnx"), oracle)
    quick = open_detector(ModelSettings(), made)
    found = []
    for frame in pictures(3):
        with frame:
            expected, given = exact.detect(frame), quick.detect(frame)
        assert differences(expected, given, INT8) == []
        found.append((len(expected), len(given)))
    assert min(map(min, found)) > 8


def converted_entry(model: Model, path: Path) -> Model:
    entry = tiny_entry(
        file=path.name, weights=path.with_suffix(".bin").name, weights_sha256="0" * 64,
        input=(640, 640), classes=80, person=0,
    )  # fmt: skip
    return replace(model, entry=entry, path=path)


class TestErrors:
    def test_weights_that_nobody_registered_are_not_opened(self, tmp_path):
        made = tiny_openvino(tmp_path)
        entry = tiny_entry(file="tiny.xml")
        with pytest.raises(ModelError, match=r"names no weights beside tiny\.xml"):
            open_detector(SETTINGS, replace(made, entry=entry))

    def test_weights_that_are_not_there(self, tmp_path):
        made = tiny_openvino(tmp_path)
        (tmp_path / "tiny.bin").unlink()
        with pytest.raises(ModelError, match=r"no file .*tiny\.bin"):
            open_detector(SETTINGS, made)

    @pytest.mark.parametrize(
        ("name", "size"), [("tiny.xml", 0), ("tiny.xml", 200), ("tiny.bin", 8)]
    )
    def test_a_damaged_file(self, tmp_path, name, size):
        made = tiny_openvino(tmp_path)
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:size])
        with pytest.raises(ModelError, match=r"openvino .* cannot load") as caught:
            open_detector(SETTINGS, made)
        assert "\n" not in caught.value.message + caught.value.hint

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"layout": "end-to-end"}, r"output is \(1, 7, 12\), 'end-to-end' needs \(1, n, 6\)"),
            ({"classes": 80}, r"output is \(1, 7, 12\), 'raw' needs \(1, 84, n\)"),
            ({"input": (640, 640)}, r"its input is f32 .*, the registry says f32 \(1, 3, 640, 6"),
        ],
    )
    def test_a_registry_that_says_something_else(self, tmp_path, changes, message):
        made = tiny_openvino(tmp_path)
        said = {"file": "tiny.xml", "weights": "tiny.bin", "weights_sha256": "0" * 64}
        with pytest.raises(ModelError, match=message) as caught:
            open_detector(SETTINGS, replace(made, entry=tiny_entry(**(said | changes))))
        assert "registry" in caught.value.hint

    def test_a_model_that_says_more_than_boxes_is_refused(self, tmp_path):
        made = tiny_model(tmp_path)
        assert made.path is not None
        graph = onnx.load(made.path)
        graph.graph.node.append(helper.make_node("Identity", ["pool"], ["embedding"]))
        more = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, None)
        graph.graph.output.append(more)
        made.path.write_bytes(graph.SerializeToString())
        ov = openvino._runtime()
        ov.save_model(ov.Core().read_model(made.path), tmp_path / "tiny.xml")
        with pytest.raises(RefusedError, match="embedding"):
            open_detector(SETTINGS, two_files(made, "tiny.xml", "tiny.bin"))

    def test_classes_in_the_file_are_judged(self, tmp_path):
        made = tiny_openvino(tmp_path)
        text = (tmp_path / "tiny.xml").read_text()
        said = (
            '<rt_info><model_info><labels value="woman child face"/></model_info></rt_info></net>'
        )
        (tmp_path / "tiny.xml").write_text(text[: text.rindex("<rt_info>")] + said)
        with pytest.raises(RefusedError, match="its class"):
            open_detector(SETTINGS, made)

    def test_a_request_that_fails_later_is_a_device(self, tmp_path):
        class Failing:
            def start_async(self) -> None:
                raise RuntimeError("255 0 0")

        detector = open_detector(SETTINGS, tiny_openvino(tmp_path))
        assert isinstance(detector, OpenvinoDetector)
        detector._request = Failing()
        with street((0, 0, GREEN)) as frame, pytest.raises(DeviceError) as caught:
            detector.detect(frame)
        assert "255" not in caught.value.message + caught.value.hint
        assert (detector._letterbox.tensor == PADDING).all()


class TestSilence:
    def test_its_telemetry_is_not_loaded(self, tmp_path):
        open_detector(SETTINGS, tiny_openvino(tmp_path))
        assert sys.modules.get(REPORTER) is None
        assert not [name for name in sys.modules if name.startswith("openvino.tools.")
                    and sys.modules[name] is not None]  # fmt: skip

    def test_a_runtime_that_may_have_called_home_is_refused(self, tmp_path, monkeypatch):
        made = tiny_openvino(tmp_path)
        monkeypatch.setitem(sys.modules, REPORTER, sys)
        with pytest.raises(ModelError, match="imported with its telemetry"):
            open_detector(SETTINGS, made)

    def test_it_is_said_what_to_install(self, tmp_path, monkeypatch):
        made = tiny_openvino(tmp_path)
        monkeypatch.setitem(sys.modules, "openvino", None)
        with pytest.raises(ModelError, match="package openvino is not installed") as caught:
            open_detector(SETTINGS, made)
        assert "pip install '.[openvino]'" in caught.value.hint

    @pytest.mark.skipif(shutil.which("strace") is None, reason="not run: strace is not installed")
    @pytest.mark.parametrize("ours", [True, False])
    def test_it_opens_no_socket_and_leaves_no_file(self, tmp_path, ours):
        """With openvino imported as it is, the trace shows what is kept away (`ours` False)."""
        tiny_openvino(tmp_path)
        code = OURS if ours else "import openvino, time\ntime.sleep(1)\n"
        home, trace = tmp_path / "home", tmp_path / "trace"
        home.mkdir()
        loud = {"CI", "TF_BUILD", "JENKINS_URL", "GITHUB_ACTIONS"}
        environment = {name: value for name, value in os.environ.items() if name not in loud}
        environment |= {"HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
        calls = "trace=%network,open,openat,creat,mkdir,mkdirat"
        command = ["unshare", "-n"] if not ours and os.geteuid() == 0 else []
        if not ours and not command:
            pytest.skip("not run: needs root for an empty network namespace")
        subprocess.run(
            [*command, "strace", "-f", "-o", trace, "-e", calls, sys.executable, "-c", code,
             str(tmp_path)],
            check=True, env=environment, cwd=Path(__file__).parents[1], timeout=60,
        )  # fmt: skip
        lines = trace.read_text().splitlines()
        marks = ("O_WRONLY", "O_RDWR", "O_CREAT", "mkdir(", "mkdirat(", "creat(", "socket(")
        told = [line for line in lines if any(mark in line for mark in marks)]
        assert bool(told) != ours, told
        assert bool(list(home.rglob("*"))) != ours


OURS = """
import sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from counter.detectors.open import open_detector
from counter.frame import Frame
from counter.models import Model, State
from counter.settings import ModelSettings
from tests.tiny_model import tiny_entry
entry = tiny_entry(file="tiny.xml", weights="tiny.bin", weights_sha256="0" * 64)
model = Model("tiny", entry, Path(sys.argv[1]) / "tiny.xml", State.VERIFIED)
detector = open_detector(ModelSettings(), model)
with Frame(np.zeros((96, 128, 3), np.uint8), 0) as frame:
    detector.detect(frame)
"""
