"""The ledger from the command line: what a person and systemd call."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from counter.ledger import Ledger, StopFacts
from tests.commands import ROOT, assert_mistake, counter
from tests.test_ledger import FACTS, NOON, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def test_show_is_a_table(path):
    heads = written(path, runs=2)
    Ledger.open(path).started(FACTS, NOON)
    Ledger.open(path).started(FACTS, NOON)
    done = counter("ledger", "show", str(path))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 7
    assert lines[1].startswith(f"0  2026-03-01T12:00:00Z  start  {heads[0][:12]}  0.1.0, config aa")
    assert lines[2].endswith("success (0)")
    assert "72 of 80 attempts blocked" in lines[5]
    assert lines[6].endswith("THE STOP BEFORE IS NOT RECORDED")
    full = counter("ledger", "show", str(path), "--full").stdout.splitlines()
    assert [line.split()[3] for line in full[1:5]] == heads
    assert f"grid {FACTS.grid_sha256}" in full[1]
    assert counter("ledger", "verify", str(path), "--head", full[6].split()[3]).returncode == 0


def test_verify(path):
    heads = written(path)
    assert "6 records" in counter("ledger", "verify", str(path)).stdout
    assert counter("ledger", "verify", str(path), "--head", heads[-1]).returncode == 0
    done = counter("ledger", "verify", str(path), "--head", "0" * 64)
    assert done.returncode == 2
    assert "NO RECORD HAS THE PUBLISHED HEAD" in done.stdout
    path.write_bytes(path.read_bytes().replace(b"success", b"timeout", 1))
    for words in (["show"], ["verify"], ["verify", "--head", heads[0]]):
        done = counter("ledger", words[0], str(path), *words[1:])
        assert done.returncode == 2
        assert "line 2: its content does not match its sha256" in done.stderr


@pytest.mark.parametrize("words", [["show"], ["verify"], ["verify", "--head", "a" * 64]])
def test_a_ledger_that_is_not_there_is_a_mistake(path, words):
    done = counter("ledger", words[0], str(path), *words[1:])
    assert_mistake(done, f"{path}: there is no such file")
    assert not path.exists()


def test_digits_of_a_head_are_no_head(path):
    head = written(path)[-1]
    done = counter("ledger", "verify", str(path), "--head", head[:12])
    assert_mistake(done, "64 digits", "12 characters were given", "show --full")


@pytest.mark.parametrize(("old", "new"), [(b"success", b"timeout"), (b'"start"', b'"stert"')])
def test_a_changed_one_is_to_be_looked_at_before_it_is_put_aside(path, old, new):
    written(path)
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    assert_mistake(
        counter("ledger", "stopped", str(path)), "changed" if b"stert" in new else "does not match",
        "compare it with a backup and with the heads that were published, before anything else",
    )  # fmt: skip


def test_a_stop_in_systemds_words(path):
    Ledger.open(path).started(FACTS, NOON)
    environment = os.environ | {"SERVICE_RESULT": "watchdog", "EXIT_STATUS": "ABRT"}
    command = [sys.executable, "-m", "counter", "ledger", "stopped", str(path)]
    for _ in range(2):  # the second time there is nothing to stop
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert "nothing was written" in done.stderr
    records = Ledger.open(path).records
    assert [record.facts for record in records[1:]] == [StopFacts(result="watchdog", code="ABRT")]


def test_a_stop_in_words_of_ones_own(path):
    Ledger.open(path).started(FACTS, NOON)
    done = counter("ledger", "stopped", str(path), "--result", "signal", "--code", "KILL")
    assert done.returncode == 0
    assert Ledger.open(path).records[1].facts == StopFacts(result="signal", code="KILL")


def test_a_torn_one_from_mistake_to_going_on(path):
    written(path)
    path.write_bytes(path.read_bytes()[:-1])
    done = counter("ledger", "stopped", str(path))
    assert_mistake(done, "line 6", "hint: `counter ledger archive")
    done = counter("ledger", "archive", str(path))
    assert done.returncode == 0, done.stderr
    assert "kept as" in done.stdout
    assert "after 5 records, torn" in counter("ledger", "show", str(path)).stdout


def test_where_nothing_can_be_written():
    assert_mistake(counter("ledger", "archive", "/nowhere/ledger.jsonl"), "/nowhere/ledger.jsonl")
    done = counter("ledger", "show", "/")
    assert_mistake(done, "not a regular file")
