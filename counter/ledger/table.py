"""A ledger as a table, one line a record."""

from collections.abc import Sequence
from typing import Final

from counter.ledger.records import ContinuedFacts, Record, StartFacts

HASH: Final = 12  # characters of a hash that are shown; `counter ledger verify` shows a whole one


def table(records: Sequence[Record]) -> str:
    """Give the table; the last line's hash is the head."""
    rows = [("#", "at", "event", "sha256", "what"), *map(_row, records)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]))
        for row in rows
    )


def _row(record: Record) -> tuple[str, str, str, str, str]:
    return (str(record.sequence), record.at, record.event, record.sha256[:HASH], _what(record))


def _what(record: Record) -> str:
    facts = record.facts
    if isinstance(facts, ContinuedFacts):
        left = ", a start without its stop" if facts.running else ""
        return f"after {facts.records} records, {facts.state}{left}, head {facts.head[:HASH]}"
    if not isinstance(facts, StartFacts):
        return f"{facts.result} ({facts.code})"
    lost = "; THE STOP BEFORE IS NOT RECORDED" if facts.previous_stop == "unrecorded" else ""
    return (
        f"{facts.version}, config {facts.config_sha256[:HASH]}, grid {facts.grid_sha256[:HASH]},"
        f" model {facts.model} {facts.model_sha256[:HASH]}, kernel {facts.kernel},"
        f" Landlock {facts.landlock_abi}, sandbox {facts.sandbox},"
        f" {facts.attempts_blocked} of {facts.attempts} attempts blocked{lost}"
    )
