"""A server of one file with the faults of real ones, and a proxy; both on loopback, in threads."""

import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass
class Place:
    """What is served, how it goes wrong, and what was asked for."""

    data: bytes
    ranges: bool = True  # False: the whole file, whatever is asked
    status: int = 0  # answer this, and no file
    cut_at: int | None = None  # end the connection after so many bytes
    stops_at: int | None = None  # say nothing more after so many bytes
    redirect: str = ""  # of everything, to there
    raw: bytes = b""  # say this, and nothing else
    chunked: bool = False  # do not say how long the file is
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # path or host, range
    sent: int = 0  # bytes of bodies
    stopped: Event = field(default_factory=Event)  # the server is silent now
    ended: Event = field(default_factory=Event)  # the test is over


class Server(ThreadingHTTPServer):
    place: Place


class Files(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        place, wanted = self.server.place, self.headers.get("Range")
        place.asked.append((self.path, wanted))
        if place.raw:
            self.wfile.write(place.raw)
            self.close_connection = True
            return
        if place.status or place.redirect:
            self.send_response(place.status or 302)
            self._end({"Location": place.redirect, "Content-Length": "0"} | place.headers)
            return
        begin, whole = 0, len(place.data)
        if wanted and place.ranges:
            begin = int(wanted.removeprefix("bytes=").rstrip("-"))
            if begin >= whole:
                self.send_response(416)
                self._end({"Content-Range": f"bytes */{whole}", "Content-Length": "0"})
                return
            self.send_response(206)
            where = {"Content-Range": f"bytes {begin}-{whole - 1}/{whole}"}
        else:
            self.send_response(200)
            where = {}
        kind = {"Content-Type": "application/octet-stream"}
        long = {"Content-Length": str(whole - begin)}
        if place.chunked:
            long = {"Transfer-Encoding": "chunked"}
        self._end(long | kind | where | place.headers)
        self._body(place, place.data[begin:])

    def _body(self, place: Place, body: bytes) -> None:
        limit = place.cut_at if place.cut_at is not None else place.stops_at
        part = body[:limit]
        place.sent += len(part)  # before: whoever has read it all may look at once
        if place.chunked:
            part = b"%x\r\n%s\r\n0\r\n\r\n" % (len(part), part)
        self.wfile.write(part)
        self.wfile.flush()
        if place.stops_at is not None:
            place.stopped.set()
            place.ended.wait(30)
        self.close_connection = True

    def _end(self, headers: dict[str, str]) -> None:
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the test asks `Place`."""


class Proxy(Files):
    """Notes what it is asked for; `status` stands for an answer. All names are here."""

    def do_CONNECT(self) -> None:
        place = self.server.place
        place.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        if place.status:
            self.send_error(place.status)
            return
        port = self.path.rpartition(":")[2]
        with socket.create_connection(("127.0.0.1", int(port))) as there:
            self.send_response(200)
            self.end_headers()
            self._relay(there)
        self.close_connection = True

    def _relay(self, there: socket.socket) -> None:
        other = {there: self.connection, self.connection: there}
        while True:
            ready, _, _ = select.select(list(other), [], [], 30)
            for one in ready:
                if not (data := one.recv(65536)):
                    return
                other[one].sendall(data)


@contextmanager
def serving(
    place: Place, handler: type[Files] = Files, tls: tuple[str, str] | None = None
) -> Iterator[str]:
    """Serve on a free port; `tls`: files of a certificate and its key. Gives the address."""
    server = Server(("127.0.0.1", 0), handler)
    server.place = place
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that go away
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}"
    finally:
        place.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
