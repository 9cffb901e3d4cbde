"""Put a ledger aside that is full, torn or broken, and go on in a new file that says so."""

import os
from datetime import UTC, datetime
from pathlib import Path

from counter.ledger.chain import read
from counter.ledger.file import MAX_BYTES, all_of, cannot, locked, settle, write
from counter.ledger.records import FIRST, ContinuedFacts, Record


def archive(path: Path, at: datetime) -> Path:
    """Put the file aside as it is, and begin a new one that names its head. Give its new name.

    For a ledger that is full, torn or broken. Raises LedgerError.
    """
    fresh = path.with_name(f"{path.name}.new")
    aside = path.with_name(f"{path.stem}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}{path.suffix}")
    with locked(path, create=False) as (descriptor, _):
        chain = read(all_of(descriptor, path))
        facts = ContinuedFacts(
            head=chain.head or FIRST,
            records=len(chain.records),
            state=chain.state,
            running=chain.running,
        )
        try:
            fresh.unlink(missing_ok=True)  # of an attempt that a power cut ended
            _begin(fresh, Record.following(None, facts, at), os.fstat(descriptor))
            os.link(path, aside)  # unlike a rename, it overwrites nothing
            fresh.replace(path)  # at no moment is there no ledger
            settle(path.parent)
        except OSError as error:
            raise cannot(path, "be put aside", error) from None
    return aside


def _begin(path: Path, first: Record, like: os.stat_result) -> None:
    """Write a new file, for the owner of the old one: archiving is often root's work."""
    with locked(path) as (descriptor, _):
        write(descriptor, first, path, limit=MAX_BYTES)
        if (os.geteuid(), os.getegid()) != (like.st_uid, like.st_gid):
            os.fchown(descriptor, like.st_uid, like.st_gid)
