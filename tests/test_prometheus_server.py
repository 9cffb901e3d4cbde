"""The server of /metrics: rude clients, other questions, ports that cannot be had."""

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator

import pytest

from counter.errors import OutputError
from counter.outputs.prometheus import PrometheusOutput, server
from counter.settings import PrometheusSettings
from tests.broker import free_port, wait_for
from tests.releases import ANNOUNCEMENT, HEALTH, busy
from tests.scraping import ask, scrape, served


@pytest.fixture
def output() -> Iterator[PrometheusOutput]:
    made = PrometheusOutput(PrometheusSettings(port=free_port()), ANNOUNCEMENT)
    yield made
    made.close()


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/1.1",
        b"GET /metrics/ HTTP/1.1",
        b"GET /metrics?name[]=up HTTP/1.1",
        b"GET //metrics HTTP/1.1",
        b"GET /metrics HTTP/1.12",
        b"GET /../etc/passwd HTTP/1.1",
        b"HEAD /metrics HTTP/1.1",
        b"POST /metrics HTTP/1.1",
        b"DELETE /metrics HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01 TLS",
        b"",
    ],
)
def test_all_else_is_not_found(output: PrometheusOutput, request_line: bytes) -> None:
    answer = ask(output, request_line + b"\r\nHost: here\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert b"counter_" not in answer
    assert b"Traceback" not in answer


def test_rude_clients_are_left_and_othersserved(
    output: PrometheusOutput,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(server, "DEADLINE_S", 0.3)
    caplog.set_level(logging.DEBUG)
    huge = b"GET /metrics HTTP/1.1\r\n" + b"x: y\r\n" * 10_000
    with contextlib.suppress(ConnectionError):  # hung up on while we still talk
        assert ask(output, huge) == b""
    idle = [socket.create_connection(output.address) for _ in range(server.MAX_CLIENTS + 4)]
    wait_for(lambda: served(output), "an answer after the idle clients' time is over")
    for sock in idle:
        sock.close()
    with socket.create_connection(output.address) as leaver:
        leaver.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")  # and gone before the answer
    assert served(output)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_scrapers_and_releases_do_not_meet(output: PrometheusOutput) -> None:
    """Whoever scrapes while a release comes gets one document whole, never two halves."""
    documents = set()
    for number in range(2):
        output.publish(busy(number), HEALTH)
        documents.add(scrape(output))
    seen: list[bytes] = []
    reader = threading.Thread(target=lambda: seen.extend(scrape(output) for _ in range(60)))
    reader.start()
    while reader.is_alive():
        for number in range(2):
            output.publish(busy(number), HEALTH)
    reader.join()
    assert set(seen) <= documents


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OutputError, match=f"prometheus.port: 127.0.0.1:{port} is in use") as at:
            PrometheusOutput(PrometheusSettings(port=port), ANNOUNCEMENT)
        assert at.value.hint


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_a_host_that_is_not_ours_is_one_line(host: str) -> None:
    with pytest.raises(OutputError, match=f"prometheus.host: cannot listen on {host}") as at:
        PrometheusOutput(PrometheusSettings(host=host, port=free_port()), ANNOUNCEMENT)
    assert at.value.hint


def test_ipv6_is_served_and_a_closed_port_is_free_again() -> None:
    port = free_port()
    for host in ("127.0.0.1", "::1", "127.0.0.1"):
        try:
            made = PrometheusOutput(PrometheusSettings(host=host, port=port), ANNOUNCEMENT)
        except OutputError:
            assert host == "::1", "only a machine without IPv6 may refuse"
            continue
        assert served(made)
        made.close()
        made.close()
        with pytest.raises(ConnectionRefusedError):
            scrape(made)
    assert "counter-http" not in {thread.name for thread in threading.enumerate()}
