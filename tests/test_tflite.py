"""The tflite backend on real files: the numbers in between, and the people at the end."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from counter.detectors.onnx import OnnxDetector
from counter.detectors.tflite import TfliteDetector, runtime_of, tensor_of, told_by
from counter.detectors.yolo import Head
from counter.errors import ModelError
from counter.frame import Frame
from counter.models import Model, State
from counter.people import Detections
from tests.backend_suite import FOUND, LABELLED, SHARES, SURELY, matched
from tests.sandboxed import WHOLE, child, needs_both_walls
from tests.tiny_model import tiny_entry

pytest.importorskip("ai_edge_litert", reason="not run: ai-edge-litert is not installed")
pytestmark = pytest.mark.shared

ORACLE = "agpl/yolov8n_640_fp32_recon.onnx"
# file, side, layout, classes
FILES = [
    ("agpl/yolov8n_640_full_int8.tflite", 640, "raw", 80),
    ("edgetpu/yolov8n_640_full_int8.tflite", 640, "raw", 80),
    ("agpl/yolov8n_320_int8.tflite", 320, "raw", 80),
    ("agpl/yolo26n_320_e2e_int8.tflite", 320, "end-to-end", 80),
    ("permissive/coco_ssd_mobilenet_v1_300_uint8.tflite", 300, "ssd", 90),
]
PICTURES = 12


def loaded(shared: Path, file: str, side: int, layout: str, classes: int) -> tuple[Model, Head]:
    units = "pixels" if file.endswith(".onnx") else "normalised"
    entry = tiny_entry(layout, input=(side, side), units=units, classes=classes, person=0)
    head = Head(entry.layout, entry.units, classes, 0, floor=0.1, iou=0.5)
    return Model("net", entry, shared / "models" / file, State.VERIFIED), head


@pytest.fixture(scope="module")
def pictures(shared: Path) -> list[np.ndarray]:
    import cv2

    paths = sorted((shared / "data" / "person").rglob("*.jpg"))[:PICTURES]
    found = [cv2.imread(str(path)) for path in paths]
    return [picture.astype(np.uint8) for picture in found if picture is not None]


@pytest.fixture(scope="module")
def truth(shared: Path, pictures: list[np.ndarray]) -> list[Detections]:
    oracle = OnnxDetector(*loaded(shared, ORACLE, 640, "raw", 80), 1)
    return [seen(oracle.detect, picture) for picture in pictures]


def seen(detect: Callable[[Frame], Detections], picture: np.ndarray) -> Detections:
    with Frame(picture.copy(), 7) as frame:
        return detect(frame)


@pytest.mark.parametrize("row", FILES)
def test_it_finds_the_people_that_the_float_model_finds(shared, pictures, truth, row):
    detector = TfliteDetector(*loaded(shared, *row), 1)
    hits = many = 0
    for picture, expected in zip(pictures, truth, strict=True):
        found = seen(detector.detect, picture)
        sure = expected.xyxy[expected.confidence >= SURELY]
        hits += matched(sure, found.xyxy[found.confidence >= FOUND])
        many += len(sure)
        assert (found.captured_ns, found.height_px) == (7, picture.shape[0])
    detector.close()
    assert many > 20
    assert hits >= SHARES[row[0]] * many


def labelled(picture: Path) -> np.ndarray:
    """(n, 4): the persons whom somebody drew a box around, a fifth of the picture high or more."""
    written = picture.parents[1] / "labels" / f"{picture.stem}.txt"
    rows = [line.split() for line in written.read_text().splitlines()]
    persons = [[float(number) for number in row[1:5]] for row in rows if row[0] == "0"]
    boxes = np.array([(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for x, y, w, h in persons])
    found = boxes.reshape(-1, 4).astype(np.float32)
    high: np.ndarray = found[found[:, 3] - found[:, 1] >= 0.2]
    return high


def test_an_ssd_finds_the_people_whom_somebody_labelled(shared, pictures):
    """Its weights are nobody else's, so there is no oracle of them."""
    detector = TfliteDetector(*loaded(shared, *FILES[4]), 1)
    hits = many = 0
    paths = sorted((shared / "data" / "person").rglob("*.jpg"))[:PICTURES]
    for path, picture in zip(paths, pictures, strict=True):
        found, known = seen(detector.detect, picture), labelled(path)
        hits += matched(known, found.xyxy[found.confidence >= SURELY])
        many += len(known)
    detector.close()
    assert many > 10
    assert hits >= LABELLED * many


def test_the_table_and_the_wipe_leave_grey_in_the_interpreter(shared, pictures):
    detector = TfliteDetector(*loaded(shared, *FILES[1]), 1)
    first = seen(detector.detect, pictures[0])
    kept = first.xyxy.copy()
    given = detector._network._input()
    # 114 / 255 with this file's scale 0.018658 and zero -14
    assert given.dtype == np.int8
    assert set(np.unique(given)) == {round(114 / 255 / 0.018658) - 14}
    del given
    assert (detector._network._letterbox.tensor == round(114 / 255 / 0.018658) - 14).all()
    seen(detector.detect, pictures[1])
    np.testing.assert_array_equal(first.xyxy, kept)  # of memory that is not the interpreter's


def test_a_released_frame_is_not_looked_at(shared, pictures):
    detector = TfliteDetector(*loaded(shared, *FILES[2]), 1)
    with Frame(pictures[0].copy(), 1) as frame:
        pass
    with pytest.raises(RuntimeError, match="released"):
        detector.detect(frame)
    assert seen(detector.detect, pictures[0]).captured_ns == 7  # and it goes on


def test_one_person_is_one_box_although_an_ssd_gives_several(shared, pictures):
    detector = TfliteDetector(*loaded(shared, *FILES[4]), 1)
    for picture in pictures:
        boxes = seen(detector.detect, picture).xyxy
        for index in range(1, len(boxes)):
            assert matched(boxes[index : index + 1], boxes[:index]) == 0


class TestErrors:
    @pytest.mark.parametrize("size", [0, 100, 200_000])
    def test_a_damaged_file(self, shared, tmp_path, size):
        model, head = loaded(shared, *FILES[2])
        assert model.path is not None
        cut = tmp_path / "cut.tflite"
        cut.write_bytes(model.path.read_bytes()[:size])
        with pytest.raises(ModelError, match="LiteRT cannot load") as caught:
            TfliteDetector(Model("net", model.entry, cut, State.VERIFIED), head, 1)
        assert "\n" not in caught.value.message + caught.value.hint

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ((FILES[0][0], 320, "raw", 80), r"input is int8 \(1, 640, 640, 3\), the registry says"),
            (
                (FILES[0][0], 640, "raw", 20),
                r"its output is \(1, 84, 8400\), 'raw' needs \(1, 24,",
            ),
            ((FILES[0][0], 640, "end-to-end", 80), "share one scale"),
            ((FILES[3][0], 320, "raw", 80), r"its output is \(1, 300, 6\), 'raw' needs"),
            ((FILES[3][0], 320, "ssd", 80), "an SSD has float"),
        ],
    )
    def test_a_registry_that_says_something_else(self, shared, row, said):
        with pytest.raises(ModelError, match=said) as caught:
            TfliteDetector(*loaded(shared, *row), 1)
        assert caught.value.hint

    def test_a_file_that_is_gone(self, shared, tmp_path):
        model, head = loaded(shared, *FILES[2])
        gone = Model("net", model.entry, tmp_path / "gone.tflite", State.VERIFIED)
        with pytest.raises(ModelError, match="No such file"):
            TfliteDetector(gone, head, 1)

    def test_the_package_is_missing(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "tflite_runtime", None)
        with pytest.raises(ModelError, match="tflite_runtime is not installed") as caught:
            runtime_of(("tflite_runtime",))
        assert "pip install" in caught.value.hint

    def test_a_tensor_with_a_scale_for_each_channel(self):
        numbers = {"scales": np.ones(3), "zero_points": np.zeros(3, int)}
        detail = {
            "name": "x", "shape": (1, 2), "dtype": np.int8, "quantization_parameters": numbers
        }  # fmt: skip
        with pytest.raises(ModelError, match="int8 with 3 scales"):
            tensor_of("net", detail)


def test_what_a_file_says_of_itself_is_read(shared):
    for file, task in ((FILES[0][0], "detect"), (FILES[2][0], "detect"), (FILES[4][0], "")):
        told = told_by(shared / "models" / file)
        assert told.task == task
        assert told.classes[:2] == (("person", "bicycle") if task else ())


SEALED = """
enclosure = Enclosure(Plan(read=(Path({shared!r}),)), swap)
enclosure.enter()
import numpy as np
from counter.detectors.tflite import TfliteDetector
from counter.frame import Frame
from tests.test_tflite import FILES, loaded
detector = TfliteDetector(*loaded(Path({shared!r}), *FILES[2]), 2)
level = enclosure.seal().level
with Frame(np.zeros((96, 128, 3), np.uint8), 0) as frame:
    found = len(detector.detect(frame))
detector.close()
print(json.dumps([level, found]))
"""


@needs_both_walls
def test_it_works_in_a_sealed_process(shared):
    ((level, found),) = child(SEALED.format(shared=str(shared)))
    assert (level, found) == (WHOLE, 0)


@pytest.mark.skipif(shutil.which("strace") is None, reason="not run: strace is not installed")
def test_the_runtime_opens_no_socket_and_writes_no_file(shared, tmp_path):
    code = (
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from counter.frame import Frame\n"
        "from counter.detectors.tflite import TfliteDetector\n"
        f"from tests.test_tflite import loaded, FILES\n"
        f"detector = TfliteDetector(*loaded(Path({str(shared)!r}), *FILES[2]), 2)\n"
        "with Frame(np.zeros((96, 128, 3), np.uint8), 0) as frame:\n"
        "    detector.detect(frame)\n"
    )
    trace = tmp_path / "trace"
    calls = "trace=%network,open,openat,creat,mkdir,mkdirat,memfd_create"
    subprocess.run(
        ["strace", "-f", "-o", trace, "-e", calls, sys.executable, "-c", code],
        check=True, cwd=Path(__file__).parents[1], timeout=120,
        env=os.environ | {"HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    lines = trace.read_text().splitlines()
    assert any("yolov8n_320_int8.tflite" in line for line in lines)  # the trace saw the work
    writes = ("O_WRONLY", "O_RDWR", "O_CREAT", "mkdir(", "mkdirat(", "creat(", "memfd_create(")
    network = ("socket(", "socketpair(", "connect(", "bind(", "sendto(", "sendmsg(")
    found = [line for line in lines if any(call in line for call in (*writes, *network))]
    assert [line for line in found if "hypothesis" not in line] == []
