"""The ledger: a chain of starts and stops that shows when somebody has changed it.

Rule 1: a record holds versions, hashes, the sandbox's proof and how a run ended; nothing in it
follows from a picture.
Rule 2: records are only added: one line, one write, under a lock, and on the disk before it counts.
Rule 3: a file that does not hold together is not written to; `archive` goes on without hiding it.
Rule 4: the file alone shows edits in its middle. Who may write it can compute a new chain, or cut
off its end: that is seen only beside a head that was published while it was true.
Rule 5: one counter at a time: it keeps the lock while it lives. Readers take none.
"""

from counter.ledger.aside import archive
from counter.ledger.book import Ledger
from counter.ledger.records import (
    ContinuedFacts,
    LedgerError,
    Record,
    StartFacts,
    StopFacts,
    stop_facts,
)
from counter.ledger.verdict import Verdict, verify

__all__ = [
    "ContinuedFacts",
    "Ledger",
    "LedgerError",
    "Record",
    "StartFacts",
    "StopFacts",
    "Verdict",
    "archive",
    "stop_facts",
    "verify",
]
