"""Somebody who reads the counts: a second client at the broker, as a display would be."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

Take = Callable[[str, dict[str, Any]], object]
NOT_COUNTS = ("status", "info", "health")


@contextmanager
def listening(url: str, sensor_id: str, take: Take) -> Iterator[None]:
    """Call `take` with the topic and the payload of every count, for as long as the block."""
    from paho.mqtt import client as paho  # noqa: PLC0415
    from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

    root = f"counter/v1/{sensor_id}/"

    def on_connect(client: paho.Client, *_: Any) -> None:
        client.subscribe(f"{root}#", qos=1)

    def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        tail = message.topic.removeprefix(root)
        if tail not in NOT_COUNTS:
            take(tail, json.loads(message.payload))

    address = urlsplit(url)
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    client.on_connect = on_connect
    client.on_message = on_message
    if address.scheme == "mqtts":
        client.tls_set()
    client.connect(address.hostname or "127.0.0.1", address.port or 1883)
    client.loop_start()
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()
