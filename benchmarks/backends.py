"""What does each runtime here take, bare and behind our detector, and does it see the same people?

One model in all its formats at a time, on the same pictures, contenders in turns. `bare`: the
runtime alone on one tensor, called as the backend calls it. `ours`: from pixels to persons, as the
appliance runs it: where a backend can, the next picture is begun before one is done, and ms are
those from one picture to the next. `ratio`: our frames a second over those of the bare runtime,
median over the rounds. Persons are compared with those of the float ONNX model on onnxruntime:
`found` is the share of its people that have a box with an IoU of 0.5 or more, `made up` are boxes
too many a picture, `IoU` is the least overlap and `gap` the largest difference of confidence of all
pairs. What is registered and cannot run here is listed with the reason. Threads: as asked, for all.

  python -m benchmarks backends                        the embedded model, and YOLO11n
  python -m benchmarks backends --model counter-n      one model
  python -m benchmarks backends --rounds 2 --frames 5  a short look
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.bare import bare
from benchmarks.films import PEOPLE, drawn
from benchmarks.following import SAME, overlap
from benchmarks.machine import report
from benchmarks.present import COMPARED, Run, account_of, runs, told
from benchmarks.rounds import (
    WARM_UP,
    Times,
    Turn,
    Turned,
    alone,
    in_rounds,
    load,
    ratio,
    some,
    stoppable,
)
from counter.detectors import Detector
from counter.detectors.lookout import Lookout
from counter.detectors.overlapped import AHEAD
from counter.frame import Frame, Pixels
from counter.people import Detections
from counter.settings import ModelSettings
from counter.sources.opencv import open_video

QUESTION = (__doc__ or "").partition("\n")[0]
PICTURES = 40  # that are shown again and again
FRAME_NS = 100_000_000
Row = dict[str, Any]


def pictures(film: Path | None, many: int) -> list[Pixels]:
    if film is None:
        return list(drawn(many))
    with told(), closing(open_video(film)) as capture:
        return list(islice(_pictures(capture), many))


def _pictures(capture: Any) -> Iterator[Pixels]:
    while capture.grab():
        picture = capture.retrieve(None)
        if picture is not None:
            yield picture


def ours(detector: Detector, shown: list[Pixels]) -> Turn:
    """Look at one picture after another as the engine does."""
    lookout = Lookout(detector)

    def turn(many: int) -> Turned:
        taken = []
        for index in range(many):
            frame = Frame(shown[index % len(shown)].copy(), index * FRAME_NS)
            began = time.perf_counter()
            with frame:
                lookout.look("eye", frame, None, frame.captured_ns)
            taken.append((time.perf_counter() - began) * 1e3)
        began = time.perf_counter()
        lookout.drain()
        taken[-1] += (time.perf_counter() - began) * 1e3
        return Turned(taken)

    return turn


def seen(detector: Detector, shown: list[Pixels]) -> list[Detections]:
    found = []
    for index, picture in enumerate(shown):
        with Frame(picture.copy(), index * FRAME_NS) as frame:
            found.append(detector.detect(frame))
    return found


def persons(oracle: list[Detections], found: list[Detections]) -> Row:
    """How far `found` is from the oracle, over all pictures; only sure boxes count."""
    sure = ModelSettings().confidence
    owed = paired = extra = 0
    least, most = 1.0, 0.0
    for expected, given in zip(oracle, found, strict=True):
        ours, theirs = (np.flatnonzero(one.confidence >= sure) for one in (given, expected))
        # A box that is a little less sure than the oracle's is still a box: only the extra ones
        # are asked whether they are sure.
        ious = overlap(expected.xyxy[theirs].astype(float), given.xyxy.astype(float))
        row, column = linear_sum_assignment(np.where(ious >= SAME, ious, 0), maximize=True)
        good = ious[row, column] >= SAME
        row, column = row[good], column[good]
        owed, paired = owed + len(theirs), paired + len(row)
        extra += len(np.setdiff1d(ours, column))
        if len(row):
            gaps = np.abs(expected.confidence[theirs[row]] - given.confidence[column])
            least = min(least, float(ious[row, column].min()))
            most = max(most, float(gaps.max()))
    return {
        "found": round(paired / owed, 3) if owed else "-",
        "made up": round(extra / len(found), 2),
        "IoU": round(least, 3) if paired else "-",
        "gap": round(most, 3) if paired else "-",
    }


def measured(
    here: list[Run], shown: list[Pixels], args: argparse.Namespace
) -> tuple[list[Row], str]:
    """One row for each backend of a model, and where it was stopped. Raises CounterError."""
    settings = ModelSettings(threads=args.threads)
    turns: dict[str, Turn] = {}
    found: dict[str, list[Detections]] = {}
    with ExitStack() as opened:
        for run in here:
            if run.lacks:
                continue
            detector = opened.enter_context(run.opened(settings, AHEAD))
            found[run.name] = seen(detector, shown)
            turns[run.name] = ours(detector, shown)
            call = bare(run.model, run.backend, shown[0], args.threads)
            if call is not None:
                turns[f"{run.name}, bare"] = alone(call)
        done = in_rounds(turns, args.rounds, args.frames, here[0].model.name)
    oracle = next((found[run.name] for run in here if run.is_oracle and not run.lacks), None)
    return [_row(run, done.times, oracle, found) for run in here], done.early


def _row(
    run: Run, times: dict[str, Times], oracle: list[Detections] | None, found: dict[str, Any]
) -> Row:
    width, height = run.model.entry.input
    row: Row = {
        "backend": run.name,
        "model": run.model.name.removesuffix("-formats").removesuffix(f"-{width}"),
        "input": f"{width}x{height}",
        "MiB": round(run.mebibytes, 2) if run.model.path else "-",
    }
    blank = ("bare ms", "ours ms", "FPS", "ratio", "found", "made up",
             "IoU", "gap")  # fmt: skip
    if run.lacks:
        return row | dict.fromkeys(blank, "-") | {"backend": f"{run.name}: {run.lacks}"}
    mine, runtime = times[run.name], times.get(f"{run.name}, bare")
    compared = persons(oracle, found[run.name]) if oracle else dict.fromkeys(blank[-4:], "-")
    return row | {
        "bare ms": runtime.row["ms a picture"] if runtime else "-",
        "ours ms": mine.row["ms a picture"],
        "FPS": mine.row["FPS"],
        "ratio": round(ratio(mine, runtime), 3) if runtime else "-",
        **compared,
    }


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks backends",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=some, default=8)
    parser.add_argument("--frames", type=some, default=25, help="of each contender in each round")
    parser.add_argument("--threads", type=some, default=2, help="of every network (%(default)s)")
    parser.add_argument("--film", type=Path, help="its first pictures, instead of drawn ones")
    args = parser.parse_args(rest)
    shown = pictures(args.film, min(PICTURES, args.frames + WARM_UP))
    rows: list[Row] = []
    early = ""
    with told(), stoppable(lambda: bool(rows)):
        here = [runs(name) for name in ((model,) if model else COMPARED)]
        for of_one in here:
            more, early = measured(of_one, shown, args)
            rows += more
            if early:
                break
    what = args.film.name if args.film else f"drawn platform, {PEOPLE} people"
    said = f"{args.threads} threads, {args.rounds} rounds of {args.frames} frames; {what}; {load()}"
    said += f"; {early}" if early else ""
    report(f"{QUESTION} {said}", rows, out, account_of(chain(*here), ModelSettings()))
