"""MQTT: retained state per cell, delivered in order and within bounds (see docs/mqtt.md).

Rule 1: `publish` queues and returns; a broker that is away is not an error once it was there.
Rule 2: at the start it is one: `connect` says in a line why, so that a wrong address or password
is noticed by whoever typed it.

`endpoint` reads URL and files, `dialler` and `link` make one connection, `outbox` is what waits,
`courier` the thread.
"""

import logging
import time
from collections.abc import Callable, Sequence
from itertools import groupby

from counter.errors import OutputError
from counter.outputs.mqtt.courier import Courier
from counter.outputs.mqtt.dialler import Dialler
from counter.outputs.mqtt.endpoint import endpoint_of
from counter.outputs.mqtt.link import Link, LinkError, Session
from counter.outputs.mqtt.outbox import Message, Outbox, Release
from counter.outputs.wire import (
    EXPIRY_INTERVALS,
    OFFLINE,
    ONLINE,
    Announcement,
    Topics,
    encode_count,
    encode_health,
    encode_info,
)
from counter.release import Health, ZoneCount
from counter.settings import MqttSettings

RETRY_S = 0.5  # between attempts at the start

_log = logging.getLogger("counter.mqtt")


class MqttOutput:
    """One device at one broker. Raises ConfigError for an unusable URL or file."""

    def __init__(
        self,
        settings: MqttSettings,
        announcement: Announcement,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._clock = clock
        self._topics = topics = Topics(announcement.sensor_id)
        endpoint = endpoint_of(settings)
        self._session = Session(
            endpoint=endpoint,
            client_id=settings.client_id or _client_id(announcement.sensor_id),
            protocol=settings.protocol,
            keepalive_s=settings.keepalive_s,
            expiry_s=EXPIRY_INTERVALS * announcement.interval_s,
            status_topic=topics.status,
        )
        self._dial = Dialler(endpoint)
        self._courier = Courier(
            self._link,
            Outbox(settings.queue_intervals, settings.queue_max_age_s),
            greeting=(
                Message(topics.status, ONLINE, expires=False),
                Message(topics.info, encode_info(announcement), expires=False),
            ),
            farewell=Message(topics.status, OFFLINE, expires=False),
        )
        self.broken = False  # a broker that is away may come back
        self._dropping = False
        self._closed = False

    def connect(self, timeout_s: float = 5.0) -> None:
        """Reach the broker for the first time. Raises OutputError when it cannot be reached."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                link = self._link()
            except LinkError as error:
                if error.final or time.monotonic() + RETRY_S > deadline:
                    raise self._unreachable(error) from error
                time.sleep(RETRY_S)
            else:
                self._courier.start(link)
                return

    def publish(self, counts: Sequence[ZoneCount], health: Health) -> None:
        """Queue the cells of each interval as one release; never waits."""
        if self._closed:
            return
        said = Message(self._topics.health, encode_health(health))
        for _, cells in groupby(counts, key=lambda count: count.interval.sequence):
            messages = tuple(
                Message(self._topics.cell(count.cell), encode_count(count)) for count in cells
            )
            dropped = self._courier.carry(Release(messages, self._clock()), said)
            if dropped and not self._dropping:
                _log.warning("the broker is away for too long: the oldest releases are dropped")
            self._dropping = bool(dropped)

    def close(self, timeout_s: float = 5.0) -> None:
        """Deliver what waits, as far as time allows, and go offline. Safe to call twice."""
        if not self._closed:
            self._closed = True
            self._courier.stop(timeout_s)

    def _link(self) -> Link:
        return Link(self._session, self._dial)

    def _unreachable(self, error: LinkError) -> OutputError:
        where = f"mqtt.url: no connection to the broker at {self._session.endpoint}"
        hint = error.hint or "is the broker running, and are host and port right?"
        return OutputError(f"{where}: {error.reason}", hint)


def _client_id(sensor_id: str) -> str:
    """No name holds `_` (see `Name`), so no two devices share an id and throw each other off."""
    return "counter-" + sensor_id.replace("/", "_")
