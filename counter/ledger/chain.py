"""Whether the bytes of a ledger hold together: pure, no file.

Rule 1: reading stops at the first line that is wrong; what comes after it says nothing.
Rule 2: a last line without its end is torn (a power cut, a full disk), not edited: a whole line
is written at once.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

from counter.ledger.records import FIRST, ContinuedFacts, Record, StartFacts, digest, encoded

State = Literal["whole", "torn", "broken"]


@dataclass(frozen=True, slots=True)
class Chain:
    """What holds together of a ledger, from its beginning."""

    records: tuple[Record, ...]
    state: State = "whole"
    fault: str = ""  # where it ends to hold together, and why

    @property
    def last(self) -> Record | None:
        return self.records[-1] if self.records else None

    @property
    def head(self) -> str | None:
        return self.records[-1].sha256 if self.records else None

    @property
    def running(self) -> bool:
        """The last that is known is a start without its stop."""
        return _running(self.last)

    @property
    def previous_stop(self) -> Literal["none", "recorded", "unrecorded"]:
        """What a start that comes next has to say."""
        return _previous_stop(self.last)


def read(data: bytes) -> Chain:
    """Follow the chain as far as it goes."""
    records: list[Record] = []
    *lines, rest = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        found = _next(line, records[-1] if records else None)
        if not isinstance(found, Record):
            return Chain(tuple(records), "broken", f"line {number}: {found}")
        records.append(found)
    if rest:
        where = f"line {len(lines) + 1}: it has no end: the write was cut off, or bytes are missing"
        return Chain(tuple(records), "torn", where)
    return Chain(tuple(records))


def _next(line: bytes, last: Record | None) -> Record | str:
    """Read the record after `last`, or say what is wrong with it."""
    try:
        record = msgspec.json.decode(line, type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "not a record of a ledger: it was changed, or is another kind of file"
    expected = 0 if last is None else last.sequence + 1
    previous = FIRST if last is None else last.sha256
    for wrong, what in (
        (encoded(record) != line, "not written as a ledger writes it"),
        (digest(record) != record.sha256, "its content does not match its sha256"),
        (record.sequence != expected, f"number {record.sequence}, expected {expected}"),
        (record.previous != previous, "it does not follow the record before it"),
        (not _in_place(record, last), f"a {record.event} has no place here, or says what is not"),
    ):
        if wrong:
            return what
    return record


def _in_place(record: Record, last: Record | None) -> bool:
    """Whether the order of events is one that a ledger writes."""
    facts = record.facts
    if isinstance(facts, ContinuedFacts):
        return last is None
    if isinstance(facts, StartFacts):
        return facts.previous_stop == _previous_stop(last)
    return _running(last)


def _running(last: Record | None) -> bool:
    if last is None:
        return False
    facts = last.facts
    return facts.running if isinstance(facts, ContinuedFacts) else isinstance(facts, StartFacts)


def _previous_stop(last: Record | None) -> Literal["none", "recorded", "unrecorded"]:
    if last is None:
        return "none"
    return "unrecorded" if _running(last) else "recorded"
