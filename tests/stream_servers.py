"""Small real servers on loopback: JPEG or H.264 in RTP in RTSP (RFC 2326, 2435, 6184), and HTTP.

They send a picture that changes, at RATE per second, to whoever asks with the right password.
"""

import socket
import struct
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event, Thread

import cv2
import numpy as np

WIDTH, HEIGHT, RATE = 320, 240, 25
USER, PASSWORD = "viewer", "s3cret"
CREDENTIAL = b"Basic " + b64encode(f"{USER}:{PASSWORD}".encode())

Handler = Callable[[socket.socket, Event], None]
SEQUENCE = count()


def pictures(stop: Event) -> Iterator[bytes]:
    """Yield JPEG files of a light square that moves over noise, in real time."""
    noise = np.random.default_rng(1).integers(40, 90, (HEIGHT, WIDTH, 3), np.uint8)
    number = 0
    while not stop.wait(1 / RATE):
        picture = noise.copy()
        left = number * 4 % (WIDTH - 60)
        picture[100:160, left : left + 60] = 220
        yield cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
        number += 1


class Server:
    """Listens on one port; `stop()` cuts every connection, `start()` takes the same port again."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.port = 0
        self.start()

    def start(self) -> None:
        self._ended = Event()
        self._threads: list[Thread] = []
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._listener.settimeout(0.05)
        self._spawn(self._accept)

    def stop(self) -> None:
        self._ended.set()
        for thread in list(self._threads):
            thread.join()

    def _spawn(self, work: Callable[[], None]) -> None:
        thread = Thread(target=work)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with self._listener:
            while not self._ended.is_set():
                with suppress(TimeoutError):
                    self._spawn(partial(self._serve, self._listener.accept()[0]))

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.05)
        with connection, suppress(ConnectionError):
            self._handler(connection, self._ended)


def silent(connection: socket.socket, stop: Event) -> None:
    """Take the connection and never say a word."""
    del connection
    stop.wait()


def http(connection: socket.socket, stop: Event) -> None:
    """Send multipart JPEG, as webcams and simple cameras do."""
    request = _request(connection, stop)
    if CREDENTIAL not in request:
        connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=c\r\n\r\n")
        return
    connection.settimeout(None)
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
    )
    for jpeg in pictures(stop):
        head = f"--b\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
        connection.sendall(head.encode() + jpeg + b"\r\n")


def rtsp(connection: socket.socket, stop: Event) -> None:
    """A camera that sends JPEG."""
    if _talk(connection, stop, b"m=video 0 RTP/AVP 26\r\n"):
        for jpeg in pictures(stop):
            _send(connection, 26, list(_jpeg_parts(jpeg)))


def h264_camera(film: Path, joined_at: int) -> Handler:
    """A camera that sends the H.264 of `film`, which a client joins at that packet, key or not."""
    raw = cv2.VideoCapture(str(film), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
    packets = list[bytes]()
    while raw.grab():
        packets.append(np.asarray(raw.retrieve()[1]).tobytes())

    def camera(connection: socket.socket, stop: Event) -> None:
        media = (
            b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n"
        )
        if _talk(connection, stop, media):
            for packet in packets[joined_at:]:
                if stop.wait(1 / RATE):
                    return
                _send(connection, 96, list(_h264_parts(packet)))

    return camera


def _talk(connection: socket.socket, stop: Event, media: bytes) -> bool:
    """Answer an RTSP client until it plays. False: it went away before."""
    sdp = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    sdp += media + b"a=control:video\r\n"
    answers = {
        b"OPTIONS": b"Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n",
        b"DESCRIBE": b"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(sdp)
        + sdp,
        b"SETUP": b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n\r\n",
        b"PLAY": b"Session: 1\r\n\r\n",
    }
    while request := _request(connection, stop):
        verb = request.split(b" ", 1)[0]
        number = request.lower().split(b"cseq: ")[1].split(b"\r\n")[0]
        if verb == b"DESCRIBE" and CREDENTIAL not in request:
            head = b"RTSP/1.0 401 Unauthorized\r\nCSeq: %s\r\n" % number
            connection.sendall(head + b'WWW-Authenticate: Basic realm="c"\r\n\r\n')
            continue
        connection.sendall(b"RTSP/1.0 200 OK\r\nCSeq: %s\r\n" % number + answers.get(verb, b"\r\n"))
        if verb == b"PLAY":
            connection.settimeout(None)
            return True
    return False


def _send(connection: socket.socket, payload_type: int, parts: list[bytes]) -> None:
    """Send one picture's RTP packets inside the RTSP connection; the last one carries the mark."""
    stamp = round(time.monotonic() * 90_000) & 0xFFFFFFFF
    for number, part in enumerate(parts):
        mark = 128 if number == len(parts) - 1 else 0
        sequence = next(SEQUENCE) & 0xFFFF
        head = struct.pack("!BBHII", 0x80, mark | payload_type, sequence, stamp, 0x1234)
        connection.sendall(b"$\x00" + struct.pack("!H", len(head + part)) + head + part)


def _request(connection: socket.socket, stop: Event) -> bytes:
    text = b""
    while b"\r\n\r\n" not in text and not stop.is_set():
        with suppress(TimeoutError):
            more = connection.recv(4096)
            if not more:
                return b""
            text += more
    return text


def _jpeg_parts(jpeg: bytes) -> Iterator[bytes]:
    """Cut one JPEG file into RTP payloads: its tables first, then its scan (RFC 2435, 3.1)."""
    tables, scan = _parse(jpeg)
    head = struct.pack("!BBH", 0, 0, len(tables)) + tables
    for start in range(0, len(scan), 1400):
        size = 1 << 24 | 255 << 16 | WIDTH // 8 << 8 | HEIGHT // 8
        place = struct.pack("!II", start, size)
        yield place + (b"" if start else head) + scan[start : start + 1400]


def _h264_parts(packet: bytes) -> Iterator[bytes]:
    """Cut the NAL units between start codes into RTP payloads, large ones into FU-A (RFC 6184)."""
    for unit in filter(None, packet.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")):
        if len(unit) <= 1400:
            yield unit
            continue
        for start in range(1, len(unit), 1400):
            first, last = start == 1, start + 1400 >= len(unit)
            kind = first << 7 | last << 6 | unit[0] & 31
            yield bytes([unit[0] & 0xE0 | 28, kind]) + unit[start : start + 1400]


def _parse(jpeg: bytes) -> tuple[bytes, bytes]:
    """Give the quantisation tables and the entropy-coded scan of a baseline 4:2:0 JPEG file."""
    tables, at = b"", 2
    while True:
        marker, length = struct.unpack_from("!HH", jpeg, at)
        body = jpeg[at + 4 : at + 2 + length]
        if marker == 0xFFDB:
            tables += b"".join(body[i + 1 : i + 65] for i in range(0, len(body), 65))
        at += 2 + length
        if marker == 0xFFDA:
            return tables, jpeg[at:-2]
