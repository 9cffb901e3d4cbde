"""Opens the way to the broker: TCP, and TLS when the URL says so.

paho could do both, but it binds a port before it connects, looks the name up each time, and leaves
a socket behind when a handshake fails. The sandbox forbids the first, and has no name service for
the second.
"""

import socket
from typing import Any

from counter.outputs.mqtt.endpoint import Endpoint


class Dialler:
    """Remembers the addresses that the broker's name had when it could last be looked up."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._known: list[tuple[int, int, int, Any]] = []  # family, type, protocol, address

    def __call__(self, timeout_s: float) -> socket.socket:
        """Connect to the first address that answers. Raises OSError, ssl.SSLError among them."""
        try:
            found = socket.getaddrinfo(
                self._endpoint.host, self._endpoint.port, type=socket.SOCK_STREAM
            )
            self._known = [(*entry[:3], entry[4]) for entry in found]
        except OSError:
            if not self._known:
                raise
        failure = OSError("no address")
        for family, kind, protocol, address in self._known:
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(timeout_s)
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return self._secured(sock)
            except OSError as error:
                sock.close()
                failure = error
        raise failure

    def _secured(self, sock: socket.socket) -> socket.socket:
        tls = self._endpoint.tls
        if tls is None:
            return sock
        secured = tls.wrap_socket(
            sock, server_hostname=self._endpoint.host, do_handshake_on_connect=False
        )
        try:
            secured.do_handshake()
        except OSError:
            secured.close()
            raise
        return secured
