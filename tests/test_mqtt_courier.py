"""What waits and for how long, with a clock of our own; how the courier comes back."""

import itertools
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.outputs.mqtt import MqttOutput, courier, link
from counter.outputs.mqtt.courier import Courier
from counter.outputs.mqtt.link import LinkError
from counter.outputs.mqtt.outbox import NS, Message, Outbox, Release
from counter.settings import MqttSettings
from tests.broker import Mosquitto, Subscriber, needs_mosquitto, wait_for
from tests.releases import ANNOUNCEMENT, HEALTH, busy

HOUR_NS = 3600 * NS


def release(number: int, at_ns: int = 0) -> Release:
    return Release((Message("topic", str(number).encode()),), at_ns)


def drained(outbox: Outbox, now_ns: int = 0) -> list[bytes]:
    found = []
    while (one := outbox.take(now_ns)) is not None:
        found.append(one.messages[0].payload)
        outbox.done(one)
    return found


def test_it_keeps_order_and_drops_the_oldest() -> None:
    outbox = Outbox(limit=3, max_age_s=3600)
    assert [outbox.put(release(number)) for number in range(5)] == [0, 0, 0, 1, 1]
    assert drained(outbox) == [b"2", b"3", b"4"]


def test_what_is_too_old_is_forgotten_without_anybody_asking_for_it() -> None:
    outbox = Outbox(limit=100, max_age_s=3600)
    outbox.put(release(0, at_ns=0))
    outbox.put(release(1, at_ns=HOUR_NS // 2))
    assert outbox.forget(HOUR_NS) == 0
    assert outbox.forget(HOUR_NS + 1) == 1
    assert len(outbox) == 1
    assert drained(outbox, HOUR_NS * 2) == []


def test_a_broken_connection_gives_back_the_release_under_way() -> None:
    outbox = Outbox(limit=2, max_age_s=3600)
    outbox.put(release(0))
    under_way = outbox.take(0)
    assert under_way is not None
    outbox.put(release(1))
    outbox.give_back(under_way, 0)
    assert drained(outbox) == [b"0", b"1"]


def test_the_bound_holds_for_what_is_given_back_too() -> None:
    outbox = Outbox(limit=2, max_age_s=3600)
    outbox.put(release(0))
    under_way = outbox.take(0)
    assert under_way is not None
    outbox.put(release(1))
    outbox.put(release(2))
    outbox.give_back(under_way, 0)
    assert drained(outbox) == [b"1", b"2"]


def test_a_new_connection_repeats_the_last_release_only_when_nothing_waits() -> None:
    outbox = Outbox(limit=5, max_age_s=3600)
    assert outbox.first(0) is None
    outbox.put(release(0))
    assert drained(outbox) == [b"0"]
    again = outbox.first(0)
    assert again == release(0)
    outbox.give_back(again, 0)  # this connection broke too
    outbox.put(release(1))
    assert drained(outbox) == [b"0", b"1"]
    outbox.put(release(2))
    assert outbox.first(0) == release(2)  # not 1: nobody may see an older one after a newer one


def test_a_last_release_that_is_too_old_is_not_repeated() -> None:
    outbox = Outbox(limit=5, max_age_s=3600)
    outbox.put(release(0))
    assert drained(outbox) == [b"0"]
    assert outbox.first(HOUR_NS + 1) is None


@given(st.lists(st.sampled_from(["put", "send", "ack", "break", "connect"]), max_size=60))
def test_whatever_happens_nothing_goes_back_and_nothing_is_left_out(steps: list[str]) -> None:
    """A broker that sees these releases never sees a gap or an older one after a newer one."""
    outbox, sent, under_way, number = Outbox(1000, 3600), [0], None, 0
    for step in steps:
        if step == "put":
            number += 1
            outbox.put(release(number))
        elif step == "break" and under_way is not None:
            outbox.give_back(under_way, 0)
            under_way = None
        elif step == "ack" and under_way is not None:
            outbox.done(under_way)
            under_way = None
        elif step in ("send", "connect") and under_way is None:
            under_way = outbox.take(0) if step == "send" else outbox.first(0)
            if under_way is not None:
                sent.append(int(under_way.messages[0].payload))
    assert all(after in (before, before + 1) for before, after in itertools.pairwise(sent))


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
