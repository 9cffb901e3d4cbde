"""Whether it is the target's machine, runtime and chip: one sign that is missing is enough."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import verdict
from benchmarks.evidence import Machine, Work, other_machine, other_work, told_by_kernel
from benchmarks.job import Job
from benchmarks.rig import run_job
from benchmarks.targets import targets
from counter.detectors import edgetpu, hailo_checks
from counter.settings import ModelSettings
from tests.fakes.edgetpu_here import edgetpu_here
from tests.fakes.hailo_here import hailo_here
from tests.fakes.tiny_chips import tiny_edgetpu, tiny_hailo
from tests.tiny_bench import register, register_tiny

ROOT = Path(__file__).parents[1]
KNOWN = targets().target
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
STAND_INS = {
    "hailo": ("hailo_platform", "libhailort.so"),
    "edgetpu": ("tflite_runtime", "libedgetpu.so"),
}
FAKE = ROOT / "tests/fakes/hailo/hailo_platform/__init__.py"


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


@contextmanager
def chip_of(backend: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tests' own chip and its library, with a model that it runs."""
    if backend == "hailo":
        monkeypatch.setattr(hailo_checks, "LOOK_S", 0.1)
        with hailo_here(monkeypatch):
            register(tiny_hailo(folder), monkeypatch)
            yield
        return
    pytest.importorskip("ai_edge_litert", reason="not run: ai-edge-litert is not installed")
    monkeypatch.setattr(edgetpu, "ANSWER_S", 60.0)
    with edgetpu_here(monkeypatch, "fine", folder / "tiny.tflite"):
        register(tiny_edgetpu(folder), monkeypatch)
        yield


@pytest.mark.parametrize("name", ["pi5-hailo8l", "pi5-hailo8", "pi5-coral-usb"])
def test_a_fake_chip_does_the_work_of_a_pi_target_and_gives_no_word(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on the right board: nothing but the stand-in is left to be noticed."""
    monkeypatch.setattr(verdict, "other_machine", lambda *_: iter(()))
    with chip_of(KNOWN[name].backend, tmp_path, monkeypatch):
        registry = tmp_path / "registry.toml"
        registry.write_text(registry.read_text().replace(".tiny]", f".{KNOWN[name].model}]"))
        with pytest.raises(SystemExit) as end:
            verdict.run(None, None, ["--target", name, "--seconds", "1"])
    package, library = STAND_INS[KNOWN[name].backend]
    first = capsys.readouterr().out.splitlines()[0]
    assert end.value.code == 3
    assert first.startswith(f"NOT MEASURED: {name}: ")
    assert f"{package} is not an installed package: a stand-in" in first
    assert f"no {library} is mapped" in first
    assert f"; {KNOWN[name].model} sha256 " in first  # it ran
