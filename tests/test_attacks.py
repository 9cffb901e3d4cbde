"""The sandbox attacked from inside: as root and as nobody, with Landlock and without.

What is not tried, because nothing in the sandbox is meant to stop it: another host behind a port of
the plan (the firewall's part), and pixels inside an allowed connection (the closed grammar of the
payloads, test_wire.py). What works outside is measured here too, on this machine, at every run.
"""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest

from counter.sandbox import kernel
from tests.attacks.judging import Outcome
from tests.attacks.runner import ROOT, Ask, Run, inside, outside
from tests.attacks.scene import Scene, staged
from tests.broker import MOSQUITTO, Mosquitto, Subscriber, wait_for

pytestmark = [pytest.mark.root, pytest.mark.slow]

AT_LEAST = 85  # of what works outside; the issue asks for 80
NOBODY = 65534
needs_landlock = pytest.mark.skipif(
    kernel.probe().landlock_abi < 6,  # it is 6 that knows signals and abstract sockets
    reason="not run: this kernel has no Landlock of version 6",
)
THREADS = {"main thread", "earlier thread", "later thread"}

# What a kernel without Landlock leaves open (Guarantee LANDLOCK_FS and LANDLOCK_NET).
WITHOUT_LANDLOCK = {
    "read a file that is not in the plan",
    "/etc/shadow: other people's passwords",
    "/proc/N/cmdline of another process",
    "/proc: which processes there are",
    "TCP to a port that is not in the plan",
    "TCP to a port that is not in the plan, IPv6",
    "TCP to a port that is not in the plan, IPv4 through IPv6",
    "TCP to another port without waiting",
    "TCP elsewhere with a socket that was connected to the broker",
}
# What a device of the plan leaves open: its driver shares memory, its library receives messages.
# Each needs a file open for writing that comes from outside; the start refuses one that is there.
WITH_A_DEVICE = {
    "shared writable map of a file handed in",
    "shared map of a file handed in, made writable afterwards",
    "shared map with MAP_SHARED_VALIDATE of a file handed in",
}
# Some of what Landlock leaves to the filter, on every machine on which the suite runs.
THE_FILTERS_ALONE = {
    "UDP, sendto",
    "unix socket, stream",
    "os.fork",
    "memfd_create",
    "System V shared memory",
    "chmod, whose bits are data",
    "sendfile of a file into a pipe",
    "make written memory executable",
    "a picture's worth of bytes to standard output",
    "the service manager's socket, connected to the system's log instead",
}
NAMESPACES = "from tests.attacks.private import private; private()"


@pytest.fixture(scope="module")
def control() -> Iterator[Run]:
    if os.geteuid() != 0:
        pytest.skip("not run: the control needs root")
    tried = subprocess.run(
        [sys.executable, "-c", NAMESPACES], cwd=ROOT, check=False, stderr=subprocess.DEVNULL
    )
    if tried.returncode:
        pytest.skip("not run: no namespaces of one's own on this machine")
    with staged() as scene:
        yield outside(scene)


@pytest.fixture(scope="module")
def counted(control: Run) -> set[str]:
    """What works outside, on this machine."""
    return control.names(Outcome.WORKED)


def test_outside_they_work(control: Run, counted: set[str]) -> None:
    assert control.done, control.output
    assert len(counted) >= AT_LEAST


@needs_landlock
def test_at_work_as_root_all_are_blocked(counted: set[str], tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path) if MOSQUITTO else nullcontext()
    with ExitStack() as stack:
        served = stack.enter_context(broker)
        scene = stack.enter_context(staged(port=served.port if served else None))
        listening = stack.enter_context(Subscriber(served.port)) if served else None
        scraped: list[bytes] = []
        ask = Ask(live=True, broker=served.url if served else "")
        run = inside(scene, ask, lambda: scraped.append(_scrape(scene)))
        assert_blocked(run, counted)
        assert run.frames == 70  # it went on counting afterwards
        assert b"counter_" in scraped[0]  # and answered meanwhile
        if listening:  # the intervals before and after the attack were released
            wait_for(lambda: len(listening.counts()) >= 2, "two releases")


@needs_landlock
def test_as_nobody_all_are_blocked(counted: set[str]) -> None:
    with staged(uid=NOBODY) as scene:
        assert_blocked(inside(scene, Ask()), counted)


WEAKER = [
    pytest.param(Ask(landlock=False), WITHOUT_LANDLOCK, id="a kernel without Landlock"),
    pytest.param(
        Ask(devices=("/dev/video0",)),
        WITH_A_DEVICE,
        id="a device in the plan",
        marks=needs_landlock,
    ),
]


@pytest.mark.parametrize(("ask", "known"), WEAKER)
def test_what_is_left_open_is_what_we_say(ask: Ask, known: set[str], counted: set[str]) -> None:
    with staged() as scene:
        run = inside(scene, ask)
    assert run.done, run.output
    left = {name: how for name, how in run.of(counted).items() if how is not Outcome.BLOCKED}
    assert left == dict.fromkeys(known & counted, Outcome.WORKED)


@needs_landlock
def test_the_suite_sees_what_works_inside(counted: set[str]) -> None:
    """Without the filter much works. Were it not noticed, nothing would be shown by the others."""
    with staged() as scene:
        run = inside(scene, Ask(seccomp=False))
    assert run.done, run.output
    outcomes = run.of(counted)
    assert {name: outcomes[name] for name in THE_FILTERS_ALONE} == dict.fromkeys(
        THE_FILTERS_ALONE, Outcome.WORKED
    )


def assert_blocked(run: Run, counted: set[str]) -> None:
    assert run.done, run.output
    assert {verdict.who for verdict in run.verdicts} == THREADS
    outcomes = run.of(counted)
    assert outcomes.keys() == counted
    assert {name: how for name, how in outcomes.items() if how is not Outcome.BLOCKED} == {}
    # What this machine could not do outside must not work inside either.
    assert run.names(Outcome.WORKED) == set()


def _scrape(scene: Scene) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{scene.served}/metrics", timeout=10) as page:
        body: bytes = page.read()
    return body
