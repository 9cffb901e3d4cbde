"""A scraper: asks /metrics over HTTP and reads what it says with Prometheus's own parser."""

import contextlib
import socket

from prometheus_client.parser import text_string_to_metric_families

from counter.outputs.prometheus import PrometheusOutput

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def ask(output: PrometheusOutput, request: bytes) -> bytes:
    """Send bytes; give every byte that comes back."""
    with socket.create_connection(output.address, 10) as sock:
        sock.sendall(request)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def scrape(output: PrometheusOutput) -> bytes:
    return ask(output, b"GET /metrics HTTP/1.1\r\nHost: here\r\nAccept: */*\r\n\r\n")


def samples(output: PrometheusOutput) -> Samples:
    body = scrape(output).partition(b"\r\n\r\n")[2].decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


def of(found: Samples, metric: str, **labels: str) -> dict[str, float]:
    """The samples of one metric whose labels include these; keyed by the labels that are left."""
    return {
        ",".join(value for key, value in place if key not in labels): sample
        for (one, place), sample in found.items()
        if one == metric and labels.items() <= dict(place).items()
    }


def served(output: PrometheusOutput) -> bool:
    with contextlib.suppress(ConnectionError):  # every place is taken
        return scrape(output).startswith(b"HTTP/1.1 200 OK")
    return False
