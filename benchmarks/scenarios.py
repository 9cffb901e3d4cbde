"""Who goes over a line: the truth, ours, and the peers', on the same detections in one run.

`ids`: the scenario says which ids a tracker gave, and everybody counts on those. `detections`:
ours and each peer follow with their own tracker: ultralytics its ByteTrack, supervision the
ByteTrack of its `trackers`, all with their defaults. IN, OUT; several lines one after another.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks import following_peers as peers
from benchmarks.machine import report
from counter.lines import Lines
from counter.people import Direction, Tracks
from counter.settings import TrackerSettings
from counter.tracking import Tracker
from tests.traces import Trace, read_all

TRACKER_OF = {
    "ultralytics": "ultralytics ByteTrack",
    "supervision corners": "trackers ByteTrack",
    "supervision foot": "trackers ByteTrack",
}
ABSENT = "not installed"

Counts = dict[str, tuple[int, int]]  # line: IN, OUT


def ours(trace: Trace) -> Counts:
    """Count with the tracker and the lines, or with the lines alone."""
    settings = TrackerSettings()
    lines, tracker = Lines(trace.lines, settings.max_tracks), Tracker(settings)
    followed: Iterable[Tracks] = (
        trace.tracks if trace.about_ids else (tracker.update(people) for people in trace.frames)
    )
    seen = Counter((c.line, c.direction) for tracks in followed for c in lines.update(tracks))
    return {name: (seen[name, Direction.IN], seen[name, Direction.OUT]) for name in trace.lines}


def theirs(trace: Trace, rule: str) -> Counts | None:
    """Count with a peer's line; None where it, or its tracker, is not installed."""
    needed, make_line = peers.LINES[rule]
    needed_too, make_tracker = peers.TRACKERS[TRACKER_OF[rule]]
    if peers.missing(needed) or (not trace.about_ids and peers.missing(needed_too)):
        return None
    aspect = trace.frames[0].aspect
    lines = {name: make_line(line, aspect) for name, line in trace.lines.items()}
    tracker = None if trace.about_ids else make_tracker(trace.fps)
    for tracks, people in zip(trace.tracks, trace.frames, strict=True):
        if tracker is None:
            followed = peers.Followed(tracks.slot, peers.pixels(tracks.xyxy, aspect))
        else:
            followed = tracker.update(people)
        for line in lines.values():
            line.update(followed)
    return {name: line.counts for name, line in lines.items()}


def _said(counts: Counts | None) -> str:
    return ABSENT if counts is None else "; ".join(f"{a},{b}" for a, b in counts.values())


def run(out: Path | None, model: str | None, rest: list[str]) -> None:  # noqa: ARG001
    """Print one row for each scenario, and how many rows of each are exact."""
    rows: list[dict[str, Any]] = []
    exact: Counter[str] = Counter()
    for trace in read_all():
        found = {"ours": ours(trace)} | {rule: theirs(trace, rule) for rule in peers.LINES}
        exact.update(name for name, counts in found.items() if counts == trace.expect)
        asked = {"scenario": trace.title, "on": "ids" if trace.about_ids else "detections"}
        rows.append(
            asked
            | {"truth": _said(trace.expect)}
            | {name: _said(counts) for name, counts in found.items()}
        )
    last = {"scenario": "exact rows", "on": "", "truth": str(len(rows)), "ours": str(exact["ours"])}
    absent = {rule for rule in peers.LINES if rows[0][rule] == ABSENT}
    rows.append(
        last | {rule: ABSENT if rule in absent else str(exact[rule]) for rule in peers.LINES}
    )
    report(__doc__.splitlines()[0], rows, out)
