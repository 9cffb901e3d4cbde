"""PASS, FAIL and NOT MEASURED: by table, and by trying to get a PASS where there is none."""

import json
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from msgspec import structs

from benchmarks import board, verdict
from benchmarks.evidence import Machine, Work, other_machine, other_work, told_by_kernel
from benchmarks.job import Job
from benchmarks.rig import run_job
from benchmarks.stages import LEAST
from benchmarks.targets import FILE, targets
from benchmarks.verdict import FAIL, NOT_MEASURED, PASS, Limit, judged, limits, lowered
from counter.errors import CounterError
from counter.settings import ModelSettings
from tests.tiny_bench import register_tiny

ROOT = Path(__file__).parents[1]
KNOWN = targets().target
PI = [name for name in KNOWN if name.startswith("pi5-")]
HAILO = KNOWN["pi5-hailo8l"]
PI_WITH_HAILO = Machine(
    architecture="aarch64",
    processors=frozenset({"0x41:0xd0b"}),
    cores=4,
    board="Raspberry Pi 5 Model B Rev 1.0",
    board_is_told=True,
    pci=frozenset({("14e4", True), ("1e60", True)}),
    usb=frozenset(),
    nodes=frozenset({"hailo0"}),
)
HAILO_WORKED = Work(
    backend="hailo",
    input="640x384",
    packages={"hailo_platform": "/usr/lib/python3/dist-packages/hailo_platform/__init__.py"},
    libraries=frozenset({"libhailort.so.4.23.0", "libc.so.6"}),
    chip="DeviceArchitecture.HAILO8L",
)
FAKE = ROOT / "tests/fakes/hailo/hailo_platform/__init__.py"


def test_the_targets_are_those_that_the_mission_names_and_each_number_has_a_reason() -> None:
    assert list(KNOWN) == ["pi5-cpu", "pi5-hailo8l", "pi5-hailo8", "pi5-coral-usb", "x86-2core"]
    for pi in (KNOWN[name] for name in PI):
        assert pi.board.startswith("^Raspberry Pi 5")
        assert pi.max_soc_c is not None
        assert not pi.throttling
    for text in FILE.read_text().split("[target.")[1:]:
        assert {"choice:", "fps"} <= set(re.findall(r"choice:|fps", text))
        for line in re.findall(r"^(?:max_|seconds|people).*$", text, re.MULTILINE):
            assert re.search(r"# (choice|vendor|published)", line), line


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
        counted_ms=np.linspace(1, 100, 200),
        dropped_percent=0.5,
        watch=SimpleNamespace(column=lambda name: np.array(columns[name])),
    )
    words = {limit.what: limit.word for limit in limits(HAILO, outcome)}  # type: ignore[arg-type]
    assert words == {
        "pictures dropped, %": PASS,
        "p99 from capture to count, ms": PASS,
        "SoC, C": FAIL,
        "accelerator, C": NOT_MEASURED,
        "throttling seen, bits": PASS,
    }
    outcome.counted_ms = outcome.counted_ms[:99]  # too few to tell a p99
    few = limits(KNOWN["x86-2core"], outcome)  # type: ignore[arg-type]
    assert [limit.word for limit in few] == [PASS, NOT_MEASURED]


def test_the_targets_own_machine_is_taken() -> None:
    assert list(other_machine(HAILO, PI_WITH_HAILO)) == []
    assert list(other_work(HAILO, HAILO_WORKED)) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"architecture": "x86_64"}, "the processor is x86_64"),
        ({"cores": 3}, "3 cores"),
        ({"board": "Raspberry Pi 4 Model B Rev 1.5"}, "Raspberry Pi 4"),
        ({"board_is_told": False}, "not the kernel's own"),
        ({"processors": frozenset({"0x41:0xd08"})}, "not Cortex-A76"),
        ({"pci": frozenset({("14e4", True)})}, "no PCIe device"),
        ({"pci": frozenset({("1e60", False)})}, "no driver"),
        ({"nodes": frozenset[str]()}, "no device /dev/hailo0"),
    ],
)
def test_one_sign_that_is_missing_is_enough(changed: dict[str, object], said: str) -> None:
    (reason,) = other_machine(HAILO, replace(PI_WITH_HAILO, **changed))  # type: ignore[arg-type]
    assert said in reason


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"backend": "onnx"}, "the backend was onnx"),
        ({"input": "320x320"}, "320x320"),
        ({"packages": {}}, "no package"),
        ({"packages": {"hailo_platform": str(FAKE)}}, "a stand-in"),
        ({"libraries": frozenset({"libc.so.6"})}, "no libhailort.so is mapped"),
        ({"chip": "DeviceArchitecture.HAILO8"}, "calls itself HAILO8,"),
        ({"chip": ""}, "calls itself nothing"),
    ],
)
def test_one_sign_that_something_else_worked_is_enough(
    changed: dict[str, object], said: str
) -> None:
    (reason,) = other_work(HAILO, replace(HAILO_WORKED, **changed))  # type: ignore[arg-type]
    assert said in reason


def test_a_coral_is_looked_for_on_usb() -> None:
    coral = KNOWN["pi5-coral-usb"]
    assert list(other_machine(coral, PI_WITH_HAILO)) == ["no Coral on USB"]
    there = frozenset({("18d1", "9302")})
    assert list(other_machine(coral, replace(PI_WITH_HAILO, usb=there))) == []


def test_a_file_in_the_place_of_the_kernels_is_noticed(tmp_path: Path) -> None:
    (fake := tmp_path / "model").write_text("Raspberry Pi 5 Model B Rev 1.0\0")
    assert told_by_kernel(Path("/proc/version"))
    assert not told_by_kernel(fake)
    assert not told_by_kernel(tmp_path / "nothing")
    mounts = tmp_path / "mountinfo"
    root = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n22 1 0:21 / /proc rw - proc proc rw\n"
    mounts.write_text(f"{root}30 22 8:1 /f /proc/version rw - ext4 /dev/sda1 rw\n")
    assert not told_by_kernel(Path("/proc/version"), mounts)  # a bind mount over it


def word_of(*arguments: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "verdict", *arguments],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.mark.parametrize("target", PI)
def test_no_pi_target_passes_here_whatever_the_environment_says(target: str) -> None:
    fakes = os.pathsep.join(str(ROOT / "tests/fakes" / name) for name in ("hailo", "edgetpu"))
    code, said = word_of("--target", target, PYTHONPATH=fakes, BOARD="Raspberry Pi 5 Model B")
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


def test_a_stand_in_for_the_chip_is_not_enough_on_the_right_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_tiny(tmp_path, monkeypatch)
    outcome = run_job(Job(ModelSettings(name="tiny"), seconds=0.2, size=(160, 96), people=2))
    stand_in = SimpleNamespace(__file__=str(FAKE))
    monkeypatch.setitem(sys.modules, "hailo_platform", stand_in)
    account = outcome.account | {"accelerator": {"device_architecture": "HAILO8L"}}
    account["model"] = account["model"] | {"backend": "hailo", "input": "640x384"}
    reasons = " ".join(other_work(HAILO, Work.done(account)))
    assert "hailo_platform is not an installed package" in reasons
    assert "no libhailort.so is mapped" in reasons


def test_on_the_right_machine_the_figures_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    register_tiny(tmp_path, monkeypatch)
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
        word = json.loads(out.read_text())["verdict"]["word"]
        words.append((end.value.code, word))
        assert capsys.readouterr().out.startswith(f"{word}: {arguments[0]}: ")
    assert words == [(0, PASS), (1, FAIL), (3, NOT_MEASURED)]
    assert {row["verdict"] for row in json.loads(out.read_text())["rows"]} == {"-"}


def test_a_target_that_there_is_not_and_another_model_are_mistakes() -> None:
    with pytest.raises(CounterError, match="pi5-hailo9"):
        verdict.run(None, None, ["--target", "pi5-hailo9"])
    with pytest.raises(CounterError, match="a model of its own"):
        verdict.run(None, "tiny", ["--target", "x86-2core"])
