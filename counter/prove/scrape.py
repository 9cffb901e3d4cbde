"""What /metrics says, asked for again and again while the counter runs, and its grammar.

Rule 1: every response is kept whole; it has three headers and a body of known families.
Rule 2: labels hold names of the configuration or words of the closed types; numbers are short.
Rule 3: the text about cells has one size whatever was counted.
"""

import contextlib
import re
import socket
import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from counter.cells import released_cells
from counter.config import Loaded
from counter.health import standing
from counter.models import Model
from counter.outputs.prometheus.metrics import Family, cell_families, health_families
from counter.release import CameraHealth, CameraState, Level, Quality, Status

EVERY_S: Final = 0.5
PATHS: Final = (b"/metrics", b"/metrics", b"/metrics", b"/frame.jpg")  # in turns; the last is none
MOST_KEPT: Final = 32 << 20  # bytes of all responses
NOT_FOUND: Final = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 10\r\nConnection: close\r\n\r\nnot found\n"
)
HEAD: Final = re.compile(
    rb"HTTP/1\.1 200 OK\r\nContent-Type: text/plain; version=[\w.]+; charset=utf-8\r\n"
    rb"Content-Length: (\d{1,6})\r\nConnection: close"
)
COMMENT: Final = re.compile(rb"# (HELP|TYPE) (\w+) (.*)")
SAMPLE: Final = re.compile(rb"(\w+)(?:\{(.*)\})? \d{1,10}(?:\.\d{1,12})?(?:e\+\d\d)?")
LABEL: Final = re.compile(rb'(\w+)="([A-Za-z0-9._:;,=<>+*/() -]{0,64})"')
FILLER: Final = re.compile(rb"# *")
FILLER_LINE: Final = re.compile(rb"(?m)^# *$")
MOST_LINE: Final = 300  # bytes of a line that the end of the run cut short

WORDS: Final = (CameraState, Level, Quality, Status)  # and the letters of the levels of service


class Scraper:
    """Asks from a thread until it is stopped."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._over = threading.Event()
        self.responses: dict[bytes, int] = {}  # each different one, and how often it came
        self._kept = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(10)

    def _run(self) -> None:
        turn = 0
        while not self._over.wait(EVERY_S):
            with contextlib.suppress(OSError):
                response = _ask(self._port, PATHS[turn % len(PATHS)])
                turn += 1
                if response not in self.responses and self._kept < MOST_KEPT:
                    self._kept += len(response)
                    self.responses[response] = 0
                if response in self.responses:
                    self.responses[response] += 1


def _ask(port: int, path: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 2) as client:
        client.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return b"".join(iter(lambda: client.recv(65536), b""))


def faults_of(responses: Iterable[bytes], loaded: Loaded, model: Model) -> list[str]:
    """Say what is wrong with what /metrics answered."""
    families = {family.name: family for family in _families(loaded, model)}
    names = {loaded.settings.sensor_id, *loaded.settings.cameras}
    for cell in released_cells(loaded.settings):
        names |= {cell.kind, cell.name, cell.measure}
    words = names | {str(word) for kind in WORDS for word in kind} | {*"ABCDEF"}
    faults: set[str] = set()
    sizes: set[int] = set()
    for response in responses:
        if response in (NOT_FOUND, b""):  # nothing: it was stopping
            continue
        head, _, body = response.partition(b"\r\n\r\n")
        known = HEAD.fullmatch(head)
        if known is None or len(body) > int(known[1]):
            faults.add("metrics: other headers than the three known ones, or a longer answer")
        elif len(body) == int(known[1]):
            if body:  # there is none before the first document is made
                cells = next((m.end() for m in FILLER_LINE.finditer(body)), -1)
                sizes.add(cells)
        else:  # the run ended within it: whole lines are judged
            body, _, rest = body.rpartition(b"\n")
            if len(rest) > MOST_LINE:
                faults.add(f"metrics: a line of {len(rest)} bytes")
        faults |= set(_body_faults(body, families, words))
    if len(sizes) > 1 or -1 in sizes:
        faults.add(f"metrics: the text about cells has {len(sizes)} sizes, one is expected")
    return sorted(faults)


def _body_faults(body: bytes, families: dict[str, Family], words: set[str]) -> Iterable[str]:
    for line in body.splitlines():
        comment, sample = COMMENT.fullmatch(line), SAMPLE.fullmatch(line)
        if comment:
            family = families.get(comment[2].decode())
            said = b"gauge" if comment[1] == b"TYPE" else family and family.help.encode()
            if family is None or comment[3] != said:
                yield f"metrics: a comment of {len(line)} bytes is not known"
        elif sample:
            family = families.get(sample[1].decode())
            labels = LABEL.findall(sample[2] or b"")
            if family is None or {name.decode() for name, _ in labels} != set(family.labels):
                yield f"metrics: a sample of {sample[1][:60].decode()} is not known"
            elif sample[1] != b"counter_build_info" and any(
                value.decode() not in words for _, value in labels
            ):
                yield f"metrics: a label of {sample[1].decode()} is no word of the configuration"
        elif not FILLER.fullmatch(line):
            yield f"metrics: a line of {len(line)} bytes is no sample"


def _families(loaded: Loaded, model: Model) -> Iterable[Family]:
    """Every family that may be there; their samples are not looked at."""
    health = standing(loaded, model, None, "")
    cameras = tuple(CameraHealth(name, CameraState.OK) for name in loaded.settings.cameras)
    yield from cell_families(dict.fromkeys(released_cells(loaded.settings)))
    yield from health_families(replace(health, cameras=cameras), 0)
