"""The door to the world: an Output takes what the gate released, and returns at once."""

from collections.abc import Sequence
from typing import Protocol

from counter.release import Health, ZoneCount


class Output(Protocol):
    """Somewhere that released counts go.

    `publish` never waits for the network and never raises for it: it queues, within bounds.
    `close` delivers what it can within `timeout_s`, marks the device offline and frees the port.
    """

    broken: bool  # nobody takes what is published any more, and nobody will

    def publish(self, counts: Sequence[ZoneCount], health: Health) -> None: ...
    def close(self, timeout_s: float = 5.0) -> None: ...
