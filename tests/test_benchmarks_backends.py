"""`benchmarks backends`: who is here, what is compared, and that the persons' figures are true."""

import argparse

import numpy as np
import pytest

from benchmarks import backends
from benchmarks.backends import persons
from benchmarks.bare import bare
from benchmarks.present import Run, runs
from counter.backends import lacking
from counter.errors import ModelError
from counter.people import Detections
from tests.backend_suite import noise
from tests.tiny_registry import tiny_registry

BOXES = [[0.1, 0.1, 0.2, 0.4], [0.5, 0.5, 0.6, 0.9]]


def seen(boxes: list[list[float]], confidence: list[float]) -> list[Detections]:
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    return [Detections(xyxy, np.array(confidence, np.float32), 0, 1.0)]


class TestPersons:
    def test_the_same_people_are_all_found(self):
        oracle = seen(BOXES, [0.9, 0.5])
        assert persons(oracle, oracle) == {"found": 1.0, "made up": 0.0, "IoU": 1.0, "gap": 0.0}

    def test_a_person_that_is_missed_or_too_many_is_told(self):
        oracle = seen(BOXES, [0.9, 0.5])
        missed = persons(oracle, seen(BOXES[:1], [0.9]))
        assert (missed["found"], missed["made up"]) == (0.5, 0.0)
        many = persons(oracle, seen([*BOXES, [0.7, 0.1, 0.8, 0.3]], [0.9, 0.5, 0.4]))
        assert (many["found"], many["made up"]) == (1.0, 1.0)

    def test_the_worst_pair_is_told(self):
        moved = [[0.1, 0.1, 0.2, 0.37], BOXES[1]]  # 0.27 of 0.3 high
        told = persons(seen(BOXES, [0.9, 0.5]), seen(moved, [0.9, 0.42]))
        assert told["IoU"] == pytest.approx(0.9, abs=1e-3)
        assert told["gap"] == pytest.approx(0.08, abs=1e-3)

    def test_unsure_boxes_are_nobody_but_may_be_somebody_of_the_oracle(self):
        weak = seen([*BOXES, [0.7, 0.1, 0.8, 0.3]], [0.9, 0.2, 0.2])
        told = persons(seen(BOXES, [0.9, 0.26]), weak)
        assert (told["found"], told["made up"]) == (1.0, 0.0)

    def test_where_the_oracle_sees_nobody_nothing_is_a_share(self):
        told = persons(seen([], []), seen(BOXES, [0.9, 0.9]))
        assert told == {"found": "-", "made up": 2.0, "IoU": "-", "gap": "-"}


@pytest.fixture
def tiny(tmp_path, monkeypatch) -> list[Run]:
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path))
    return runs(tiny_registry(tmp_path))


class TestPresent:
    def test_every_format_is_there_or_has_a_reason(self, tiny):
        assert [(run.name, run.lacks) for run in tiny] == [
            ("onnx", ""),
            ("ncnn", lacking("ncnn")),
            ("hailo", "no file tiny.hef"),
        ]
        assert [run.is_oracle for run in tiny] == [True, False, False]

    def test_the_models_for_comparison_are_those_of_the_product(self, monkeypatch):
        """The same files, so that nothing else is measured than is registered."""
        monkeypatch.setenv("COUNTER_MODELS", "")
        for side in ("640", "320"):
            ours, product = runs(f"yolo11n-{side}-formats"), runs(f"yolo11n-{side}")
            assert ours[0].model.entry.sha256 == product[0].model.entry.sha256
            assert [run.backend for run in ours] == ["onnx", "openvino"]


class TestMeasured:
    def test_one_row_a_backend_with_its_figures(self, tiny):
        pytest.importorskip("ncnn")
        args = argparse.Namespace(threads=1, rounds=2, frames=3)
        shown = [noise(200, 120, seed).pixels.copy() for seed in range(3)]
        (onnx, ncnn, hailo), early = backends.measured(tiny, shown, args)
        assert early == ""
        assert hailo["backend"] == "hailo: no file tiny.hef"
        assert set(onnx) == set(hailo) == set(ncnn)
        for row in (onnx, ncnn):
            assert row["found"] == 1.0
            assert row["made up"] == 0.0
            assert row["IoU"] >= 0.99
            assert 0 < row["bare ms"] < 1000
            assert 0 < row["ratio"] < 5
        assert hailo["FPS"] == "-"

    def test_the_bare_runtime_runs_the_registered_file_only(self, tiny, tmp_path):
        model = tiny[0].model
        picture = noise(64, 64).pixels.copy()
        assert bare(model, "hailo", picture, 1) is None
        call = bare(model, "onnx", picture, 1)
        assert call is not None
        call()
        (tmp_path / "tiny.onnx").write_bytes(b"altered")
        with pytest.raises(ModelError, match="not the registered sha256"):
            bare(model, "onnx", picture, 1)
