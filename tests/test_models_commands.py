"""`counter models list` and `verify`: what is known, what is here, and whether it is that."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from counter import models
from counter.catalogue.listing import HEADINGS, absent, spelt, table
from counter.errors import ModelError
from counter.models import State
from tests.architecture.rules import RULES
from tests.architecture.syntax import read
from tests.commands import ROOT, assert_mistake, counter
from tests.test_architecture import COUNTER
from tests.test_models import ENTRY, weights

SHA256 = hashlib.sha256(b"weights").hexdigest()
BOTH = hashlib.sha256(f"{SHA256}\n{SHA256}\n".encode()).hexdigest()  # of two files
HERE = "http://127.0.0.1:9/net.onnx"  # nothing asks there


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An operator's registry: `net` in three formats, of which one is two files."""
    folder = Path(tmp_path / "own")
    folder.mkdir()
    lines = ["[model.net]"]
    lines += [f"{key} = {value!r}" for key, value in ENTRY.items()]
    for name, ending in (("int8", ".onnx"), ("edge", "_edgetpu.tflite"), ("openvino", ".xml")):
        lines += [f"[model.net.formats.{name}]", f'file = "{name}/net{ending}"']
        lines += [f'sha256 = "{SHA256}"']
    lines += ['weights = "net.bin"', f'weights_sha256 = "{SHA256}"']
    (folder / "registry.toml").write_text("\n".join(lines))
    monkeypatch.setenv("COUNTER_MODELS", str(folder))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    return folder


def put(folder: Path, name: str, data: bytes = b"weights") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def all_parts(folder: Path) -> list[Path]:
    names = ("int8/net.onnx", "edge/net_edgetpu.tflite", "openvino/net.xml", "openvino/net.bin")
    return [weights(folder), *(put(folder, name) for name in names)]


def rows(text: str) -> dict[str, dict[str, str]]:
    """Cut a table where its headings begin; the numbers end there."""
    heading, *lines = text.splitlines()
    cells = [dict(zip(HEADINGS, filter(None, line.split("  ")), strict=True)) for line in lines]
    assert heading.split() == list(HEADINGS)
    return {
        f"{row['name']} {row['format']}": {k: v.strip() for k, v in row.items()} for row in cells
    }


class TestList:
    def test_a_line_for_each_format(self, folder):
        all_parts(folder)
        found = rows(table())
        assert {name for name in found if name.startswith("net ")} == {
            "net onnx", "net onnx int8", "net edgetpu edge", "net openvino",
        }  # fmt: skip
        assert len(found) == len(models.listed())
        assert found["net openvino"] == {
            "name": "net", "format": "openvino", "input": "320x192", "licence": "CC0-1.0",
            "bytes": "14", "sha256": BOTH[:12], "file": str(folder / "openvino/net.xml"),
        }  # fmt: skip

    def test_it_says_what_counter_check_says(self, folder):
        box = folder / "box.toml"
        example = (ROOT / "examples/carriage.toml").read_text()
        box.write_text(example)
        said = counter("check", str(box)).stdout
        (line,) = [line for line in said.splitlines() if line.startswith("model ")]
        name, shown = re.findall(r"model +(\S+) .*sha256 ([0-9a-f]+) verified", line)[0]
        assert shown in {
            row["sha256"] for key, row in rows(table()).items() if key.startswith(name)
        }

    def test_what_is_not_here_and_what_can_be_fetched(self, folder):
        path = folder / "registry.toml"
        path.write_text(path.read_text().replace("kind", f'url = "{HERE}"\nkind', 1))
        found = rows(table())
        assert (found["net onnx"]["file"], found["net onnx"]["bytes"]) == ("fetch", "-")
        assert found["net openvino"]["file"] == "not on this machine"

    def test_one_of_two_files_is_not_enough(self, folder):
        put(folder, "openvino/net.xml")
        assert rows(table())["net openvino"]["file"] == "not on this machine"

    def test_a_terminal_of_a_hundred_columns(self, folder):
        all_parts(folder)[1].unlink()
        drawn = table(100).splitlines()
        assert len(drawn) == len(models.listed()) + 1
        assert max(map(len, drawn)) <= 100
        for line, model in zip(drawn[1:], models.listed(), strict=True):
            assert line.endswith(model.path.name[-12:] if model.path else f"  {absent(model)}")
        ends = {line.rpartition("  ")[2] for line in drawn}
        assert {"fetch", "not on this machine"} <= ends

    def test_the_name_of_a_file_is_left_on_a_narrow_one(self, folder):
        path = weights(folder)
        assert any(line.endswith(str(path)[-11:]) for line in table(20).splitlines())

    def test_the_products_registry_has_official_addresses(self):
        offered = {one.name: one.entry for one in models.listed() if one.entry.url}
        assert set(offered) == {"yolo11n", "yolov8n", "yolo26n"}
        for entry in offered.values():
            assert str(entry.url).startswith("https://github.com/ultralytics/assets/releases/")
            assert str(entry.url).endswith(f"/{entry.file}")
            assert entry.licence == "AGPL-3.0"


@pytest.mark.parametrize("key", ["file", "sha256", "weights", "url"])
def test_a_registry_with_a_line_break_in_a_name_is_refused(folder, key):
    of = {"file": "net.onnx", "sha256": SHA256, "weights": "n.bin", "url": HERE}
    fields = ENTRY | of | {"weights_sha256": SHA256}
    text = "\n".join(["[model.net]", *(f"{k} = {json.dumps(v)}" for k, v in fields.items())])
    (folder / "registry.toml").write_text(text)
    assert models.variants("net")
    fields[key] = f"{fields[key]}\n"
    text = "\n".join(["[model.net]", *(f"{k} = {json.dumps(v)}" for k, v in fields.items())])
    (folder / "registry.toml").write_text(text)
    with pytest.raises(ModelError, match=key):
        models.variants("net")


class TestVerify:
    def test_every_line_says_which_format(self, folder):
        all_parts(folder)
        done = counter("models", "verify", "net")
        one, both = (f"verified, sha256 {known[:12]}, {folder}" for known in (SHA256, BOTH))
        assert done.stdout.splitlines() == [
            f"net onnx: {one}/some/net.onnx",
            f"net onnx int8: {one}/int8/net.onnx",
            f"net edgetpu edge: {one}/edge/net_edgetpu.tflite",
            f"net openvino: {both}/openvino/net.xml",
        ]
        assert done.returncode == 0

    def test_all_without_a_name(self, folder):
        weights(folder)
        done = counter("models", "verify")
        lines = done.stdout.splitlines()
        assert done.returncode == 0, done.stderr
        assert len(lines) == len(set(lines)) == len(models.listed())
        assert f"net onnx: verified, sha256 {SHA256[:12]}, {folder / 'some/net.onnx'}" in lines
        assert "net openvino: not on this machine" in lines

    @pytest.mark.parametrize("index", range(5))
    def test_an_altered_file_is_a_sentence(self, folder, index):
        path = all_parts(folder)[index]
        path.write_bytes(b"weightz")
        done = counter("models", "verify", "net")
        assert done.returncode == 2
        assert done.stderr.count("has not the registered sha256") == 1
        assert f"{path} has not" in done.stderr
        assert f"ALTERED, {path}" in done.stdout
        assert done.stdout.count("verified") == 3

    def test_a_sentence_for_each(self, folder):
        for path in all_parts(folder):
            path.write_bytes(b"weightz")
        done = counter("models", "verify")
        assert done.returncode == 2
        assert done.stderr.count("has not the registered sha256") == 5
        assert len(done.stderr.splitlines()) == 2

    def test_one_that_is_named_and_not_here(self, folder):
        assert_mistake(counter("models", "verify", "net"), "model net: no file", str(folder))

    def test_one_that_nobody_knows(self, folder):
        assert folder.exists()
        assert_mistake(counter("models", "verify", "nett"), "'nett'", "did you mean 'net'?")

    def test_a_file(self, folder, tmp_path):
        path = weights(tmp_path / "elsewhere")
        done = counter("models", "verify", str(path))
        assert done.stdout == f"net onnx: verified, sha256 {SHA256[:12]}, {path}\n"
        path.write_bytes(b"other")
        assert_mistake(counter("models", "verify", str(path)), str(path), "is not in the registry")
        assert folder.exists()

    @pytest.mark.shared
    def test_a_density_model(self, shared):
        assert (shared / "models/crowd/mcnn_a.onnx").exists()
        done = counter("models", "verify", "mcnn-a")
        assert done.stdout.startswith("mcnn-a onnx: verified, ")


def test_how_formats_are_spelt(folder):
    all_parts(folder)
    ours = [model for model in models.listed() if model.name == "net"]
    assert all(model.state is State.PRESENT for model in ours)
    assert [spelt(model) for model in ours] == ["onnx", "onnx int8", "edgetpu edge", "openvino"]


def test_the_group_says_what_there_is():
    said = counter("models", "--help").stdout
    for name in ("list", "verify", "fetch", "export"):
        assert f"\n  counter models {name}" in said
        assert f"\n  {name} " in said.partition("Commands:")[2]


@pytest.mark.parametrize("place", ["engine", "start", "assemble", "evaluate.run", "demo.show"])
def test_nothing_but_the_command_may_import_what_fetches(place):
    path = f"counter/{place.replace('.', '/')}.py"
    hostile = read(path, "def later() -> None:\n    from counter.catalogue import fetch\n")
    said = list(RULES["floors"](COUNTER | {hostile.name: hostile}))
    assert any("'catalogue.fetch' is on a higher floor" in one for one in said), said


def test_the_appliance_does_not_load_it():
    code = "import sys, counter.cli, counter.assemble, counter.start, counter.engine, counter.check"
    code += "; print(*(name for name in sys.modules if name.startswith('counter.catalogue')))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.strip() == ""
