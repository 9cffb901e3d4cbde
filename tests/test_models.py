"""The model registry: what is known, what is found, and what is refused."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from counter import models, registry
from counter.errors import ModelError
from counter.models import State

ENTRY = {
    "file": "some/net.onnx",
    "sha256": hashlib.sha256(b"weights").hexdigest(),
    "licence": "CC0-1.0",
    "source": "tests",
    "input": [320, 192],
    "layout": "raw",
    "units": "pixels",
    "classes": 2,
    "person": 1,
    "kind": "detector",
}


def register(folder: Path, **entries: dict[str, object]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "registry.toml"
    lines = []
    for name, entry in entries.items():  # JSON's strings, numbers and lists are TOML's
        lines += [f"[model.{name}]", *(f"{key} = {json.dumps(entry[key])}" for key in entry)]
    path.write_text("\n".join(lines))
    return path


def weights(folder: Path, data: bytes = b"weights") -> Path:
    path = folder / "some" / "net.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder of the operator's with a registry that knows `net`."""
    register(tmp_path / "own", net=ENTRY)
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path / "own"))
    return Path(tmp_path / "own")


class TestFind:
    def test_a_model_by_its_name(self, folder):
        path = weights(folder)
        model = models.find("net")
        assert (model.name, model.path, model.state) == ("net", path, State.VERIFIED)
        assert model.entry.input == (320, 192)

    @pytest.mark.usefixtures("folder")
    def test_the_file_of_a_registered_model(self, tmp_path):
        path = weights(tmp_path / "elsewhere")
        model = models.find(str(path))
        assert (model.name, model.path, model.state) == ("net", path, State.VERIFIED)

    @pytest.mark.usefixtures("folder")
    def test_a_file_with_an_unknown_hash(self, tmp_path):
        path = weights(tmp_path, b"other weights")
        with pytest.raises(ModelError, match="is not in the registry") as caught:
            models.find(str(path))
        assert hashlib.sha256(b"other weights").hexdigest() in caught.value.message

    def test_no_such_file(self):
        with pytest.raises(ModelError, match=r"model.name: no file nowhere/net.onnx"):
            models.find("nowhere/net.onnx")

    @pytest.mark.usefixtures("folder")
    def test_an_unknown_name_and_the_nearest(self):
        with pytest.raises(ModelError, match="'yolo11-640' is not in the registry") as caught:
            models.find("yolo11-640")
        assert "did you mean 'yolo11n-640'?" in caught.value.hint
        assert "counter-n, net, yolo11n, yolo11n-320" in caught.value.hint

    def test_a_missing_file_says_where_it_was_looked_for(self, folder):
        with pytest.raises(ModelError, match="model net: no file; looked for") as caught:
            models.find("net")
        assert str(folder / "some/net.onnx") in caught.value.message
        assert "COUNTER_MODELS" in caught.value.hint

    @pytest.mark.parametrize("data", [b"", b"weight", b"weightz", b"weights\n"])
    def test_an_altered_file_is_refused(self, folder, data):
        weights(folder, data)
        with pytest.raises(ModelError, match="has not the registered sha256"):
            models.find("net")

    def test_the_first_folder_wins_and_a_good_file_behind_does_not_heal_a_bad_one(
        self, tmp_path, folder, monkeypatch
    ):
        first = tmp_path / "first"
        monkeypatch.setenv("COUNTER_MODELS", f"{first}{os.pathsep}{folder}")
        behind = weights(folder)
        assert models.find("net").path == behind
        weights(first, b"bad")
        with pytest.raises(ModelError, match="has not the registered sha256"):
            models.find("net")
        assert models.find(str(weights(first))).path == weights(first)
        assert models.find("net").path == weights(first)


class TestRegistry:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"licens": "MIT"}, "licens"),
            ({"sha256": "abc"}, r"\$.model\[...\].sha256"),
            ({"file": "../../etc/net.onnx"}, r"\$.model\[...\].file"),
            ({"file": "/etc/net.onnx"}, r"\$.model\[...\].file"),
            ({"layout": "nchw"}, "nchw"),
            ({"units": "metres"}, "metres"),
            ({"kind": "classifier"}, "classifier"),
            ({"input": [640]}, "length"),
            ({"input": [641, 640]}, "multiple of 32"),
            ({"person": 2}, "person is class 2, but there are 2"),
            ({"classes": 0, "person": 0}, "classes"),
        ],
    )
    def test_its_types_are_closed(self, folder, change, message):
        path = register(folder, net=ENTRY | change)
        with pytest.raises(ModelError, match=message) as caught:
            models.listed()
        assert str(path) in caught.value.message

    def test_no_field_may_be_left_out(self, folder):
        for field in ENTRY:
            register(folder, net={name: ENTRY[name] for name in ENTRY if name != field})
            with pytest.raises(ModelError, match=f"`{field}`"):
                models.listed()

    @pytest.mark.parametrize("text", [b"[model", b"model = 3", b"\xff\xfe", b""])
    def test_a_file_that_is_no_registry(self, folder, text):
        (folder / "registry.toml").write_bytes(text)
        with pytest.raises(ModelError, match=r"registry\.toml: "):
            models.listed()

    def test_an_operator_cannot_replace_a_model(self, folder):
        register(folder, **{"counter-n": ENTRY})
        with pytest.raises(ModelError, match=r"model\.counter-n is already registered"):
            models.find("counter-n")

    def test_without_a_checkout_the_wheels_own_folder_is_used(self, tmp_path, monkeypatch):
        inside = tmp_path / "embedded"
        register(inside, net=ENTRY)
        weights(inside)
        monkeypatch.setattr(registry, "checkout", lambda: None)
        monkeypatch.setattr(registry, "embedded", lambda: inside)
        assert models.find("net").path == inside / "some/net.onnx"
        assert [model.name for model in models.listed()] == ["net"]


class TestList:
    def test_states(self, folder):
        fields = {"sha256": hashlib.sha256(b"more").hexdigest()}
        register(folder, net=ENTRY, gone=ENTRY | {"file": "gone.pt"}, bad=ENTRY | fields)
        weights(folder)
        ours = {"net", "gone", "bad"}
        listed = {model.name: model.state for model in models.listed() if model.name in ours}
        assert listed == {"net": "present", "bad": "present", "gone": "missing"}
        verified = {model.name: model.state for model in models.verified() if model.name in ours}
        assert verified == {"net": "verified", "bad": "altered", "gone": "missing"}

    def test_the_products_own_registry(self):
        listed = {model.name: model for model in models.listed()}
        assert {"counter-n", "yolo11n-640", "yolo11n-320", "yolov8n-640", "yolo26n-640"} <= {
            *listed
        }
        last = listed["yolo26n-640"].entry
        assert isinstance(last, registry.Entry)
        assert last.layout == "end-to-end"
        assert "AGPL" in listed["counter-n"].entry.licence

    def test_the_embedded_default_is_what_is_registered_and_small(self):
        model = next(model for model in models.verified() if model.name == "counter-n")
        if model.path is None:
            pytest.skip("not run: models/counter-n.onnx is not there yet")
        assert model.state is State.VERIFIED
        assert model.path.stat().st_size <= 6_000_000

    @pytest.mark.shared
    def test_the_shared_models_are_what_is_registered(self, shared, monkeypatch):
        monkeypatch.setenv("COUNTER_MODELS", str(shared / "models"))
        states = {model.name: model.state for model in models.verified()}
        names = ("yolo11n-640", "yolo11n-320", "yolov8n-640", "yolo26n-640")
        assert {states[name] for name in names} == {State.VERIFIED}


def test_nothing_heavy_is_imported():
    code = "import sys, counter.models; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "counter.models" in loaded
    assert not loaded & {"numpy", "cv2", "onnxruntime", "counter.frame", "counter.people"}
