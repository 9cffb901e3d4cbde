"""Rows of a file that somebody labelled or counted, and the numbers in them.

Rule 1: what cannot be a label, by its form or its size, ends the reading with file and line.
"""

import csv
from collections.abc import Iterable
from math import isfinite
from pathlib import Path

from counter.errors import SourceError

MOST_FRAMES = 1_000_000  # 11 hours at 25 a second: a larger number is no frame of a clip
MOST_PEOPLE = 1_000_000  # as disclosure.MOST


def rows(path: Path, *, empty: bool = False) -> Iterable[tuple[int, list[str]]]:
    """Give the filled rows of a CSV file with their line numbers, from 1.

    Raises SourceError for a file that holds none, unless it may be `empty`.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = [(n, row) for n, row in enumerate(csv.reader(file), 1) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path}: cannot be read as labels") from error
    if not found and path.suffix != ".csv" and not empty:
        raise SourceError(
            f"{path}: holds no labels",
            "one row for each person in each frame; where nobody is there, label with a CSV file"
            " frame,count",
        )
    return found


def number(text: str) -> float:
    """Read a finite number; ValueError for anything else."""
    found = float(text)
    if not isfinite(found):
        raise ValueError("not a finite number")
    return found


def whole(text: str, least: int, most: int) -> int:
    """Read a whole number, also as `3.0`; ValueError outside of `least` to `most`."""
    found = number(text)
    if not found.is_integer() or not least <= found <= most:
        raise ValueError(f"not a whole number from {least} to {most}")
    return int(found)


def unreadable(path: Path, line: int, expected: str, example: str) -> SourceError:
    return SourceError(
        f"{path}: line {line} is not a label, expected {expected}", f"for example {example}"
    )
