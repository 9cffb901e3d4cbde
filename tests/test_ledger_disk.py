"""Two writers, power cuts and full disks: a whole line or none, and a torn one is told."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from counter.ledger import ContinuedFacts, Ledger, LedgerError, archive
from counter.ledger import verify as judged
from tests.commands import ROOT
from tests.test_ledger import FACTS, NOON, later, written

WRITER = """
import sys
from pathlib import Path
from counter.ledger import Ledger, LedgerError
from tests.test_ledger import FACTS, later
for turn in range(int(sys.argv[2])):
    ledger = Ledger.open(Path(sys.argv[1]))
    ledger.started(FACTS, later(turn))
    try:
        ledger.stopped("success", "0", later(turn))
    except LedgerError as error:  # the other writer has written it already
        assert "no start waits" in error.message, error.message
"""


def python(code: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )


def test_two_writers_make_one_chain(tmp_path):
    path = tmp_path / "ledger.jsonl"
    writers = [python(WRITER, str(path), "40") for _ in range(2)]
    for writer in writers:
        _, said = writer.communicate(timeout=60)
        assert writer.returncode == 0, said
    verdict = judged(path, None)
    assert verdict.ok, verdict.lines
    assert sum(record.event == "start" for record in verdict.records) == 80


def test_a_writer_that_waits_while_the_file_is_put_aside_writes_to_the_new_one(tmp_path):
    path = tmp_path / "ledger.jsonl"
    written(path, runs=1)
    writer = python(WRITER, str(path), "200")
    asides = [archive(path, later(1000 + turn)) for turn in range(20)]
    _, said = writer.communicate(timeout=60)
    # What was opened was put aside: told, not written into the old file.
    assert writer.returncode == 0 or "not the file that was opened" in said
    assert judged(path, None).ok
    heads = [judged(aside, None).head for aside in asides]
    firsts = [judged(file, None).records[0].facts for file in (*asides[1:], path)]
    assert [f.head for f in firsts if isinstance(f, ContinuedFacts)] == heads


def test_a_torn_last_line_is_told_and_can_be_left_behind_openly(tmp_path):
    path = tmp_path / "ledger.jsonl"
    heads = written(path)
    torn = path.read_bytes()[:-20]
    path.write_bytes(torn)
    with pytest.raises(LedgerError, match="line 6: it has no end") as caught:
        Ledger.open(path)
    assert f"counter ledger archive {path}" in caught.value.hint
    aside = archive(path, later(60))
    assert aside.read_bytes() == torn  # as it was
    ledger = Ledger.open(path)
    assert ledger.records[0].facts == ContinuedFacts(
        head=heads[4], records=5, state="torn", running=True
    )
    ledger.started(FACTS, later(61))


def test_what_was_put_aside_broken_is_called_so(tmp_path):
    path = tmp_path / "ledger.jsonl"
    written(path)
    path.write_bytes(b"once upon a time\n" + path.read_bytes())
    archive(path, NOON)
    facts = Ledger.open(path).records[0].facts
    assert facts == ContinuedFacts(head="0" * 64, records=0, state="broken", running=False)


def test_a_line_that_does_not_fit_is_taken_back(tmp_path):
    """A limit on the size of files stands for the disk: the kernel writes a part of the line."""
    path = tmp_path / "ledger.jsonl"
    heads = written(path, runs=1)
    before = path.read_bytes()
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from counter.ledger import Ledger, LedgerError\n"
        "from tests.test_ledger import FACTS, NOON\n"
        "path, size = Path(sys.argv[1]), int(sys.argv[2])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))\n"
        "try:\n"
        "    Ledger.open(path).started(FACTS, NOON)\n"
        "except LedgerError as error:\n"
        "    sys.exit(error.message)\n"
    )
    for room in (0, 100):
        child = python(code, str(path), str(len(before) + room))
        _, said = child.communicate(timeout=60)
        assert child.returncode == 1
        assert "file too large" in said or "the disk is full" in said
        assert path.read_bytes() == before
    assert judged(path, heads[-1]).ok
    Ledger.open(path).started(FACTS, NOON)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="not run: needs root to mount a small disk")
def test_a_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "counter-test", disk], capture_output=True,
        check=False,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("not run: this machine lets nobody mount")
    try:
        path = disk / "ledger.jsonl"
        written(path, runs=2)
        before = path.read_bytes()
        with pytest.raises(OSError, match="No space"):
            _fill(disk / "ballast")
        with pytest.raises(LedgerError, match=r"no space left on device|the disk is full"):
            _start_often(path)
        (disk / "ballast").unlink()
        verdict = judged(path, None)
        assert verdict.ok
        assert path.read_bytes().startswith(before)
        Ledger.open(path).started(FACTS, NOON)
    finally:
        subprocess.run(["umount", disk], check=True)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(b"0" * 512)


def _start_often(path: Path) -> None:
    """The last page of the file has room for some more records; then nothing has."""
    for _ in range(20):
        Ledger.open(path).started(FACTS, NOON)


def test_a_file_that_may_not_be_written(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("not run: root may write everything")
    path = tmp_path / "ledger.jsonl"
    written(path)
    path.chmod(0o400)
    with pytest.raises(LedgerError, match="permission denied"):
        Ledger.open(path).started(FACTS, NOON)


def test_no_descriptor_stays_open(tmp_path):
    """The sandbox refuses to begin with one that can be written to."""
    open_before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208  # the names are numbers
    written(tmp_path / "ledger.jsonl")
    assert set(os.listdir("/proc/self/fd")) == open_before  # noqa: PTH208
    assert resource.getrlimit(resource.RLIMIT_FSIZE)  # and no limit was needed
