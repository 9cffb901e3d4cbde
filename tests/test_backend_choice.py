"""Which backend "auto" takes, and the line that says why."""

import platform
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from counter import backends, models
from counter.backends import BACKENDS, ORDER, choose, lacking
from counter.detectors.open import OPENERS, open_detector
from counter.errors import ModelError
from counter.models import Model, State
from counter.settings import ModelSettings
from tests.tiny_model import tiny_entry, tiny_model

HERE: set[str] = {"onnxruntime", "openvino", "ncnn"}


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """An x86 with three runtimes and no accelerator; a test plugs in what it needs."""
    monkeypatch.setattr(backends, "_installed", HERE.copy().__contains__)
    monkeypatch.setattr(backends, "DEV", tmp_path / "dev")
    monkeypatch.setattr(backends, "USB", tmp_path / "usb")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    (tmp_path / "dev").mkdir()


def registered(*files: str, state: State = State.PRESENT) -> list[Model]:
    """One model in several formats, named for their backends unless it is the first."""
    made = []
    for number, file in enumerate(files):
        backend = next(name for name, one in BACKENDS.items() if file.endswith(one.suffix))
        entry = tiny_entry(file=file)
        made.append(Model("m", entry, Path("/m") / file, state, backend if number else ""))
    return made


def auto(*found: Model) -> tuple[str, str]:
    choice = choose(ModelSettings(), *found)
    return choice.backend, choice.reason


ALL = ("m.onnx", "m.xml", "m.param", "m.hef")


class TestAuto:
    def test_on_x86_openvino_comes_first(self):
        passed = "hailo: package hailo_platform is not installed"
        reason = f"preferred on x86_64 before onnx, ncnn ({passed})"
        assert auto(*registered(*ALL)) == ("openvino", reason)

    def test_on_arm_ncnn_comes_first(self, monkeypatch):
        monkeypatch.setattr(platform, "machine", lambda: "aarch64")
        assert auto(*registered("m.onnx", "m.xml", "m.param")) == (
            "ncnn",
            "preferred on aarch64 before onnx, openvino",
        )

    def test_what_is_not_installed_is_passed_over_and_said(self, monkeypatch):
        monkeypatch.setattr(backends, "_installed", {"onnxruntime"}.__contains__)
        assert auto(*registered("m.onnx", "m.xml")) == (
            "onnx",
            "preferred on x86_64 (openvino: package openvino is not installed)",
        )

    def test_a_chip_that_is_there_is_preferred(self, monkeypatch, tmp_path):
        monkeypatch.setattr(backends, "_installed", {*HERE, "hailo_platform"}.__contains__)
        assert auto(*registered(*ALL)) == (
            "openvino",
            "preferred on x86_64 before onnx, ncnn (hailo: no /dev/hailo0)",
        )
        (tmp_path / "dev/hailo0").touch()
        assert auto(*registered(*ALL))[0] == "hailo"

    def test_a_chip_without_a_file_is_said(self, tmp_path):
        (tmp_path / "dev/hailo0").touch()
        said = "hailo: no .hef of m here (`counter models export`)"
        reason = f"preferred on x86_64 before onnx ({said})"
        assert auto(*registered("m.onnx", "m.xml")) == ("openvino", reason)
        only = f"the only one for a .onnx file; {said}"
        assert auto(*registered("m.onnx")) == ("onnx", only)

    @pytest.mark.parametrize("asked", ["auto", "onnx"])
    def test_of_two_formats_of_one_ending_the_entrys_own_is_taken(self, monkeypatch, asked):
        monkeypatch.setattr(backends, "_installed", {"onnxruntime"}.__contains__)
        own, int8 = (
            Model("m", tiny_entry(), Path("/m") / name, State.PRESENT, key)
            for name, key in (("m.onnx", ""), ("m-int8.onnx", "int8"))
        )
        assert choose(ModelSettings(backend=asked), own, int8).path == Path("/m/m.onnx")
        gone = replace(own, path=None, state=State.MISSING)
        assert choose(ModelSettings(backend=asked), gone, int8).path == Path("/m/m-int8.onnx")

    def test_the_float_file_of_the_embedded_model_on_a_base_install(self, monkeypatch):
        monkeypatch.setattr(backends, "_installed", {"onnxruntime"}.__contains__)
        choice = choose(ModelSettings(), *models.variants("counter-n"))
        assert choice.path is not None
        assert (choice.backend, choice.path.name) == ("onnx", "counter-n.onnx")

    @pytest.mark.parametrize("pcie", [True, False])
    def test_a_coral_is_found_on_both_buses(self, monkeypatch, tmp_path, pcie):
        monkeypatch.setattr(backends, "_installed", {*HERE, "ai_edge_litert"}.__contains__)
        onnx = registered("m.onnx")[0]
        coral = Model("m", tiny_entry(), Path("/m/m_edgetpu.tflite"), State.PRESENT, "edgetpu")
        assert auto(onnx, coral) == (
            "onnx",
            "preferred on x86_64 (edgetpu: no Coral on USB or PCIe)",
        )
        if pcie:
            (tmp_path / "dev/apex_0").touch()
        else:
            for name, ids in (("usb1", ("1d6b", "0002")), ("1-1", ("18d1", "9302"))):
                (tmp_path / "usb" / name).mkdir(parents=True)
                (tmp_path / "usb" / name / "idVendor").write_text(f"{ids[0]}\n")
                (tmp_path / "usb" / name / "idProduct").write_text(f"{ids[1]}\n")
            (tmp_path / "usb/1-1:1.0").mkdir()  # an interface has no ids
        assert auto(onnx, coral)[0] == "edgetpu"

    def test_one_format_needs_no_reason(self):
        assert auto(*registered("m.pt")) == ("ultralytics", "the only one for a .pt file")

    def test_a_tflite_file_is_the_cpus_or_the_corals_by_its_name(self):
        def opens(name: str) -> str:
            model = Model("m", tiny_entry(), Path("/m") / name, State.VERIFIED)
            return auto(model)[0]

        assert opens("m_int8.tflite") == "tflite"
        assert opens("m_edgetpu.tflite") == "edgetpu"

    def test_formats_without_a_file_are_not_taken(self):
        onnx, xml = registered("m.onnx", "m.xml")
        assert auto(onnx, replace(xml, path=None, state=State.MISSING))[0] == "onnx"

    def test_no_file_at_all_says_where_it_was_looked_for(self):
        onnx = replace(registered("m.onnx")[0], path=None, state=State.MISSING)
        assert auto(onnx)[0] == "onnx"
        with pytest.raises(ModelError, match="no file; looked for"):
            models.checked(onnx)

    def test_nothing_that_runs_it(self, monkeypatch):
        monkeypatch.setattr(backends, "_installed", lambda _: False)
        with pytest.raises(ModelError, match="nothing here runs model m: openvino: package") as e:
            auto(*registered("m.onnx", "m.xml"))
        assert "pip install" in e.value.hint


class TestAsked:
    def test_what_is_named_is_taken(self):
        choice = choose(ModelSettings(backend="ncnn"), *registered(*ALL))
        assert (choice.backend, choice.reason) == ("ncnn", "model.backend names it")
        assert choice.path == Path("/m/m.param")

    @pytest.mark.parametrize("backend", ["ultralytics", "auto"])
    def test_a_file_that_it_does_not_open(self, backend):
        model = Model("tiny", tiny_entry(), Path("/m/tiny.bin"), State.VERIFIED)
        with pytest.raises(ModelError, match=rf"model.backend: '{backend}' does not open") as e:
            choose(ModelSettings(backend=backend), model)
        assert ".xml (openvino), .param (ncnn), .onnx (onnx)" in e.value.hint

    @pytest.mark.parametrize("name", ["hailo", "openvino"])
    def test_one_that_is_registered_and_has_no_file_here(self, name):
        onnx, *others = registered("m.onnx", "m.xml", "m.hef")
        missing = [replace(one, path=None, state=State.MISSING) for one in others]
        with pytest.raises(ModelError) as caught:
            choose(ModelSettings(backend=name), onnx, *missing)
        said = f"model.backend: '{name}' is registered for model m, but there is no file; looked "
        assert caught.value.message.startswith(said)
        assert ("counter models export" in caught.value.hint) is (name == "hailo")

    def test_a_chip_that_nothing_is_registered_for_points_to_the_export(self):
        with pytest.raises(ModelError, match="'hailo' does not open model m") as caught:
            choose(ModelSettings(backend="hailo"), *registered("m.onnx"))
        assert "counter models export" in caught.value.hint

    def test_it_is_never_exchanged(self, tmp_path):
        model = tiny_model(tmp_path)
        with pytest.raises(ModelError, match="'openvino' does not open model tiny"):
            open_detector(ModelSettings(backend="openvino"), model)


def test_the_tables_know_the_same_backends():
    known = set(ModelSettings.__annotations__["backend"].__args__)
    assert known == {"auto", *BACKENDS} == {"auto", *OPENERS}
    for order in ORDER.values():
        assert set(order) == set(BACKENDS)


def test_a_package_is_looked_for_and_not_loaded(monkeypatch):
    monkeypatch.undo()
    before = set(sys.modules)
    said = {name: lacking(name) for name in BACKENDS}
    assert said["onnx"] == ""
    assert not {"ncnn", "openvino", "ultralytics"} & (set(sys.modules) - before)
