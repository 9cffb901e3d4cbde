"""What the figures were taken on, and how they are kept: a table on the screen, JSON beside it."""

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

LIBRARIES = (
    "numpy",
    "opencv-python-headless",
    "onnxruntime",
    "scipy",
    "ultralytics",
    "supervision",
)


def device() -> str:
    """One line: processor, cores, system; the first line of every report."""
    return f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {platform.platform(terse=True)}"


def versions() -> dict[str, str]:
    """Of Python and of every library that is measured and installed."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def report(question: str, rows: Sequence[dict[str, Any]], out: Path | None) -> None:
    """Print the question, the device and the rows; write them as JSON where asked to."""
    console = Console(width=110, force_terminal=False)
    console.print(f"{question}\nmeasured on {device()}", highlight=False)
    table = Table(box=None, pad_edge=False)
    for heading in rows[0]:
        table.add_column(heading, justify="left" if heading == next(iter(rows[0])) else "right")
    for row in rows:
        table.add_row(
            *(f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row.values())
        )
    console.print(table)
    if out is not None:
        said = {"question": question, "device": device(), "versions": versions(), "rows": rows}
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(said, indent=2) + "\n")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
