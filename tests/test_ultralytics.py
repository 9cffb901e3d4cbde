"""The `.pt` backend: without the package it says so; with it, it is ultralytics to the box."""

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from counter.detectors import ultralytics
from counter.detectors.letterbox import Planes
from counter.detectors.open import open_detector
from counter.detectors.ultralytics import QUIET
from counter.errors import DeviceError, ModelError
from counter.frame import Frame
from counter.models import Model, State
from counter.settings import ModelSettings
from tests.backend_suite import noise
from tests.tiny_model import tiny_entry

needs_package = pytest.mark.skipif(
    find_spec("ultralytics") is None or find_spec("torch") is None,
    reason="not run: the extra `ultralytics` is not installed",
)
# Random weights give thousands of boxes of like confidence, in clusters: hard on NMS.
SETTINGS = ModelSettings(name="net", confidence=0.3, iou=0.6, threads=1)


def registered(path: Path, layout: str = "raw") -> Model:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    entry = tiny_entry(layout, file=path.name, sha256=digest, input=(320, 320), classes=80)
    return Model("net", entry, path, State.VERIFIED)


def test_without_the_package_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "net.pt").write_bytes(b"")
    with pytest.raises(ModelError, match="package torch is not installed") as caught:
        open_detector(SETTINGS, registered(tmp_path / "net.pt"))
    assert "pip install '.[ultralytics]'" in caught.value.hint
    assert "YOLO_CONFIG_DIR" not in os.environ


def test_a_package_that_came_in_online_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ultralytics", sys)
    monkeypatch.setenv("YOLO_OFFLINE", "False")
    (tmp_path / "net.pt").write_bytes(b"")
    with pytest.raises(ModelError, match="before it was told to stay offline"):
        open_detector(SETTINGS, registered(tmp_path / "net.pt"))


def test_a_network_that_fails_at_a_picture_is_a_device():
    """Torch is not needed for that: whatever it raises becomes one sentence without its text."""

    class Failing:
        def inference_mode(self) -> None:
            raise RuntimeError("255 0 0")

    detector = ultralytics.UltralyticsDetector.__new__(ultralytics.UltralyticsDetector)
    detector.name, detector._letterbox, detector._torch = "net", Planes((64, 64)), Failing()
    with noise(64, 64) as frame, pytest.raises(DeviceError) as caught:
        detector.detect(frame)
    assert caught.value.message == "model net: ultralytics failed at a picture (RuntimeError)"
    assert np.unique(detector._letterbox.tensor).size == 1


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory) -> dict[str, Path]:
    """Untrained models of both layouts, their scores spread so that there is something to find."""
    torch, make = ultralytics.packages()
    torch.manual_seed(1)
    paths = {}
    for layout, name in (("raw", "yolo11n"), ("end-to-end", "yolo26n")):
        model = make(f"{name}.yaml")
        network = model.model.train()
        norms = [part for part in network.modules() if isinstance(part, torch.nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = None  # the mean of what it sees: activations of about one
        with torch.no_grad():
            network(torch.rand(2, 3, 320, 320))
        for norm in norms:
            norm.momentum = 0.03
        head = network.model[-1]
        scores, sides = (
            (head.cv3, head.cv2) if layout == "raw" else (head.one2one_cv3, head.one2one_cv2)
        )
        for level in scores:
            torch.nn.init.normal_(level[-1].weight, std=0.02)
            torch.nn.init.constant_(level[-1].bias, -4.0)
            level[-1].bias.data[1] = (
                -2.5 if layout == "raw" else 0.0
            )  # the class that stands for person here
        if layout == "end-to-end":  # sides as plain numbers: positive ones
            for level in sides:
                torch.nn.init.normal_(level[-1].weight, std=0.01)
                torch.nn.init.constant_(level[-1].bias, 1.5)
        paths[layout] = tmp_path_factory.mktemp("pt") / f"{name}.pt"
        model.save(str(paths[layout]))
    return paths


@needs_package
@pytest.mark.parametrize("layout", ["raw", "end-to-end"])
def test_it_is_ultralytics_to_the_box(checkpoints, layout):
    import torch
    from ultralytics import YOLO
    from ultralytics.data.augment import LetterBox
    from ultralytics.utils.nms import non_max_suppression
    from ultralytics.utils.ops import scale_boxes

    pixels = np.random.default_rng(5).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    boxed = LetterBox((320, 320))(image=pixels.copy())
    rgb = np.ascontiguousarray(boxed[:, :, ::-1].transpose(2, 0, 1)[None], np.float32) / 255
    theirs = YOLO(str(checkpoints[layout])).model
    theirs.end2end = layout == "end-to-end"
    theirs = theirs.fuse(verbose=False).eval()
    with torch.inference_mode():
        output = theirs(torch.from_numpy(rgb))[0]
    rows = non_max_suppression(output, 0.1, SETTINGS.iou, classes=[1], end2end=theirs.end2end)[0]
    boxes = scale_boxes((320, 320), rows[:, :4], pixels.shape).numpy()
    inside = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)  # ours drops those beside the picture
    expected, sure = boxes[inside] / [300, 200, 300, 200], rows[inside, 4].numpy()

    detector = open_detector(SETTINGS, registered(checkpoints[layout], layout))
    assert detector.backend == "ultralytics"
    with Frame(pixels, 9) as frame:
        people = detector.detect(frame)
    assert len(people) == len(expected) > 10
    np.testing.assert_allclose(people.confidence, sure, atol=1e-4)
    # their way back divides by the ratio, ours by the rounded size of the scaled picture
    np.testing.assert_allclose(people.xyxy, expected, atol=2e-3)


@needs_package
def test_a_pickle_that_is_no_checkpoint_is_not_run(tmp_path):
    # a pickle that would make a folder if it were loaded as one
    made = tmp_path / "made"
    evil = b"cos\nmkdir\n(V" + os.fsencode(made) + b"\ntR."
    (tmp_path / "net.pt").write_bytes(evil)
    with pytest.raises(ModelError, match="ultralytics cannot load"):
        open_detector(SETTINGS, registered(tmp_path / "net.pt"))
    assert not made.exists()


@needs_package
@pytest.mark.skipif(shutil.which("strace") is None, reason="not run: strace is not installed")
def test_it_opens_no_socket_and_leaves_no_file(checkpoints, tmp_path):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from counter.detectors.open import open_detector\n"
        "from tests.test_ultralytics import SETTINGS, registered\n"
        "open_detector(SETTINGS, registered(Path(sys.argv[1])))\n"
    )
    home, trace = tmp_path / "home", tmp_path / "trace"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in QUIET}
    environment |= {"HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("YOLO_CONFIG_DIR", None)
    subprocess.run(
        ["strace", "-f", "-o", trace, "-e", "trace=%network", sys.executable, "-c", code,
         checkpoints["raw"]],
        check=True, env=environment, cwd=Path(__file__).parents[1], timeout=120,
    )  # fmt: skip
    lines = trace.read_text().splitlines()
    assert [line for line in lines if "exited with" not in line and "SIG" not in line] == []
    assert list(home.rglob("*")) == []
