"""Counts by eye beside released counts: what a correction is fitted to.

A person stands where the camera is, counts, and writes a CSV file `time,cell,counted`: the time in
RFC 3339 (2026-03-01T08:12:00Z) or, with a date given, HH:MM:SS UTC; the cell as `zone.saloon` or
`line.door.entries`. The box runs as always. What it released meanwhile is collected as JSON lines
(`stdout = true`, or mosquitto_sub).

Rule 1: no picture is kept and no exact number leaves the box for this: the released numbers are
what is compared, rounding included.
Rule 2: a count by eye belongs to the interval that its time lies in; several of one interval and
cell are one, their mean (occupancy) or their sum (entries, exits).
Rule 3: what was not released as a number (suppressed, missing, saturated) compares with nothing;
how many are left out, and why, is said.
Rule 4: what a density map counted stands apart: its gain is fitted to it, not the correction.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from statistics import fmean
from typing import Any

from counter.cells import Kind
from counter.crowds import METHOD
from counter.errors import SourceError
from counter.evaluate.rows import MOST_PEOPLE, rows, whole

HEADER = ["time", "cell", "counted"]
EXAMPLE = "for example 2026-03-01T08:12:00Z,zone.saloon,34"
CROSSINGS = ("entries", "exits")
BY_MAP = METHOD.partition("/")[0]  # of every version
OF_A_GROUP = "a map counted a part of the group: its gain is fitted in a zone released alone"


@dataclass(frozen=True, slots=True)
class Eye:
    """One count by eye."""

    at: datetime
    cell: str  # zone.saloon.occupancy
    counted: int


@dataclass(frozen=True, slots=True)
class Released:
    cell: str
    start: datetime
    end: datetime
    value: int | None
    why_not: str  # "suppressed", "missing", "saturated"; empty where there is a value
    by_map: bool = False  # a density map counted, not the tracker


@dataclass(frozen=True, slots=True)
class Joined:
    """What one cell can be fitted to."""

    pairs: tuple[tuple[int, float], ...]  # released, counted by eye
    left_out: tuple[tuple[str, int], ...]  # why, and how many
    mapped: tuple[tuple[int, float], ...] = ()  # as `pairs`, where a map counted (Rule 4)


def read_eyes(path: Path, day: date | None) -> list[Eye]:
    """Read the counts by eye; raises SourceError naming file and line."""
    found = list(rows(path))
    if not found or [name.strip() for name in found[0][1]] != HEADER:
        raise SourceError(f"{path}: line 1: expected the header {','.join(HEADER)}", EXAMPLE)
    eyes = []
    for line, row in found[1:]:
        try:
            at, cell, counted = (text.strip() for text in row)
            eyes.append(Eye(_moment(at, day), _cell(cell), whole(counted, 0, MOST_PEOPLE)))
        except ValueError as error:
            raise SourceError(
                f"{path}: line {line}: expected time, cell and a whole number",
                f"{EXAMPLE}; a time without a date needs --date",
            ) from error
    return eyes


def read_released(path: Path) -> list[Released]:
    """Read the JSON lines of a box; lines that are no counts are passed over."""
    found: list[Released] = []
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    found += _released(path, number, line)
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as JSON lines") from error
    if not found:
        raise SourceError(f"{path}: holds no released counts", "collect them with stdout = true")
    return found


def join(eyes: list[Eye], released: list[Released]) -> dict[str, Joined]:
    """Put the counts by eye of each cell beside the released counts of their intervals."""
    return {cell: _join(cell, eyes, released) for cell in dict.fromkeys(eye.cell for eye in eyes)}


def _join(cell: str, eyes: list[Eye], released: list[Released]) -> Joined:
    intervals = {count.start: count for count in released if count.cell == cell}
    seen: dict[datetime, list[int]] = {}
    left_out: Counter[str] = Counter()
    for eye in eyes:
        if eye.cell != cell:
            continue
        count = next((c for c in intervals.values() if c.start <= eye.at < c.end), None)
        if count is None:
            left_out["nothing was released then"] += 1
        elif count.value is None:
            left_out[count.why_not] += 1
        elif count.by_map and not cell.startswith(f"{Kind.ZONE}."):
            left_out[OF_A_GROUP] += 1
        else:
            seen.setdefault(count.start, []).append(eye.counted)
    together = sum if cell.endswith(CROSSINGS) else fmean
    pairs: dict[bool, list[tuple[int, float]]] = {False: [], True: []}
    for start, counts in sorted(seen.items()):
        count = intervals[start]
        pairs[count.by_map].append((count.value or 0, float(together(counts))))
    return Joined(tuple(pairs[False]), tuple(sorted(left_out.items())), tuple(pairs[True]))


def _released(path: Path, number: int, line: str) -> Iterator[Released]:
    try:
        said: dict[str, Any] = json.loads(line)
        if not str(said.get("schema", "")).startswith("counter/count/"):
            return
        saturated = said.get("quality") == "saturated"
        value = said["value"] if said["status"] == "published" and not saturated else None
        yield Released(
            cell=f"{said['kind']}.{said['name']}.{said['measure']}",
            start=_moment(said["interval_start"], None),
            end=_moment(said["interval_end"], None),
            value=None if value is None else whole(str(value), 0, MOST_PEOPLE),
            why_not="" if value is not None else "saturated" if saturated else str(said["status"]),
            by_map=str(said.get("method", "")).startswith(f"{BY_MAP}/"),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{path}: line {number} is not a released count", "one JSON object a line"
        ) from error


def _moment(text: str, day: date | None) -> datetime:
    """Read RFC 3339, or HH:MM[:SS] UTC of `day`; ValueError for anything else."""
    if "T" not in text and day is not None:
        return datetime.combine(day, time.fromisoformat(text), UTC)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone is no instant")
    return moment.astimezone(UTC)


def _cell(text: str) -> str:
    """Complete `zone.saloon` to `zone.saloon.occupancy`; ValueError for what is no cell."""
    parts = text.split(".")
    parts += ["occupancy"] * (len(parts) == 2 and parts[0] != "line")
    parts[2:] = [{"in": "entries", "out": "exits"}.get(part, part) for part in parts[2:]]
    lined = parts[0] == "line"
    if len(parts) != 3 or (parts[2] in CROSSINGS) != lined:
        raise ValueError("not a cell")
    return ".".join(parts)
