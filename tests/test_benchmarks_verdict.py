"""PASS, FAIL and NOT MEASURED: by table, and by trying to get a PASS where there is none."""

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from benchmarks import board, verdict
from benchmarks.job import FOUND
from benchmarks.stages import LEAST
from benchmarks.targets import FILE, targets
from benchmarks.verdict import FAIL, NOT_MEASURED, PASS, Limit, judged, limits, lowered, unseen
from counter.errors import CounterError
from tests.tiny_bench import register_tiny

ROOT = Path(__file__).parents[1]
KNOWN = targets().target
PI = [name for name in KNOWN if name.startswith("pi5-")]
HAILO = KNOWN["pi5-hailo8l"]


def test_the_targets_are_those_that_the_mission_names_and_each_number_has_a_reason() -> None:
    assert list(KNOWN) == ["pi5-cpu", "pi5-hailo8l", "pi5-hailo8", "pi5-coral-usb", "x86-2core"]
    for pi in (KNOWN[name] for name in PI):
        assert pi.board.startswith("^Raspberry Pi 5")
        assert pi.max_soc_c is not None
        assert not pi.throttling
    numbers = r"^(?:max_\w+|seconds|people|cameras|fps|input|cores) = .*$"
    for text in FILE.read_text().split("[target.")[1:]:
        lines = re.findall(numbers, text, re.MULTILINE)
        assert {"cameras", "fps", "input", "cores"} < {line.split()[0] for line in lines}
        for line in lines:
            assert re.search(r"# (choice|vendor|published)", line), line
        assert re.search(r"^# (published|choice): ", text, re.MULTILINE)  # of cameras and pace


@pytest.mark.parametrize(
    ("words", "reasons", "expected"),
    [
        ([1.0], [], PASS),
        ([1.0, 3.0], [], FAIL),
        ([1.0, math.nan], [], NOT_MEASURED),
        ([3.0, math.nan], [], FAIL),
        ([], [], NOT_MEASURED),
        ([1.0], ["another machine"], NOT_MEASURED),
        ([3.0], ["another machine"], NOT_MEASURED),
    ],
)
def test_the_word_for_all_limits(words: list[float], reasons: list[str], expected: str) -> None:
    assert judged([Limit("it", value, 2.0) for value in words], reasons)[0] == expected


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        ([], None),
        ([math.nan], None),
        ([0.0, math.nan, 0.0], 0),
        ([0x50000, 0x50000], 0),  # before the run began
        ([0x50000, 0x50004], 4),
        ([0x0, 0x40000], 0x40000),  # between two readings
    ],
)
def test_throttling_counts_if_it_was_during_the_run(
    bits: list[float], expected: int | None
) -> None:
    found = lowered(np.array(bits))
    assert math.isnan(found) if expected is None else found == expected


def test_limits_are_the_targets_own() -> None:
    columns = {"soc_c": [70.0, 81.0, math.nan], "npu_c": [math.nan], "throttled": [0.0]}
    outcome = SimpleNamespace(
        account={FOUND: 12.0},
        counted_ms=np.linspace(1, 100, 200),
        dropped_percent=0.5,
        watch=SimpleNamespace(column=lambda name: np.array(columns[name])),
    )
    words = {limit.what: limit.word for limit in limits(HAILO, outcome)}  # type: ignore[arg-type]
    assert words == {
        FOUND: PASS,
        "pictures dropped, %": PASS,
        "p99 from capture to count, ms": PASS,
        "SoC, C": FAIL,
        "accelerator, C": NOT_MEASURED,
        "throttling seen, bits": PASS,
    }
    outcome.counted_ms = outcome.counted_ms[:99]  # too few to tell a p99
    few = limits(KNOWN["x86-2core"], outcome)  # type: ignore[arg-type]
    assert [limit.word for limit in few] == [PASS, PASS, NOT_MEASURED]


@pytest.mark.parametrize(
    ("found", "seen"), [(12.0, True), (11.9, False), (0.0, False), (math.nan, False)]
)
def test_where_people_are_not_seen_nothing_is_measured(found: float, seen: bool) -> None:
    outcome: Any = SimpleNamespace(account={FOUND: found})
    said = list(unseen(KNOWN["x86-2core"], outcome))
    assert said == ([] if seen else [
        f"{found:g} boxes were found in a picture of 20 drawn people, at least 12 are asked for"
    ])  # fmt: skip
    row = Limit(FOUND, found, least=12.0)
    assert row.word == (PASS if seen else NOT_MEASURED)


def word_of(*arguments: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "verdict", *arguments],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.mark.parametrize("target", PI)
def test_no_pi_target_begins_here_whatever_the_environment_says(target: str) -> None:
    code, said = word_of("--target", target, BOARD="Raspberry Pi 5 Model B")
    assert code == 3
    assert said.startswith(f"NOT MEASURED: {target}: the processor is ")
    assert "PASS" not in said


def test_a_fake_device_tree_is_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (model := tmp_path / "model").write_text("Raspberry Pi 5 Model B Rev 1.0\0")
    monkeypatch.setattr(board, "MODEL", model)
    with pytest.raises(SystemExit) as end:
        verdict.run(None, None, ["--target", "pi5-cpu"])
    said = capsys.readouterr().out
    assert end.value.code == 3
    assert f"{model} is not the kernel's own" in said
    assert "PASS" not in said


def test_on_the_right_machine_the_figures_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sha256 = register_tiny(tmp_path, monkeypatch)
    monkeypatch.setattr(verdict, "SEEN", 0.0)  # the tiny one looks for green
    monkeypatch.setitem(LEAST, "p99", 2)  # pictures, on a machine that may stand still for a second
    here = structs.replace(
        KNOWN["x86-2core"], architecture=os.uname().machine, cores=board.cores(), backend="onnx",
        model="tiny", input=(128, 96), cameras=1, fps=20.0, seconds=2.0, max_p99_ms=60_000.0,
        max_drops_percent=100.0,
    )  # fmt: skip
    known = {"here": here, "never": structs.replace(here, max_p99_ms=1e-6)}
    monkeypatch.setattr(verdict, "targets", lambda: structs.replace(targets(), target=known))
    out = tmp_path / "verdict.json"
    words = []
    for arguments in (["here"], ["never"], ["here", "--seconds", "1"]):
        with pytest.raises(SystemExit) as end:
            verdict.run(out, None, ["--target", *arguments])
        written = json.loads(out.read_text())
        word = written["verdict"]["word"]
        words.append((end.value.code, word))
        first = capsys.readouterr().out.splitlines()[0]
        assert first.startswith(f"{word}: {arguments[0]}: ")
        assert first.endswith(f"; tiny sha256 {sha256}")
        assert written["sandbox"].startswith("off: ")
    assert words == [(0, PASS), (1, FAIL), (3, NOT_MEASURED)]
    assert {row["verdict"] for row in json.loads(out.read_text())["rows"]} == {"-"}


def test_a_target_that_there_is_not_and_another_model_are_mistakes() -> None:
    with pytest.raises(CounterError, match="pi5-hailo9"):
        verdict.run(None, None, ["--target", "pi5-hailo9"])
    with pytest.raises(CounterError, match="a model of its own"):
        verdict.run(None, "tiny", ["--target", "x86-2core"])
