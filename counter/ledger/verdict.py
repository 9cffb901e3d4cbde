"""What a ledger proves, said in words, with and without a head that was published.

A head covers its own record and all before it. What follows it is held together only by its own
hashes, until a later head is published.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from counter.ledger.chain import Chain
from counter.ledger.file import chain_of, remedy
from counter.ledger.records import LedgerError, Record

UNSEEN: Final = (
    "no published head was given: a file whose end was cut off, that was rolled back, or that was"
    " written anew from its beginning looks the same"
)
LOST: Final = "records were cut off, rolled back or rewritten, or it is the head of another file"
HEAD: Final = re.compile(r"[0-9a-f]{64}")
KEPT: Final = "it and all before it are what they were when the head was published"


@dataclass(frozen=True, slots=True)
class Verdict:
    path: Path
    chain: Chain
    published: str | None  # the head that was given
    found: int | None  # the number of the record that has it

    @property
    def records(self) -> tuple[Record, ...]:
        """Those that hold together, from the beginning."""
        return self.chain.records

    @property
    def fault(self) -> str:
        """Where and why they do not go on; empty: they hold to the file's end."""
        return self.chain.fault

    @property
    def ok(self) -> bool:
        """Nothing was found to be wrong. Without a published head this says little."""
        return not self.fault and (self.published is None or self.found is not None)

    @property
    def head(self) -> str | None:
        return self.chain.head

    def require(self) -> None:
        """Raise LedgerError where something is wrong."""
        if not self.ok:
            raise LedgerError(
                f"ledger {self.path}: {self.fault or 'no record has the published head'}",
                remedy(self.path, self.chain) if self.fault else "compare it with a backup",
            )

    @property
    def lines(self) -> tuple[str, ...]:
        """The verdict for a person."""
        return tuple(self._said())

    def _said(self) -> Iterator[str]:
        count = len(self.records)
        if self.fault:
            yield f"BROKEN at {self.fault}; what holds together before it: {_records(count)}"
        else:
            yield f"the chain holds together: {_records(count)}, head {self.head or 'none'}"
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
                yield f"{_records(later)} after it: covered by no head that was given"


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"


def verify(path: Path, head: str | None) -> Verdict:
    """Follow the whole chain and look for a head that was published.

    Raises LedgerError where there is no file or it cannot be read, and for what is no head.
    """
    published = None if head is None else head.strip().lower()
    if published is not None and not HEAD.fullmatch(published):
        raise LedgerError(
            f"a head is 64 digits of 0 to 9 and a to f; {len(published)} characters were given",
            "give it whole: the info topic and `counter ledger show --full` have it so",
        )
    chain = chain_of(path, required=True)
    found = next((r.sequence for r in chain.records if r.sha256 == published), None)
    return Verdict(path, chain, published, found)
