"""One pass over a clip: the appliance counts, and each frame is compared with its label.

Rule 1: the interval's numbers are those that the appliance's own core gives its own gate; they are
read on the way, not computed again.
Rule 2: the truth takes the same way: the same estimate over the interval, the same gate.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from counter import crosscheck
from counter.cells import Kind
from counter.counting import Counting
from counter.detectors import Detector
from counter.detectors.open import open_detector
from counter.disclosure import Gate
from counter.errors import SourceError
from counter.evaluate.labels import Foot, Labels, read_labels
from counter.evaluate.report import CountError, IntervalRow, LineRow, Report
from counter.evaluate.request import (
    CAMERA,
    STARTS_AT,
    ZONE,
    Request,
    live_refusal,
    refuse_live,
    settings_of,
)
from counter.people import Boxes, Detections
from counter.purposes import Measure
from counter.release import CameraState, Status, ZoneCount
from counter.settings import Settings
from counter.sources import Source
from counter.sources.footage import Footage
from counter.sources.open import open_source
from counter.tally import CameraTally, Tally
from counter.tracking import Tracker
from counter.zones import Zones

Progress = Callable[[int], None]  # frames of the clip that have gone by


def evaluate(request: Request, progress: Progress = lambda _: None) -> Report:
    """Count in the clip and compare. Raises CounterError for what cannot be opened or read."""
    refuse_live(request.source)
    settings = settings_of(request)
    with closing(open_source(CAMERA, settings.cameras[CAMERA])) as source:
        if source.live:
            raise live_refusal()
        with closing(open_detector(request.model)) as detector:
            return compare(request, source, detector, progress)


def compare(
    request: Request, source: Source, detector: Detector, progress: Progress = lambda _: None
) -> Report:
    """Compare with a source and a detector that are open; footage only."""
    if source.live:
        raise live_refusal()
    bench = _Bench(request)
    fps = source.fps if isinstance(source, Footage) else None
    number = -1
    for view, frame in enumerate(source.frames()):
        if frame is None:
            continue  # black, frozen, or the end
        # By its time: a picture that could not be read keeps its number.
        number = view if fps is None else round(frame.captured_ns * fps / 1e9)
        with frame:
            if request.frames is not None and number >= request.frames:
                break
            if number % request.every:
                continue
            people = detector.detect(frame)
        bench.observe(number, people)
        progress(number + 1)
    if not bench.frames:
        raise SourceError(f"{request.source}: no picture in it could be looked at")
    whole = source.state is not CameraState.LOST
    return bench.report(Path(request.source).name, detector, whole=whole)


@dataclass(slots=True)
class _Reader:
    """A gate in front of the gate: it lets everything pass and keeps the last tallies."""

    gate: Gate
    tallies: Sequence[Tally] = ()

    def release(self, tallies: Sequence[Tally]) -> tuple[ZoneCount, ...]:
        self.tallies = tallies
        return self.gate.release(tallies)


class _Bench:
    """The appliance's parts for one camera, and everything that is compared with them."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._settings = settings = settings_of(request)
        crosscheck.check(settings)
        self._zones = Zones([settings.zones[ZONE]], settings.tracker.max_tracks)
        self._labels: Labels = read_labels(request, self._standing)
        self._reader = _Reader(Gate(settings))
        self._counting = Counting(settings, self._reader)
        self._tracker = Tracker(settings.tracker, settings.model.confidence)
        self._truth = _Truth(settings)
        self._start = datetime.fromisoformat(STARTS_AT)
        self._tracked: list[tuple[int, int]] = []  # truth, ours
        self._detected: list[tuple[int, int]] = []
        self._rows: list[IntervalRow] = []
        self._crossings = dict.fromkeys((Measure.ENTRIES, Measure.EXITS), 0)
        self._last_ns = 0
        self.frames = 0

    def observe(self, number: int, people: Detections) -> None:
        """Take the people of frame `number` of the clip."""
        self._close(self._time(people.captured_ns))
        self._counting.observe(CAMERA, people)
        (tracked,) = self._zones.persons(self._tracker.update(people))
        truth = self._labels.count(number, people.captured_ns / 1e9)
        if truth is not None:
            sure = people.xyxy[people.confidence >= self._settings.model.confidence]
            self._tracked.append((truth, int(tracked)))
            self._detected.append((truth, self._inside(sure)))
            self._truth.observe(people.captured_ns, truth)
        self._last_ns = people.captured_ns
        self.frames += 1

    def report(self, name: str, detector: Detector, *, whole: bool) -> Report:
        """Close the last interval and sum up."""
        length = timedelta(seconds=self._truth.length_s)
        self._close(self._time(self._last_ns) + length)
        line = self._request.line
        totals = {} if line is None else {Measure.ENTRIES: line.entries, Measure.EXITS: line.exits}
        return Report(
            source=name,
            model=detector.name,
            backend=detector.backend,
            frames=self.frames,
            seconds=self._last_ns / 1e9,
            occupancy=CountError.of(self._tracked),
            detector=CountError.of(self._detected),
            intervals=tuple(self._rows),
            lines=tuple(LineRow(m, truth, self._crossings[m]) for m, truth in totals.items()),
            notes=() if whole else ("the clip ended earlier than its header says",),
        )

    def _close(self, now_utc: datetime) -> None:
        """Take what an interval gave, if one has closed."""
        released = self._counting.release(now_utc)
        for tally, count in zip(self._reader.tallies, released, strict=False):
            if tally.cell.kind is Kind.LINE:
                self._crossings[tally.cell.measure] += tally.value or 0
            else:
                start_s = (tally.interval.start - self._start).total_seconds()
                self._rows.append(self._truth.beside(tally, count, start_s))

    def _time(self, captured_ns: int) -> datetime:
        return self._start + timedelta(microseconds=captured_ns / 1000)

    def _inside(self, xyxy: Boxes) -> int:
        return int(np.count_nonzero(self._zones.inside(xyxy)))

    def _standing(self, feet: Sequence[Foot]) -> int:
        """How many of these points are in the zone."""
        points = np.array(feet, np.float32).reshape(-1, 2)
        return self._inside(np.concatenate((points, points), axis=1))


class _Truth:
    """The labels on the appliance's way: the same estimate, a gate of its own."""

    def __init__(self, settings: Settings) -> None:
        self._gate = Gate(settings)
        stall_s = settings.cameras[CAMERA].stall_s
        self._tally = CameraTally([ZONE], (), stall_s, settings.tracker.max_tracks)
        self.length_s = settings.interval_s or 0

    def observe(self, captured_ns: int, persons: int) -> None:
        self._tally.observe(captured_ns, np.array([persons]), ())

    def beside(self, ours: Tally, released: ZoneCount, start_s: float) -> IntervalRow:
        """Release the truth for the interval of `ours`, and begin the next."""
        exact = self._tally.occupancy(ZONE)
        coverage = self._tally.coverage(ours.interval.length_s)
        (truth,) = self._gate.release([Tally(ours.cell, ours.interval, exact, coverage)])
        self._tally.restart()
        return IntervalRow(
            cell=ours.cell.key,
            start_s=start_s,
            truth=exact,
            ours=ours.value,
            coverage=ours.coverage,
            truth_released=_public(truth),
            ours_released=_public(released),
        )


def _public(count: ZoneCount) -> str:
    """`35`, `<11`, `few` or `missing`: what the world would read."""
    if count.status is Status.PUBLISHED:
        return str(count.value)
    if count.status is Status.SUPPRESSED:
        return "few" if count.less_than is None else f"<{count.less_than}"
    return "missing"
