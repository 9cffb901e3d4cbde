"""`benchmarks accuracy_at_speed`: a detector that is right has AP50 1, and a wrong one has less."""

from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks import accuracy_at_speed as benchmark
from benchmarks.accuracy_at_speed import (
    FILM,
    LEAST,
    SETS,
    Point,
    plot,
    recipe,
    samples,
    thresholds,
)
from benchmarks.present import Run, runs
from benchmarks.rounds import WARM_UP
from counter.people import Detections
from counter.settings import ModelSettings
from tests.tiny_registry import tiny_registry

PICTURE = np.zeros((50, 100, 3), np.uint8)
TRUE = np.array([[10, 5, 20, 40], [60, 5, 70, 45]], np.float32)  # pixels


class Says:
    """A detector that gives the same boxes, in pixels, whatever it is shown."""

    name, backend = "says", "none"

    def __init__(self, boxes: np.ndarray, confidence: list[float]) -> None:
        self._boxes, self._confidence = boxes, np.array(confidence, np.float32)

    def detect(self, frame) -> Detections:
        scaled = (self._boxes / (100, 50, 100, 50)).astype(np.float32)
        return Detections(scaled, self._confidence, frame.captured_ns, 2.0)

    def close(self) -> None:
        """Nothing is open."""


def row_of(tmp_path, monkeypatch, says: Says) -> dict[str, Any]:
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path))
    run = runs(tiny_registry(tmp_path))[0]
    _, scoring = recipe()
    point = Point(run, {item: scoring.Tally(0.25) for item in SETS})
    truth = scoring.Labelled(TRUE, np.zeros(2, np.bool_), 2)
    for item in SETS:
        for _ in range(3):
            point.score(says, (item, PICTURE, truth), scoring)
            point.time(says, (item, PICTURE, truth))
    return point.row(scoring)


def test_who_is_right_has_it_all(tmp_path, monkeypatch):
    row = row_of(tmp_path, monkeypatch, Says(TRUE, [0.9, 0.8]))
    assert [row[f"AP50 {item}"] for item in SETS] == [1.0, 1.0, 1.0]
    assert (row["MAE"], row["bias"]) == (0.0, 0.0)
    assert row["FPS"] > 0
    assert (row["model"], row["input"], row["backend"]) == ("tiny", "128x96", "onnx")


def test_who_finds_half_and_makes_one_up_has_less(tmp_path, monkeypatch):
    boxes = np.concatenate((TRUE[:1], [[80, 1, 90, 9]], [[1, 1, 5, 9]])).astype(np.float32)
    row = row_of(tmp_path, monkeypatch, Says(boxes, [0.9, 0.8, 0.7]))
    assert row["AP50 photos"] == pytest.approx(0.5)
    assert (row["MAE"], row["bias"]) == (1.0, 1.0)


def test_an_unsure_box_is_in_the_curve_and_not_in_the_count(tmp_path, monkeypatch):
    row = row_of(tmp_path, monkeypatch, Says(TRUE, [0.9, 0.1]))
    assert row["AP50 PETS"] == 1.0
    assert (row["MAE"], row["bias"]) == (1.0, -1.0)


def test_one_in_so_many_pictures_of_each_set_is_shown():
    parts = {part: lambda: iter([(PICTURE, None)] * 7) for some in SETS.values() for part in some}
    sets: Any = SimpleNamespace(all_sets=lambda _shared: parts)
    shown = [item for item, _, _ in samples(sets, 5)]
    assert {item: shown.count(item) for item in SETS} == {"photos": 6, "PennFudan": 2, FILM: 2}
    assert [item for item, _, _ in samples(sets, 5, [FILM])] == [FILM, FILM]


def test_scores_are_of_faint_boxes_and_speed_is_of_the_shipped_thresholds(tmp_path, monkeypatch):
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path))
    (run,) = runs(tiny_registry(tmp_path))[:1]
    opened = []

    @contextmanager
    def says(self, settings):
        assert self is run
        opened.append((settings.confidence, settings.iou, settings.threads))
        yield Says(TRUE, [0.9, 0.1])

    _, scoring = recipe()
    truth = scoring.Labelled(TRUE, np.zeros(2, np.bool_), 2)

    def shown(_sets, _every, items=SETS):
        return ((item, PICTURE, truth) for item in items)

    def takes(point, *_):
        point.ms.extend((1, 1, 4))

    monkeypatch.setattr(Run, "opened", says)
    monkeypatch.setattr(benchmark, "samples", shown)
    monkeypatch.setattr(Point, "time", takes)
    (row,) = benchmark.measured([run], 1, 3)
    shipped = ModelSettings()
    assert opened == [(LEAST, shipped.iou, 3), (shipped.confidence, shipped.iou, 3)]
    assert (row["FPS"], row["ms, median"]) == (500.0, 1.0)
    assert (row["AP50 PETS"], row["MAE"]) == (1.0, 1.0)  # a faint box
    assert set(thresholds().values()) == {0.01, 0.25, 0.1, 0.5}


def test_the_first_looks_are_not_timed(tmp_path, monkeypatch):
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path))
    point = Point(runs(tiny_registry(tmp_path))[0], {})
    says, looks = Says(TRUE, [0.9, 0.8]), []
    monkeypatch.setattr(Says, "detect", lambda _self, frame: looks.append(frame.pixels.shape))
    for _ in range(3):
        point.time(says, (FILM, PICTURE, None))
    assert (len(looks), len(point.ms)) == (WARM_UP + 3, 3)
    assert set(looks) == {PICTURE.shape}


def test_a_machine_without_the_pictures_measures_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path))
    found = runs(tiny_registry(tmp_path))[:1]
    monkeypatch.setattr(benchmark, "samples", lambda *_: iter(()))
    with pytest.raises(SystemExit, match="no labelled pictures"):
        benchmark.measured(found, 1, 1)


def test_the_points_are_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    row = {"model": "m", "backend": "onnx", "FPS": 20.0, "AP50 photos": 0.5}
    path = tmp_path / "points.png"
    plot([row, row | {"FPS": "-"}], path)
    assert path.read_bytes().startswith(b"\x89PNG")
