"""The demo's reader: what it takes for this run's, and how it says that there is no broker."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as paho

from counter.demo import subscriber
from counter.demo.subscriber import listening
from counter.errors import OutputError
from counter.outputs.mqtt import MqttOutput
from counter.settings import MqttSettings
from tests.broker import Mosquitto, Subscriber, free_port, needs_mosquitto, wait_for
from tests.releases import ANNOUNCEMENT, CELLS, FIRST, HEALTH, SENSOR, busy

# In a process of its own, as amqtt leaves sockets to the garbage collector.
BROKER = """
import sys
from counter.demo.broker import embedded_broker
with embedded_broker(int(sys.argv[1])):
    print(f"mqtt://127.0.0.1:{sys.argv[1]}", flush=True)
    sys.stdin.read()
"""


@contextmanager
def device(url: str) -> Iterator[MqttOutput]:
    output = MqttOutput(MqttSettings(url=url, protocol="3.1.1"), ANNOUNCEMENT)
    try:
        output.connect()
        yield output
    finally:
        output.close()


def taken_of_the_second_run(url: str, port: int) -> list[tuple[str, int]]:
    """Let an earlier run leave its state behind; give what the reader takes of the next one."""
    taken: list[tuple[str, int]] = []
    with device(url) as earlier:
        earlier.publish(busy(1), HEALTH)
    with Subscriber(port, "3.1.1") as late:
        wait_for(lambda: len(late.counts()) == len(CELLS), "the state of the earlier run")
        assert all(message.retain for message in late.heard)
    with (
        device(url) as now,
        listening(url, SENSOR, lambda tail, said: taken.append((tail, said["sequence"]))),
    ):
        now.publish(busy(2), HEALTH)
        wait_for(lambda: len(taken) >= len(CELLS), "the release")
    return taken


def assert_only_this_run(taken: list[tuple[str, int]]) -> None:
    tails = [f"{cell.kind}/{cell.name}/{cell.measure}" for cell in CELLS]
    assert sorted(taken) == sorted((tail, FIRST + 2) for tail in tails)


def test_what_an_earlier_run_left_is_not_taken_from_the_embedded_broker() -> None:
    """And the embedded broker does not mark as retained what comes live."""
    with subprocess.Popen(
        [sys.executable, "-c", BROKER, str(free_port())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as broker:
        assert broker.stdout is not None
        url = broker.stdout.readline().strip()
        assert_only_this_run(taken_of_the_second_run(url, int(url.rpartition(":")[2])))
        broker.communicate(timeout=60)  # the end of its input ends it


@needs_mosquitto
@pytest.mark.broker
def test_what_an_earlier_run_left_is_not_taken_from_mosquitto(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        assert_only_this_run(taken_of_the_second_run(broker.url, broker.port))


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts"])
def test_an_absent_broker_is_said_in_a_line(scheme: str) -> None:
    port = free_port()
    with (
        pytest.raises(OutputError) as caught,
        listening(f"{scheme}://127.0.0.1:{port}", SENSOR, print),
    ):
        pass
    assert caught.value.message == (
        f"mqtt.url: no connection to the broker at 127.0.0.1:{port}: Connection refused"
    )
    assert caught.value.hint


@pytest.mark.parametrize(("scheme", "port"), [("mqtt", 1883), ("mqtts", 8883)])
def test_the_port_follows_from_the_scheme(
    monkeypatch: pytest.MonkeyPatch, scheme: str, port: int
) -> None:
    asked: list[Any] = []

    def connect(_client: paho.Client, *address: Any) -> None:
        asked.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(paho.Client, "connect", connect)
    with pytest.raises(OutputError), listening(f"{scheme}://broker", SENSOR, print):
        pass
    assert asked == [("broker", port)]


@needs_mosquitto
@pytest.mark.broker
def test_a_broker_that_lets_nobody_in_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "SUBSCRIBE_S", 0.5)
    with (
        Mosquitto(tmp_path, extra=("allow_anonymous false",)) as broker,
        pytest.raises(OutputError, match="it does not let us subscribe"),
        listening(broker.url, SENSOR, print),
    ):
        pass
