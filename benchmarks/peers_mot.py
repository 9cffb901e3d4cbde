"""How well do we follow and count on public sequences, beside peers, on the same detections?

`all`, `mid`: mean absolute error of the people in the whole picture and in a zone, per frame, and
(5 s) of the medians of 5 s. Line error: entries and exits too many or too few, with the tracker's
own line counter (ultralytics: box centre; supervision: four corners) and with supervision's at the
foot. Ours has one setting for all sequences: boxes are sure from 0.5. Peers have their defaults,
and, where named so, the same 0.5. Two lines a sequence are few: `peers_lines` takes twenty.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import following_peers as peers
from benchmarks import mot
from benchmarks.counting import SHARED, SURE, count, errors
from benchmarks.following import score
from benchmarks.machine import report
from counter.zones import Zones

RULE_OF = {"ultralytics": "ultralytics", "trackers": "supervision corners"}
Row = dict[str, Any]


def compare(folder: Path) -> Iterator[Row]:
    """Give one row for us, and one for each peer that is installed."""
    sequence = mot.read(folder)
    truth = mot.read_truth(folder, len(sequence.frames))
    result = count(sequence)
    tracker = peers.Ours(sequence.fps, SURE)
    found = [tracker.update(people) for people in sequence.frames]
    zones = {zone.zone: zone for zone in result.zones}
    yield {
        "sequence": sequence.name,
        "tracker": "ours",
        **_persons(zones),
        "line error": result.line_error,
        "at the foot": result.line_error,
        **_scores(folder, truth, found),
    }
    for name, maker in peers.installed(peers.TRACKERS | peers.same_sure(SURE)):
        yield {"sequence": sequence.name, "tracker": name, **_peer(folder, truth, name, maker)}


def _peer(
    folder: Path, truth: list[mot.Truth], name: str, maker: Callable[..., peers.Follower]
) -> Row:
    sequence = mot.read(folder)
    tracker = maker(sequence.fps)
    found = [tracker.update(people) for people in sequence.frames]
    aspect = sequence.frames[0].aspect
    zones = Zones(sequence.zones.values())
    scale = np.array((peers.HEIGHT * aspect, peers.HEIGHT) * 2)
    persons = np.array(
        [zones.inside((seen.xyxy / scale).astype(np.float32)).sum(axis=0) for seen in found]
    )
    wrong = errors(sequence, persons, persons)
    return {
        **_persons({error.zone: error for error in wrong}),
        "line error": _line_error(sequence, found, RULE_OF[name.split(maxsplit=1)[0]]),
        "at the foot": _line_error(sequence, found, "supervision foot"),
        **_scores(folder, truth, found),
    }


def _line_error(sequence: mot.Sequence, found: list[peers.Followed], rule: str) -> int | str:
    packages, make = peers.LINES[rule]
    if peers.missing(packages):
        return "not installed"
    total = 0
    for name, line in sequence.lines.items():
        counter = make(line, sequence.frames[0].aspect)
        for seen in found:
            counter.update(seen)
        total += sum(
            abs(a - b) for a, b in zip(sequence.crossings[name], counter.counts, strict=True)
        )
    return total


def _persons(zones: dict[str, Any]) -> Row:
    return {
        "all": zones["all"].frame,
        "all 5 s": zones["all"].median,
        "mid": zones["mid"].frame,
        "mid 5 s": zones["mid"].median,
    }


def _scores(folder: Path, truth: list[mot.Truth], found: list[peers.Followed]) -> Row:
    if peers.missing(("trackeval",)):
        return {}
    height = mot.height(folder)
    scaled = [seen._replace(xyxy=seen.xyxy * (height / peers.HEIGHT)) for seen in found]
    scores = score(truth, scaled)
    return {"HOTA": scores.hota, "IDF1": scores.idf1, "MOTA": scores.mota}


def run(out: Path | None, model: str | None, rest: list[str]) -> None:  # noqa: ARG001
    """Print one row for each tracker and sequence; further arguments name some sequences."""
    rows: list[Row] = []
    for counts in sorted((SHARED / "data/mot").glob("*/counting_truth.json")):
        folder = counts.parent
        if (folder / "det.txt").exists() and (not rest or folder.name in rest):
            for row in compare(folder):
                print(*row.values(), file=sys.stderr)  # it takes minutes
                rows.append(row)
    if not rows:
        raise SystemExit(f"not measured: no sequences at {SHARED} (set COUNTER_SHARED)")
    report(__doc__.splitlines()[0], rows, out)
