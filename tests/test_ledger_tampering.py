"""Every way to change a ledger, and whether it shows: alone, and beside a published head."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from counter.ledger import Ledger, LedgerError, StartFacts
from counter.ledger import verify as judged
from counter.ledger.chain import read
from counter.ledger.records import FIRST, Record, digest, encoded
from tests.test_ledger import FACTS, NOON, later, written


@pytest.fixture(scope="module")
def chain(tmp_path_factory) -> tuple[bytes, list[str]]:
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    heads = written(path, runs=4)
    return path.read_bytes(), heads


def refound(data: bytes, head: str) -> bool:
    """Whether a file of these bytes passes for the one that had this head."""
    found = read(data)
    return found.state == "whole" and head in {record.sha256 for record in found.records}


def forged(records: list[Record]) -> bytes:
    """Compute the chain anew over changed records: what somebody with the program can do."""
    lines, previous = [], FIRST
    for number, record in enumerate(records):
        bare = structs.replace(record, sequence=number, previous=previous, sha256=FIRST)
        previous = digest(bare)
        lines.append(encoded(structs.replace(bare, sha256=previous)) + b"\n")
    return b"".join(lines)


def test_the_untouched_one_passes(chain):
    data, heads = chain
    assert read(data).state == "whole"
    assert all(refound(data, head) for head in heads)


def test_every_byte_counts(chain):
    """Each byte of the file, changed in its lowest bit and to a line's end: found without a head,
    but for the very last one, whose loss is a torn line.
    """
    data, _ = chain
    for at, byte in enumerate(data):
        for new in {byte ^ 1, ord("\n")} - {byte}:
            changed = data[:at] + bytes([new]) + data[at + 1 :]
            assert read(changed).state != "whole", at


@given(data=st.data())
def test_any_byte_to_any_other(chain, data):
    whole, _ = chain
    at = data.draw(st.integers(0, len(whole) - 1))
    new = data.draw(st.integers(0, 255).filter(lambda value: value != whole[at]))
    assert read(whole[:at] + bytes([new]) + whole[at + 1 :]).state != "whole"


@given(data=st.data())
def test_bytes_put_in_or_taken_out(chain, data):
    """Detected given the head, wherever it is done."""
    whole, heads = chain
    at = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(at, len(whole)))
    new = data.draw(st.binary(max_size=40))
    changed = whole[:at] + new + whole[end:]
    assert changed == whole or not refound(changed, heads[-1])


@pytest.mark.parametrize("what", ["deleted", "doubled", "swapped", "moved"])
def test_whole_lines(chain, what):
    """Taken out, put in twice or exchanged: found without a head, but for the last ones."""
    data, heads = chain
    lines = data.splitlines(keepends=True)
    for one, other in itertools.combinations(range(len(lines)), 2):
        changed = list(lines)
        if what == "deleted":
            del changed[one]
        elif what == "doubled":
            changed.insert(other, lines[one])
        elif what == "swapped":
            changed[one], changed[other] = lines[other], lines[one]
        else:
            changed.insert(one, changed.pop(other))
        assert read(b"".join(changed)).state == "broken"
        assert not refound(b"".join(changed), heads[-1])


def test_every_truncation_shows_beside_the_head(chain):
    data, heads = chain
    for length in range(len(data)):
        assert not refound(data[:length], heads[-1])


def test_a_cut_at_a_lines_end_shows_only_beside_the_head(chain):
    data, heads = chain
    lines = data.splitlines(keepends=True)
    for count in range(len(lines)):
        cut = b"".join(lines[:count])
        assert read(cut).state == "whole"  # the file alone cannot tell
        assert not any(refound(cut, head) for head in heads[count:])
        assert all(refound(cut, head) for head in heads[:count])


@given(which=st.integers(0, 7), what=st.sampled_from(["model", "time", "gone", "first", "stop"]))
def test_a_chain_computed_anew_shows_only_beside_the_head(chain, which, what):
    data, heads = chain
    records = list(read(data).records)
    which -= which % 2  # a start; its stop follows
    if what == "gone":
        del records[which : which + 2]
    elif what == "time":
        records[which] = structs.replace(records[which], at="2020-01-01T00:00:00Z")
    elif what == "first":
        records = records[which + 2 :]
    elif what == "stop":
        quiet = structs.replace(records[which + 1].facts, result="watchdog", code="ABRT")
        records[which + 1] = structs.replace(records[which + 1], facts=quiet)
    else:
        other = structs.replace(records[which].facts, model_sha256="d" * 64)
        records[which] = structs.replace(records[which], facts=other)
    changed = forged(_said_rightly(records))
    assert read(changed).state == "whole"  # the file alone cannot tell
    assert not refound(changed, heads[-1])
    assert not any(refound(changed, head) for head in heads[which + 1 :])


def _said_rightly(records: list[Record]) -> list[Record]:
    """A careful forger also corrects what the first start says of the one before."""
    if records and isinstance(records[0].facts, StartFacts):
        facts = structs.replace(records[0].facts, previous_stop="none")
        return [structs.replace(records[0], facts=facts), *records[1:]]
    return records


def test_a_careless_forger_is_found_by_the_order_of_events(chain):
    """A stop taken out of a chain that was computed anew: the next start says it was recorded."""
    data, _ = chain
    records = list(read(data).records)
    for change in (records[:1] + records[2:], records[1:], records[:2] + records[3:]):
        assert read(forged(change)).state == "broken"


class TestVerdict:
    def test_it_says_which_record_has_the_head(self, tmp_path):
        path = tmp_path / "ledger.jsonl"
        heads = written(path)
        verdict = judged(path, heads[2].upper())
        assert verdict.ok
        assert (verdict.found, verdict.head, len(verdict.records)) == (2, heads[-1], 6)
        said = "\n".join(verdict.lines)
        assert "record 2 (start, 2026-03-01T12:02:00Z) has the published head" in said
        assert "3 records after it: covered by no head" in said
        assert judged(path, heads[-1]).lines[-1].startswith("record 5 (stop")

    def test_a_roll_back(self, tmp_path):
        path = tmp_path / "ledger.jsonl"
        backup = path.read_bytes() if written(path) else b""
        ledger = Ledger.open(path)
        published = ledger.started(FACTS, later(50))
        path.write_bytes(backup)
        verdict = judged(path, published)
        assert (verdict.ok, verdict.fault, verdict.found) == (False, "", None)
        assert "NO RECORD HAS THE PUBLISHED HEAD" in "\n".join(verdict.lines)
        with pytest.raises(LedgerError, match="no record has the published head"):
            verdict.require()
        with pytest.raises(LedgerError, match="not the file that was opened"):
            ledger.stopped("success", "0", NOON)

    def test_a_file_that_is_gone(self, tmp_path):
        path = tmp_path / "ledger.jsonl"
        for head in (None, "a" * 64):
            with pytest.raises(LedgerError, match="there is no such file"):
                judged(path, head)

    @pytest.mark.parametrize("head", ["", "c12d56760f38", "a" * 63, "a" * 65, "g" * 64])
    def test_what_is_no_head_is_no_alarm(self, tmp_path, head):
        path = tmp_path / "ledger.jsonl"
        written(path)
        with pytest.raises(LedgerError, match="a head is 64 digits") as caught:
            judged(path, head)
        assert "show --full" in caught.value.hint

    def test_without_a_head_it_says_what_it_cannot_see(self, tmp_path):
        path = tmp_path / "ledger.jsonl"
        written(path)
        assert "no published head was given" in judged(path, None).lines[-1]

    def test_it_says_where_a_chain_breaks(self, tmp_path):
        path = tmp_path / "ledger.jsonl"
        heads = written(path)
        path.write_bytes(path.read_bytes().replace(b'"success"', b'"timeout"', 1))
        verdict = judged(path, heads[0])
        assert not verdict.ok
        assert verdict.fault == "line 2: its content does not match its sha256"
        assert verdict.found == 0  # before the change
        with pytest.raises(LedgerError, match="line 2"):
            Ledger.open(path)
