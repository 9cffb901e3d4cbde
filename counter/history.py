"""What one run may release after another one: from when on, and on which grid.

Rule 1: an interval in which a run began is not released: it is a part of one, and the run before
may have seen the rest of it.
Rule 2: where another grid was in force, nothing is released for HOLD_S after its last possible
release: two zones that differ by a corner, two thresholds, two lengths of an interval could
otherwise be subtracted for the same people.
Rule 3: where no memory of earlier runs is kept, every start is held as after another grid, and so
is the first one of a new ledger: another file name must not be a way around Rule 2.
Rule 4: a run without a record of its stop may have released until the next one began.

Rule 5: a record that lies more than a day ahead was written by a clock that was wrong. It names
no moment to wait for; the hold then counts from the start.

A grid is everything that decides which people are in which number, and how that is told; what only
changes a ratio of a released number (seats, room, area) is not part of it. The length of the hold
is the only period that a French regulation names for cameras that measure (decree of 2021).

What this does not cover: people who stay for longer than the hold are the same people on both
grids. The clock is believed, but for Rule 5: whoever kills a run and sets the clock back before the
next start can have an interval of one name released twice, with what was seen later. Footage can be
counted twice by whoever has it.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, Final, TypeAlias

from counter.cells import Cell, Kind, released_cells
from counter.floor import in_force, without_user
from counter.settings import LineSettings, Point, Settings

HOLD_S: Final = 1200
BELIEVED_AHEAD_S: Final = 86_400  # Rule 5; clocks without a battery come up in the past


@dataclass(frozen=True, slots=True)
class Run:
    """One earlier run, as the ledger knows it. Times are aware UTC."""

    grid_sha256: str
    started: datetime
    stopped: datetime | None = None  # None: no record of it (Rule 4)


# Earlier runs in the order of their starts. None: no memory is kept; empty: the first start that
# anybody remembers (Rule 3).
Memory: TypeAlias = Sequence[Run] | None


def not_before(started: datetime, grid: str, memory: Memory) -> datetime:
    """Say from when on the intervals that begin may be released by a run that starts now.

    Every run counts, not only the last one: a second restart must not end the hold of the first.
    """
    hold = timedelta(seconds=HOLD_S)
    if not memory:
        return started + hold
    earliest = started
    first = memory[0].started  # before it, another memory may have been kept (Rule 3)
    if first <= started + timedelta(seconds=BELIEVED_AHEAD_S):
        earliest = max(earliest, first + hold)
    for run, following in zip_longest(memory, memory[1:]):
        ended = _ended(run, started if following is None else following.started)
        if ended > started + timedelta(seconds=BELIEVED_AHEAD_S):
            ended = started
        if run.grid_sha256 != grid:
            # After the last run the start counts as well: while the device was off, its clock may
            # have been set.
            ended = (max(ended, started) if following is None else ended) + hold
        earliest = max(earliest, ended)
    return earliest


def _ended(run: Run, following: datetime) -> datetime:
    """When `run` can have released for the last time; a clock that went back changes nothing."""
    return max(run.started, following if run.stopped is None else run.stopped)


def grid_sha256(settings: Settings) -> str:
    """Name everything that decides which people are in which number, whatever its order."""
    parameters, model, tracker = in_force(settings), settings.model, settings.tracker
    cells = released_cells(settings)
    cameras = {camera for cell in cells for camera in _cameras(settings, cell)}
    grid = {
        "rule": parameters.rule_id,  # purpose, threshold, rounding, version of the gate
        "coarse": [parameters.coarse_from, parameters.coarse_rounding],
        "interval_s": parameters.interval_s,
        "min_coverage": float(parameters.min_coverage),
        "cells": {cell.key: _meaning(settings, cell) for cell in cells},
        "cameras": {name: _view(settings, name) for name in cameras},
        "model": [model.name, float(model.confidence), float(model.iou)],
        "tracker": [tracker.confirm_frames, float(tracker.lost_s), tracker.max_tracks],
    }
    return hashlib.sha256(json.dumps(grid, sort_keys=True).encode()).hexdigest()


def _meaning(settings: Settings, cell: Cell) -> Any:
    """Where somebody has to be, or to go, to count in this cell."""
    if cell.kind is Kind.LINE:
        return _line(settings.lines[cell.name])
    if cell.kind is Kind.SPACE:
        space = settings.spaces[cell.name]
        lines = sorted(_line(settings.lines[line]) for line in space.lines)
        return [lines, sorted(space.resets), float(space.quiet_s)]
    names = settings.groups[cell.name].zones if cell.kind is Kind.GROUP else [cell.name]
    zones = (settings.zones[name] for name in names)
    return sorted([zone.camera, zone.anchor, _outline(zone.polygon)] for zone in zones)


def _line(line: LineSettings) -> list[Any]:
    ends = [_numbers(point) for point in line.points]  # in this order: it is the direction
    return [line.camera, line.anchor, float(line.dead_band), ends]


def _cameras(settings: Settings, cell: Cell) -> Iterable[str]:
    if cell.kind is Kind.LINE:
        return (settings.lines[cell.name].camera,)
    if cell.kind is Kind.SPACE:
        return (settings.lines[line].camera for line in settings.spaces[cell.name].lines)
    names = settings.groups[cell.name].zones if cell.kind is Kind.GROUP else [cell.name]
    return (settings.zones[name].camera for name in names)


def _view(settings: Settings, name: str) -> Any:
    camera = settings.cameras[name]
    return [without_user(camera.source), sorted(_outline(mask) for mask in camera.masks)]


def _outline(polygon: Sequence[Point]) -> list[list[float]]:
    """The same corners for the same polygon, wherever and in whichever sense it was begun."""
    corners = [_numbers(point) for point in polygon]
    first = corners.index(min(corners))
    ahead = corners[first:] + corners[:first]
    return min(ahead, ahead[:1] + ahead[:0:-1])


def _numbers(point: Point) -> list[float]:
    return [float(part) for part in point]  # 1 and 1.0 are one place
