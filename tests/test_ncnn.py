"""The ncnn backend: the real runtime on a network written down here, and what it refuses."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from counter.detectors.letterbox import GREY
from counter.detectors.ncnn import Graph, NcnnDetector, graph_of
from counter.detectors.open import open_detector
from counter.errors import DeviceError, ModelError, RefusedError
from counter.settings import ModelSettings
from tests.backend_suite import GREEN, street
from tests.tiny_model import tiny_entry
from tests.tiny_models import PARAM, tiny_ncnn

pytestmark = pytest.mark.skipif(find_spec("ncnn") is None, reason="not run: no ncnn")
SETTINGS = ModelSettings(name="tiny", confidence=0.5, threads=1)
UNSAID = PARAM.replace(" 0=128 1=96 2=3", "")  # as pnnx writes it
FACTS = {"file": "tiny.param", "weights": "tiny.bin", "weights_sha256": "0" * 64}


class TestGraph:
    def test_what_a_file_says(self, tmp_path):
        (tmp_path / "n.param").write_text(PARAM)
        expected = Graph(("in0",), ((128, 96, 3),), ("out0",), 12)
        assert graph_of("m", tmp_path / "n.param") == expected

    @pytest.mark.parametrize(
        "text", ["", "7767517\n", "7767517\n1 1\nInput\n", "8\n1 1\nInput a 0 1 a\n", "\0\xff"]
    )
    def test_what_is_no_such_file(self, tmp_path, text):
        (tmp_path / "n.param").write_bytes(text.encode("latin-1"))
        with pytest.raises(ModelError, match=r"no \.param file of ncnn") as caught:
            graph_of("m", tmp_path / "n.param")
        assert "pnnx" in caught.value.hint


class TestErrors:
    @pytest.mark.parametrize("size", [0, 100])
    def test_damaged_weights(self, tmp_path, size):
        made = tiny_ncnn(tmp_path)
        path = tmp_path / "tiny.bin"
        path.write_bytes(path.read_bytes()[:size])
        with pytest.raises(ModelError, match=r"ncnn cannot load .*tiny\.bin"):
            open_detector(SETTINGS, made)

    def test_a_layer_that_this_version_does_not_know(self, tmp_path):
        made = tiny_ncnn(tmp_path, PARAM.replace("Pooling  ", "Pondering"))
        with pytest.raises(ModelError, match=r"ncnn cannot load .*tiny\.param"):
            open_detector(SETTINGS, made)

    @pytest.mark.parametrize(
        ("param", "message"),
        [
            (PARAM, r"is for inputs of \(128, 96, 3\); the registry says \(640, 640, 3\)"),
            (UNSAID, r"is for an input that gives 12 boxes instead of 8400"),
        ],
    )
    def test_a_model_for_another_size_is_not_run(self, tmp_path, param, message):
        made = tiny_ncnn(tmp_path, param)
        wrong = replace(made, entry=tiny_entry(**FACTS, input=(640, 640)))
        with pytest.raises(ModelError, match=message):
            open_detector(SETTINGS, wrong)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"layout": "end-to-end"}, r"output is \(1, 7, 12\), 'end-to-end' needs \(1, n, 6\)"),
            ({"classes": 80}, r"output is \(1, 7, 12\), 'raw' needs \(1, 84, n\)"),
        ],
    )
    def test_a_registry_that_says_something_else(self, tmp_path, changes, message):
        made = tiny_ncnn(tmp_path)
        with pytest.raises(ModelError, match=message):
            open_detector(SETTINGS, replace(made, entry=tiny_entry(**(FACTS | changes))))

    def test_a_model_that_says_more_than_boxes_is_refused(self, tmp_path):
        more = PARAM.replace("5 5", "6 7").replace("Reshape ", SPLIT + "Reshape ")
        more = more.replace("1 1 pool scores", "1 1 pool_a scores")
        with pytest.raises(RefusedError, match="embedding"):
            open_detector(SETTINGS, tiny_ncnn(tmp_path, more))

    def test_columns_that_the_registry_does_not_count_are_refused(self, tmp_path):
        made = tiny_ncnn(tmp_path)
        with pytest.raises(RefusedError, match="2 columns a box beyond"):
            open_detector(SETTINGS, replace(made, entry=tiny_entry(**FACTS, classes=1, person=0)))

    def test_a_net_that_fails_later_is_a_device(self, tmp_path):
        detector = open_detector(SETTINGS, tiny_ncnn(tmp_path))
        assert isinstance(detector, NcnnDetector)
        detector._exit = "gone"
        with street((0, 0, GREEN)) as frame, pytest.raises(DeviceError, match="ncnn failed"):
            detector.detect(frame)
        assert (detector._letterbox.tensor == GREY).all()

    def test_it_is_said_what_to_install(self, tmp_path, monkeypatch):
        made = tiny_ncnn(tmp_path)
        monkeypatch.setitem(sys.modules, "ncnn", None)
        with pytest.raises(ModelError, match="package ncnn is not installed") as caught:
            open_detector(SETTINGS, made)
        assert "pip install '.[ncnn]'" in caught.value.hint


SPLIT = "Split        both    1 2 pool pool_a embedding\n"


def test_the_input_is_read_where_it_lies(tmp_path):
    detector = open_detector(SETTINGS, tiny_ncnn(tmp_path))
    assert isinstance(detector, NcnnDetector)
    assert np.shares_memory(np.asarray(detector._given), detector._letterbox.tensor)


@pytest.mark.skipif(shutil.which("strace") is None, reason="not run: strace is not installed")
def test_the_runtime_opens_no_socket_and_writes_no_file_and_ends_well(tmp_path):
    """The process ends with its detector open: whatever goes first, nothing crashes."""
    tiny_ncnn(tmp_path)
    code = (
        "import sys\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from counter.detectors.open import open_detector\n"
        "from counter.models import Model, State\n"
        "from tests.backend_suite import GREEN, street\n"
        "from tests.test_ncnn import FACTS, SETTINGS\n"
        "from tests.tiny_model import tiny_entry\n"
        "path = Path(sys.argv[1]) / 'tiny.param'\n"
        "model = Model('tiny', tiny_entry(**FACTS), path, State.VERIFIED)\n"
        "detector = open_detector(SETTINGS, model)\n"
        "with street((0, 0, GREEN)) as frame:\n"
        "    people = detector.detect(frame)\n"
        "assert len(people) == 1\n"
    )
    trace = tmp_path / "trace"
    calls = "trace=%network,open,openat,creat,mkdir,mkdirat"
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(
        ["strace", "-f", "-o", trace, "-e", calls, sys.executable, "-c", code, str(tmp_path)],
        check=True, env=environment, cwd=Path(__file__).parents[1], timeout=60,
    )  # fmt: skip
    lines = trace.read_text().splitlines()
    assert any("tiny.bin" in line for line in lines)  # the trace saw the work
    marks = ("O_WRONLY", "O_RDWR", "O_CREAT", "mkdir(", "mkdirat(", "creat(", "socket(")
    assert [line for line in lines if any(mark in line for mark in marks)] == []
