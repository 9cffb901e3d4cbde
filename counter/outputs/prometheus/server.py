"""A server of one document: GET of one path gives the bytes it was handed last.

Rule 1: the answer is made beforehand; how long a scrape takes, and when one comes, follows from
nothing that was counted. Two scrapes between two releases are equal in every byte, headers
included: no date, no duration, no count of scrapes.
Rule 2: whatever else is asked is 404, whatever is wrong is silence; no traceback, no log line.
Rule 3: a client has `DEADLINE_S` in all, `MAX_REQUEST` bytes, and shares `MAX_CLIENTS` places.
"""

import contextlib
import socket
import socketserver
import threading
import time
from typing import Any

Request = socket.socket | tuple[bytes, socket.socket]  # the second is UDP's, which we never have
DEADLINE_S = 5.0
STOP_S = 0.1  # how often it looks whether to stop
MAX_REQUEST = 8192  # bytes of request line and headers; Prometheus sends about 300
MAX_CLIENTS = 8


class DocumentServer(socketserver.ThreadingTCPServer):
    """Listens once constructed. Raises OSError."""

    allow_reuse_address = True  # of a port whose last connections linger; a listener still has it
    daemon_threads = True

    def __init__(self, host: str, port: int, path: str, content_type: str) -> None:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        self.address_family = family
        self.body = b""  # replaced as a whole: a reader sees the old document or the new one
        self._request_line = f"GET {path} HTTP/1.".encode()
        self._content_type = content_type
        self._places = threading.BoundedSemaphore(MAX_CLIENTS)
        super().__init__(address, _Scrape)  # type: ignore[arg-type]  # an IPv6 address has four parts
        self._thread = threading.Thread(
            target=self.serve_forever, args=(STOP_S,), name="counter-http", daemon=True
        )
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join(timeout_s)

    def answer(self, request: bytes) -> bytes:
        """Give the whole response to a request's head."""
        line = request.partition(b"\r\n")[0]
        # `GET /metrics HTTP/1.0` or `HTTP/1.1`; a query string is not our path
        found = line[:-1] == self._request_line and line[-1:] in (b"0", b"1")
        status, body = ("200 OK", self.body) if found else ("404 Not Found", b"not found\n")
        content_type = self._content_type if found else "text/plain; charset=utf-8"
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + body

    def process_request(self, request: Request, client_address: Any) -> None:
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Request, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Rule 2: silence."""


class _Scrape(socketserver.BaseRequestHandler):
    server: DocumentServer

    def handle(self) -> None:
        request = self._read_head()
        if request:
            self.request.sendall(self.server.answer(request))
            with contextlib.suppress(OSError):
                self.request.shutdown(socket.SHUT_WR)

    def _read_head(self) -> bytes:
        """Read up to the empty line; nothing when it does not come in time and in size."""
        head = b""
        deadline = time.monotonic() + DEADLINE_S
        while b"\r\n\r\n" not in head:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or len(head) > MAX_REQUEST:
                return b""
            self.request.settimeout(left_s)
            some = self.request.recv(MAX_REQUEST)
            if not some:
                return b""
            head += some
        return head
