"""/metrics as a scraper sees it: over HTTP, checked by promtool, equal between two releases."""

import contextlib
import logging
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from counter.errors import OutputError
from counter.outputs.prometheus import PrometheusOutput, server
from counter.release import CameraHealth, CameraState, Level
from counter.settings import PrometheusSettings
from tests.broker import free_port, wait_for
from tests.releases import (
    ANNOUNCEMENT,
    CELLS,
    ENTRIES,
    HEALTH,
    ZONE,
    busy,
    empty,
    interval,
    missing,
    published,
    suppressed,
)

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def output() -> Iterator[PrometheusOutput]:
    made = PrometheusOutput(PrometheusSettings(port=free_port()), ANNOUNCEMENT)
    yield made
    made.close()


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


def test_a_release_is_what_a_scraper_reads(output: PrometheusOutput) -> None:
    output.publish((published(ZONE, 3, 40), suppressed(CELLS[0], 3), missing(ENTRIES, 3)), HEALTH)
    found = samples(output)
    assert of(found, "counter_occupancy_persons", kind="zone", name="front") == {"": 40}
    assert of(found, "counter_cell_fill_ratio", name="front") == {"zone,occupancy": 0.4}
    density = of(found, "counter_cell_density_persons_per_square_meter", name="front")
    assert density == {"zone,occupancy": 1.5}
    levels = of(found, "counter_cell_level", name="front", kind="zone", measure="occupancy")
    assert [level for level, value in levels.items() if value] == ["FEW_SEATS_AVAILABLE"]
    assert len(levels) == len(Level)
    ends = of(found, "counter_interval_end_timestamp_seconds")
    assert ends == {"": interval(3).end.timestamp()}
    assert of(found, "counter_camera_ok", camera="roof") == {"": 1}
    assert of(found, "counter_healthy") == {"": 1}
    build = of(found, "counter_build_info", version="0.1.0", model="counter-n", backend="onnx")
    assert list(build.values()) == [1]


def states(found: Samples, name: str, measure: str) -> dict[str, float]:
    return of(found, "counter_cell_status", name=name, measure=measure, kind=KINDS[name])


KINDS = {"front": "zone", "car-1": "group", "door": "line"}


def test_suppressed_missing_and_zero_are_three_things(output: PrometheusOutput) -> None:
    output.publish((published(ZONE, 3, 40), suppressed(CELLS[0], 3), missing(ENTRIES, 3)), HEALTH)
    found = samples(output)
    assert states(found, "front", "occupancy") == {"published": 1, "suppressed": 0, "missing": 0}
    assert states(found, "car-1", "occupancy") == {"published": 0, "suppressed": 1, "missing": 0}
    assert states(found, "door", "entries") == {"published": 0, "suppressed": 0, "missing": 1}
    assert of(found, "counter_occupancy_persons", name="car-1") == {}
    assert of(found, "counter_entries_persons", name="door") == {}
    below = of(found, "counter_cell_less_than_persons", kind="group", measure="occupancy")
    assert below == {"car-1": 11}
    assert 0 not in of(found, "counter_occupancy_persons").values()


def test_before_the_first_release_every_cell_is_missing(output: PrometheusOutput) -> None:
    found = samples(output)
    assert len(of(found, "counter_cell_status", status="missing")) == len(CELLS)
    assert set(of(found, "counter_cell_status", status="missing").values()) == {1}
    assert of(found, "counter_occupancy_persons") == {}
    assert of(found, "counter_interval_length_seconds") == {"": 60}


def test_between_two_releases_every_byte_is_equal(output: PrometheusOutput) -> None:
    output.publish(busy(1), HEALTH)
    first = scrape(output)
    assert {scrape(output) for _ in range(20)} == {first}
    assert b"Date:" not in first
    output.publish(busy(2), HEALTH)
    assert scrape(output) != first


def test_the_size_is_the_same_whatever_was_counted(output: PrometheusOutput) -> None:
    sizes = set()
    for number, release in enumerate([busy, empty, busy, empty]):
        output.publish(release(number), HEALTH)
        sizes.add(len(scrape(output)))
    for value in (15, 1000, 123_455, 9_999_995):
        output.publish(tuple(published(cell, 9, value) for cell in CELLS), HEALTH)
        sizes.add(len(scrape(output)))
    output.publish(tuple(missing(cell, 10) for cell in CELLS), HEALTH)
    sizes.add(len(scrape(output)))
    assert len(sizes) == 1


def test_nothing_of_the_process_is_exported(output: PrometheusOutput) -> None:
    output.publish(busy(1), HEALTH)
    names = {name for name, _ in samples(output)}
    assert all(name.startswith("counter_") for name in names)
    assert not [name for name in names if name.endswith(("_total", "_created", "_bucket"))]


def test_an_ill_camera_shows(output: PrometheusOutput) -> None:
    lost = (CameraHealth("roof", CameraState.LOST), CameraHealth("door", CameraState.OK))
    output.publish(busy(1), replace(HEALTH, cameras=lost, ok=False))
    found = samples(output)
    assert of(found, "counter_camera_ok") == {"roof": 0, "door": 1}
    assert of(found, "counter_camera_state", camera="roof", state="lost") == {"": 1}
    assert of(found, "counter_healthy") == {"": 0}


def test_of_several_intervals_the_newest_is_shown(output: PrometheusOutput) -> None:
    output.publish((*busy(5), *busy(7), *busy(6)), HEALTH)
    found = samples(output)
    ends = of(found, "counter_interval_end_timestamp_seconds")
    assert ends == {"": interval(7).end.timestamp()}
    assert set(of(found, "counter_occupancy_persons").values()) == {busy(7)[0].value}


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="not run: no promtool (apt install prometheus)"
)
def test_promtool_finds_no_fault(output: PrometheusOutput) -> None:
    for release in (busy(1), empty(2), tuple(missing(cell, 3) for cell in CELLS)):
        output.publish(release, HEALTH)
        body = scrape(output).partition(b"\r\n\r\n")[2]
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=body, capture_output=True, check=False
        )
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


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


def test_rude_clients_are_left_and_others_served(
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
    wait_for(lambda: _served(output), "an answer after the idle clients' time is over")
    for sock in idle:
        sock.close()
    with socket.create_connection(output.address) as leaver:
        leaver.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")  # and gone before the answer
    assert _served(output)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def _served(output: PrometheusOutput) -> bool:
    with contextlib.suppress(ConnectionError):  # every place is taken
        return scrape(output).startswith(b"HTTP/1.1 200 OK")
    return False


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
        assert _served(made)
        made.close()
        made.close()
        with pytest.raises(ConnectionRefusedError):
            scrape(made)
    assert "counter-http" not in {thread.name for thread in threading.enumerate()}
