"""The main job opens no socket but loopback and writes no file, as the kernel saw it.

CI is unset on purpose: one runtime is silent in CI and reports usage everywhere else. What this
does not show: that nothing would be sent over the allowed connections (their payloads have a
closed grammar, see test_wire.py).
"""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.trace import runnable, traced

pytestmark = [pytest.mark.root, pytest.mark.slow]

WITHOUT = {"CI", "ORT_DISABLE_TELEMETRY", "YOLO_OFFLINE", "YOLO_AUTOINSTALL"}
ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in WITHOUT} | {
    "PYTHONDONTWRITEBYTECODE": "1"  # a cache of our own source, and nothing of the job's
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    if reason := runnable():
        pytest.skip(f"not run: {reason}")
    home = tmp_path / "home"
    home.mkdir()
    return home


def test_the_main_job_reaches_nobody_and_writes_nothing(home: Path) -> None:
    demo = [sys.executable, "-m", "counter", "demo", "--seconds", "31"]
    seen = traced(demo, home, ENVIRONMENT)

    assert seen.code == 0, seen.errors
    assert re.search(r"occupancy +(\d+|<11)", seen.output)  # counts were released meanwhile
    assert seen.lines > 500  # the imports alone open more files than that
    assert "sandbox full" in seen.errors or "sandbox weaker" in seen.errors
    assert seen.refused  # of the sandbox's own attempts
    assert seen.sockets == []
    assert seen.writes == []
    assert list(home.iterdir()) == []


WITH_ALL_RIGHTS = """
import counter.cli
from counter.assemble import appliance
from counter.demo.broker import embedded_broker
from counter.demo.place import prepared
from counter.demo.request import Request
from counter.start import unrestrained
place = prepared(Request(seconds=31))
with embedded_broker(*place.own_ports), appliance(
    place.loaded, start=unrestrained(place.loaded)
) as machine:
    machine.run(lambda: machine.engine.now_ns >= 31e9)
    print(machine.engine.health.standing.sandbox)
"""


def test_it_does_not_even_try(home: Path) -> None:
    """The same job where nothing would be refused."""
    seen = traced([sys.executable, "-c", WITH_ALL_RIGHTS], home, ENVIRONMENT)

    assert seen.code == 0, seen.errors
    assert seen.output.split() == ["none"]
    assert seen.refused == []
    assert seen.sockets == []
    assert seen.writes == []
    assert list(home.iterdir()) == []


LEAKS = {
    "a datagram to a name server": (
        "from socket import *; socket(AF_INET, SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "sockets",
    ),
    "a connection to a host": (
        "import socket; socket.create_connection(('192.0.2.1', 443), 1)",
        "sockets",
    ),
    "a file": ("open('leak.jpg', 'wb').write(b'x')", "writes"),
    "a file without a name": ("import os; os.memfd_create('leak')", "writes"),
    "a folder": ("import os; os.makedirs('.config/vendor')", "writes"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_the_trace_would_have_seen(leak: str, home: Path) -> None:
    code, kind = LEAKS[leak]
    seen = traced([sys.executable, "-c", code], home, ENVIRONMENT, timeout_s=60)
    assert getattr(seen, kind), f"{leak} was not noticed"
