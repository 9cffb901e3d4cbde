"""One counter at a time: the lock that lives as long as its process, and who is not in its way."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from counter.ledger import Ledger, LedgerError, archive
from counter.ledger import verify as judged
from counter.ledger.file import PATIENCE_S, chain_of
from counter.sandbox.inherited import writable_files
from tests.commands import ROOT, assert_mistake, counter
from tests.test_ledger import FACTS, NOON, later, written

RUNNING = """
import sys
from pathlib import Path
from counter.ledger import Ledger
from tests.test_ledger import FACTS, NOON
print(Ledger.hold(Path(sys.argv[1])).started(FACTS, NOON), flush=True)
sys.stdin.read()
"""
TAKEN = "another counter runs with this ledger"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


@contextmanager
def running(path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that holds the ledger and has written its start; and the head."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNING, str(path)], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_a_second_counter_is_refused(path):
    with running(path):
        before = path.read_bytes()
        began = time.monotonic()
        with pytest.raises(LedgerError, match=TAKEN) as caught:
            Ledger.hold(path)
        assert time.monotonic() - began >= PATIENCE_S
        assert "stop that one first" in caught.value.hint
        with pytest.raises(LedgerError, match=TAKEN):
            Ledger.open(path).started(FACTS, later(1))
        assert path.read_bytes() == before
    assert Ledger.hold(path).running


def test_its_ledger_can_be_read_without_waiting(path):
    with running(path) as (_, head):
        assert Ledger.open(path).head == head
        assert judged(path, head).ok
        done = counter("ledger", "show", str(path))
        assert (done.returncode, done.stderr) == (0, "")
        assert head[:12] in done.stdout


@pytest.mark.parametrize("words", [["stopped"], ["archive"]])
def test_a_running_ones_ledger_is_neither_closed_nor_put_aside(path, words):
    with running(path):
        assert_mistake(counter("ledger", *words, str(path)), TAKEN)
        assert [one.name for one in path.parent.iterdir()] == [path.name]
        assert len(judged(path, None).records) == 1


def test_its_stop_is_written_as_soon_as_it_has_ended(path):
    """However it ends, before its parent hears of it: what ExecStopPost= relies on."""
    with running(path) as (process, _):
        process.kill()
        process.wait()
        began = time.monotonic()
        Ledger.open(path).stopped("signal", "KILL", later(1))
        assert time.monotonic() - began < PATIENCE_S
    assert not Ledger.open(path).running


def test_what_is_kept_cannot_write(path):
    """The sandbox refuses to begin with a descriptor that can."""
    before = writable_files()
    Ledger.hold(path).started(FACTS, NOON)
    assert writable_files() == before
    (kept,) = [int(one.name) for one in Path("/proc/self/fd").iterdir() if leads_to(one, path)]
    assert fcntl.fcntl(kept, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
    assert not os.get_inheritable(kept)


def leads_to(descriptor: Path, path: Path) -> bool:
    try:
        return descriptor.readlink() == path
    except FileNotFoundError:  # the one through which the list was read
        return False


def test_a_process_may_hold_twice_and_writes_on(path):
    first = Ledger.hold(path)
    first.started(FACTS, NOON)
    again = Ledger.hold(path)
    again.stopped("success", "0", later(1))
    assert [one.event for one in Ledger.open(path).records] == ["start", "stop"]


def test_what_was_put_aside_before_is_not_held(path):
    """The lock is of the file that has the name, not of the one that had it."""
    written(path)
    archive(path, later(50))
    Ledger.hold(path)
    with running(path) as (process, head):
        assert head == ""
        assert process.wait() == 1  # this process has it


def test_one_that_cannot_be_written_is_told_before_anything_else(tmp_path):
    with pytest.raises(LedgerError, match="cannot be written: no such file"):
        Ledger.hold(tmp_path / "none" / "ledger.jsonl")
    with pytest.raises(LedgerError, match="cannot be written: is a directory"):
        Ledger.hold(tmp_path)


def test_a_line_that_is_being_written_is_seen_whole(path, monkeypatch):
    """A second look: the reader takes no lock, and may come in the middle of a line."""
    written(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-50])
    looks = []

    def meanwhile(seconds: float) -> None:
        looks.append(seconds)
        path.write_bytes(whole)

    monkeypatch.setattr("counter.ledger.file.time.sleep", meanwhile)
    assert chain_of(path).state == "whole"
    assert len(looks) == 1


def test_readers_beside_a_writer_see_no_fault(path):
    """Two processes: one appends, this one reads all the time."""
    code = (
        "import sys; from pathlib import Path; from counter.ledger import Ledger;"
        "from tests.test_ledger import FACTS, NOON; ledger = Ledger.hold(Path(sys.argv[1]));"
        "[ledger.started(FACTS, NOON) for _ in range(60)]"
    )
    written(path, runs=1)
    with subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT) as writer:
        seen = 0
        while writer.poll() is None:
            verdict = judged(path, None)
            assert verdict.ok, verdict.lines
            assert len(verdict.records) >= seen
            seen = len(verdict.records)
    assert writer.returncode == 0
    assert len(judged(path, None).records) == 62
