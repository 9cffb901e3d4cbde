"""What a client said to a broker, packet by packet (MQTT 3.1.1 and 5).

Rule 1: every byte belongs to a packet that is known, or is counted as unexplained.
Rule 2: nothing is trusted: lengths are checked against what is there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

KINDS: Final = {
    1: "CONNECT", 3: "PUBLISH", 4: "PUBACK", 5: "PUBREC", 6: "PUBREL", 7: "PUBCOMP",
    8: "SUBSCRIBE", 10: "UNSUBSCRIBE", 12: "PINGREQ", 14: "DISCONNECT",
}  # fmt: skip
UNKNOWN: Final = "UNKNOWN"
WILL: Final = 0x04  # of CONNECT's flags
LONGEST_HEAD: Final = 5  # bytes: a type and the longest length


@dataclass(frozen=True, slots=True)
class Packet:
    kind: str
    size: int  # bytes on the wire
    topic: str = ""  # of PUBLISH, and of the will in CONNECT
    payload: bytes = b""  # the same
    rest: bytes = b""  # what of it is neither: identifiers, properties


class NotMqttError(Exception):
    """The bytes are no packet of MQTT."""


def packets(stream: bytes) -> tuple[list[Packet], int]:
    """Take a connection's bytes apart; say how many at its end are the beginning of a packet.

    What is no packet is one of the kind UNKNOWN, to the end of the stream.
    """
    found: list[Packet] = []
    at = 0
    version = 4
    while at < len(stream):
        left = len(stream) - at
        try:
            length, head = _length(stream, at + 1)
            size = 1 + head + length
            if size > left:
                return found, left
            packet, version = _packet(stream[at], stream[at + 1 + head : at + size], version)
        except (NotMqttError, IndexError, UnicodeDecodeError):
            if left < LONGEST_HEAD:
                return found, left
            return [*found, Packet(UNKNOWN, left)], 0
        found.append(packet)
        at += size
    return found, 0


def _packet(first: int, body: bytes, version: int) -> tuple[Packet, int]:
    kind = KINDS.get(first >> 4)
    if kind is None:
        raise NotMqttError
    size = 1 + len(_varint(len(body))) + len(body)
    if kind == "CONNECT":
        version = body[6]
        will_topic, will, rest = _will(body, version)
        return Packet(kind, size, will_topic, will, rest), version
    if kind != "PUBLISH":
        return Packet(kind, size, rest=body), version
    fields = _Fields(body)
    topic = fields.text()
    start = fields.at
    if first & 0x06:
        fields.skip(2)  # the packet's number
    if version == 5:
        fields.properties()
    return Packet(kind, size, topic, body[fields.at :], body[start : fields.at]), version


def _will(body: bytes, version: int) -> tuple[str, bytes, bytes]:
    """Topic and payload of the will, and everything else that CONNECT says."""
    fields = _Fields(body)
    fields.skip(10)  # name, version, flags, keep-alive
    flags = body[7]
    if version == 5:
        fields.properties()
    fields.binary()  # the client's identifier
    if not flags & WILL:
        return "", b"", body
    if version == 5:
        fields.properties()
    start = fields.at
    topic = fields.text()
    payload = fields.binary()
    return topic, payload, body[:start] + body[fields.at :]


class _Fields:
    """Reads one field after the other."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.at = 0

    def skip(self, count: int) -> bytes:
        if self.at + count > len(self._body):
            raise NotMqttError
        self.at += count
        return self._body[self.at - count : self.at]

    def binary(self) -> bytes:
        return self.skip(int.from_bytes(self.skip(2), "big"))

    def text(self) -> str:
        return self.binary().decode()

    def properties(self) -> None:
        length, head = _length(self._body, self.at)
        self.skip(head + length)


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Read a variable byte integer; give it and the number of its bytes."""
    value = 0
    for index in range(4):
        if at + index >= len(data):
            raise NotMqttError
        byte = data[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, index + 1
    raise NotMqttError


def _varint(value: int) -> bytes:
    return bytes(_septets(value))


def _septets(value: int) -> Iterator[int]:
    while True:
        value, low = divmod(value, 128)
        yield low | (0x80 if value else 0)
        if not value:
            return
