"""DESIGN section 5, checked: every rule against the real tree, and against code made to break it.

The cases are in `cases/architecture/<rule>.txt`: `== caught: title | part of the message` or
`== fine: title`, then one or more files, each after a line `-- path`.
"""

import copy
import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from counter.cells import Cell, Kind
from counter.detectors.ultralytics import QUIET
from counter.errors import CounterError
from counter.frame import Frame
from counter.interval import EPOCH, Interval
from counter.people import Crossing, Detections, Direction, Tracks
from counter.purposes import Measure
from counter.settings import CameraSettings, ModelSettings
from counter.tally import Tally
from tests.architecture.rules import RULES
from tests.architecture.syntax import Module, read, read_folder
from tests.architecture.table import HEAVY

ROOT = Path(__file__).parents[1]
COUNTER = read_folder(ROOT, "counter")
ELSEWHERE = {
    name: module
    for folder in ("tests", "benchmarks", "models")
    for name, module in read_folder(ROOT, folder).items()
}


@dataclass(frozen=True)
class Case:
    rule: str
    title: str
    message: str | None  # None: no violation is expected
    modules: dict[str, Module]


def cases() -> list[Case]:
    found: list[Case] = []
    for path in sorted((ROOT / "tests/cases/architecture").glob("*.txt")):
        for block in path.read_text(encoding="utf-8").split("\n== ")[1:]:
            head, _, body = block.partition("\n")
            kind, _, rest = head.partition(": ")
            title, _, message = rest.partition(" | ")
            assert kind in {"caught", "fine"}, f"{path.name}: {head}"
            assert bool(message) == (kind == "caught"), f"{path.name}: {head}"
            files = [part.partition("\n") for part in f"\n{body}".split("\n-- ")[1:]]
            modules = [read(name.strip(), text) for name, _, text in files]
            named = {module.name: module for module in modules}
            found.append(Case(path.stem, title, message or None, named))
    return found


CASES = cases()


@pytest.mark.parametrize("rule", RULES)
def test_the_tree_keeps_the_rule(rule):
    assert COUNTER
    violations = list(RULES[rule](COUNTER))
    assert not violations, "\n".join([RULES[rule].__doc__ or "", *violations])


def test_files_outside_counter_are_small_too():
    violations = list(RULES["sizes"](ELSEWHERE))
    assert not violations, "\n".join(violations)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.title}")
def test_case(case):
    violations = list(RULES[case.rule](case.modules))
    if case.message is None:
        assert violations == []
    else:
        assert any(case.message in text for text in violations), violations


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_both_kinds_of_cases(rule):
    kinds = [case.message is None for case in CASES if case.rule == rule]
    assert set(kinds) == {True, False}


@pytest.mark.parametrize(
    "module", ["cli", "config", "models", "outputs.mqtt", "outputs.prometheus", "health"]
)
def test_what_starts_first_loads_nothing_heavy(module):
    code = f"import sys, counter.{module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "counter" in loaded
    assert not loaded & {*HEAVY, "onnx", "PIL"}


def _onnx(tmp_path):
    from counter.detectors.open import open_detector

    open_detector(ModelSettings(), _model(tmp_path / "m.onnx"))


def _ultralytics(tmp_path):
    from counter.detectors.open import open_detector

    open_detector(ModelSettings(), _model(tmp_path / "m.pt"))


def _model(path):
    from counter.models import Model, State
    from counter.registry import Entry

    entry = Entry(
        file=path.name, sha256="0" * 64, licence="MIT", source="none", input=(64, 64),
        layout="raw", units="pixels", classes=1, person=0, kind="detector",
    )  # fmt: skip
    return Model("m", entry, path, State.VERIFIED)


def _video(tmp_path):
    from counter.sources.open import open_source

    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"")
    open_source("door", CameraSettings(source=str(clip)))


def _broker(_tmp_path):
    from counter.demo.broker import embedded_broker

    with embedded_broker(1883):
        pass


@pytest.mark.parametrize(
    ("library", "package", "opened"),
    [
        ("onnxruntime", "onnxruntime", _onnx),
        ("ultralytics", ".[ultralytics]", _ultralytics),
        ("torch", ".[ultralytics]", _ultralytics),
        ("cv2", "opencv-python-headless", _video),
        ("amqtt", "amqtt", _broker),
    ],
)
def test_a_missing_library_is_an_error_that_names_the_package(
    library, package, opened, tmp_path, monkeypatch
):
    for name, value in {"ORT_DISABLE_TELEMETRY": "1", **QUIET}.items():
        monkeypatch.setenv(name, value)
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)  # what Python calls an import that is blocked
    with pytest.raises(CounterError) as caught:
        opened(tmp_path)
    assert package in f"{caught.value.message} {caught.value.hint}"


def _sealed_values():
    """One of each type of rings 0 to 2, holding numbers that are easy to find."""
    boxes = np.full((1, 4), 0.8675309, np.float32)
    score = np.full(1, 0.8675309, np.float32)
    cell = Cell(Kind.ZONE, "front", Measure.OCCUPANCY)
    interval = Interval(EPOCH, 60)
    slots, states, born = np.array([8675]), np.array([1], np.int8), np.array([True])
    return [
        Detections(boxes, score, 8675309),
        Tracks(slots, states, boxes, born, 8675309, 1.5),
        Crossing("door", Direction.IN, 8675309),
        Tally(cell, interval, 8675309, 0.8675309),
    ]


@pytest.mark.parametrize("value", _sealed_values(), ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("show", [repr, str, format, "{0!r}".format, lambda v: f"{[v]} {v!a}"])
def test_a_ring_prints_no_value(value, show):
    text = show(value)
    assert type(value).__name__ in text
    assert "8675" not in text
    assert "door" not in text


@pytest.mark.parametrize("value", _sealed_values(), ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_ring_is_not_pickled(value, protocol):
    with pytest.raises(TypeError, match="stays in this process"):
        pickle.dumps(value, protocol)


def test_an_error_of_a_ring_holds_no_value():
    """A type checker's or interpreter's message about a wrong use shows the type alone."""
    for value in _sealed_values():
        with pytest.raises((TypeError, AttributeError)) as caught:
            value.captured_ns = 1  # frozen
        assert "8675" not in str(caught.value)


def test_a_frame_is_not_printed_compared_or_copied():
    frame = Frame(np.full((2, 2, 3), 86, np.uint8), 0)
    for use in (repr, str, copy.copy, copy.deepcopy, pickle.dumps, hash, lambda f: f == 1):
        with pytest.raises(TypeError):
            use(frame)
    with frame:
        pass
    with pytest.raises(RuntimeError, match="released"):
        _ = frame.pixels
