"""What must have arrived at a broker, and when a test may look."""

import json
from collections import defaultdict
from typing import Any

import pytest

from counter.errors import CounterError
from counter.outputs.mqtt import MqttOutput
from counter.outputs.wire import Topics, encode_count
from counter.settings import MqttSettings
from tests.broker import Mosquitto, Subscriber, wait_for
from tests.releases import ANNOUNCEMENT, CELLS, FIRST, SENSOR, busy

TOPICS = Topics(SENSOR)
STATE = {TOPICS.status, TOPICS.info, TOPICS.health, *(TOPICS.cell(cell) for cell in CELLS)}


def opened(outputs: list[MqttOutput], url: str, **settings: Any) -> MqttOutput:
    outputs.append(MqttOutput(MqttSettings(url=url, **settings), ANNOUNCEMENT))
    outputs[-1].connect()
    return outputs[-1]


def heard_all_of(subscriber: Subscriber, number: int) -> None:
    """Wait for every cell of a release."""

    def cells() -> set[tuple[str, str]]:
        heard = (c for c in subscriber.counts() if c["sequence"] == FIRST + number)
        return {(c["name"], c["measure"]) for c in heard}

    wait_for(lambda: len(cells()) == len(CELLS), f"release {number}")


def assert_delivered(subscriber: Subscriber, numbers: range) -> None:
    """Everything due arrived, with one value each, and no cell ever went back in time."""
    values: dict[tuple[str, int], set[bytes]] = defaultdict(set)
    order: dict[str, list[int]] = defaultdict(list)
    for message in subscriber.heard:
        if message.topic.rpartition("/")[2] in ("occupancy", "entries", "exits"):
            sequence = json.loads(message.payload)["sequence"]
            values[message.topic, sequence].add(bytes(message.payload))
            order[message.topic].append(sequence)
    due = {
        (TOPICS.cell(count.cell), count.interval.sequence): {encode_count(count)}
        for number in numbers
        for count in busy(number)
    }
    assert due == dict(values)
    for topic, sequences in order.items():
        assert sequences == sorted(sequences), topic


def retained(broker: Mosquitto, want: set[str] = STATE) -> dict[str, bytes]:
    """What somebody who comes now is told about the past."""
    with Subscriber(broker.port, "3.1.1") as late:
        # A device that is running may publish meanwhile: that is no news of the past.
        wait_for(lambda: {m.topic for m in late.heard if m.retain} >= want, "the retained state")
        return {m.topic: bytes(m.payload) for m in late.heard if m.retain}


def failure(url: str, timeout_s: float = 0.0, **settings: Any) -> CounterError:
    """Connect and give the error that a user reads; it is one line with a hint."""

    def start() -> None:
        output = MqttOutput(MqttSettings(url=url, **settings), ANNOUNCEMENT)
        try:
            output.connect(timeout_s)
        finally:
            output.close(0.0)

    with pytest.raises(CounterError) as caught:
        start()
    assert "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value
