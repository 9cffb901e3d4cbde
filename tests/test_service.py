"""What the service manager hears, over a real datagram socket."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from counter.service import Service, ServiceError, stop_on_signals
from tests.commands import ROOT

SECOND_NS = 1_000_000_000
SUMMARY = "counter-n on onnx, a release every 60 s"


class Manager:
    """The end that systemd holds."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address[0] == "@" else address)
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        said = []
        while True:
            try:
                said.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return said


@pytest.fixture(params=["path", "abstract"])
def manager(request) -> Iterator[Manager]:
    with tempfile.TemporaryDirectory() as folder:  # tmp_path is too long for an address
        name = f"@counter-test-{os.getpid()}" if request.param == "abstract" else f"{folder}/notify"
        end = Manager(name)
        with end.socket:
            yield end


def test_a_life(manager):
    service = Service.connect(
        {
            "NOTIFY_SOCKET": manager.address,
            "WATCHDOG_USEC": "10000000",
            "WATCHDOG_PID": str(os.getpid()),
        }
    )
    assert service.watched
    service.ready(SUMMARY)
    assert manager.heard() == [f"READY=1\nSTATUS=counting: {SUMMARY}"]
    start = 77 * SECOND_NS
    for second in range(13):
        service.beat(start + second * SECOND_NS)
    assert manager.heard() == ["WATCHDOG=1"] * 3  # at 0, 5 and 10 s
    service.stopping()
    assert manager.heard() == ["STOPPING=1\nSTATUS=stopping"]
    service.close()
    service.stopping()
    assert manager.heard() == []


def test_without_a_service_manager_nothing_is_opened():
    before = os.listdir("/proc/self/fd")  # noqa: PTH208  # the names are numbers
    service = Service.connect({"WATCHDOG_USEC": "1000000"})
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208
    assert not service.watched
    service.ready(SUMMARY)
    service.beat(0)
    service.stopping()
    service.close()


@pytest.mark.parametrize(
    "given",
    [{}, {"WATCHDOG_USEC": ""}, {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}],
    ids=["unset", "empty", "for another process"],
)
def test_no_watchdog_no_beat(manager, given):
    service = Service.connect({"NOTIFY_SOCKET": manager.address, **given})
    service.beat(SECOND_NS)
    assert not service.watched
    assert manager.heard() == []
    service.close()


def test_a_status_is_one_line_and_bounded(manager):
    service = Service.connect({"NOTIFY_SOCKET": manager.address})
    service.ready("a\nWATCHDOG=trigger\n" + "x" * 500)
    (said,) = manager.heard()
    first, status = said.split("\n")
    assert first == "READY=1"
    assert status.startswith("STATUS=counting: aWATCHDOG=triggerxxx")
    assert len(status) < 250
    service.close()


def test_what_finds_no_room_is_told_later_in_order(manager):
    service = Service.connect({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "2000000"})
    filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    filler.connect("\0" + manager.address[1:] if manager.address[0] == "@" else manager.address)
    filler.setblocking(False)
    with filler, pytest.raises(BlockingIOError):
        _send_for_ever(filler)
    service.ready(SUMMARY)  # does not wait for a manager that hangs
    for second in range(5):
        service.beat(second * SECOND_NS)
    assert set(manager.heard()) == {"x"}
    service.beat(5 * SECOND_NS - 1)  # no beat is due, but something waits
    assert manager.heard() == [f"READY=1\nSTATUS=counting: {SUMMARY}", "WATCHDOG=1"]
    service.close()


def _send_for_ever(filler: socket.socket) -> None:
    while True:
        filler.send(b"x")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"NOTIFY_SOCKET": "/nowhere/notify"}, "no such file"),
        ({"NOTIFY_SOCKET": "vsock:2:9999"}, "expected a path"),
        ({"NOTIFY_SOCKET": "/" + "x" * 200}, "af_unix path too long"),
    ],
)
def test_a_socket_that_cannot_be_used(environment, words):
    with pytest.raises(ServiceError, match=words) as caught:
        Service.connect(environment)
    assert caught.value.hint


def test_a_watchdog_that_is_no_number(manager):
    with pytest.raises(ServiceError, match="WATCHDOG_USEC"):
        Service.connect({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "often"})


def test_a_manager_that_is_gone_is_told(manager):
    service = Service.connect({"NOTIFY_SOCKET": manager.address})
    manager.socket.close()
    with pytest.raises(ServiceError, match="refused"):
        service.ready(SUMMARY)
    service.close()


def test_it_speaks_on_a_connected_socket_only(tmp_path):
    """The sandbox lets a send through that names no address; the trace shows that none does."""
    trace = tmp_path / "trace"
    with tempfile.TemporaryDirectory() as folder:
        end = Manager(f"{folder}/notify")
        code = (
            "from counter.service import Service\n"
            "service = Service.connect()\n"
            "import os; os.write(1, b'sealed')\n"
            "service.ready('x'); service.beat(1); service.stopping(); service.close()\n"
        )
        try:
            subprocess.run(
                ["strace", "-o", trace, "-e", "trace=%network,write,openat", sys.executable, "-c",
                 code],
                check=True, cwd=ROOT, timeout=60, stdout=subprocess.DEVNULL,
                env=os.environ | {"NOTIFY_SOCKET": end.address, "WATCHDOG_USEC": "2000000"},
            )  # fmt: skip
        except FileNotFoundError:
            pytest.skip("not run: strace is not installed")
        assert len(end.heard()) == 3
        end.socket.close()
    lines = trace.read_text().splitlines()
    sealed = next(number for number, line in enumerate(lines) if "sealed" in line)
    after = [line for line in lines[sealed + 1 :] if not line.startswith(("+++", "openat"))]
    assert len(after) == 3
    assert all(line.startswith("sendto(") and ", NULL, 0) = " in line for line in after)


def test_it_speaks_from_inside_the_sandbox(manager):
    """In a child that is really sealed, where a second unix socket can no longer be made."""
    code = (
        "import socket, sys\n"
        "from counter.guarantees import Guarantee\n"
        "from counter.sandbox import Enclosure, Plan\n"
        "from counter.service import Service\n"
        "service = Service.connect()\n"
        "enclosure = Enclosure(Plan(), tuple(Guarantee))\n"
        "enclosure.enter()\n"
        "proof = enclosure.seal()\n"
        "service.ready(proof.level)\n"
        "service.beat(1)\n"
        "service.stopping()\n"
        "service.close()\n"
        "try:\n"
        "    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "except PermissionError:\n"
        "    sys.stdout.write('sealed')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "2000000"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ready, *others = manager.heard()
    assert ready.startswith("READY=1\nSTATUS=counting: ")
    assert others == ["WATCHDOG=1", "STOPPING=1\nSTATUS=stopping"]
    if "seccomp" not in ready:  # this kernel has filters
        assert done.stdout == "sealed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_second_does_what_it_did(number):
    heard: list[int] = []
    before = signal.signal(number, lambda n, _: heard.append(n))
    try:
        with stop_on_signals() as stop:
            assert not stop()
            signal.raise_signal(number)
            assert stop()
            assert heard == []
            signal.raise_signal(number)
            assert heard == [number]
        with stop_on_signals() as stop:
            assert not stop()
        signal.raise_signal(number)  # afterwards all is as before
        assert heard == [number, number]
    finally:
        signal.signal(number, before)


def test_the_module_is_light():
    heavy = "{'numpy', 'cv2', 'msgspec', 'paho', 'onnxruntime'}"
    code = f"import sys, counter.service; print(*({heavy} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(ROOT), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
