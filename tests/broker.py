"""A real mosquitto on loopback, stopped by its process id; a relay that can cut; a subscriber."""

import json
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

# Debian puts servers where a user's PATH may not look.
MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
PATIENCE_S = 15.0  # how long a test waits for what must come; far above what it takes

needs_mosquitto = pytest.mark.skipif(
    MOSQUITTO is None, reason="not run: no mosquitto on this machine (apt install mosquitto)"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(true: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come in {PATIENCE_S} s"
        time.sleep(0.01)


@dataclass
class Mosquitto:
    """`with Mosquitto(folder) as broker`; `extra` is lines of mosquitto.conf."""

    folder: Path
    persistence: bool = False
    extra: tuple[str, ...] = ("allow_anonymous true",)
    scheme: str = "mqtt"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text()

    def start(self) -> None:
        assert MOSQUITTO is not None
        lines = [f"listener {self.port} 127.0.0.1", "user root", *self.extra]
        if (
            self.persistence
        ):  # every change at once: a killed broker writes nothing in its last moment
            lines += ["persistence true", f"persistence_location {self.folder}/"]
            lines += ["autosave_on_changes true", "autosave_interval 1"]
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join([*lines, ""]))
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", str(config)], stderr=log, stdout=log)
        wait_for(self._listens, "mosquitto")

    def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE_S)
            self.process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Relay:
    """A TCP relay in front of a broker: it can be cut, stay cut, and swallow what comes back."""

    def __init__(self, target_port: int) -> None:
        self.port = free_port()
        self._target_port = target_port
        self._pairs: list[socket.socket] = []
        self.swallow = False  # the broker's bytes reach nobody
        self._listener: socket.socket | None = None
        self.open()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def open(self) -> None:
        self.swallow = False
        self._listener = listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """Hang up on both sides, and refuse connections from now on."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for sock in self._pairs:
            _hang_up(sock)
        self._pairs.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target_port))
            except OSError:
                near.close()
                continue
            self._pairs += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(source, target, far), daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket, far: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                if not (self.swallow and source is far):
                    target.sendall(data)
        except OSError:
            pass
        _hang_up(source)
        _hang_up(target)


def _hang_up(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        sock.close()


class Subscriber:
    """Hears `counter/#` with QoS 1, and comes back to its session when the broker does."""

    def __init__(self, port: int, protocol: str = "5", name: str = "", **options: Any) -> None:
        self.heard: list[paho.MQTTMessage] = []
        self.subscribed = 0  # how often
        five = protocol == "5"
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name or f"subscriber-{port}-{id(self)}",
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            clean_session=None if five else not name,
        )
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = lambda _client, _data, message: self.heard.append(message)
        self._client.reconnect_delay_set(0.02, 0.05)  # type: ignore[arg-type]  # its sleeps take floats
        if "user" in options:
            self._client.username_pw_set(options["user"], options["password"])
        if "tls" in options:
            self._client.tls_set(**options["tls"])
        properties: Any = None
        if five:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 600 if name else 0
        start = {"clean_start": not name, "properties": properties} if five else {}
        self._client.connect("127.0.0.1", port, 30, **start)
        self._client.loop_start()
        wait_for(lambda: self.subscribed, "the subscription")

    def _connected(self, client: paho.Client, *_: Any) -> None:
        client.subscribe("counter/#", 1)

    def _subscribed(self, *_: Any) -> None:
        self.subscribed += 1

    def payloads(self, tail: str) -> list[bytes]:
        return [bytes(m.payload) for m in list(self.heard) if m.topic.endswith(tail)]

    def last(self, tail: str) -> bytes | None:
        heard = self.payloads(tail)
        return heard[-1] if heard else None

    def counts(self) -> list[dict[str, Any]]:
        """Every count heard, in order."""
        return [
            json.loads(m.payload)
            for m in list(self.heard)
            if b'"schema":"counter/count/1"' in m.payload
        ]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
