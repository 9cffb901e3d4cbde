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
Rule 5: the numbers of one device are compared, those of the configuration's where one is given.
Rule 6: a topic of a broker carries more than counts (`online`, health): such lines are passed over,
and it is said how many.
"""

import json
from collections import Counter
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
MOST_LISTED = 5  # devices, in a message
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
    sensor: str  # site/device
    cell: str
    start: datetime
    end: datetime
    value: int | None
    why_not: str  # "suppressed", "missing", "saturated"; empty where there is a value
    by_map: bool = False  # a density map counted, not the tracker


@dataclass(frozen=True, slots=True)
class Heard:
    """What a file of released counts holds."""

    counts: list[Released]
    others: int = 0  # counts of other devices (Rule 5)
    passed: int = 0  # lines that are no counts (Rule 6)

    @property
    def notes(self) -> list[str]:
        said = (self.passed, "lines are no counts"), (self.others, "counts are of other devices")
        return [f"--released: {many} {what}, passed over" for many, what in said if many]


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


def read_released(path: Path, sensor: str | None = None) -> Heard:
    """Read the counts of one device, `sensor` where it is known.

    Raises SourceError where there are none, or of several and it is not known which is meant.
    """
    found: list[Released] = []
    passed = 0
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                count = _released(path, number, line) if line.strip() else None
                if count is not None:
                    found.append(count)
                passed += count is None and bool(line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: cannot be read as JSON lines") from error
    if not found:
        raise SourceError(
            f"{path}: holds no released counts, {passed} lines are something else",
            "one JSON object a line: collect them with stdout = true, or mosquitto_sub without -v",
        )
    return _of_one(path, found, sensor, passed)


def _of_one(path: Path, found: list[Released], sensor: str | None, passed: int) -> Heard:
    """Take the counts of one device (Rule 5)."""
    sensors = sorted({count.sensor for count in found})
    listed = ", ".join(sensors[:MOST_LISTED]) + (" ..." if sensors[MOST_LISTED:] else "")
    if sensor is None and len(sensors) > 1:
        raise SourceError(
            f"{path}: holds counts of {len(sensors)} devices: {listed}",
            "give --config, the configuration of the one beside which you counted",
        )
    counts = [count for count in found if sensor in (None, count.sensor)]
    if not counts:
        raise SourceError(
            f"{path}: holds no counts of {sensor}, the site and device of --config",
            f"it has {listed}",
        )
    return Heard(counts, len(found) - len(counts), passed)


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


def _released(path: Path, number: int, line: str) -> Released | None:
    """Read a count; None for a line that is none (Rule 6)."""
    try:
        said: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not str(said.get("schema")).startswith("counter/count/"):
        return None
    try:
        saturated = said.get("quality") == "saturated"
        value = said["value"] if said["status"] == "published" and not saturated else None
        return Released(
            sensor=f"{said['site']}/{said['device']}",
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
