"""`counter models export`: what is asked of ultralytics, what is said before, what comes out.

With a fake of the package; test_export_real.py has the real one, where it is installed. What the
compilers of the Edge TPU and of Hailo make was never seen: neither was at hand.
"""

import hashlib
import platform
import shutil
import tomllib
from pathlib import Path

import pytest

from benchmarks.targets import targets as known_targets
from counter import models
from counter.backends import choose
from counter.catalogue import targets
from counter.catalogue.export import Order, export
from counter.catalogue.targets import CHIPS, SAMPLES, TARGETS
from counter.cli.models import export as command
from counter.errors import ModelError, RefusedError
from counter.settings import ModelSettings
from tests.commands import assert_mistake, counter
from tests.fakes.ultralytics_here import RESULTS, Fake
from tests.test_models import ENTRY, register

INT8 = ("tflite-int8", "edgetpu", "hailo")


@pytest.fixture
def fake(monkeypatch, tmp_path) -> Fake:
    fake = Fake()
    fake.put(monkeypatch)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.chdir(tmp_path)
    Path(SAMPLES).write_bytes(b"")
    Path("Mine v2.pt").write_bytes(b"trained")
    Path("pictures.yaml").write_text("path: .\ntrain: images\nval: images\nnames: [person]\n")
    return fake


def order(to: str, name: str = "Mine v2.pt", **more: object) -> Order:
    data = Path("pictures.yaml") if to in INT8 else None
    return Order(**{"name": name, "to": to, "out": Path("out"), "data": data} | more)  # type: ignore[arg-type]


def said(to: str, **more: object) -> tuple[str, dict[str, object]]:
    """What is printed, and the entry in it."""
    text = export(order(to, **more))  # type: ignore[arg-type]
    ((name, entry),) = tomllib.loads(text[text.index("[model.") :])["model"].items()
    return name, entry


def refused(fake: Fake, asked: Order, *words: str) -> None:
    with pytest.raises(ModelError) as caught:
        export(asked)
    for word in words:
        assert word in f"{caught.value.message} {caught.value.hint}"
    assert fake.calls == []


@pytest.mark.parametrize(
    ("to", "asked", "files"),
    [
        ("onnx", {"format": "onnx"}, ["mine-v2-onnx-320.onnx"]),
        ("openvino", {"format": "openvino"}, ["mine-v2-openvino-320/mine-v2-openvino-320.bin",
                                              "mine-v2-openvino-320/mine-v2-openvino-320.xml"]),
        ("ncnn", {"format": "ncnn"}, ["mine-v2-ncnn-320/mine-v2-ncnn-320.bin",
                                      "mine-v2-ncnn-320/mine-v2-ncnn-320.param"]),
        ("tflite-int8", {"format": "litert", "quantize": 8}, ["mine-v2-tflite-int8-320.tflite"]),
        ("edgetpu", {"format": "edgetpu", "quantize": 8}, ["mine-v2-edgetpu-320_edgetpu.tflite"]),
        ("hailo", {"format": "hailo", "quantize": 8, "conf": 0.1, "name": "hailo8l"},
         ["mine-v2-hailo-320.hef"]),
    ],
)  # fmt: skip
def test_each_target(fake, to, asked, files):
    name, entry = said(to, size=(320, 320))
    data = {"data": str(Path("pictures.yaml").absolute())} if to in INT8 else {}
    assert fake.calls == [asked | data | {"imgsz": [320, 320]}]
    found = sorted(str(path.relative_to("out")) for path in Path("out").rglob("*.*"))
    assert found == files  # and nothing else: no copy of the .pt, no folder of the work
    assert Path("Mine v2.pt").exists()
    assert entry["file"] in files
    assert (
        entry["sha256"]
        == hashlib.sha256((Path("out") / str(entry["file"])).read_bytes()).hexdigest()
    )
    assert name == f"mine-v2-{to}-320"


@pytest.mark.parametrize("to", TARGETS)
def test_the_stanza_can_be_pasted(fake, to, tmp_path, monkeypatch):
    assert fake
    text = export(order(to))
    folder = Path("out").absolute()
    assert f"write this into {folder / 'registry.toml'}, and set COUNTER_MODELS={folder}" in text
    (folder / "registry.toml").write_text(text[text.index("[model.") :])
    monkeypatch.setenv("COUNTER_MODELS", str(folder))
    model = models.find(f"mine-v2-{to}-640")
    assert model.entry.licence == "LicenseRef-unknown"
    assert "licence  it is in no registry" in text
    assert (model.entry.classes, model.entry.person) == (2, 1)  # type: ignore[union-attr]
    assert "exported to" in model.entry.source
    assert "8.4.190" in model.entry.source
    assert tmp_path in folder.parents


def test_a_registered_model_keeps_its_licence_size_and_person(fake, tmp_path):
    Path("own").mkdir()
    shutil.copy("Mine v2.pt", "own/net.pt")
    sha256 = hashlib.sha256(b"trained").hexdigest()
    register(tmp_path / "own", net=ENTRY | {"file": "net.pt", "sha256": sha256, "person": 0})
    for name in ("net", "Mine v2.pt"):  # by its sha256 it is the same
        _, entry = said("onnx", name=name, out=Path(name.split()[0]))
        assert (entry["licence"], entry["input"], entry["person"]) == ("CC0-1.0", [320, 192], 0)
    assert [call["imgsz"] for call in fake.calls] == [[192, 320]] * 2  # height first


def test_what_is_made_is_tried(fake):
    assert fake
    assert "tried    onnx refuses it: " in export(order("onnx"))  # the fake's file is no model
    assert "tried    not with hailo: package hailo_platform" in export(order("hailo"))


class TestBeforeAnyWork:
    @pytest.mark.parametrize(
        ("to", "missing", "words"),
        [
            ("onnx", "onnxslim", ["package onnxslim", "pip install 'onnxslim>=0.1.82'"]),
            ("ncnn", "pnnx", ["package pnnx", "'pnnx==20260526'"]),
            ("hailo", "hailo_sdk_client", ["Dataflow Compiler", "not on PyPI"]),
            ("tflite-int8", "litert_torch", ["'litert-torch>=0.10'"]),
            ("openvino", "ultralytics", ["package ultralytics", "environment of its own"]),
        ],
    )
    def test_a_package(self, fake, monkeypatch, to, missing, words):
        monkeypatch.setattr(targets, "_installed", lambda name: name != missing)
        refused(fake, order(to), *words)

    def test_the_edge_tpus_compiler(self, fake, monkeypatch):
        monkeypatch.setattr(shutil, "which", lambda _: None)
        refused(fake, order("edgetpu"), "program edgetpu_compiler", "x86 Linux")

    def test_what_ultralytics_would_download(self, fake):
        Path(SAMPLES).unlink()
        refused(fake, order("edgetpu"), SAMPLES)

    @pytest.mark.parametrize("to", INT8)
    def test_another_processor(self, fake, monkeypatch, to):
        monkeypatch.setattr(platform, "machine", lambda: "aarch64")
        refused(fake, order(to), "an x86 processor and Linux", "aarch64")

    def test_an_old_ultralytics(self, fake, monkeypatch):
        monkeypatch.setattr(targets, "version", lambda _: "8.4.52")
        refused(fake, order("onnx"), "a newer ultralytics (8.4.52 is here, 8.4.190")

    def test_a_chip_for_what_runs_on_none(self, fake):
        refused(fake, order("onnx", chip="hailo8"), "--chip: onnx has none")

    def test_a_file_that_would_be_written_over(self, fake):
        export(order("onnx"))
        fake.calls.clear()
        refused(fake, order("onnx"), "mine-v2-onnx-640.onnx: is there already")

    @pytest.mark.parametrize("size", [(330, 320), (0, 320)])
    def test_a_size_that_is_none(self, fake, size):
        refused(fake, order("onnx", size=size), "multiple of 32")

    def test_a_yolo26_for_hailo(self, fake):
        fake.reg_max = 1
        refused(fake, order("hailo"), "raw maps", "YOLOv8")

    def test_a_model_of_no_persons(self, fake):
        fake.names = {0: "car"}
        refused(fake, order("onnx"), "called person")

    @pytest.mark.parametrize(("names", "task"), [({0: "face"}, "detect"), ({0: "person"}, "pose")])
    def test_one_that_knows_more_than_a_box(self, fake, names, task):
        fake.names, fake.task = names, task
        with pytest.raises(RefusedError):
            export(order("onnx"))
        assert fake.calls == []

    def test_a_model_without_a_pt(self, fake):
        refused(fake, order("onnx", name="counter-n"), "not registered as a .pt")
        refused(fake, order("onnx", name="no.pt"), "no file no.pt")


def test_a_converter_that_fails_leaves_nothing(fake):
    fake.fails = RuntimeError("no such operation\nand a thousand lines")
    with pytest.raises(ModelError, match=r"cannot export Mine v2\.pt to onnx") as caught:
        export(order("onnx"))
    assert caught.value.hint == "no such operation"
    assert list(Path("out").iterdir()) == []


@pytest.mark.parametrize("to", ["openvino", "ncnn"])
@pytest.mark.parametrize("lost", [0, 1])
def test_a_converter_that_makes_one_file_of_two_leaves_nothing(fake, monkeypatch, to, lost):
    assert fake
    monkeypatch.setitem(RESULTS, to, RESULTS[to][1 - lost : 2 - lost])
    with pytest.raises(ModelError, match=r"with 0 files .*, expected one"):
        export(order(to))
    assert list(Path("out").iterdir()) == []


def test_the_command_offers_what_the_tables_have():
    offered = {option.name: option.type for option in command.params}
    assert list(offered["to"].choices) == list(TARGETS)  # type: ignore[attr-defined]
    assert list(offered["chip"].choices) == list(CHIPS)  # type: ignore[attr-defined]


@pytest.mark.parametrize("words", [["--imgsz", "wide"], ["--imgsz", "1x"], []])
def test_mistakes_on_the_command_line(words):
    assert_mistake(counter("models", "export", "yolo11n", *(words and ["--to", "onnx", *words])))


@pytest.mark.parametrize("target", ["pi5-hailo8l", "pi5-hailo8", "pi5-coral-usb"])
def test_the_way_onto_a_chip_ends_with_the_model_that_its_target_names(
    fake, tmp_path, monkeypatch, target
):
    """As docs/models.md says: a .pt, an export, a stanza that is pasted, and a name."""
    assert fake
    asked = known_targets().target[target]
    Path("yolo11n.pt").write_bytes(b"trained")
    chip = asked.accelerator if asked.backend == "hailo" else None
    text = export(order(asked.backend, name="yolo11n.pt", size=asked.input, chip=chip))
    (Path("out") / "registry.toml").write_text(text[text.index("[model.") :])
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path / "out"))
    (model,) = models.variants(asked.model)
    chosen = choose(ModelSettings(name=asked.model, backend=asked.backend), models.checked(model))
    assert (chosen.backend, model.entry.input) == (asked.backend, asked.input)
