"""How the courier comes back, whatever went wrong; publishing to nobody stays within bounds."""

import logging
import select
import socket
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from counter.outputs.mqtt import MqttOutput, courier, link
from counter.outputs.mqtt.courier import Courier
from counter.outputs.mqtt.link import LinkError
from counter.outputs.mqtt.outbox import NS, Message, Outbox, Release
from counter.settings import MqttSettings
from tests.broker import Mosquitto, Subscriber, needs_mosquitto, wait_for
from tests.releases import ANNOUNCEMENT, HEALTH, busy


def release(number: int, at_ns: int = 0) -> Release:
    return Release((Message("topic", str(number).encode()),), at_ns)


def test_an_absent_broker_is_asked_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    enough = threading.Event()

    def away() -> Any:
        raise LinkError("nobody is there")

    def pause(self: Courier, wait_s: float) -> None:
        waits.append(wait_s)
        if len(waits) == 9:
            enough.set()
            self._stop_at = 0.0

    monkeypatch.setattr(Courier, "_pause", pause)
    status = Message("status", b"offline")
    away_courier = Courier(away, Outbox(1, 60), (), status)
    away_courier.start(None)
    assert enough.wait(10)
    away_courier.stop(1.0)
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


class Line:
    """A link of memory: whatever it is given is acknowledged at once."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.sent: list[bytes] = []
        self.alive = self.idle = True
        self.stalled = False
        self.end = self.refused = ""
        self._breaks = breaks

    def send(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if self._breaks and message.topic == "topic":
                raise RuntimeError("a text with 17 persons")
            self.sent.append(message.payload)

    def turn(self, timeout_s: float, wake: int) -> None:
        select.select([wake], [], [], timeout_s)

    def close(self, _wake: int, _deadline_s: float) -> None:
        self.alive = False

    def drop(self) -> None:
        self.alive = False


def test_whatever_goes_wrong_the_next_attempt_delivers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An error of ours or of a library must not end the thread: nobody would miss it."""
    monkeypatch.setattr(courier, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(courier, "TICK_S", 0.01)
    line, attempts = Line(), iter([KeyError("17 persons"), LinkError("away"), ValueError("17")])

    def connect() -> Any:
        error = next(attempts, None)
        if error is not None:
            raise error
        return line

    carrying = Courier(connect, Outbox(5, 3600), (), Message("status", b"offline"))
    carrying.start(None)
    carrying.carry(release(1, time.monotonic_ns()), Message("health", b"well"))
    wait_for(lambda: line.sent, "the delivery")
    carrying.stop(5.0)
    assert line.sent == [b"well", b"1", b"offline"]
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    kinds = ("KeyError", "ValueError")
    assert said == [f"delivery failed ({kind}), trying again" for kind in kinds]


def test_an_error_in_the_middle_of_a_release_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(courier, "FIRST_WAIT_S", 0.01)
    line = Line()
    links = iter([Line(breaks=True), line])
    carrying = Courier(lambda: next(links), Outbox(5, 3600), (), Message("status", b"offline"))  # type: ignore[arg-type,return-value]
    carrying.start(next(links))  # type: ignore[arg-type]
    time.sleep(0.05)  # it serves: what comes now is taken in the middle of a connection
    carrying.carry(release(1, time.monotonic_ns()), Message("health", b"well"))
    wait_for(lambda: line.sent, "the delivery")
    carrying.stop(5.0)
    assert line.sent == [b"well", b"1", b"offline"]
    assert "17" not in caplog.text


def test_publishing_to_nobody_returns_and_stays_within_bounds() -> None:
    output = MqttOutput(MqttSettings(url="mqtt://nowhere.invalid", queue_intervals=5), ANNOUNCEMENT)
    for number in range(100):
        output.publish(busy(number), HEALTH)
    assert len(output._courier._outbox) == 5
    output.close(0.0)
    output.publish(busy(101), HEALTH)  # after the end: nothing, and no error
    output.close(0.0)


def test_several_intervals_at_once_are_several_releases() -> None:
    output = MqttOutput(MqttSettings(url="mqtt://nowhere.invalid"), ANNOUNCEMENT)
    output.publish((*busy(1), *busy(2), *busy(3)), HEALTH)
    assert len(output._courier._outbox) == 3
    output.close(0.0)


def test_the_age_of_what_waits_is_told_by_the_given_clock() -> None:
    now = [0]
    settings = MqttSettings(url="mqtt://nowhere.invalid", queue_max_age_s=60)
    output = MqttOutput(settings, ANNOUNCEMENT, clock=lambda: now[0])
    for second in (0, 30, 61, 62):
        now[0] = second * NS
        output.publish(busy(second), HEALTH)
    assert len(output._courier._outbox) == 3
    output.close(0.0)


@needs_mosquitto
def test_no_port_is_bound_and_nothing_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox forbids both; paho does both unless it is driven as we drive it."""
    monkeypatch.setattr(courier, "FIRST_WAIT_S", 0.05)
    asked: list[str] = []
    with Mosquitto(tmp_path, persistence=True) as broker:
        with monkeypatch.context() as patch:
            for name in ("bind", "listen"):
                patch.setattr(socket.socket, name, lambda *_, name=name: asked.append(name))
            output = MqttOutput(MqttSettings(url=broker.url), ANNOUNCEMENT)
            output.connect()
            output.publish(busy(1), HEALTH)
            broker.stop()
            broker.start()
            output.publish(busy(2), HEALTH)
            output.close()
        with Subscriber(broker.port) as late:
            wait_for(lambda: late.last("/status") == b"offline" and late.counts(), "the state")
            assert {count["sequence"] for count in late.counts()} == {busy(2)[0].interval.sequence}
    assert asked == []


@needs_mosquitto
def test_a_broker_that_acknowledges_nothing_is_left_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(link, "ACK_S", 0.2)
    answered = link.Link._acknowledged
    deaf = threading.Event()
    deaf.set()

    def acknowledged(self: link.Link, *message: Any) -> None:
        if not deaf.is_set():
            answered(self, *message)

    monkeypatch.setattr(link.Link, "_acknowledged", acknowledged)
    with Mosquitto(tmp_path) as broker, Subscriber(broker.port) as subscriber:
        output = MqttOutput(MqttSettings(url=broker.url), ANNOUNCEMENT)
        output.connect()
        output.publish(busy(1), HEALTH)
        wait_for(lambda: len(subscriber.payloads("/status")) >= 3, "another attempt")
        deaf.clear()
        wait_for(lambda: output._courier._outbox._last is not None, "an acknowledgement")
        output.close()
        assert subscriber.payloads("/exits")
