"""One export by the real ultralytics, where it is installed: what comes out is the same network.

Untrained weights: whether boxes are good is no question of an export. onnx and openvino only; ncnn
needs pnnx, and the int8 targets need their vendors' converters.
"""

import importlib
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from counter import models
from counter.detectors import openvino, ultralytics
from tests.commands import counter
from tests.fakes.ultralytics_here import CHIPS, FORMATS

pytestmark = pytest.mark.skipif(
    find_spec("ultralytics") is None or find_spec("torch") is None,
    reason="not run: the extra `ultralytics` is not installed",
)
SIDE = 320
APART = 1e-2  # pixels of boxes in 0..320, and scores in 0..1


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A YOLO11n as it is before training, with a class that is called person."""
    torch, make = ultralytics.packages()
    torch.manual_seed(1)
    model = make("yolo11n.yaml")
    model.model.names = {number: "person" if number == 0 else f"{number}" for number in range(80)}
    path = Path(tmp_path_factory.mktemp("trained") / "mine.pt")
    model.save(str(path))
    return path


def exported(trained: Path, to: str, folder: Path, monkeypatch: Any) -> Path:
    """Run the command; find what it made by the stanza that it prints."""
    words = ("models", "export", str(trained), "--to", to, "--imgsz", str(SIDE), "--out")
    done = counter(*words, str(folder), timeout_s=300)
    assert done.returncode == 0, done.stderr
    assert f"tried    {to} opens it" in done.stdout
    stanza = done.stdout[done.stdout.index("[model.") :]
    (folder / "registry.toml").write_text(stanza)
    monkeypatch.setenv("COUNTER_MODELS", str(folder))
    (name,) = tomllib.loads(stanza)["model"]
    path = models.find(name).path
    assert path is not None
    return path


@pytest.fixture(scope="module")
def picture() -> NDArray[np.float32]:
    return np.random.default_rng(1).random((1, 3, SIDE, SIDE), np.float32)


@pytest.fixture(scope="module")
def expected(trained: Path, picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """What torch makes of the picture."""
    torch, make = ultralytics.packages()
    network = make(str(trained)).model.fuse(verbose=False).eval()
    with torch.inference_mode():
        outputs = network(torch.from_numpy(picture))
    given: NDArray[np.float32] = outputs[0].numpy()
    return given


def test_onnx(trained, picture, expected, tmp_path, monkeypatch):
    if find_spec("onnxslim") is None or find_spec("onnx") is None:
        pytest.skip("not run: no onnx and onnxslim here")
    path = exported(trained, "onnx", tmp_path, monkeypatch)
    onnxruntime = importlib.import_module("onnxruntime")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (given,) = session.run(None, {"images": picture})
    assert given.shape == expected.shape == (1, 84, 2100)
    np.testing.assert_allclose(given, expected, rtol=0, atol=APART)


def test_openvino(trained, picture, expected, tmp_path, monkeypatch):
    if find_spec("openvino") is None:
        pytest.skip("not run: no openvino here")
    path = exported(trained, "openvino", tmp_path, monkeypatch)
    ov = openvino._runtime()
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = ov.Core().compile_model(str(path), "CPU", exact)
    given = compiled([picture])[0]
    assert given.shape == expected.shape
    np.testing.assert_allclose(given, expected, rtol=0, atol=APART)


def test_the_fake_is_like_it():
    """Arguments, precisions and chips of the version that is here."""
    ultralytics.packages()
    real = importlib.import_module("ultralytics.engine.exporter")
    table = real.export_formats()
    takes = dict(zip(table["Argument"], table["Arguments"], strict=True))
    for name, (arguments, int8, fp32) in FORMATS.items():
        assert set(takes[name]) == arguments, name
        assert (name in real.INT8_FORMATS) == bool(int8), name
        assert (name not in real.FP32_UNSUPPORTED_FORMATS) == bool(fp32), name
    text = Path(str(real.__file__)).read_text("utf-8")
    assert f"hailo_archs = {CHIPS}".replace("'", '"') in text
