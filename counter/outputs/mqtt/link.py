"""One connection to the broker, and the only file that knows paho.

Rule 1: one connection, one paho client. paho's own queue of unacknowledged messages ends with it,
so `Outbox` alone remembers what is still due, and nothing is sent by two memories.
Rule 2: one thread drives it (`turn`). paho's own threads are not used: they open a listening
socket on loopback to wake each other up, which the sandbox forbids.
Rule 3: version 5 properties only add; a 3.1.1 subscriber reads the same topics and payloads.
"""

import select
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from counter.outputs.mqtt.dialler import Dialler
from counter.outputs.mqtt.endpoint import Endpoint
from counter.outputs.mqtt.outbox import Message
from counter.outputs.wire import OFFLINE

if TYPE_CHECKING:
    import socket

    from paho.mqtt.client import Client

CONNECT_S = 5.0  # for the TCP connection, for the TLS handshake, and for the broker's answer
ACK_S = 60.0  # a broker that answers pings but acknowledges nothing for so long has lost its way
CREDENTIALS_HINT = "check mqtt.username_file and mqtt.password_file against the broker's users"

SILENCE_HINTS = {
    False: 'check the port (mqtts for a TLS port); an old broker needs mqtt.protocol = "3.1.1"',
    True: 'does it want mqtt.cert_file? an old broker needs mqtt.protocol = "3.1.1"',
}

# Reason codes of CONNACK (MQTT 5, table 3-1; paho translates those of 3.1.1) that trying again
# does not change: what the broker does, and what to do.
FINAL: dict[int, tuple[str, str]] = {
    0x84: ("does not speak this version of MQTT", 'try mqtt.protocol = "3.1.1"'),
    0x85: ("refuses the client id", "set mqtt.client_id to one it accepts"),
    0x86: ("refuses the user name or password", CREDENTIALS_HINT),
    0x87: ("lets nobody in by this name", CREDENTIALS_HINT),
    0x8A: ("has banned this client", "ask whoever runs the broker"),
    0x8C: ("wants another way of authentication", CREDENTIALS_HINT),
}


class LinkError(Exception):
    """No connection: why, what to do, and whether trying again is of no use."""

    def __init__(self, reason: str, hint: str = "", *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.hint, self.final = reason, hint, final


@dataclass(frozen=True, slots=True)
class Session:
    """Who connects, and how."""

    endpoint: Endpoint
    client_id: str
    protocol: Literal["5", "3.1.1"]
    keepalive_s: int
    expiry_s: int  # how long the broker keeps a message that expires
    status_topic: str  # of the last will


class Link:
    """Opened by its constructor, which raises LinkError."""

    def __init__(self, session: Session, dial: Dialler) -> None:
        self._session = session
        self._client = _new_client(session, dial)
        self._client.on_connect = self._connected
        self._client.on_publish = self._acknowledged
        self._client.on_disconnect = self._ended
        self._answer: Any = None  # the reason code of CONNACK
        self._unacked: set[int] = set()
        self._progress_s = 0.0  # monotonic: when something was last sent or acknowledged
        self.end = ""  # why it ended
        self.refused = ""  # why the broker did not want the last message that it refused
        try:
            self._open()
        except LinkError:
            self.drop()
            raise
        except Exception as error:  # paho on bytes that are no MQTT; only its kind is safe to say
            self.drop()
            raise LinkError(f"its answer is no MQTT ({type(error).__name__})") from error

    @property
    def alive(self) -> bool:
        return self._client.socket() is not None

    @property
    def idle(self) -> bool:
        """Whether everything sent is acknowledged."""
        return not self._unacked

    @property
    def stalled(self) -> bool:
        return not self.idle and time.monotonic() - self._progress_s > ACK_S

    def send(self, messages: Iterable[Message]) -> None:
        """Queue for sending, retained and with QoS 1, in this order."""
        for message in messages:
            properties = self._properties(message)
            info = self._client.publish(
                message.topic, message.payload, qos=1, retain=True, properties=properties
            )
            self._unacked.add(info.mid)
        self._progress_s = time.monotonic()

    def turn(self, timeout_s: float, wake: int) -> None:
        """Move bytes; wait at most `timeout_s` for some, or until `wake` is readable."""
        sock = self._client.socket()
        if sock is None:
            return
        # Bytes that TLS has decrypted already do not make the socket readable.
        pending = bool(getattr(sock, "pending", int)())
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        outward = select.POLLOUT if self._client.want_write() else 0
        poll.register(sock.fileno(), select.POLLIN | outward)
        ready = dict(poll.poll(0 if pending else max(0, round(timeout_s * 1000))))
        events = ready.get(sock.fileno(), 0)
        if pending or events & ~select.POLLOUT:
            self._client.loop_read()
        if events & select.POLLOUT:
            self._client.loop_write()
        self._client.loop_misc()

    def close(self, wake: int, deadline_s: float) -> None:
        """Say goodbye: the broker forgets the last will. `deadline_s` is monotonic."""
        self._client.disconnect()
        while self.alive and time.monotonic() < deadline_s:
            self.turn(0.1, wake)
        self.drop()

    def drop(self) -> None:
        """Hang up without goodbye: the broker publishes the last will."""
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def _open(self) -> None:
        endpoint = self._session.endpoint
        try:
            self._client.connect(endpoint.host, endpoint.port, self._session.keepalive_s)
        except ssl.SSLCertVerificationError as error:
            raise LinkError(
                f"its certificate is not accepted: {error.verify_message}",
                "set mqtt.ca_file to its authority, and the URL's host to a name it certifies",
                final=True,
            ) from error
        except ssl.SSLError as error:
            raise LinkError(
                "it does not speak TLS here, or not with us", "check the port, and mqtt.cert_file"
            ) from error
        except OSError as error:
            raise LinkError(error.strerror or "no answer in time") from error
        self._await_answer()

    def _await_answer(self) -> None:
        deadline = time.monotonic() + CONNECT_S
        while self._answer is None and self.alive and time.monotonic() < deadline:
            sock = self._client.socket()
            if sock is not None:
                self.turn(0.1, sock.fileno())
        if self._answer is None:
            secure = self._session.endpoint.tls is not None
            raise LinkError("it does not answer as an MQTT broker", SILENCE_HINTS[secure])
        if self._answer.is_failure:
            reason, hint = FINAL.get(self._answer.value, (f"says: {self._answer}", ""))
            raise LinkError(f"it {reason}", hint, final=self._answer.value in FINAL)

    def _connected(self, _client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        self._answer = reason

    def _acknowledged(self, _client: Any, _data: Any, mid: int, reason: Any, _more: Any) -> None:
        self._unacked.discard(mid)
        self._progress_s = time.monotonic()
        if reason.is_failure:  # taking it back and trying again would be refused again
            self.refused = str(reason)

    def _ended(self, _client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        self.end = str(reason)

    def _properties(self, message: Message) -> Any:
        if self._session.protocol != "5":
            return None
        from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415  # a vendor, opened late
        from paho.mqtt.properties import Properties  # noqa: PLC0415

        properties: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.PayloadFormatIndicator = 1  # UTF-8
        if message.payload.startswith(b"{"):
            properties.ContentType = "application/json"
        if message.expires:
            properties.MessageExpiryInterval = self._session.expiry_s
        return properties


def _new_client(session: Session, dial: Dialler) -> "Client":
    from paho.mqtt import client as paho  # noqa: PLC0415  # a vendor, when its backend is opened
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion  # noqa: PLC0415

    class Client(paho.Client):
        def _create_socket_connection(self) -> "socket.socket":
            """Use our connection, TLS and all; paho has no public way to hand it over."""
            return dial(CONNECT_S)

    version5 = session.protocol == "5"
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=session.client_id,
        clean_session=None if version5 else True,  # 5: a client's first start is clean
        protocol=MQTTProtocolVersion.MQTTv5 if version5 else MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
    )
    client.connect_timeout = CONNECT_S
    if session.endpoint.username is not None:
        client.username_pw_set(session.endpoint.username, session.endpoint.password)
    client.will_set(session.status_topic, OFFLINE, qos=1, retain=True)
    return client
