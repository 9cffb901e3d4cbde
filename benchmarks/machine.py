"""How figures are kept: a table on the screen with what it was taken on, JSON beside it.

Rule 1: the first line names the hardware, and says so when it is no Raspberry Pi.
Rule 2: what was not readable is "not available"; a machine that was busy is said to have been.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import board, readings
from benchmarks.board import ABSENT, versions

__all__ = ["device", "report", "versions"]

BEFORE = readings.snapshot()  # this module is loaded before anything is measured


def device() -> str:
    """One line: processor or board, cores, system."""
    return board.hardware().removeprefix("measured on ")


def report(
    question: str,
    rows: Sequence[Mapping[str, Any]],
    out: Path | None,
    account: Mapping[str, Any] | None = None,
) -> None:
    """Print hardware, question, rows and account; write them as JSON where asked to.

    `account` is what else belongs to the figures (model, thresholds, readings during the run).
    """
    console = Console(width=110, force_terminal=False)
    head = {"hardware": board.hardware(), "question": question, "warning": readings.busy()}
    beside = {
        "machine": board.facts(),
        "versions": versions(),
        "readings": {"before": BEFORE, "after": readings.snapshot()},
        **(account or {}),
    }
    for line in filter(None, head.values()):
        console.print(line, highlight=False, markup=False)
    console.print(_table(rows))
    for name, value in _lines(beside):
        console.print(f"{name}: {_words(value)}", highlight=False, markup=False)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps({**head, **beside, "rows": list(rows)}, indent=2) + "\n")


def _table(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in rows[0] if rows else ():
        table.add_column(heading, justify="left" if heading == next(iter(rows[0])) else "right")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _lines(beside: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Before, during and after each have a line of their own."""
    for name, value in beside.items():
        if name == "readings":
            yield from value.items()
        else:
            yield name, value


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return str(value)


def _words(value: object) -> str:
    """In one line for a reader; the JSON has its structure."""
    if isinstance(value, Mapping):
        known = {key: each for key, each in value.items() if each != ABSENT}
        said = [f"{key} {_words(each)}" for key, each in known.items()]
        absent = ", ".join(str(key) for key in value if key not in known)
        return "; ".join([*said, f"{ABSENT}: {absent}"] if absent else said)
    if isinstance(value, list | tuple):
        return ", ".join(_words(each) for each in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
