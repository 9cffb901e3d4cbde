"""What do others take for the same video, and what do we?

One film, one machine, one process; all take turns, and all but the default backend run one file.
`bare`: onnxruntime alone on one tensor, opened as our backend opens it, call after call, or two
calls side by side; and, to compare, with its own options. `ours`: the engine reads the film, finds,
tracks and counts people in a zone and over a line, as the appliance does, two side by side.
`one at a time`: without that, so that the network's time can be taken out. `default backend`: what
"auto" takes on this machine, which may be the same network in int8. `track()`: ultralytics reads
the film, finds and tracks; it counts nothing. `supervision`: ultralytics' `predict()`, then
`trackers`' ByteTrack, a zone and a line. Nobody draws. All decode the film themselves, within their
time; the bare runtime has no film. Pictures are drawn people unless --film names a video.

`ms a picture` is 1000 / FPS; `own ms` is what it holds beside its own run of onnxruntime; `over
bare` is what it is longer than that of the bare runtime which was opened as the contender opens it
and has as many runs in flight (ultralytics leaves onnxruntime its own options). All are means of a
round, and medians over the rounds; ratios of times are those of the medians. With all cores busy,
w ms of other work make a picture about w / cores ms longer: `own ms` is the work, `over bare` what
it costs.

  python -m benchmarks peers                             YOLO11n at 640 and at 320 pixels
  python -m benchmarks peers --film street.mp4           your own video
  python -m benchmarks peers --model counter-n           another network of the registry
  python -m benchmarks peers --rounds 2 --frames 5       a short look

ultralytics, supervision and trackers want an environment of their own, with torch and another
OpenCV: pip install '.[ultralytics,peers,openvino]' there. Whoever is not installed is said to be
so, and what needs them is not measured.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bare import onnx, onnx_by_default, onnx_two
from benchmarks.films import Film, film
from benchmarks.machine import report
from benchmarks.peers_contenders import Ours, Supervision, Ultralytics
from benchmarks.present import COMPARED, account_of, runs, told
from benchmarks.rounds import (
    WARM_UP,
    Floats,
    Times,
    Turn,
    alone,
    asked_for,
    beyond,
    in_rounds,
    load,
    own,
    ratio,
    side_by_side,
    some,
    stoppable,
)
from counter import models
from counter.detectors.overlapped import AHEAD
from counter.errors import ModelError
from counter.models import Model
from counter.settings import ModelSettings

QUESTION = (__doc__ or "").partition("\n")[0]
BARE, BARE_TWO = "bare onnxruntime", "bare, two in flight"
BARE_DEFAULT = "bare, its own options"
OURS, ONE, AUTO = "ours, onnx", "ours, onnx, one at a time", "ours, default backend"
TRACK = "ultralytics track()"
SUPERVISION = "predict(), trackers, supervision"
RUNTIME_OF = {OURS: BARE_TWO, ONE: BARE, TRACK: BARE_DEFAULT, SUPERVISION: BARE_DEFAULT}
DOES = {
    BARE: "network",
    BARE_TWO: "network",
    BARE_DEFAULT: "network",
    OURS: "film, network, tracker, zone, line, tally",
    ONE: "film, network, tracker, zone, line, tally",
    AUTO: "film, network, tracker, zone, line, tally",
    TRACK: "film, network, tracker",
    SUPERVISION: "film, network, tracker, zone, line",
}
WHOLE, OWN, FASTER = 0.95, 0.2, 1.5  # what was asked of us: see `judged`
SMALL = 320  # pixels: where the default backend is compared with track()
Row = dict[str, Any]


def contenders(
    of: Model, shown: Film, threads: int, opened: ExitStack
) -> Iterator[tuple[str, Turn | str, str]]:
    """Name, turn (or why it is absent), and the network's backend. Ours first: openvino must not
    come in by another's import.
    """
    for name, backend, ahead in ((OURS, "onnx", AHEAD), (ONE, "onnx", 1), (AUTO, "auto", AHEAD)):
        settings = ModelSettings(name=of.name, backend=backend, threads=threads)  # type: ignore[arg-type]
        mine = opened.enter_context(closing(Ours(shown, of, settings, ahead)))
        yield name, mine.turn, mine.backend
    yield BARE, alone(onnx(of, shown.first, threads)), "onnx"
    yield BARE_TWO, side_by_side(onnx_two(of, shown.first, threads)), "onnx"
    yield BARE_DEFAULT, alone(onnx_by_default(of, shown.first, threads)), "onnx"
    peers: dict[str, Callable[..., Ultralytics]] = {TRACK: Ultralytics, SUPERVISION: Supervision}
    for name, make in peers.items():
        try:
            peer = opened.enter_context(closing(make(shown, of, threads)))
        except ImportError as error:
            yield name, f"{error.name} is not installed", "-"
        else:
            yield name, peer.turn, "onnx"


def measured(name: str, shown: Film, args: argparse.Namespace) -> tuple[list[Row], list[Row], str]:
    """What everybody took, the ratios that were asked for, and where it was stopped.

    Raises CounterError.
    """
    of = models.find(name)
    if of.path is None or of.path.suffix != ".onnx":
        raise ModelError(
            f"{name}: not an .onnx file, which ultralytics would run too", "name another model"
        )
    turns: dict[str, Turn] = {}
    absent: dict[str, str] = {}
    backends: dict[str, str] = {}
    with ExitStack() as opened:
        for who, turn, backend in contenders(of, shown, args.threads, opened):
            backends[who] = backend
            if isinstance(turn, str):
                absent[who] = turn
            else:
                turns[who] = turn
        # Nobody but the peers has seen the film's first picture yet.
        for who in (OURS, ONE, AUTO):
            turns[who](1)
        done = in_rounds(turns, args.rounds, args.frames, name)
    width, height = of.entry.input
    what = of.name.removesuffix("-formats")
    rows = [{"network": what, **_row(who, backends[who], done.times, absent)} for who in DOES]
    ratios = [{"network": what, **row} for row in judged(done.times, max(width, height))]
    return rows, ratios, done.early


def _row(who: str, backend: str, times: dict[str, Times], absent: dict[str, str]) -> Row:
    if who in absent:
        cells = dict.fromkeys(("FPS", "ms a picture", "own ms", "over bare"), "-")
        return {"who": f"{who}: {absent[who]}", "runs on": backend, **cells}
    mine = times[who]
    rest = own(mine)
    more = beyond(mine, times[RUNTIME_OF[who]]) if who in RUNTIME_OF else None
    return {
        "who": who,
        "runs on": backend,
        **mine.row,
        "own ms": "-" if rest is None else round(float(np.median(rest)), 2),
        "over bare": "-" if more is None else round(float(np.median(more)), 2),
    }


def judged(times: dict[str, Times], side: int) -> list[Row]:
    """The ratios that were asked of us, each measured or said not to be."""
    mine, track = times[OURS], times.get(TRACK)
    rows = [
        asked_for("our FPS / the bare runtime's", ratio(mine, times[BARE]), WHOLE),
        asked_for("the same, of two in flight", ratio(mine, times[BARE_TWO]), WHOLE),
        asked_for("one at a time / the bare runtime's", ratio(times[ONE], times[BARE]), WHOLE),
    ]
    work = adds = faster = None
    if track is not None:
        work = _share(own(times[ONE]), own(track))
        adds = _share(beyond(mine, times[BARE_TWO]), beyond(track, times[BARE_DEFAULT]))
        faster = ratio(times[AUTO], track)
    rows.append(asked_for("own work, one at a time / track()'s", work, OWN, most=True))
    rows.append(asked_for("added, two in flight / what track() adds", adds, OWN, most=True))
    if side <= SMALL:
        rows.append(asked_for("FPS of our default backend / track()", faster, FASTER))
    return rows


def _share(part: Floats | None, whole: Floats | None) -> float | None:
    """The ratio of their medians over the rounds; None: `whole` was nothing, or is not known."""
    if part is None or whole is None or np.median(whole) <= 0:
        return None
    return float(np.median(part) / np.median(whole))


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--film", type=Path, help="a video, instead of drawn people")
    parser.add_argument("--rounds", type=some, default=10)
    parser.add_argument("--frames", type=some, default=20, help="of each contender in each round")
    parser.add_argument("--threads", type=some, default=2, help="of every network (%(default)s)")
    args = parser.parse_args(rest)
    rows: list[Row] = []
    ratios: list[Row] = []
    early = ""
    turn = args.frames + WARM_UP
    with film(args.film, args.rounds * turn + 2) as shown, told(), stoppable(lambda: bool(rows)):
        args.rounds = min(args.rounds, (shown.pictures - 2) // turn)
        if args.rounds < 1:
            raise SystemExit(f"not measured: {shown.name} has fewer than {turn + 2} pictures")
        names = (model,) if model else COMPARED[1:]
        account = account_of(chain.from_iterable(map(runs, names)), ModelSettings())
        for name in names:
            more, asked, early = measured(name, shown, args)
            rows, ratios = rows + more, ratios + asked
            if early:
                break
    said = (
        f"{shown.name}, {shown.size[0]}x{shown.size[1]}; {args.threads} threads for every network;"
        f" {args.rounds} rounds of {args.frames} frames; {load()}"
    )
    said += f"; {early}" if early else ""
    does = "; ".join(f"{who}: {what}" for who, what in DOES.items())
    report(f"{QUESTION} {said}\nEverybody does: {does}", rows, out, account)
    beside = out.with_name(f"{out.stem}-asked{out.suffix}") if out else None
    report(f"Are the ratios those that were asked for? {said}", ratios, beside, account)
