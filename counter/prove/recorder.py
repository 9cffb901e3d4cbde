"""Everything between the counter and its broker, kept in memory: a proxy on loopback.

Rule 1: bytes pass as they are; both directions of every connection are kept.
Rule 2: `cut` is what the loss of a broker looks like: its port is closed, connections are reset.
Rule 3: a recording is bounded; a counter that says more than that has failed already.
"""

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import Final

MOST_BYTES: Final = 64 << 20  # of one connection: thousands of times what a counter says
RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


@dataclass(slots=True)
class Connection:
    said: bytearray = field(default_factory=bytearray)  # by the counter
    heard: bytearray = field(default_factory=bytearray)


class Recorder:
    """Listens once constructed. Close it."""

    def __init__(self, broker: tuple[str, int], listener: socket.socket | None = None) -> None:
        """Stand before `broker`; `listener` may come from another network namespace."""
        self._broker = broker
        self._listener = listener or _listening(0)
        self.port = int(self._listener.getsockname()[1])
        self.connections: list[Connection] = []
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._accept()

    def cut(self) -> None:
        """Close the port and every connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self._listener.close()
        with self._lock:
            for end in self._open:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def restore(self) -> None:
        """Listen again on the same port. Raises OSError where another program has taken it."""
        self._listener = _listening(self.port)
        self._accept()

    def close(self) -> None:
        self.cut()

    def _accept(self) -> None:
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(self._broker, 5)
            except OSError:
                client.close()
                continue
            broker.settimeout(None)
            kept = Connection()
            with self._lock:
                self.connections.append(kept)
                self._open += [client, broker]
            threading.Thread(target=_session, args=(client, broker, kept), daemon=True).start()


def _session(client: socket.socket, broker: socket.socket, kept: Connection) -> None:
    """Pass bytes both ways until the connection has ended."""
    with client, broker:
        back = threading.Thread(target=_pump, args=(broker, client, kept.heard), daemon=True)
        back.start()
        _pump(client, broker, kept.said)
        back.join()


def _pump(source: socket.socket, target: socket.socket, record: bytearray) -> None:
    """Pass bytes on until one side has no more to say; then tell the other so."""
    with contextlib.suppress(OSError):
        while some := source.recv(65536):
            record += some[: max(0, MOST_BYTES - len(record))]
            target.sendall(some)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _listening(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener
