"""`counter models fetch`: what comes gets its name only if it is the registered file.

Against a server of this process on loopback; the official addresses were not asked.
"""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from counter import models
from counter.catalogue import download
from counter.catalogue.fetch import fetch
from counter.errors import ModelError
from tests.commands import ROOT, counter
from tests.file_server import Place, serving
from tests.test_models import ENTRY, register

DATA = bytes(range(256)) * 2000  # 512,000 bytes: several chunks
SHA256 = hashlib.sha256(DATA).hexdigest()
HALF = len(DATA) // 2


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path) -> Iterator[Place]:
    """A server, and a registry of the operator's that knows `net` by its address there."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path / "own"))
    place = Place(DATA)
    with serving(place) as address:
        offer(tmp_path, f"{address}/releases/net.onnx")
        yield place


def offer(tmp_path: Path, address: str, **more: str) -> None:
    register(tmp_path / "own", net=ENTRY | {"sha256": SHA256, "url": address} | more)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where it goes by default; its folder is there already."""
    path = tmp_path / "xdg/counter/models/some/net.onnx"
    path.parent.mkdir(parents=True)
    return path


def offered() -> str:
    return next(str(model.entry.url) for model in models.listed() if model.name == "net")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def part_of(target: Path) -> Path:
    return target.with_name("net.onnx.part")


def refused(*words: str) -> ModelError:
    with pytest.raises(ModelError) as caught:
        fetch("net", None)
    for word in words:
        assert word in f"{caught.value.message} | {caught.value.hint}"
    return caught.value


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return counter("models", "fetch", *words, timeout_s=60)


class TestWhatArrives:
    def test_a_file_goes_to_the_users_folder(self, place, tmp_path):
        target = tmp_path / "xdg/counter/models/some/net.onnx"  # no folder of it is there yet
        assert fetch("net", None) == f"net onnx: verified, {target}"
        assert target.read_bytes() == DATA
        assert names(target.parent) == ["net.onnx"]
        assert models.find("net").path == target
        assert place.asked == [("/releases/net.onnx", None)]

    def test_what_is_here_is_not_asked_for_again(self, place, target):
        target.write_bytes(DATA)
        assert fetch("net", None) == f"net onnx: already here, verified, {target}"
        assert place.asked == []

    def test_a_damaged_file_of_ours_is_replaced(self, target):
        target.write_bytes(b"damaged")
        fetch("net", None)
        assert target.read_bytes() == DATA

    def test_a_damaged_file_that_would_be_found_first_is_named(self, place, tmp_path):
        first = tmp_path / "own/some/net.onnx"
        first.parent.mkdir(parents=True)
        first.write_bytes(b"damaged")
        refused(str(first), "has not the registered sha256", "remove it")
        assert place.asked == []

    def test_a_folder_of_ones_own(self, tmp_path):
        said = fetch("net", tmp_path / "usb")
        assert (tmp_path / "usb/some/net.onnx").read_bytes() == DATA
        assert f"COUNTER_MODELS={tmp_path / 'usb'}" in said
        assert "COUNTER_MODELS" not in fetch("net", tmp_path / "own")

    def test_both_files_of_a_model_that_has_two(self, place, tmp_path):
        address = offered()
        more = {"weights": "net.bin", "weights_sha256": SHA256, "weights_url": f"{address}2"}
        offer(tmp_path, address, **more)
        fetch("net", None)
        assert names(tmp_path / "xdg/counter/models/some") == ["net.bin", "net.onnx"]
        assert [path for path, _ in place.asked] == ["/releases/net.onnx", "/releases/net.onnx2"]

    def test_progress_only_grows_and_ends_with_the_whole(self, target):
        seen: list[tuple[int, int | None]] = []
        wanted = download.Wanted(offered(), SHA256, target)
        download.download(wanted, lambda here, total: seen.append((here, total)))
        assert seen == sorted(seen)
        assert seen[-1] == (len(DATA), len(DATA))
        assert len(seen) > 3

    def test_another_file_is_not_kept(self, place, target):
        place.data = DATA[:-1] + b"x"
        refused(SHA256, hashlib.sha256(place.data).hexdigest(), "it was removed")
        assert names(target.parent) == []

    def test_a_model_without_an_address(self, tmp_path):
        register(tmp_path / "own", net=ENTRY | {"sha256": SHA256})
        refused("model net: the registry has no address to fetch it from", "its source: ")
        path = tmp_path / "own/some/net.onnx"
        path.parent.mkdir()
        path.write_bytes(DATA)
        assert fetch("net", None) == f"net onnx: already here, verified, {path}"

    def test_the_model_of_the_package_is_here_already(self, place):
        lines = fetch("counter-n", None).splitlines()
        assert len(lines) == len(models.variants("counter-n"))
        assert all(": already here, verified, " in line for line in lines)
        assert place.asked == []

    def test_the_model_of_the_package_that_is_not_all_here(self, tmp_path, monkeypatch):
        monkeypatch.setattr("counter.models.search_path", lambda: (tmp_path,))
        with pytest.raises(ModelError, match="comes with the package, nothing to fetch") as caught:
            fetch("counter-n", None)
        assert caught.value.hint.startswith("not here as registered: onnx, onnx int8, openvino")

    def test_an_unknown_name(self):
        with pytest.raises(ModelError, match="'nett' is not in the registry") as caught:
            fetch("nett", None)
        assert "did you mean 'net'?" in caught.value.hint


class TestGoingOn:
    def test_only_what_is_missing_is_fetched(self, place, target):
        part_of(target).write_bytes(DATA[:HALF])
        fetch("net", None)
        assert target.read_bytes() == DATA
        assert place.asked == [("/releases/net.onnx", f"bytes={HALF}-")]
        assert place.sent == len(DATA) - HALF

    def test_a_server_without_ranges_gives_all_of_it(self, place, target):
        place.ranges = False
        part_of(target).write_bytes(DATA[:HALF])
        fetch("net", None)
        assert target.read_bytes() == DATA
        assert len(place.asked) == 1

    def test_a_part_of_another_file_is_fetched_once_more(self, place, target):
        part_of(target).write_bytes(b"x" * HALF)
        fetch("net", None)
        assert target.read_bytes() == DATA
        assert [wanted for _, wanted in place.asked] == [f"bytes={HALF}-", None]

    @pytest.mark.parametrize(("kept", "requests"), [(DATA, 1), (DATA + b"more", 2)])
    def test_a_part_with_all_of_it_or_more(self, place, target, kept, requests):
        part_of(target).write_bytes(kept)
        fetch("net", None)
        assert target.read_bytes() == DATA
        assert len(place.asked) == requests

    def test_a_connection_that_is_cut(self, place, target):
        place.cut_at = HALF
        refused("127.0.0.1", f"ended at {HALF} of {len(DATA)} bytes", "goes on from there")
        assert part_of(target).read_bytes() == DATA[:HALF]
        assert not target.exists()
        place.cut_at = None
        fetch("net", None)
        assert place.asked[1] == ("/releases/net.onnx", f"bytes={HALF}-")
        assert target.read_bytes() == DATA

    def test_ctrl_c(self, place, target):
        place.stops_at = HALF
        words = [sys.executable, "-m", "counter", "models", "fetch", "net"]
        with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            assert place.stopped.wait(30)
            until = time.monotonic() + 30
            while not (part_of(target).exists() and part_of(target).stat().st_size == HALF):
                assert time.monotonic() < until
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=30)[1]
        assert process.returncode == 130
        assert said.rstrip() == (
            f"counter: stopped: net.onnx is not complete; {HALF} bytes are kept, the same"
            " command goes on from there"
        )
        place.stops_at = None
        assert command("net").returncode == 0
        assert place.asked[1] == ("/releases/net.onnx", f"bytes={HALF}-")
