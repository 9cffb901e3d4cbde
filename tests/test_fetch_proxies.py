"""`counter models fetch` through a proxy: what is asked of it, and what is told of its address.

On loopback; a real proxy of a company was not asked.
"""

import pytest

from counter.catalogue.fetch import fetch
from tests import certificates
from tests.certificates import needs_openssl
from tests.file_server import Place, Proxy, serving
from tests.test_fetch import DATA, offer, refused
from tests.test_fetch_network import PATH, bare, place, target

__all__ = ["bare", "place", "target"]  # fixtures


@needs_openssl
def test_through_a_proxy(tmp_path, target, monkeypatch):
    (tmp_path / "tls").mkdir()
    tls = certificates.make(tmp_path / "tls", "DNS:models.example")
    monkeypatch.setenv("SSL_CERT_FILE", tls.path("ca.pem"))
    way, place = Place(b""), Place(DATA)
    keys = tls.path("server.pem"), tls.path("server.key")
    with serving(way, Proxy) as proxy, serving(place, tls=keys) as address:
        there = address.replace("127.0.0.1", "models.example")
        offer(tmp_path, there + PATH)
        monkeypatch.setenv("HTTPS_PROXY", proxy.replace("://", "://me:secret@"))
        fetch("net", None)
    assert target.read_bytes() == DATA
    assert len(place.asked) == 1
    assert way.asked == [(there.removeprefix("https://"), "Basic bWU6c2VjcmV0")]


@pytest.fixture
def far(tmp_path) -> str:
    """A name that nobody asks for: the proxy is asked first, and gives no way there."""
    offer(tmp_path, "https://models.example/net.onnx")
    return "models.example"


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY"])
def test_none_leads_to_this_machine(place, target, monkeypatch, name):
    way = Place(b"")
    with serving(way, Proxy) as proxy:
        monkeypatch.setenv(name, proxy)
        fetch("net", None)
    assert target.read_bytes() == DATA
    assert (way.asked, len(place.asked)) == ([], 1)


@pytest.mark.parametrize(("status", "hint"), [(407, "NAME:PASSWORD"), (502, "try again")], ids=str)
def test_a_proxy_that_refuses_tells_no_password(far, monkeypatch, status, hint):
    with serving(Place(b"", status=status), Proxy) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.replace("://", "://me:secret@"))
        error = refused(f"{far}, through the proxy 127.0.0.1: ", str(status), hint)
    assert "secret" not in f"{error.message}{error.hint}"


def test_not_where_none_is_wanted(tmp_path, monkeypatch):
    way = Place(b"")
    offer(tmp_path, "https://counter.invalid/net.onnx")  # RFC 6761: never resolves
    with serving(way, Proxy) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.setenv("NO_PROXY", "counter.invalid")
        refused("counter.invalid: this name is not known here")
    assert way.asked == []


@pytest.mark.parametrize(
    "proxy",
    [
        "http://me:secret@", "http://h:secret", "http:///secret", "http:///",
        "http://me:secret@[bad", "http://secret#x@127.0.0.1:9", "http://secret?x@127.0.0.1:9",
        "http://me:se/cret@127.0.0.1:9", "http://127.0.0.1:9/secret", "http://se cret",
    ],
)  # fmt: skip
def test_of_an_address_that_is_none_nothing_is_told(far, monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    error = refused(f"{far}, through a proxy: ")
    assert "cret" not in f"{error.message}{error.hint}"


@pytest.mark.parametrize("proxy", ["127.0.0.1:9", "http://me:secret@127.0.0.1:9/"])
def test_the_host_of_one_that_is_there_is_told(far, monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    error = refused(f"{far}, through the proxy 127.0.0.1: nothing answers")
    assert "secret" not in f"{error.message}{error.hint}"
