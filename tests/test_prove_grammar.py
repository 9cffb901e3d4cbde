"""The first line of `counter prove`: what a counter may say, and how much of it."""

from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counter.config import Loaded
from counter.disclosure import Gate
from counter.health import Monitor, standing
from counter.interval import interval_at
from counter.outputs.wire import Topics, encode_count, encode_health
from counter.prove.grammar import MOST_LINE, MOST_LOG, Grammar, Heard, log_faults
from counter.prove.packets import Packet, packets
from counter.prove.recorder import Connection
from counter.prove.subject import subject_of
from counter.release import CameraState, Health, ZoneCount
from counter.tally import Tally

SUBJECT = subject_of(None)
SETTINGS = SUBJECT.settings
TOPICS = Topics(SETTINGS.sensor_id)
GATE = Gate(SETTINGS)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONNECT: Final = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x1e\x00\x04abcd"


def release(value: int = 23) -> tuple[ZoneCount, ...]:
    interval = interval_at(NOON, GATE.parameters.interval_s)
    return tuple(Gate(SETTINGS).release([Tally(c, interval, value, 1.0) for c in GATE.cells]))


def health() -> Health:
    said = standing(Loaded(SETTINGS, "ab" * 32, ()), SUBJECT.model, None, "onnx")
    return Monitor(said, {"eye": lambda: CameraState.OK}).report(below_ceiling=True)


def publish(topic: str, payload: bytes) -> bytes:
    """A PUBLISH of MQTT 3.1.1 with quality of service 1."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + b"\x00\x07" + payload
    assert 128 <= len(body) < 16384
    return bytes([0x32, len(body) % 128 | 0x80, len(body) // 128]) + body


COUNT = release()[0]
TOPIC, PAYLOAD = TOPICS.cell(COUNT.cell), encode_count(COUNT)
GOOD = CONNECT + publish(TOPIC, PAYLOAD) + publish(TOPICS.health, encode_health(health()))


def heard(*streams: bytes) -> Heard:
    result = Heard()
    connections = [Connection(bytearray(stream)) for stream in streams]
    Grammar(SETTINGS).traffic(connections, result)
    return result


def test_what_a_counter_says_has_no_fault() -> None:
    said = heard(GOOD + b"\xc0\x00\xe0\x00", GOOD)
    assert said.faults == []
    assert (said.messages, len(said.counts), said.published) == (4, 1, 2)
    assert said.sandbox == "none"
    assert said.sent == 2 * len(GOOD) + 4 <= said.budget


@pytest.mark.parametrize("value", [0, 10, 11, 60])
def test_every_release_of_the_gate_is_allowed(value: int) -> None:
    stream = CONNECT + b"".join(
        publish(TOPICS.cell(c.cell), encode_count(c)) for c in release(value)
    )
    assert heard(stream).faults == []


def other(old: bytes, new: bytes) -> bytes:
    assert old in PAYLOAD
    return PAYLOAD.replace(old, new)


WRONG = {
    "a picture": bytes(range(256)) * 4,
    "one more space": PAYLOAD + b" ",
    "one space less": PAYLOAD[:-1],
    "spaces in another place": PAYLOAD.strip().replace(b":", b": ", 3).ljust(len(PAYLOAD)),
    "bits in the padding": PAYLOAD[:-3] + b"\t \n",
    "one more field": other(b'"unit"', b'"leak":1,"unit"'),
    "another order": other(b'"value":25,"less_than":null', b'"less_than":null,"value":25'),
    "a number that is not rounded": other(b'"value":25', b'"value":24'),
    "a number below the threshold": other(b'"value":25', b'"value":10'),
    "another sequence": other(b'"sequence":5', b'"sequence":6'),
    "another rule": other(b"/v", b"/w"),
    "another cell": other(b'"name":"edge"', b'"name":"edgy"'),
    "the same number with a point": other(b'"value":25', b'"value":25.0'),
}


@pytest.mark.parametrize("way", WRONG)
def test_a_payload_has_no_room_for(way: str) -> None:
    assert WRONG[way] != PAYLOAD
    assert heard(CONNECT + publish(TOPIC, WRONG[way])).faults


def test_the_same_interval_is_said_once() -> None:
    again = encode_count(release(48)[0])
    assert heard(CONNECT + publish(TOPIC, PAYLOAD) * 2).faults == []
    assert heard(CONNECT + publish(TOPIC, PAYLOAD) + publish(TOPIC, again)).faults


WRONG_STREAMS = {
    "a topic that no counter has": CONNECT + publish("counter/v1/leak", PAYLOAD),
    "a count in another cell's topic": CONNECT + publish(TOPICS.cell(release()[1].cell), PAYLOAD),
    "a long identifier": b"\x10\x82\x04\x00\x04MQTT\x04\x02\x00\x1e\x01\xf6" + b"x" * 502,
    "a subscription": CONNECT + b"\x82\x08\x00\x01\x00\x03a/b\x01",
    "bytes that are no packet": CONNECT + b"\xff" * 500,
    "a packet without an end": CONNECT + b"\x30\xff\xff\x7f" + bytes(5000),
    "a will that is a picture": b"\x10\x24\x00\x04MQTT\x04\x06\x00\x1e\x00\x04abcd"
    b"\x00\x04leak\x00\x0cpicturebytes",
    "a thousand pings": CONNECT + b"\xc0\x00" * 1000,
}


@pytest.mark.parametrize("way", WRONG_STREAMS)
def test_a_connection_has_no_room_for(way: str) -> None:
    assert heard(WRONG_STREAMS[way]).faults


def test_a_leak_of_good_messages_exceeds_the_budget() -> None:
    said = heard(CONNECT + publish(TOPIC, PAYLOAD) * 40)
    assert said.sent > said.budget
    assert said.faults


@given(st.binary(max_size=300))
def test_every_byte_is_accounted_for(data: bytes) -> None:
    found, rest = packets(CONNECT + data)
    assert sum(packet.size for packet in found) + rest == len(CONNECT) + len(data)


def test_mqtt_5_is_read_with_its_properties() -> None:
    connect = b"\x10\x11\x00\x04MQTT\x05\x02\x00\x1e\x00\x00\x04abcd"
    message = b"\x32\x0f\x00\x03a/b\x00\x01\x05\x02\x00\x00\x00\x5ahi"
    found, rest = packets(connect + message)
    assert rest == 0
    assert found[1] == Packet("PUBLISH", 17, "a/b", b"hi", b"\x00\x01\x05\x02\x00\x00\x00\x5a")


def test_standard_output_holds_counts_only() -> None:
    for output, good in ((PAYLOAD + b"\n", True), (b"{}\n", False), (bytes(9000), False)):
        result = Heard()
        Grammar(SETTINGS).lines(output, result)
        assert (result.faults == []) is good


@pytest.mark.parametrize(
    "log",
    [
        b"Traceback (most recent call last):\n",
        b"counter: " + b"A" * MOST_LINE + b"\n",
        b"counter: \xff\xd8\xff\n",
        b"counter: a line\n" * (MOST_LOG // 16 + 1),
    ],
)
def test_a_log_has_no_room_for(log: bytes) -> None:
    assert log_faults(b"counter: counting\n") == []
    assert log_faults(log)
