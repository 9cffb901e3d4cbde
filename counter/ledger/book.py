"""The ledger as its writers see it: open, append a start or a stop.

Rule: an append locks the file, reads and verifies all of it again, and writes one line. Of two
writers each sees what the other has written.
"""

from datetime import datetime
from pathlib import Path
from typing import Self

from msgspec import structs

from counter.ledger.chain import Chain, read
from counter.ledger.file import (
    MAX_BYTES,
    SPARE,
    all_of,
    chain_of,
    hold,
    locked,
    remedy,
    settle,
    write,
)
from counter.ledger.records import LedgerError, Record, StartFacts, StopFacts, stop_facts


class Ledger:
    """A ledger that holds together, as it was when it was opened or last written."""

    def __init__(self, path: Path, chain: Chain) -> None:
        self.path = path
        self._chain = chain

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read and verify; a file that is not there yet is an empty ledger. Raises LedgerError."""
        return cls(path, _whole(path, chain_of(path)))

    @classmethod
    def hold(cls, path: Path) -> Self:
        """Open it as the one counter that runs with it, until this process ends.

        What is read here stays true until it is added to. Raises LedgerError where another counter
        runs with it.
        """
        hold(path)
        return cls.open(path)

    @property
    def head(self) -> str | None:
        return self._chain.head

    @property
    def records(self) -> tuple[Record, ...]:
        return self._chain.records

    @property
    def running(self) -> bool:
        """The last start has no stop yet."""
        return self._chain.running

    def started(self, facts: StartFacts, at: datetime) -> str:
        """Append a start and give the new head, to be published. Raises LedgerError."""
        return self._append(facts, at)

    def stopped(self, result: str, code: str, at: datetime) -> str:
        """Append the stop of the last start and give the new head; the words are systemd's.

        Raises LedgerError, also where no start waits for its stop.
        """
        return self._append(stop_facts(result, code), at)

    def _append(self, facts: StartFacts | StopFacts, at: datetime) -> str:
        with locked(self.path) as (descriptor, created):
            chain = _whole(self.path, read(all_of(descriptor, self.path)))
            known = len(self.records)
            if chain.records[:known] != self.records:
                raise LedgerError(
                    f"ledger {self.path}: it is not the file that was opened",
                    "somebody has exchanged it; look at it with `counter ledger show`",
                )
            record = Record.following(chain.last, _told(facts, chain, self.path), at)
            write(descriptor, record, self.path, limit=_limit(facts))
            if created:
                settle(self.path.parent)
        self._chain = Chain((*chain.records, record))
        return record.sha256


def _whole(path: Path, chain: Chain) -> Chain:
    if chain.state == "whole":
        return chain
    raise LedgerError(f"ledger {path}: {chain.fault}", remedy(path, chain))


def _told(facts: StartFacts | StopFacts, chain: Chain, path: Path) -> StartFacts | StopFacts:
    """Add to a start how the run before it ended; refuse a stop of nothing."""
    if isinstance(facts, StartFacts):
        return structs.replace(facts, previous_stop=chain.previous_stop)
    if not chain.running:
        raise LedgerError(f"ledger {path}: no start waits for its stop", "nothing was written")
    return facts


def _limit(facts: StartFacts | StopFacts) -> int:
    return MAX_BYTES if isinstance(facts, StartFacts) else MAX_BYTES + SPARE
