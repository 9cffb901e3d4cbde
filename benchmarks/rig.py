"""The appliance on a bench: its own loop, box, detector, gate and output, on paced drawn cameras.

Rule 1: everything from the reading thread to the output is what `counter run` opens; only the
cameras are drawn, and standard output is /dev/null.
Rule 2: a picture's latency begins when the reading thread has it (`captured_ns`).
Rule 3: pictures of the first second are not measured; drops are counted over the same time.
Rule 4: Ctrl-C ends the run, and what was measured until then is told.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Event
from typing import Any, Final
from unittest.mock import patch

import numpy as np

from benchmarks.board import heat_of
from benchmarks.drawn import Drawn, pictures
from benchmarks.job import FOUND, Job, Outcome, account_of, settings_of
from benchmarks.pacing import interruptible
from benchmarks.readings import Thermometer, Watch
from benchmarks.stages import Series, Stages
from counter import assemble
from counter.backends import choose
from counter.config import Loaded
from counter.machine import Machine
from counter.models import checked, variants
from counter.outputs.stdout import StdoutOutput
from counter.settings import CameraSettings
from counter.sources.capture import KEEP
from counter.sources.live import LiveSource
from counter.start import Start, unrestrained

WARM_S: Final = 1.0


class _Notes:
    """What the clocks of one run note, and the time that is measured."""

    def __init__(self, job: Job) -> None:
        most = round(job.cameras * job.fps * (job.seconds + WARM_S) * 1.1) + 64
        self.counted, self.boxes = Series(most), Series(most)
        self.published = Series(round(job.seconds) + 64)
        self.begin: tuple[int, float, int, int] | None = None  # ns, CPU s, offered, dropped
        self.end: tuple[int, float, int, int] | None = None


def run_job(
    job: Job, stages: Stages | None = None, turn: Callable[[float], object] = float
) -> Outcome:
    """Run the appliance for `job.seconds`; `turn` hears the seconds that are over."""
    notes, shown = _Notes(job), pictures(job.size, job.people)
    captures = [Drawn(shown, job.fps, index / job.cameras) for index in range(job.cameras)]
    with ExitStack() as bench:
        if stages is not None:
            bench.enter_context(stages.timed())
        start = _start(job)
        machine = bench.enter_context(_opened(start, captures))
        detector = machine.engine.lookout.detector
        if stages is not None:
            bench.enter_context(stages.runtime(machine.engine.lookout.backend))
        bench.enter_context(_clocked(machine, notes))
        asked = bench.enter_context(interruptible())
        watch = bench.enter_context(Watch(job.seconds + WARM_S))
        _listen(detector, watch)
        account = account_of(job, start.model, detector)
        machine.run(_stopping(job, notes, _tally(machine, captures), (asked, turn)))
    return _outcome(job, notes, watch, (account, asked.is_set()))


def _start(job: Job) -> Start:
    """Begin with all rights, with the format that the backend opens."""
    loaded = Loaded(settings_of(job), "0" * 64, ())
    choice = choose(job.model, *variants(job.model.name))
    return replace(unrestrained(loaded), model=checked(choice.model))


@contextmanager
def _opened(start: Start, captures: list[Drawn]) -> Iterator[Machine]:
    """Open the appliance with drawn cameras in the place of real ones."""
    waiting = iter(captures)

    def opened(name: str, camera: CameraSettings) -> LiveSource:
        capture = next(waiting)
        return LiveSource(name, lambda: capture, camera, first=capture)

    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        with (
            patch.object(assemble, "open_source", opened),
            assemble.appliance(start.loaded, start=start) as machine,
        ):
            output = StdoutOutput(nowhere)
            machine.engine.outputs = [output]
            yield machine
            output.close()
    finally:
        os.close(nowhere)


@contextmanager
def _clocked(machine: Machine, notes: _Notes) -> Iterator[None]:
    """Note when each picture's people were counted, and when each release was out."""
    engine = machine.engine
    (output,) = engine.outputs
    observe, publish = engine.counting.observe, output.publish

    def observed(camera: str, people: Any, crowd: Any = None) -> None:
        observe(camera, people, crowd)
        now_ns = time.monotonic_ns()
        notes.counted.add(now_ns, now_ns - people.captured_ns)
        notes.boxes.add(now_ns, len(people) * 1_000_000)

    def published(counts: Any, health: Any) -> None:
        publish(counts, health)
        now_ns = time.monotonic_ns()
        notes.published.add(now_ns, now_ns - engine.now_ns)

    with (
        patch.object(engine.counting, "observe", observed),
        patch.object(output, "publish", published),
    ):
        yield


def _listen(detector: Any, watch: Watch) -> None:
    """Hear the temperature that a Hailo's detector reads of its own accord every ten seconds."""
    heat = heat_of(detector)
    if heat is not None:
        heat._control = Thermometer(heat._control, watch)


def _tally(machine: Machine, captures: list[Drawn]) -> Callable[[], tuple[int, int]]:
    """Pictures that were shown, and those of them that went by, in all."""

    def tally() -> tuple[int, int]:
        late = sum(source.dropped for source in machine.sources if isinstance(source, LiveSource))
        offered = sum(capture.offered for capture in captures)
        return offered, late + sum(capture.missed for capture in captures)

    return tally


def _stopping(
    job: Job,
    notes: _Notes,
    tally: Callable[[], tuple[int, int]],
    hears: tuple[Event, Callable[[float], object]],
) -> Callable[[], bool]:
    """Asked once a turn of the loop: begin to measure, go on, or stop."""
    asked, turn = hears
    began_ns = time.monotonic_ns()

    def stop() -> bool:
        now_ns = time.monotonic_ns()
        if notes.begin is None and (asked.is_set() or now_ns - began_ns >= WARM_S * 1e9):
            notes.begin = (now_ns, time.process_time(), *tally())
        done_s = 0.0 if notes.begin is None else (now_ns - notes.begin[0]) / 1e9
        turn(done_s)
        if not asked.is_set() and done_s < job.seconds:
            return False
        notes.end = (now_ns, time.process_time(), *tally())
        return True

    return stop


def _outcome(job: Job, notes: _Notes, watch: Watch, rest: tuple[dict[str, Any], bool]) -> Outcome:
    assert notes.begin is not None  # set before the loop ends
    assert notes.end is not None
    begin_ns, end_ns = notes.begin[0], notes.end[0]
    at_s, counted_ms = notes.counted.between(begin_ns, end_ns)
    _, boxes = notes.boxes.between(begin_ns, end_ns)
    seconds = max((end_ns - begin_ns) / 1e9, 1e-9)
    offered, dropped = (notes.end[index] - notes.begin[index] for index in (2, 3))
    # What a detector gave up or holds for ever is dropped as well; a few are always on their way.
    gone = int(offered) - len(counted_ms) - KEEP * job.cameras
    found = float(np.median(boxes)) if len(boxes) else 0.0
    account, interrupted = rest
    return Outcome(
        job=job,
        seconds=seconds,
        begin_ns=begin_ns,
        offered=int(offered),
        dropped=max(int(dropped), gone),
        at_s=at_s,
        counted_ms=counted_ms,
        published_ms=notes.published.between(begin_ns, end_ns)[1],
        cpu=(notes.end[1] - notes.begin[1]) / seconds,
        watch=watch,
        account=account | {FOUND: found},
        interrupted=interrupted,
    )
