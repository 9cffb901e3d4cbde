"""Somebody who reads the counts: a second client at the broker, as a display would be.

Rule 1: it hears what comes from now on. What the broker has kept (retained) was said by an earlier
run, and would be shown and counted as this one's.
Rule 2: it listens before the block begins, so that nothing of the first release is missed.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from counter.errors import OutputError
from counter.outputs.mqtt.endpoint import endpoint_of
from counter.settings import MqttSettings

Take = Callable[[str, dict[str, Any]], object]
NOT_COUNTS = ("status", "info", "health")
SUBSCRIBE_S = 10.0  # far above the milliseconds that a broker needs


@contextmanager
def listening(url: str, sensor_id: str, take: Take) -> Iterator[None]:
    """Call `take` with the topic and the payload of every new count, for as long as the block.

    Raises ConfigError for an unusable URL, OutputError where the broker cannot be reached.
    """
    from paho.mqtt import client as paho  # noqa: PLC0415
    from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

    root = f"counter/v1/{sensor_id}/"
    subscribed = threading.Event()

    def on_connect(client: paho.Client, *_: Any) -> None:
        client.subscribe(f"{root}#", qos=1)

    def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        tail = message.topic.removeprefix(root)
        if tail not in NOT_COUNTS and not message.retain:
            take(tail, json.loads(message.payload))

    endpoint = endpoint_of(MqttSettings(url=url))
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    client.on_connect = on_connect
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = on_message
    if endpoint.tls is not None:
        client.tls_set_context(endpoint.tls)
    where = f"mqtt.url: no connection to the broker at {endpoint}"
    hint = "is the broker running, and are host and port right?"
    try:
        client.connect(endpoint.host, endpoint.port)
    except OSError as error:
        raise OutputError(f"{where}: {error.strerror or 'no answer in time'}", hint) from error
    client.loop_start()
    try:
        if not subscribed.wait(SUBSCRIBE_S):
            raise OutputError(f"{where}: it does not let us subscribe", hint)
        yield
    finally:
        client.disconnect()
        client.loop_stop()
