"""What may be said, and how much: every message, line and byte is held to a grammar.

Rule 1: a payload is one of the closed types, written as the counter writes it: decoded and encoded
again it is the same bytes, filled up with spaces to the one size of its cell. So there is no place
in it for anything else.
Rule 2: a cell's times follow from its sequence, its rule from the settings, its value is a multiple
of the rounding base; the same cell and sequence are always the same bytes.
Rule 3: what is no such message has to be a packet of MQTT that carries none, and short.
Rule 4: the sum has a budget that follows from cells, intervals and connections.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec
from msgspec import structs

from counter.cells import Cell, released_cells
from counter.floor import in_force
from counter.outputs.payloads import Camera, Count, HealthReport, Info
from counter.outputs.wire import OFFLINE, ONLINE, Topics, count_size
from counter.prove.packets import Packet, packets
from counter.prove.recorder import Connection
from counter.release import CameraState, Status
from counter.settings import Settings

MOST_CONNECT: Final = 128  # bytes of CONNECT beside its will: identifier, user name, password
MOST_OTHER: Final = 4  # bytes of any other packet: a type, a length, a packet's number
MOST_AROUND: Final = 24  # bytes of PUBLISH beside topic and payload: header, number, expiry
MOST_STATE: Final = 1024  # bytes of health, or of info, with topic and header ...
MOST_CELL: Final = 128  # ... and of what info says of a cell
MOST_OTHERS: Final = 20  # other packets of one connection: pings and acknowledgements
MOST_PACKET: Final = 4096  # bytes of a packet that was under way when the connection ended
MOST_LINE: Final = 300  # characters of a line of the log
MOST_LOG: Final = 16_384  # bytes of the log of one run

T = TypeVar("T", Count, HealthReport, Info)


@dataclass(slots=True)
class Heard:
    """What one run said, and what was wrong with it."""

    faults: list[str] = field(default_factory=list)
    sent: int = 0  # bytes to the broker
    budget: int = 0
    messages: int = 0
    counts: dict[tuple[str, int], bytes] = field(default_factory=dict)  # by topic and sequence
    published: int = 0  # counts that held a number
    sandbox: str = ""  # as Health says

    def fault(self, text: str) -> None:
        if text not in self.faults:
            self.faults.append(text)


class Grammar:
    """What a counter with these settings may say."""

    def __init__(self, settings: Settings) -> None:
        self._parameters = in_force(settings)
        topics = Topics(settings.sensor_id)
        self._topics = topics
        self._sensor_id = settings.sensor_id
        self._cells: dict[str, Cell] = {topics.cell(c): c for c in released_cells(settings)}

    def traffic(self, connections: list[Connection], heard: Heard) -> None:
        """Hold everything that was sent to the broker to the grammar and the budget."""
        for connection in connections:
            stream = bytes(connection.said)
            heard.sent += len(stream)
            found, rest = packets(stream)
            if rest > MOST_PACKET:
                heard.fault(f"mqtt: {rest} bytes of a packet that did not end")
            for packet in found:
                self._packet(packet, heard)
            others = sum(p.kind not in ("CONNECT", "PUBLISH") for p in found)
            if others > MOST_OTHERS:
                heard.fault(f"mqtt: {others} packets without a message")
        heard.budget = self._budget(len(connections), heard)
        if heard.sent > heard.budget:
            heard.fault(f"mqtt: {heard.sent} bytes, the budget is {heard.budget}")

    def lines(self, output: bytes, heard: Heard) -> None:
        """Hold standard output to it: the payload of a cell on every line."""
        *lines, tail = output.split(b"\n")
        if len(tail) > MOST_PACKET:
            heard.fault(f"standard output: a line of {len(tail)} bytes that did not end")
        for line in lines:
            topic = next((t for t in self._cells if self._wrong(t, line, None) is None), None)
            if topic is None:
                heard.fault(f"standard output: a line of {len(line)} bytes is no count")

    def _packet(self, packet: Packet, heard: Heard) -> None:
        if packet.kind == "CONNECT":
            if len(packet.rest) > MOST_CONNECT:
                heard.fault(f"mqtt: CONNECT has {len(packet.rest)} bytes beside its will")
            if packet.topic and (packet.topic, packet.payload) != (self._topics.status, OFFLINE):
                heard.fault("mqtt: the will is not the status 'offline'")
        elif packet.kind == "PUBLISH":
            heard.messages += 1
            wrong = self._wrong(packet.topic, packet.payload, heard)
            if wrong is None and len(packet.rest) > MOST_AROUND:
                wrong = f"{len(packet.rest)} bytes of properties"
            if wrong is not None:
                heard.fault(f"mqtt: {packet.size} bytes to {packet.topic[:80]!r}: {wrong}")
        elif packet.size > MOST_OTHER:
            heard.fault(f"mqtt: {packet.kind} of {packet.size} bytes")

    def _wrong(self, topic: str, payload: bytes, heard: Heard | None) -> str | None:
        """Say what is wrong with a message; remember it in `heard` if nothing is."""
        if topic == self._topics.status:
            return None if payload in (ONLINE, OFFLINE) else "not a status"
        if topic == self._topics.info:
            return _fault_of(_strict(payload, Info, None))
        if topic == self._topics.health:
            report = _strict(payload, HealthReport, _health_size)
            if heard is not None and not isinstance(report, str):
                heard.sandbox = report.sandbox
            return _fault_of(report)
        cell = self._cells.get(topic)
        return "a topic that no counter has" if cell is None else self._count(cell, payload, heard)

    def _count(self, cell: Cell, payload: bytes, heard: Heard | None) -> str | None:
        size = count_size(self._sensor_id, cell)
        count = _strict(payload, Count, lambda _: size)
        if isinstance(count, str):
            return count
        if wrong := self._contradiction(cell, count):
            return wrong
        if heard is not None:
            known = heard.counts.setdefault((self._topics.cell(cell), count.sequence), payload)
            if known != payload:
                return "the same interval said twice, differently"
            heard.published += count.status is Status.PUBLISHED
        return None

    def _contradiction(self, cell: Cell, count: Count) -> str | None:
        """Say what in a count does not follow from the settings and its sequence (Rule 2)."""
        rules = self._parameters
        begins = count.sequence * rules.interval_s
        times = _instant(begins), _instant(begins + rules.interval_s)
        wrong = {
            "another cell than the topic's": (count.kind, count.name, count.measure)
            != (cell.kind, cell.name, cell.measure),
            "another sensor": f"{count.site}/{count.device}" != self._sensor_id,
            "another rule": count.rule != rules.rule_id,
            "times that do not follow from the sequence": times
            != (count.interval_start, count.interval_end),
            "a number that is not rounded": bool(count.value and count.value % rules.rounding),
            "a number below the threshold": (count.value or rules.threshold) < rules.threshold,
        }
        return next((text for text, is_so in wrong.items() if is_so), None)

    def _budget(self, connections: int, heard: Heard) -> int:
        """Work out the most that may have been sent (Rule 4)."""
        sequences = [sequence for _, sequence in heard.counts]
        intervals = max(sequences) - min(sequences) + 1 if sequences else 0
        release = sum(
            len(topic) + count_size(self._sensor_id, cell) + MOST_AROUND
            for topic, cell in self._cells.items()
        )
        health = info = MOST_STATE + MOST_CELL * len(self._cells)
        once = MOST_CONNECT + 4 * (len(self._topics.status) + MOST_AROUND) + info + health + release
        return connections * (once + MOST_OTHER * MOST_OTHERS) + intervals * (release + health)


def log_faults(log: bytes) -> list[str]:
    """Say what is wrong with standard error."""
    faults = []
    if len(log) > MOST_LOG:
        faults.append(f"log: {len(log)} bytes, at most {MOST_LOG} expected")
    for line in log.splitlines():
        if not line.startswith(b"counter: "):
            faults.append(f"log: a line of {len(line)} bytes is not of this program")
        elif len(line) > MOST_LINE:
            faults.append(f"log: a line of {len(line)} bytes, at most {MOST_LINE} expected")
        elif not line.isascii():
            faults.append("log: a line holds other characters than ASCII")
    return sorted(set(faults))


def _strict(payload: bytes, kind: type[T], size: Callable[[T], int] | None) -> T | str:
    """Read a payload that is written in the one way it can be; or say why it is not."""
    try:
        said = msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"no {kind.__name__} of the closed schema"
    written = msgspec.json.encode(said)
    wanted = len(written) if size is None else size(said)
    if written.ljust(wanted) != payload:
        return f"{len(payload)} bytes, not written as a {kind.__name__} of {wanted} is"
    return said


def _fault_of(said: object) -> str | None:
    return said if isinstance(said, str) else None


def _health_size(report: HealthReport) -> int:
    worst = [Camera(camera.name, max(CameraState, key=len)) for camera in report.cameras]
    longest = structs.replace(report, cameras=worst, ok=False, below_ceiling=False)
    return len(msgspec.json.encode(longest))


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
