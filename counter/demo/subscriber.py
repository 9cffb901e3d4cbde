"""Somebody who reads the counts: a second client at the broker, as a display would be.

Rule 1: it hears what comes from now on. What the broker has kept (retained) was said by an earlier
run, and would be shown and counted as this one's.
Rule 2: it listens before the block begins, so that nothing of the first release is missed.
Rule 3: paho's own thread is not used, and the connection is ours: both of paho's bind a port, which
the sandbox forbids (as in outputs/mqtt).
"""

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from counter.errors import OutputError
from counter.outputs.mqtt.dialler import Dialler
from counter.outputs.mqtt.endpoint import Endpoint, endpoint_of
from counter.settings import MqttSettings

if TYPE_CHECKING:
    from paho.mqtt.client import Client

Take = Callable[[str, dict[str, Any]], object]
NOT_COUNTS = ("status", "info", "health")
SUBSCRIBE_S = 10.0  # far above the milliseconds that a broker needs
CONNECT_S = 5.0
TICK_S = 0.2  # how often it looks whether to stop


@contextmanager
def listening(url: str, sensor_id: str, take: Take) -> Iterator[None]:
    """Call `take` with the topic and the payload of every new count, for as long as the block.

    Raises ConfigError for an unusable URL, OutputError where the broker cannot be reached.
    """
    endpoint = endpoint_of(MqttSettings(url=url))
    subscribed, over = threading.Event(), threading.Event()
    client = _client(endpoint, f"counter/v1/{sensor_id}/", take)
    client.on_subscribe = lambda *_: subscribed.set()
    where = f"mqtt.url: no connection to the broker at {endpoint}"
    hint = "is the broker running, and are host and port right?"
    try:
        client.connect(endpoint.host, endpoint.port)
    except OSError as error:
        raise OutputError(f"{where}: {error.strerror or 'no answer in time'}", hint) from error
    thread = threading.Thread(target=_turn, args=(client, over), name="demo table", daemon=True)
    thread.start()
    try:
        if not subscribed.wait(SUBSCRIBE_S):
            raise OutputError(f"{where}: it does not let us subscribe", hint)
        yield
    finally:
        over.set()
        thread.join()


def _client(endpoint: Endpoint, root: str, take: Take) -> "Client":
    from paho.mqtt import client as paho  # noqa: PLC0415
    from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

    class Client(paho.Client):
        def _create_socket_connection(self) -> socket.socket:
            return Dialler(endpoint)(CONNECT_S)  # Rule 3

    def on_connect(client: paho.Client, *_: Any) -> None:
        client.subscribe(f"{root}#", qos=1)

    def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        tail = message.topic.removeprefix(root)
        if tail not in NOT_COUNTS and not message.retain:
            take(tail, json.loads(message.payload))

    client = Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    client.on_connect = on_connect
    client.on_message = on_message
    return client


def _turn(client: "Client", over: threading.Event) -> None:
    """Move bytes until it is over or the broker has gone; then say goodbye."""
    goodbye_s: float | None = None
    while (sock := client.socket()) is not None:
        if over.is_set() and goodbye_s is None:
            goodbye_s = time.monotonic() + CONNECT_S
            client.disconnect()
            continue  # it may have hung up already
        if goodbye_s is not None and time.monotonic() > goodbye_s:
            return
        pending = bool(getattr(sock, "pending", int)())  # decrypted, and not seen by poll
        poll = select.poll()
        poll.register(sock, select.POLLIN | (select.POLLOUT if client.want_write() else 0))
        events = dict(poll.poll(0 if pending else round(TICK_S * 1000))).get(sock.fileno(), 0)
        if pending or events & ~select.POLLOUT:
            client.loop_read()
        if events & select.POLLOUT:
            client.loop_write()
        client.loop_misc()
