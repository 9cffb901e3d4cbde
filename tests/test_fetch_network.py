"""`counter models fetch` on its way: https, redirects, and servers that misbehave.

All of it on loopback; GitHub's servers were not asked. Proxies: test_fetch_proxies.py.
"""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from counter.catalogue import download
from counter.catalogue.fetch import fetch
from tests import certificates
from tests.certificates import needs_openssl
from tests.commands import ROOT
from tests.file_server import Place, serving
from tests.test_fetch import DATA, HALF, offer, refused

PATH = "/releases/net.onnx"


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path) -> None:
    """No proxy, no authority and no model of this machine's."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path / "own"))


@pytest.fixture
def target(tmp_path) -> Path:
    return Path(tmp_path / "xdg/counter/models/some/net.onnx")


@pytest.fixture
def place(tmp_path) -> Iterator[Place]:
    place = Place(DATA)
    with serving(place) as address:
        offer(tmp_path, address + PATH)
        yield place


class TestServers:
    @pytest.mark.parametrize(
        ("status", "hint"),
        [
            (404, "out of date"), (410, "out of date"), (403, "not now"), (429, "wait"),
            (500, "try again"), (503, "try again"), (416, "try again"), (204, "try again"),
        ],
    )  # fmt: skip
    def test_answers_without_a_file(self, place, target, status, hint):
        place.status = status
        refused("127.0.0.1: it ", hint)
        assert not target.parent.exists() or list(target.parent.iterdir()) == []

    @pytest.mark.parametrize(
        ("headers", "said"),
        [
            ({"Content-Type": "text/html"}, "it sent a web page instead of the file"),
            ({"Content-Encoding": "gzip"}, "it sent the file packed"),
        ],
        ids=["the page of a hotel's network", "packed"],
    )
    def test_something_else_than_a_file(self, place, target, headers, said):
        place.headers = headers
        refused(said)
        assert list(target.parent.iterdir()) == []

    def test_another_range_than_was_asked_for(self, place, target):
        target.parent.mkdir(parents=True)
        target.with_name("net.onnx.part").write_bytes(DATA[:HALF])
        place.headers = {"Content-Range": f"bytes 7-{len(DATA) - 1}/{len(DATA)}"}
        place.ranges = True
        refused("another range", "goes on from there")

    def test_silence(self, place, target, monkeypatch):
        monkeypatch.setattr(download, "TIMEOUT_S", 0.3)
        place.stops_at = HALF
        refused("it does not answer in time", "goes on from there")
        assert target.with_name("net.onnx.part").stat().st_size == HALF

    def test_a_file_that_is_too_long_is_not_begun(self, place, target, monkeypatch):
        monkeypatch.setattr(download, "LARGEST", len(DATA) - 1)
        refused(f"{len(DATA)} bytes, at most {len(DATA) - 1}")
        assert len(place.asked) == 1
        assert list(target.parent.iterdir()) == []

    def test_a_file_without_an_end_is_not_kept(self, place, target, monkeypatch):
        monkeypatch.setattr(download, "LARGEST", HALF)
        place.chunked = True  # nobody says how long it is
        error = refused(f"127.0.0.1: it sends more than {HALF} bytes")
        assert "kept" not in error.hint
        assert list(target.parent.iterdir()) == []
        monkeypatch.setattr(download, "LARGEST", len(DATA))
        fetch("net", None)
        assert target.read_bytes() == DATA

    @pytest.mark.parametrize(
        ("raw", "name"),
        [
            (b"HTTP/1.1 \x1b[2J\x1b]0;owned\x07 boo\r\n\r\n", "BadStatusLine"),
            (b"\x1b[31mred\r\n\r\n", "BadStatusLine"),
            (b"HTTP/1.1 200 OK\r\n" + b"\x1b" * 70_000, "LineTooLong"),
        ],
    )
    def test_what_it_says_does_not_reach_the_terminal(self, place, raw, name):
        place.raw = raw
        error = refused(f"127.0.0.1: its answer cannot be read ({name})")
        assert f"{error.message}{error.hint}".isprintable()

    def test_nobody_is_there(self, tmp_path):
        with serving(Place(DATA)) as address:
            pass
        offer(tmp_path, address + PATH)
        refused("127.0.0.1: nothing answers at this address", "HTTPS_PROXY")

    def test_a_name_that_is_not_known(self, tmp_path):
        offer(tmp_path, "https://counter.invalid/net.onnx")  # RFC 6761: never resolves
        refused("counter.invalid: this name is not known here")

    @pytest.mark.parametrize(
        "address", ["http://192.0.2.1/net.onnx", "http://127.0.0.1.example.org/net.onnx"]
    )
    def test_http_to_another_machine_is_refused_unasked(self, tmp_path, address):
        offer(tmp_path, address)
        refused("over https only")


class TestRedirects:
    def test_to_another_host_with_the_range(self, place, tmp_path, target):
        target.parent.mkdir(parents=True)
        target.with_name("net.onnx.part").write_bytes(DATA[:HALF])
        first = Place(b"")
        with serving(first) as address, serving(place) as other:
            first.redirect = f"{other}/asset?key=1"
            offer(tmp_path, address + PATH)
            fetch("net", None)
        assert target.read_bytes() == DATA
        assert place.asked == [("/asset?key=1", f"bytes={HALF}-")]

    @pytest.mark.parametrize(
        ("there", "said"),
        [
            ("http://192.0.2.1/x", "over https only"),
            ("ftp://192.0.2.1/x", "over https only"),
            ("file:///etc/passwd", "away from https"),
        ],
    )
    def test_to_what_is_not_https(self, place, target, there, said):
        place.redirect = there
        refused(said)
        assert list(target.parent.iterdir()) == []

    def test_in_a_circle(self, place):
        place.redirect = PATH
        refused("it answers 302", "leads nowhere")
        assert 2 <= len(place.asked) <= 10


@needs_openssl
class TestHttps:
    @pytest.fixture
    def tls(self, tmp_path) -> certificates.Certificates:
        folder = tmp_path / "tls"
        folder.mkdir()
        return certificates.make(folder)

    @pytest.fixture
    def secure(self, tmp_path, tls, monkeypatch) -> Iterator[Place]:
        place = Place(DATA)
        with serving(place, tls=(tls.path("server.pem"), tls.path("server.key"))) as address:
            offer(tmp_path, address + PATH)
            monkeypatch.setenv("SSL_CERT_FILE", tls.path("ca.pem"))
            yield place

    def test_with_an_authority_that_is_believed(self, secure, target):
        fetch("net", None)
        assert target.read_bytes() == DATA
        assert len(secure.asked) == 1

    def test_with_a_stranger(self, secure, tls, monkeypatch):
        monkeypatch.setenv("SSL_CERT_FILE", tls.path("stranger.pem"))
        refused("its certificate is not believed", "clock", "SSL_CERT_FILE")
        assert secure.asked == []

    def test_a_redirect_out_of_it(self, secure):
        with serving(Place(DATA)) as plain:
            secure.redirect = plain + PATH
            refused("over https only")


def test_a_terminal_has_a_bar(place):
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", 0) as screen:
        done = subprocess.run(
            [sys.executable, "-m", "counter", "models", "fetch", "net"],
            cwd=ROOT, stderr=theirs, stdout=subprocess.PIPE, check=False,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
        )  # fmt: skip
        os.close(theirs)
        said = screen.read(1 << 16).decode()
    assert done.returncode == 0
    assert "net.onnx" in said
    assert "512.0/512.0 kB" in said
    assert len(place.asked) == 1
