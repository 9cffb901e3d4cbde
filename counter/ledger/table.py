"""A ledger as a table, one line a record."""

from collections.abc import Sequence
from typing import Final

from counter.ledger.records import ContinuedFacts, Record, StartFacts

SHORT: Final = 12  # characters of a hash: enough to tell two apart, not enough for --head
FULL: Final = 64


def table(records: Sequence[Record], digits: int = SHORT) -> str:
    """Give the table, hashes with so many digits; the last line's hash is the head."""
    heads = ("#", "at", "event", "sha256", "what")
    rows = [heads, *(_row(record, digits) for record in records)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]))
        for row in rows
    )


def _row(record: Record, digits: int) -> tuple[str, str, str, str, str]:
    what = _what(record, digits)
    return (str(record.sequence), record.at, record.event, record.sha256[:digits], what)


def _what(record: Record, digits: int) -> str:
    facts = record.facts
    if isinstance(facts, ContinuedFacts):
        left = ", a start without its stop" if facts.running else ""
        return f"after {facts.records} records, {facts.state}{left}, head {facts.head[:digits]}"
    if not isinstance(facts, StartFacts):
        return f"{facts.result} ({facts.code})"
    lost = "; THE STOP BEFORE IS NOT RECORDED" if facts.previous_stop == "unrecorded" else ""
    crowd = (
        f" crowd {facts.crowd_model} {facts.crowd_model_sha256[:digits]},"
        if facts.crowd_model and facts.crowd_model_sha256
        else ""
    )
    return (
        f"{facts.version}, config {facts.config_sha256[:digits]},"
        f" grid {facts.grid_sha256[:digits]},"
        f" model {facts.model} {facts.model_sha256[:digits]},{crowd} kernel {facts.kernel},"
        f" Landlock {facts.landlock_abi}, sandbox {facts.sandbox},"
        f" {facts.attempts_blocked} of {facts.attempts} attempts blocked{lost}"
    )
