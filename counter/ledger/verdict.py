"""What a ledger proves, said in words, with and without a head that was published.

A head covers its own record and all before it. What follows it is held together only by its own
hashes, until a later head is published.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from counter.ledger.chain import read
from counter.ledger.file import GO_ON, content
from counter.ledger.records import LedgerError, Record

UNSEEN: Final = (
    "no published head was given: a file whose end was cut off, that was rolled back, or that was"
    " written anew from its beginning looks the same"
)
LOST: Final = "records were cut off, rolled back or rewritten, or it is the head of another file"
KEPT: Final = "it and all before it are what they were when the head was published"


@dataclass(frozen=True, slots=True)
class Verdict:
    path: Path
    records: tuple[Record, ...]  # that hold together, from the beginning
    fault: str  # where and why they do not go on; empty: to the file's end
    published: str | None  # the head that was given
    found: int | None  # the number of the record that has it

    @property
    def ok(self) -> bool:
        """Nothing was found to be wrong. Without a published head this says little."""
        return not self.fault and (self.published is None or self.found is not None)

    @property
    def head(self) -> str | None:
        return self.records[-1].sha256 if self.records else None

    def require(self) -> None:
        """Raise LedgerError where something is wrong."""
        if not self.ok:
            raise LedgerError(
                f"ledger {self.path}: {self.fault or 'no record has the published head'}",
                GO_ON.format(path=self.path) if self.fault else "compare it with a backup",
            )

    @property
    def lines(self) -> tuple[str, ...]:
        """The verdict for a person."""
        return tuple(self._said())

    def _said(self) -> Iterator[str]:
        count = len(self.records)
        if self.fault:
            yield f"BROKEN at {self.fault}; the {count} records before hold together"
        else:
            yield f"the chain holds together: {count} records, head {self.head or 'none'}"
        if self.published is None:
            yield UNSEEN
        elif self.found is None:
            yield f"NO RECORD HAS THE PUBLISHED HEAD {self.published}: {LOST}"
        else:
            record = self.records[self.found]
            later = count - self.found - 1
            which = f"record {self.found} ({record.event}, {record.at})"
            yield f"{which} has the published head: {KEPT}"
            if later:
                yield f"{later} later records are covered by no head that was given"


def verify(path: Path, head: str | None) -> Verdict:
    """Follow the whole chain and look for a head that was published.

    Raises LedgerError only where the file cannot be read. A file that is not there is an empty
    ledger: no head is found in it.
    """
    chain = read(content(path))
    published = None if head is None else head.strip().lower()
    found = next((r.sequence for r in chain.records if r.sha256 == published), None)
    return Verdict(path, chain.records, chain.fault, published, found)
