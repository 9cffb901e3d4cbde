"""The benchmarks of pace as they are called: short runs of a tiny model, and a Ctrl-C."""

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import latency, max_streams, readings, realtime, soak
from benchmarks.max_streams import search
from benchmarks.soak import slope
from tests.tiny_bench import register_tiny

ROOT = Path(__file__).parents[1]
SMALL = ["--size", "160x96", "--people", "3", "--threads", "1"]
Table = dict[str, Any]


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    register_tiny(tmp_path, monkeypatch)
    return tmp_path / "out.json"


def test_latency_tells_the_way_and_its_stages(out: Path) -> None:
    latency.run(out, "tiny", [*SMALL, "--frames", "30", "--fps", "20"])
    said = json.loads(out.read_text())
    rows = {row["ms"].strip(): row for row in said["rows"]}
    assert int(rows["capture to count"]["n"]) >= 10
    assert {"letterbox", "inference in the runtime", "decode, NMS", "tracker"} <= set(rows)
    parts = ("letterbox", "inference in the runtime", "decode, NMS", "tracker")
    # A stage is a part of the whole.
    assert all(rows[part]["p50"] < rows["capture to count"]["p50"] for part in parts)
    assert said["readings"]["during"]["readings"] >= 2


def test_realtime_has_a_row_for_each_number_and_pace(out: Path) -> None:
    options = ["--cameras", "1", "2", "--fps", "5", "10", "--seconds", "1"]
    realtime.run(out, "tiny", [*SMALL, *options])
    said = json.loads(out.read_text())
    assert [row["cameras x FPS"] for row in said["rows"]] == ["1 x 5", "1 x 10", "2 x 5", "2 x 10"]
    for row, asked in zip(said["rows"], (5, 10, 10, 20), strict=True):
        assert asked - 4 <= row["shown"] <= 3 * asked + 8
        assert row["verdict"] == "kept" or row["dropped"] > 0
    assert set(said["readings"]["during"]) == {"1 x 5", "1 x 10", "2 x 5", "2 x 10"}


def test_max_streams_tries_until_it_is_told_to_stop(out: Path) -> None:
    max_streams.run(out, "tiny", [*SMALL, "--most", "2", "--fps", "1", "--seconds", "1"])
    said = json.loads(out.read_text())
    tried = [row["cameras x FPS"] for row in said["rows"]]
    kept = [row["verdict"] == "kept" for row in said["rows"]]
    assert tried[0] == "1 x 1"
    assert said["found"].startswith(f"{sum(kept)}")


@pytest.mark.parametrize("most", [1, 7, 64])
@pytest.mark.parametrize("able", [0, 1, 2, 3, 5, 6, 7, 8, 31, 63, 64, 100])
def test_the_search_finds_the_most_and_asks_little(able: int, most: int) -> None:
    asked: list[int] = []

    def keeps(cameras: int) -> bool:
        asked.append(cameras)
        return cameras <= able

    assert search(keeps, most) == min(able, most)
    assert len(asked) == len(set(asked))  # none twice
    assert len(asked) <= 13
    assert all(1 <= cameras <= most for cameras in asked)


def test_soak_compares_its_end_with_its_beginning(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "EVERY_S", 0.05)
    soak.run(out, "tiny", [*SMALL, "--minutes", "0.2", "--fps", "20"])
    said = json.loads(out.read_text())
    first, last, change = said["rows"]
    assert first[""] == "first 2 s"
    assert change["memory, MiB"] == pytest.approx(last["memory, MiB"] - first["memory, MiB"])
    assert 0 < first["counted/s"] + last["counted/s"] < 120
    assert said["slope"]["half width"] >= 0


def test_a_slope_is_found_and_noise_is_not_one() -> None:
    minutes = np.arange(1800) / 60
    noise = np.random.default_rng(1).normal(0, 40, len(minutes))
    grows = slope(minutes, 100_000 + 20 * minutes + noise)
    assert abs(grows.kib_per_min - 20) <= grows.half_width < 2
    steady = slope(minutes, 100_000 + noise)
    assert abs(steady.kib_per_min) <= steady.half_width
    settles = slope(minutes, 100_000 - 5000 * np.exp(-minutes))  # before the first tenth is over
    assert abs(settles.kib_per_min) < 25
    assert math.isnan(slope(minutes[:6], noise[:6]).half_width)
    assert str(slope(minutes[:6], noise[:6])) == "not known: too few readings"


PACED = ("latency", "realtime", "max_streams", "soak")


@pytest.mark.parametrize("name", [*PACED, "verdict", "accuracy_at_speed", "projection"])
def test_help_names_every_option_and_its_default(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", name, "--help"])
    with pytest.raises(SystemExit) as end:
        command.main()
    said = capsys.readouterr().out
    assert end.value.code == 0
    everywhere = said.partition("and for every benchmark:")[2]
    assert "--out FILE " in everywhere
    assert "--model " in everywhere
    options = said.partition("options:")[2].partition("and for every benchmark:")[0]
    for option in re.split(r"\n  (?=-)", options)[1:]:
        asks_for_one = option.startswith(("-h", "--target"))
        assert asks_for_one or re.search(r"\(.+\)", option), option


def test_ctrl_c_ends_a_soak_and_keeps_what_was_measured(out: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks", "soak", "--model", "tiny", "--out", str(out), *SMALL],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"COUNTER_MODELS": str(out.parent)},
    ) as running:  # fmt: skip
        try:
            assert running.stderr is not None
            assert running.stderr.readline().startswith("soak: begun, 1800 s; Ctrl-C ends it")
            time.sleep(2)
            running.send_signal(signal.SIGINT)
            said, errors = running.communicate(timeout=60)
        finally:
            running.kill()
    assert running.returncode == 0, errors
    assert "(interrupted)" in said
    assert json.loads(out.read_text())["rows"]


def test_help_teaches_and_a_mistake_is_two_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def called(arguments: Sequence[str]) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
        code: object = 0
        try:
            command.main()
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        return code or 0, said.out, said.err

    for name in ("latency", "realtime", "max_streams", "soak"):
        code, said, _ = called([name, "--help"])
        assert code == 0
        assert f"python -m benchmarks {name}" in said
        assert "--backend" in said
        assert "--out FILE" in said
    assert "targets: pi5-cpu" in called(["verdict", "--help"])[1]
    assert "tracker" in called(["tracking", "--help"])[1]
    code, said, _ = called(["--help"])
    assert code == 0
    assert all(name in said for name in command.QUESTIONS)
    assert called([])[0] == 2
    code, _, said = called(["latency", "--model", "nothing-like-it"])
    assert code == 2
    assert said.startswith("counter: error: model.name: 'nothing-like-it' is not in the registry")
