"""MQTT at a real mosquitto: what arrives, in which order, and what survives an outage."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from counter.outputs.mqtt import MqttOutput, courier
from counter.outputs.schema import schemas
from counter.outputs.wire import encode_count
from tests.broker import Mosquitto, Relay, Subscriber, needs_mosquitto, wait_for
from tests.deliveries import STATE, TOPICS, assert_delivered, heard_all_of, opened, retained
from tests.releases import CELLS, FIRST, HEALTH, busy, empty

pytestmark = [needs_mosquitto, pytest.mark.broker]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconnect soon; the waits of an appliance are in test_mqtt_courier."""
    monkeypatch.setattr(courier, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(courier, "LONGEST_WAIT_S", 0.2)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as running:
        yield running


@pytest.fixture
def outputs() -> Iterator[list[MqttOutput]]:
    """Whatever a test opens is closed, also when the test fails."""
    made: list[MqttOutput] = []
    yield made
    for one in made:
        one.close(0.5)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.parametrize("reader", ["5", "3.1.1"])
def test_either_version_reads_either(
    broker: Mosquitto, outputs: list[MqttOutput], protocol: str, reader: str
) -> None:
    with Subscriber(broker.port, reader) as subscriber:
        output = opened(outputs, broker.url, protocol=protocol)
        for number in range(5):
            output.publish(busy(number), HEALTH)
        output.close()
        wait_for(lambda: subscriber.last("/status") == b"offline", "offline")
        assert_delivered(subscriber, range(5))
        assert len(subscriber.counts()) == 5 * len(CELLS)  # with no outage nothing comes twice


def test_version_5_adds_an_expiry_to_state_and_nothing_that_lasts(
    broker: Mosquitto, outputs: list[MqttOutput]
) -> None:
    with Subscriber(broker.port) as subscriber:
        opened(outputs, broker.url).publish(busy(0), HEALTH)
        heard_all_of(subscriber, 0)
        for message in subscriber.heard:
            lasts = message.topic in (TOPICS.status, TOPICS.info)
            expiry = getattr(message.properties, "MessageExpiryInterval", None)
            assert expiry == (None if lasts else 180)
            assert getattr(message.properties, "PayloadFormatIndicator", None) == 1


def test_a_late_subscriber_finds_the_whole_state_and_it_is_valid(
    broker: Mosquitto, outputs: list[MqttOutput]
) -> None:
    output = opened(outputs, broker.url)
    with Subscriber(broker.port) as early:
        output.publish(busy(1), HEALTH)
        output.publish(empty(2), HEALTH)
        heard_all_of(early, 2)
    state = retained(broker)
    assert set(state) == STATE
    assert state.pop(TOPICS.status) == b"online"
    for topic, payload in state.items():
        said = json.loads(payload)
        jsonschema.validate(said, schemas()[said["schema"].split("/")[1]])
        assert said.get("sequence", FIRST + 2) == FIRST + 2, topic


def test_empty_and_busy_are_equal_in_number_order_and_size(
    broker: Mosquitto, outputs: list[MqttOutput]
) -> None:
    shapes = []
    output = opened(outputs, broker.url)
    for release, numbers in ((busy, range(3)), (empty, range(3, 6))):
        with Subscriber(broker.port) as subscriber:
            for number in numbers:
                output.publish(release(number), HEALTH)
            heard_all_of(subscriber, numbers[-1])
            fresh = [m for m in subscriber.heard if not m.retain and m.topic != TOPICS.health]
            shapes.append([(m.topic, len(m.payload)) for m in fresh])
    assert len(shapes[0]) == 3 * len(CELLS)
    assert shapes[0] == shapes[1]


def test_closing_says_goodbye(broker: Mosquitto, outputs: list[MqttOutput]) -> None:
    """The broker's own log tells a DISCONNECT from a connection that broke."""
    opened(outputs, broker.url, client_id="polite").close()
    wait_for(lambda: "Client polite disconnected." in broker.log, "the broker's log")


def test_killed_without_goodbye_it_is_offline(broker: Mosquitto, outputs: list[MqttOutput]) -> None:
    relay = Relay(broker.port)
    with Subscriber(broker.port) as subscriber:
        opened(outputs, relay.url)
        wait_for(lambda: subscriber.last("/status") == b"online", "online")
        relay.cut()
        wait_for(lambda: subscriber.last("/status") == b"offline", "the last will")
    assert retained(broker, {TOPICS.status})[TOPICS.status] == b"offline"
    relay.open()
    with Subscriber(broker.port) as subscriber:
        wait_for(lambda: subscriber.last("/status") == b"online", "online again")
    relay.cut()


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_a_broker_that_restarts_with_its_memory_loses_and_doubles_nothing(
    tmp_path: Path, outputs: list[MqttOutput], ending: str
) -> None:
    # Without a limit the broker hands a message on before it acknowledges it: what it held back for
    # a slow collector and had acknowledged would die with a killed broker, and is not ours to save.
    unlimited = ("allow_anonymous true", "max_inflight_messages 0")
    with (
        Mosquitto(tmp_path, persistence=True, extra=unlimited) as broker,
        Subscriber(broker.port, name="collector") as collector,
    ):
        output = opened(outputs, broker.url)
        for number in range(30):
            output.publish(busy(number), HEALTH)
            if number in (7, 19):  # in the middle, with releases under way
                getattr(broker, ending)()
            if number in (12, 24):
                broker.start()
        heard_all_of(collector, 29)
        assert_delivered(collector, range(30))


def test_a_broker_that_restarts_without_memory_is_told_everything(
    broker: Mosquitto, outputs: list[MqttOutput]
) -> None:
    relay = Relay(broker.port)
    with Subscriber(broker.port) as collector:
        output = opened(outputs, relay.url)
        for number in range(6):
            output.publish(busy(number), HEALTH)
        heard_all_of(collector, 5)
        relay.cut()  # such a broker forwards only to who is there: let the collector be first
        broker.kill()
        for number in range(6, 12):
            output.publish(busy(number), HEALTH)
        broker.start()
        wait_for(lambda: collector.subscribed == 2, "the collector's return")
        relay.open()
        heard_all_of(collector, 11)
        assert_delivered(collector, range(12))
        state = retained(broker)
        assert set(state) == STATE
        assert {encode_count(count) for count in busy(11)} <= set(state.values())
    relay.cut()


def test_with_nothing_new_a_forgetful_broker_gets_the_last_state_again(
    broker: Mosquitto, outputs: list[MqttOutput]
) -> None:
    output = opened(outputs, broker.url)
    with Subscriber(broker.port) as subscriber:
        output.publish(busy(3), HEALTH)
        heard_all_of(subscriber, 3)
        before = retained(broker)
        last_cell = TOPICS.cell(CELLS[-1])
        for _ in range(2):  # the second time repeats a repetition
            broker.kill()
            subscriber.heard.clear()
            broker.start()
            wait_for(lambda: subscriber.last(last_cell), "the last state again")
            assert retained(broker) == before
        assert_delivered(subscriber, range(3, 4))


def test_a_release_whose_acknowledgement_was_lost_is_sent_again(
    broker: Mosquitto, outputs: list[MqttOutput]
) -> None:
    relay = Relay(broker.port)
    with Subscriber(broker.port) as collector:
        output = opened(outputs, relay.url)
        output.publish(busy(0), HEALTH)
        outbox = output._courier._outbox
        wait_for(lambda: outbox._last is not None, "the acknowledgement of release 0")
        relay.swallow = True
        for number in range(1, 4):
            output.publish(busy(number), HEALTH)
        heard_all_of(collector, 1)  # it arrived, but we cannot know
        assert max(c["sequence"] for c in collector.counts()) == FIRST + 1  # so 2 has to wait
        relay.cut()
        relay.open()
        heard_all_of(collector, 3)
        assert_delivered(collector, range(4))
        repeated = [c for c in collector.counts() if c["sequence"] == FIRST + 1]
        assert len(repeated) == 2 * len(CELLS)
    relay.cut()


def test_closing_delivers_what_waits_while_the_broker_comes_back(
    broker: Mosquitto, outputs: list[MqttOutput]
) -> None:
    relay = Relay(broker.port)
    with Subscriber(broker.port) as collector:
        output = opened(outputs, relay.url)
        relay.cut()
        for number in range(4):
            output.publish(busy(number), HEALTH)
        relay.open()
        output.close()
        wait_for(lambda: collector.last("/status") == b"offline", "offline")
        assert_delivered(collector, range(4))
    relay.cut()


def test_the_log_holds_no_payload(
    broker: Mosquitto, outputs: list[MqttOutput], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    output = opened(outputs, broker.url, queue_intervals=1)
    with Subscriber(broker.port) as subscriber:
        broker.stop()
        for number in range(400, 404):
            output.publish(busy(number), HEALTH)
        broker.start()
        heard_all_of(subscriber, 403)
    output.close()
    said = " ".join(record.getMessage() for record in caplog.records)
    assert "lost" in said
    assert "restored" in said
    assert "oldest releases are dropped" in said
    values = {str(count.value) for number in range(400, 404) for count in busy(number)}
    assert not [value for value in values if value in said]
