"""The ledger as its writers and readers use it."""

import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from counter.ledger import ContinuedFacts, Ledger, LedgerError, StartFacts, StopFacts, archive
from counter.ledger import verify as judged
from counter.ledger.file import MAX_BYTES
from counter.ledger.records import CODES, FIRST, RESULTS, Record, digest, encoded

NOON = datetime(2026, 3, 1, 12, 0, 0, 999_999, tzinfo=UTC)
FACTS = StartFacts(
    version="0.1.0",
    config_sha256="a" * 64,
    grid_sha256="b" * 64,
    model="counter-n",
    model_sha256="c" * 64,
    kernel="6.12.0+rpt-rpi-2712",
    landlock_abi=0,
    sandbox="weaker:landlock-fs,landlock-net",
    attempts=80,
    attempts_blocked=72,
)


def later(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def written(path: Path, runs: int = 3) -> list[str]:
    """Write so many starts with their stops; the head after each record."""
    ledger = Ledger.open(path)
    heads = []
    for run in range(runs):
        heads.append(ledger.started(FACTS, later(2 * run)))
        heads.append(ledger.stopped("success", "0", later(2 * run + 1)))
    return heads


def test_a_start_and_a_stop_are_read_as_they_were_written(tmp_path):
    ledger = Ledger.open(tmp_path / "ledger.jsonl")
    assert (ledger.head, ledger.records, ledger.running) == (None, (), False)
    head = ledger.started(FACTS, NOON)
    assert (ledger.head, ledger.running) == (head, True)
    last = ledger.stopped("signal", "KILL", later(1))
    again = Ledger.open(tmp_path / "ledger.jsonl")
    start, stop = again.records
    assert start.facts == FACTS
    assert stop.facts == StopFacts(result="signal", code="KILL")
    assert (start.event, stop.event) == ("start", "stop")
    assert (start.sequence, stop.sequence) == (0, 1)
    assert (start.at, stop.at) == ("2026-03-01T12:00:00Z", "2026-03-01T12:01:00Z")
    assert (start.previous, stop.previous) == (FIRST, start.sha256)
    assert (head, last) == (start.sha256, stop.sha256)
    assert (again.head, again.running) == (last, False)


def test_the_chain_can_be_checked_without_this_program(tmp_path):
    """By what docs/ledger.md says: cut the last member off, close the brace, hash."""
    import hashlib
    import json

    path = tmp_path / "ledger.jsonl"
    heads = written(path)
    previous = "0" * 64
    for line, head in zip(path.read_bytes().splitlines(), heads, strict=True):
        body, _, tail = line.rpartition(b',"sha256":')
        record = json.loads(line)
        assert record["previous"] == previous
        assert tail == b'"%s"}' % head.encode()
        assert hashlib.sha256(body + b"}").hexdigest() == head
        previous = head


def test_others_may_not_read_it(tmp_path):
    written(tmp_path / "ledger.jsonl")
    mode = stat.S_IMODE((tmp_path / "ledger.jsonl").stat().st_mode)
    assert mode & ~0o640 == 0
    assert mode & 0o600 == 0o600


def test_a_time_of_another_zone_is_written_in_utc(tmp_path):
    ledger = Ledger.open(tmp_path / "ledger.jsonl")
    ledger.started(FACTS, NOON.astimezone(timezone(timedelta(hours=5))))
    assert ledger.records[0].at == "2026-03-01T12:00:00Z"
    with pytest.raises(ValueError, match="naive"):
        ledger.stopped("success", "0", NOON.replace(tzinfo=None))


def test_a_start_says_how_the_run_before_it_ended(tmp_path):
    ledger = Ledger.open(tmp_path / "ledger.jsonl")
    ledger.started(FACTS, NOON)
    ledger.started(structs.replace(FACTS, previous_stop="recorded"), later(1))  # not believed
    ledger.stopped("success", "0", later(2))
    ledger.started(FACTS, later(3))
    told = [r.facts.previous_stop for r in ledger.records if isinstance(r.facts, StartFacts)]
    assert told == ["none", "unrecorded", "recorded"]


def test_a_stop_of_nothing_is_not_written(tmp_path):
    ledger = Ledger.open(tmp_path / "ledger.jsonl")
    for _ in range(2):
        with pytest.raises(LedgerError, match="no start waits"):
            ledger.stopped("success", "0", NOON)
        assert judged(ledger.path, None).records == ledger.records
        ledger.started(FACTS, NOON)
        ledger.stopped("success", "0", NOON)


def test_words_of_systemd_that_are_not_known_become_unknown(tmp_path):
    ledger = Ledger.open(tmp_path / "ledger.jsonl")
    ledger.started(FACTS, NOON)
    ledger.stopped("12 people", "RTMIN+3", NOON)
    assert ledger.records[-1].facts == StopFacts(result="unknown", code="unknown")
    assert {"success", "watchdog", "oom-kill"} < set(RESULTS)
    assert {"0", "255", "KILL", "SEGV"} < CODES
    assert not {"256", "-1", ""} & CODES


@pytest.mark.parametrize(
    "change",
    [
        {"config_sha256": "A" * 64}, {"config_sha256": "a" * 63}, {"model": "../../etc"},
        {"kernel": "6.1\n"}, {"kernel": "6 1"}, {"sandbox": "x" * 65}, {"attempts": 2_000_000},
        {"version": ""}, {"landlock_abi": 1.5}, {"grid_sha256": "b" * 64 + "\n"},
    ],
)  # fmt: skip
def test_facts_out_of_form_are_not_written(tmp_path, change):
    ledger = Ledger.open(tmp_path / "ledger.jsonl")
    with pytest.raises(LedgerError, match="no record can say this"):
        ledger.started(structs.replace(FACTS, **change), NOON)
    assert (tmp_path / "ledger.jsonl").read_bytes() == b""


def test_more_blocked_than_tried_is_no_fact():
    with pytest.raises(ValueError, match="more attempts"):
        structs.replace(FACTS, attempts=3)


def test_the_types_are_closed():
    """Nothing but these members gets in: no picture, no count, no free text."""
    record = Record.following(None, FACTS, NOON)
    for extra in (b',"people":3}', b',"note":"x"}'):
        with pytest.raises(msgspec.ValidationError, match="unknown field"):
            msgspec.json.decode(encoded(record)[:-1] + extra, type=Record)
    for kind in (StartFacts, StopFacts, ContinuedFacts, Record):
        assert kind.__struct_config__.forbid_unknown_fields
    assert record.sha256 == digest(record)


@pytest.mark.parametrize("make", ["folder", "pipe", "link", "nowhere"])
def test_what_is_no_file_is_refused(tmp_path, make):
    import os

    path = tmp_path / "ledger.jsonl"
    if make == "folder":
        path.mkdir()
    elif make == "pipe":
        os.mkfifo(path)
    elif make == "link":
        (tmp_path / "other").write_bytes(b"")
        path.symlink_to(tmp_path / "other")
    else:
        path = tmp_path / "nowhere" / "ledger.jsonl"
    with pytest.raises(LedgerError, match=r"ledger\.jsonl") as caught:
        Ledger.open(path).started(FACTS, NOON)
    assert caught.value.hint
    assert not (tmp_path / "other").exists() or (tmp_path / "other").read_bytes() == b""


class TestArchive:
    def test_a_new_file_names_the_old_head(self, tmp_path):
        path = tmp_path / "ledger.jsonl"
        head = written(path)[-1]
        before = path.read_bytes()
        aside = archive(path, later(100))
        assert aside == tmp_path / "ledger-20260301T134000Z.jsonl"
        assert aside.read_bytes() == before
        ledger = Ledger.open(path)
        assert [r.facts for r in ledger.records] == [
            ContinuedFacts(head=head, records=6, state="whole", running=False)
        ]
        assert not ledger.running
        ledger.started(FACTS, later(101))
        assert judged(path, ledger.head).ok
        assert sorted(p.name for p in tmp_path.iterdir()) == [aside.name, path.name]

    def test_a_start_without_its_stop_is_not_forgotten(self, tmp_path):
        path = tmp_path / "ledger.jsonl"
        Ledger.open(path).started(FACTS, NOON)
        archive(path, later(1))
        ledger = Ledger.open(path)
        assert ledger.running
        ledger.started(FACTS, later(2))
        facts = ledger.records[-1].facts
        assert isinstance(facts, StartFacts)
        assert facts.previous_stop == "unrecorded"

    def test_a_full_one_takes_the_last_stop_and_then_says_what_to_do(self, tmp_path, monkeypatch):
        path = tmp_path / "ledger.jsonl"
        written(path)
        size = path.stat().st_size
        monkeypatch.setattr("counter.ledger.book.MAX_BYTES", size + 700)
        ledger = Ledger.open(path)
        ledger.started(FACTS, NOON)
        ledger.stopped("success", "0", NOON)
        with pytest.raises(LedgerError, match="full") as caught:
            ledger.started(FACTS, NOON)
        assert f"counter ledger archive {path}" in caught.value.hint
        archive(path, NOON)
        Ledger.open(path).started(FACTS, NOON)

    def test_nothing_is_overwritten(self, tmp_path):
        path = tmp_path / "ledger.jsonl"
        written(path)
        aside = archive(path, NOON)
        kept, now = aside.read_bytes(), path.read_bytes()
        with pytest.raises(LedgerError, match="cannot be put aside: file exists"):
            archive(path, NOON)
        assert (aside.read_bytes(), path.read_bytes()) == (kept, now)

    def test_where_there_is_none(self, tmp_path):
        with pytest.raises(LedgerError, match="no such file"):
            archive(tmp_path / "ledger.jsonl", NOON)


def test_a_file_without_bounds_is_not_read(tmp_path):
    path = tmp_path / "ledger.jsonl"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + (1 << 20))
    with pytest.raises(LedgerError, match="larger than 16 MiB"):
        Ledger.open(path)
