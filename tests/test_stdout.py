"""One JSON object a line, at once, and no complaint when the reader has gone."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import jsonschema
import pytest

from counter.outputs import stdout
from counter.outputs.schema import schemas
from counter.outputs.stdout import LIMIT, StdoutOutput
from counter.outputs.wire import encode_count
from tests.broker import wait_for
from tests.releases import CELLS, HEALTH, busy, empty

PROGRAM = """
import sys, time
from counter.outputs.stdout import StdoutOutput
from tests.releases import HEALTH, busy
output = StdoutOutput()
for number in range(30_000):
    output.publish(busy(number), HEALTH)
    if output.broken:
        sys.exit("the reader has gone")
    time.sleep(0.001)
"""
# As `run` does it: until it is told to stop.
APPLIANCE = """
import logging, sys, time
from counter.service import stop_on_signals
from counter.outputs.stdout import StdoutOutput
from tests.releases import HEALTH, busy
logging.basicConfig(format="%(message)s")
output, number = StdoutOutput(limit=3), 0
with stop_on_signals() as stop:
    while not stop():
        output.publish(busy(number), HEALTH)
        number += 1
        if number == 30:
            open(sys.argv[1], "w").close()
        time.sleep(0.001)
output.close(0.5)
"""
SMALL = 4096  # bytes: a pipe of one page holds fewer than two releases

Open = Callable[..., StdoutOutput]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for end in (reader, writer):
        with suppress(OSError):
            os.close(end)


@pytest.fixture
def opened(pipe: tuple[int, int]) -> Iterator[Open]:
    """Outputs that are closed after the test; the end of their pipe ends a thread that writes."""
    made: list[StdoutOutput] = []

    def make(descriptor: int = pipe[1], **settings: int) -> StdoutOutput:
        made.append(StdoutOutput(descriptor, **settings))
        return made[-1]

    yield make
    for output in made:
        output.close(0.0)


def lines_of(numbers: range) -> bytes:
    return b"".join(encode_count(count) + b"\n" for number in numbers for count in busy(number))


def read(descriptor: int, size: int) -> bytes:
    heard = b""
    while len(heard) < size:
        heard += os.read(descriptor, size - len(heard))
    return heard


def test_each_cell_is_a_line_at_once(pipe: tuple[int, int], opened: Open) -> None:
    opened().publish(busy(1), HEALTH)
    due = [encode_count(count) + b"\n" for count in busy(1)]
    lines = read(pipe[0], sum(map(len, due))).splitlines(keepends=True)  # nothing was closed
    assert lines == due
    for line in lines:
        jsonschema.validate(json.loads(line), schemas()["count"])


def test_a_log_of_empty_and_of_busy_intervals_has_one_size(
    pipe: tuple[int, int], opened: Open
) -> None:
    output = opened()
    sizes = []
    for release in (busy(1), empty(2)):
        output.publish(release, HEALTH)
        lines = read(pipe[0], len(lines_of(range(1)))).splitlines()
        sizes.append([len(line) for line in lines])
    assert sizes[0] == sizes[1]
    assert len(sizes[0]) == len(CELLS)


def test_a_reader_that_left_is_no_error(pipe: tuple[int, int], opened: Open) -> None:
    output = opened()
    os.close(pipe[0])
    output.publish(busy(1), HEALTH)
    wait_for(lambda: output.broken, "the end of the pipe")
    output.publish(busy(2), HEALTH)
    output.close()


def test_a_full_disk_is_said_once_and_without_values(caplog: pytest.LogCaptureFixture) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123  # a device that is always full
        output = StdoutOutput(full.fileno())
        for number in range(3):
            output.publish(busy(number), HEALTH)
        output.close(60)
    assert caplog.messages == ["standard output cannot be written: No space left on device"]


def small(writer: int) -> None:
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, SMALL)


def test_nobody_reads_and_publishing_goes_on_within_bounds(
    pipe: tuple[int, int], opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    small(pipe[1])
    output = opened(limit=5)
    for number in range(3):
        output.publish(busy(number), HEALTH)
    wait_for(lambda: len(output._waiting) == 1, "the second release, which does not fit")
    assert not caplog.records
    for number in range(3, 50):
        output.publish(busy(number), HEALTH)
    assert len(output._waiting) == 5
    assert caplog.messages == ["standard output is not read: the oldest releases are dropped"]
    # What was under way comes whole, and then the newest: lines, no parts of lines.
    heard = read(pipe[0], len(lines_of(range(7)))).splitlines()
    sequences = [json.loads(line)["sequence"] % 1000 for line in heard]
    first = [0] * len(CELLS) + [1] * len(CELLS)
    assert sequences == first + [n for n in range(45, 50) for _ in CELLS]


def test_closing_does_not_wait_for_ever(
    pipe: tuple[int, int], opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    small(pipe[1])
    output = opened()
    for number in range(50):
        output.publish(busy(number), HEALTH)
    output.close(0.2)
    output.close(0.2)
    output.publish(busy(51), HEALTH)
    assert caplog.messages == ["standard output is not read: what still waits is not written"]
    # Whoever reads again after the end finds whole lines, and the thread ends.
    os.set_blocking(pipe[0], False)
    heard = os.read(pipe[0], SMALL)
    output._thread.join(60)
    assert not output._thread.is_alive()
    assert lines_of(range(3)).startswith(heard)
    assert heard.endswith(b"\n")


def test_closing_delivers_what_waits(pipe: tuple[int, int], opened: Open) -> None:
    output = opened()
    for number in range(10):
        output.publish(busy(number), HEALTH)
    output.close(60)
    assert read(pipe[0], len(lines_of(range(10)))) == lines_of(range(10))
    assert not output._thread.is_alive()


@pytest.mark.parametrize("blocking", [True, False])
def test_a_slow_reader_loses_nothing_within_the_bound(
    pipe: tuple[int, int], opened: Open, *, blocking: bool
) -> None:
    """A stream that does not block is waited for too."""
    small(pipe[1])
    os.set_blocking(pipe[1], blocking)
    output = opened()
    for number in range(LIMIT):
        output.publish(busy(number), HEALTH)
    heard = b""
    while len(heard) < len(lines_of(range(LIMIT))):
        heard += os.read(pipe[0], 1000)
        time.sleep(0.0005)
    assert heard == lines_of(range(LIMIT))


@pytest.mark.parametrize("together", [False, True])
def test_a_process_that_nobody_reads_goes_on_and_ends_when_told(
    tmp_path: Path, *, together: bool
) -> None:
    """Also where the log goes into the same pipe, as in `counter run ... 2>&1 | less`."""
    reader, writer = os.pipe()
    small(writer)
    errors = writer if together else subprocess.PIPE
    mark = tmp_path / "thirty releases"
    program = [sys.executable, "-c", APPLIANCE, str(mark)]
    with subprocess.Popen(program, stdout=writer, stderr=errors) as running:
        try:
            wait_for(mark.exists, "release 30, ten times what waits at most")
            running.send_signal(signal.SIGTERM)
            assert running.wait(60) == 0
            said = b"" if running.stderr is None else running.stderr.read()
        finally:
            running.kill()
            os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        lines = pipe.read().splitlines(keepends=True)
    assert lines == lines_of(range(2)).splitlines(keepends=True)[: len(lines)]
    if not together:
        end = "the oldest releases are dropped", "what still waits is not written"
        assert said.decode().splitlines() == [f"standard output is not read: {e}" for e in end]


def test_a_log_that_nobody_reads_is_not_waited_for(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stdout, "STDERR", pipe[1])
    assert stdout._say("there is room")
    os.set_blocking(pipe[1], False)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe[1], bytes(SMALL))
    assert not stdout._say("there is none")
    assert caplog.messages == ["there is room"]


def test_head_ends_a_process_without_a_traceback() -> None:
    program = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["value"] == 15
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == b"the reader has gone\n"
        assert running.wait(60) == 1
