"""One JSON object a line, at once, and no complaint when the reader has gone."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import jsonschema
import pytest

from counter.outputs.schema import schemas
from counter.outputs.stdout import StdoutOutput
from counter.outputs.wire import encode_count
from tests.releases import CELLS, HEALTH, busy, empty

PROGRAM = """
from counter.outputs.stdout import StdoutOutput
from tests.releases import HEALTH, busy
output = StdoutOutput()
for number in range({releases}):
    output.publish(busy(number), HEALTH)
print("broken:", output.broken, flush=True, file=__import__("sys").stderr)
output.close()
"""


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for end in (reader, writer):
        try:
            os.close(end)
        except OSError:
            continue


def test_each_cell_is_a_line_at_once(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    output = StdoutOutput(writer)
    output.publish(busy(1), HEALTH)
    lines = os.read(reader, 65536).splitlines(keepends=True)  # nothing was closed or flushed
    assert lines == [encode_count(count) + b"\n" for count in busy(1)]
    for line in lines:
        jsonschema.validate(json.loads(line), schemas()["count"])


def test_a_log_of_empty_and_of_busy_intervals_has_one_size(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    output = StdoutOutput(writer)
    sizes = []
    for release in (busy(1), empty(2)):
        output.publish(release, HEALTH)
        sizes.append([len(line) for line in os.read(reader, 65536).splitlines()])
    assert sizes[0] == sizes[1]
    assert len(sizes[0]) == len(CELLS)


def test_a_reader_that_left_is_no_error(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    output = StdoutOutput(writer)
    os.close(reader)
    output.publish(busy(1), HEALTH)
    assert output.broken
    output.publish(busy(2), HEALTH)
    output.close()


def test_a_full_disk_is_said_once_and_without_values(caplog: pytest.LogCaptureFixture) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123  # a device that is always full
        output = StdoutOutput(full.fileno())
        output.publish(busy(1), HEALTH)
        output.publish(busy(2), HEALTH)
    said = [record.getMessage() for record in caplog.records]
    assert said == ["standard output cannot be written: No space left on device"]


def test_nothing_is_lost_to_a_slow_reader() -> None:
    """More than a pipe holds (64 KiB on Linux): the writer waits."""
    program = [sys.executable, "-c", PROGRAM.format(releases=300)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        out, err = running.communicate(timeout=60)
    assert out == b"".join(encode_count(c) + b"\n" for n in range(300) for c in busy(n))
    assert err == b"broken: False\n"


def test_a_stream_that_does_not_block_is_waited_for_too(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.set_blocking(writer, False)
    output = StdoutOutput(writer)
    due = b"".join(encode_count(c) + b"\n" for n in range(300) for c in busy(n))
    heard = bytearray()

    def read() -> None:
        while len(heard) < len(due):
            heard.extend(os.read(reader, 65536))

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(300):
        output.publish(busy(number), HEALTH)
    thread.join()
    assert bytes(heard) == due


def test_head_ends_a_process_without_a_traceback() -> None:
    program = [sys.executable, "-c", PROGRAM.format(releases=3000)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["value"] == 15
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == b"broken: True\n"
        assert running.wait(60) == 0
